"""By which working calendar running deadlines were reckoned, and the open instances that are yet to be reckoned anew."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection

FIRST = UUID(int=0)


async def reckoned_by(connection: Connection) -> tuple[str, UUID | None] | None:
    """The calendar's digest and the last instance reckoned (None: all are); locks the row. None before the first time."""
    row = await connection.fetchrow("select digest, reckoned_to from flow_calendar for update")
    return None if row is None else (row[0], row[1])


async def set_reckoned(connection: Connection, digest: str, to: UUID | None, at: datetime) -> None:
    await connection.execute(
        "insert into flow_calendar (digest, reckoned_to, reckoned_at) values ($1, $2, $3)"
        " on conflict (one) do update set digest = $1, reckoned_to = $2, reckoned_at = $3",
        digest,
        to,
        at,
    )


async def open_instances_after(connection: Connection, after: UUID, limit: int) -> list[UUID]:
    """Open instances by id; those whose ids come later began under the new calendar or are found in a later page."""
    rows = await connection.fetch(
        "select id from flow_instance where state in ('active', 'suspended') and id > $1 order by id limit $2",
        after,
        limit,
    )
    return [row[0] for row in rows]
