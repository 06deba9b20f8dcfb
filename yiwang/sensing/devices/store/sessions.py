"""SQL of which gateway process holds the connection of a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from yiwang.kernel.database import Connection

CHANNEL = "yiwang_takeover"
_IN_A_NOTICE = 300
"""Devices that one notice names: it may have 8,000 bytes."""

_CLAIM = """
with claimed as (
  select d.id as device_id from device d where d.id = any($1::int[])
), was as (
  select device_id, gateway from device_session where device_id in (select device_id from claimed)
  order by device_id for update
)
insert into device_session as t (device_id, gateway, claimed_at)
select c.device_id, $2, $3 from claimed c left join was using (device_id) order by c.device_id
on conflict (device_id) do update set gateway = excluded.gateway, claimed_at = excluded.claimed_at, turn = t.turn + 1
returning t.device_id, t.turn, (select w.gateway from was w where w.device_id = t.device_id) as before
"""


async def claim(connection: Connection, gateway: str, device_ids: Sequence[int], at: datetime) -> dict[int, int]:
    """Note that ``gateway`` holds these devices; the turn of each. Gateways that held them are told with the commit."""
    rows = await connection.fetch(_CLAIM, sorted(device_ids), gateway, at)
    taken: dict[str, list[str]] = {}
    for row in rows:
        if row["before"] not in (None, gateway):
            taken.setdefault(row["before"], []).append(f"{row['device_id']}:{row['turn']}")
    for before, told in taken.items():
        for first in range(0, len(told), _IN_A_NOTICE):
            payload = f"{before} {','.join(told[first : first + _IN_A_NOTICE])}"
            await connection.execute("select pg_notify($1, $2)", CHANNEL, payload)
    return {row["device_id"]: row["turn"] for row in rows}


def read_notice(payload: str) -> tuple[str, dict[int, int]]:
    """The gateway that held the devices, and the turn of each at its new holder."""
    gateway, _, told = payload.partition(" ")
    pairs = (one.partition(":") for one in told.split(","))
    return gateway, {int(device): int(turn) for device, _, turn in pairs if device.isdigit() and turn.isdigit()}


async def taken_from(connection: Connection, gateway: str, turns: Mapping[int, int]) -> dict[int, int]:
    """Of the devices that ``gateway`` claimed at these turns, those that another has claimed since."""
    rows = await connection.fetch(
        "select s.device_id, s.turn from device_session s"
        " join unnest($2::int[], $3::bigint[]) as held(device_id, turn) using (device_id)"
        " where s.gateway <> $1 and s.turn > held.turn",
        gateway,
        list(turns),
        list(turns.values()),
    )
    return {row["device_id"]: row["turn"] for row in rows}
