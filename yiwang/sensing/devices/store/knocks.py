"""SQL of who is knocking, for people; the gateways' side stands in :mod:`.states`."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from yiwang.kernel.database import Connection, Record
from yiwang.sensing.devices.model import Knock

Cursor: TypeAlias = tuple[datetime, str, str, str]
"""(last_at, protocol, address, reason) of the last knock seen."""

_COLUMNS = "protocol, address, reason, remote, first_at, last_at, times, sample, dismissed_at"


async def page(
    connection: Connection, *, protocol: str | None, dismissed: bool, before: Cursor | None, limit: int
) -> list[Knock]:
    """Knocks, heard last first."""
    at, *key = before or (None, None, None, None)
    rows = await connection.fetch(
        f"select {_COLUMNS} from knock where ($1::text is null or protocol = $1) and (dismissed_at is not null) = $2"
        " and ($3::timestamptz is null or last_at < $3 or (last_at = $3 and (protocol, address, reason) > ($4, $5, $6)))"
        " order by last_at desc, protocol, address, reason limit $7",
        protocol,
        dismissed,
        at,
        *key,
        limit,
    )
    return [_knock(row) for row in rows]


async def take(connection: Connection, protocol: str, address: str) -> list[Knock]:
    """Remove the knocks of an address and hand them over, the last heard last."""
    rows = await connection.fetch(
        f"with taken as (delete from knock where protocol = $1 and address = $2 returning *) select {_COLUMNS} from taken"
        " order by last_at",
        protocol,
        address,
    )
    return [_knock(row) for row in rows]


async def dismiss(connection: Connection, protocol: str, address: str, at: datetime) -> bool:
    """Put the knocks of an address aside; whether there were any."""
    done = await connection.fetchval(
        "with put as (update knock set dismissed_at = $3 where protocol = $1 and address = $2 returning 1)"
        " select count(*) from put",
        protocol,
        address,
        at,
    )
    return bool(done)


def _knock(row: Record) -> Knock:
    return Knock(**dict(row))
