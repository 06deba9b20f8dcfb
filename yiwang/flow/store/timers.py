"""Timers that are due: found without a lock, then claimed one by one under the instance's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.flow.model.rows import InstanceRow, TimerRow
from yiwang.flow.store.columns import INSTANCE, TIMER, instance_of, listed, timer_of
from yiwang.kernel.database import Connection

# `skip locked`: whoever works on the instance just now may finish the very task; the next round looks again.
_CLAIM = (
    f"select {listed(TIMER, 'm')}, {listed(INSTANCE, 'i')} from flow_timer m"
    " join flow_instance i on i.id = m.instance_id"
    " where m.id = $1 and m.wake_at <= $2 and i.state = 'active' for update of i, m skip locked"
)


@dataclass(frozen=True, slots=True)
class DueTimer:
    id: UUID
    subject_kind: str
    subject_id: UUID


async def due_timers(connection: Connection, at: datetime, limit: int) -> list[DueTimer]:
    """Timers to fire, the longest due first."""
    rows = await connection.fetch(
        "select m.id, i.subject_kind, i.subject_id from flow_timer m join flow_instance i on i.id = m.instance_id"
        " where m.wake_at <= $1 order by m.wake_at limit $2",
        at,
        limit,
    )
    return [DueTimer(*row) for row in rows]


async def claim_timer(connection: Connection, timer_id: UUID, at: datetime) -> tuple[TimerRow, InstanceRow] | None:
    """The timer with its instance, both locked; None when it has fired, gone, or somebody is at work there."""
    row = await connection.fetchrow(_CLAIM, timer_id, at)
    if row is None:
        return None
    return timer_of(row), instance_of(row, len(TIMER))


async def postpone_timer(connection: Connection, timer_id: UUID, at: datetime, error: str) -> None:
    """Keep why a timer could not fire, and try again later: after 1, 2, 4 … minutes, at most an hour."""
    await connection.execute(
        "update flow_timer set wake_at = $2::timestamptz + least(interval '1 minute' * power(2, failures), interval '1 hour'),"
        " failures = least(failures + 1, 100), error = $3 where id = $1 and wake_at is not null",
        timer_id,
        at,
        error,
    )


async def next_wake(connection: Connection) -> datetime | None:
    """When the next timer is due; None without any."""
    found: datetime | None = await connection.fetchval("select min(wake_at) from flow_timer where wake_at is not null")
    return found
