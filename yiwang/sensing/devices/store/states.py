"""SQL of how devices stand and of who is knocking, written in batches by the gateways and swept by the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.sensing.devices.model import DeviceState

MOST_KNOCKS = 20_000
"""Knocks that are kept; beyond it those that were heard longest ago are forgotten."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A device that went online or offline."""

    device_id: int
    uid: UUID
    code: str
    names: Mapping[str, str]
    profile: str
    area: str
    organisation_id: int | None
    lon: float | None
    lat: float | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one gateway process saw of a device since it last told."""

    device_id: int
    at: datetime
    remote: str
    frames: int
    bad: int
    fault: str
    online: bool


@dataclass(frozen=True, slots=True)
class Knocking:
    """What one gateway process heard from one address without a device since it last told."""

    protocol: str
    address: str
    reason: str
    remote: str
    first_at: datetime
    last_at: datetime
    times: int
    sample: bytes


_TURN = (
    "d.id as device_id, d.uid, d.code, d.names, d.profile, d.area, d.organisation_id,"
    " st_x(d.position) as lon, st_y(d.position) as lat"
)

_SEEN = f"""
with seen as (
  select * from unnest($1::int[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bool[])
    as s(device_id, at, remote, frames, bad, fault, online)
), was as (
  select device_id, online from device_state where device_id in (select device_id from seen) order by device_id for update
), written as (
  insert into device_state as t
    (device_id, online, changed_at, last_seen, remote, gateway, frames, bad_frames, last_fault)
  select s.device_id, s.online, s.at, s.at, s.remote, $8, s.frames, s.bad, s.fault
  from seen s join device d on d.id = s.device_id left join was using (device_id)
  order by s.device_id
  on conflict (device_id) do update set
    online = excluded.online,
    changed_at = case when t.online = excluded.online then t.changed_at else excluded.changed_at end,
    last_seen = greatest(t.last_seen, excluded.last_seen),
    remote = case when excluded.remote = '' then t.remote else excluded.remote end,
    gateway = excluded.gateway,
    frames = t.frames + excluded.frames,
    bad_frames = t.bad_frames + excluded.bad_frames,
    last_fault = case when excluded.last_fault = '' then t.last_fault else excluded.last_fault end
  returning device_id, online, last_seen
)
select {_TURN}, w.online, w.last_seen
from written w join device d on d.id = w.device_id left join was on was.device_id = w.device_id
where w.online is distinct from coalesce(was.online, false)
"""

_SILENT = """
update device_state t set online = false, changed_at = $1
from device d
where t.device_id = d.id and t.online and d.profile = $2 and t.last_seen < $3 and not t.device_id = any($4::int[])
returning {columns}, t.last_seen
"""

_KNOCK = """
insert into knock as k (protocol, address, reason, remote, first_at, last_at, times, sample)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bigint[],
  $8::bytea[]) as n(protocol, address, reason, remote, first_at, last_at, times, sample)
order by protocol, address, reason
on conflict (protocol, address, reason) do update set
  remote = excluded.remote,
  last_at = greatest(k.last_at, excluded.last_at),
  times = k.times + excluded.times,
  sample = case when excluded.sample = ''::bytea then k.sample else excluded.sample end
"""


async def write_sightings(
    connection: Connection, gateway: str, sightings: Sequence[Sighting]
) -> tuple[list[Turn], list[Turn]]:
    """Note what was seen; those that went online by it, and those that went offline (a last will)."""
    rows = await connection.fetch(
        _SEEN,
        [one.device_id for one in sightings],
        [one.at for one in sightings],
        [one.remote for one in sightings],
        [one.frames for one in sightings],
        [one.bad for one in sightings],
        [one.fault for one in sightings],
        [one.online for one in sightings],
        gateway,
    )
    return [_turn(row) for row in rows if row["online"]], [_turn(row) for row in rows if not row["online"]]


async def silence(
    connection: Connection, profile: str, grace: timedelta, now: datetime, spared: Sequence[int] = ()
) -> list[Turn]:
    """Mark as offline the devices of a profile that were silent for ``grace``, save those ``spared``."""
    rows = await connection.fetch(_SILENT.format(columns=_TURN), now, profile, now - grace, list(spared))
    return [_turn(row) for row in rows]


async def silent(connection: Connection, profile: str, before: datetime) -> list[tuple[int, datetime]]:
    """Online devices of a profile that were last heard before ``before``, with that time."""
    rows = await connection.fetch(
        "select t.device_id, t.last_seen from device_state t join device d on d.id = t.device_id"
        " where t.online and d.profile = $1 and t.last_seen < $2",
        profile,
        before,
    )
    return [(row["device_id"], row["last_seen"]) for row in rows]


async def write_knocks(connection: Connection, knocks: Sequence[Knocking]) -> None:
    """Add to the list of who is knocking."""
    await connection.execute(
        _KNOCK,
        [one.protocol for one in knocks],
        [one.address for one in knocks],
        [one.reason for one in knocks],
        [one.remote for one in knocks],
        [one.first_at for one in knocks],
        [one.last_at for one in knocks],
        [one.times for one in knocks],
        [one.sample for one in knocks],
    )


async def forget_knocks(connection: Connection, before: datetime) -> int:
    """Remove knocks not heard since ``before``, and the oldest beyond :data:`MOST_KNOCKS`; how many went."""
    old = await connection.fetchval(
        "with gone as (delete from knock where last_at < $1 returning 1) select count(*) from gone", before
    )
    many = await connection.fetchval(
        "with gone as (delete from knock where (protocol, address, reason) in (select protocol, address, reason from knock"
        " order by last_at desc offset $1) returning 1) select count(*) from gone",
        MOST_KNOCKS,
    )
    return int(old + many)


async def write_gateway(
    connection: Connection, key: str, protocol: str, at: datetime, figures: Mapping[str, int | float | str]
) -> None:
    """Note how a gateway process stands: its open connections, frames, knocks since it started."""
    await connection.execute(
        "insert into gateway_state as g (key, protocol, started_at, seen_at, figures) values ($1, $2, $3, $3, $4)"
        " on conflict (key) do update set seen_at = excluded.seen_at, figures = excluded.figures",
        key, protocol, at, dict(figures),
    )  # fmt: skip


async def gateways(connection: Connection) -> list[JsonObject]:
    """What gateway processes last told, the latest first; those that told nothing for long are told of no more."""
    rows = await connection.fetch(
        "select key, protocol, started_at, seen_at, figures from gateway_state order by seen_at desc limit 200"
    )
    return [dict(row) for row in rows]


async def forget_gateways(connection: Connection, before: datetime) -> None:
    """Remove processes that were not heard of since ``before``."""
    await connection.execute("delete from gateway_state where seen_at < $1", before)


def state_of(row: Record) -> DeviceState:
    """The state in a row that has the columns of device_state (null where the device never spoke)."""
    if row["online"] is None:
        return DeviceState()
    return DeviceState(
        row["online"],
        row["changed_at"],
        row["last_seen"],
        row["remote"],
        row["gateway"],
        row["frames"],
        row["bad_frames"],
        row["last_fault"],
    )


def _turn(row: Record) -> Turn:
    return Turn(
        row["device_id"],
        row["uid"],
        row["code"],
        row["names"],
        row["profile"],
        row["area"],
        row["organisation_id"],
        row["lon"],
        row["lat"],
        row["last_seen"],
    )
