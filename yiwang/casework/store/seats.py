"""SQL of seats (席位): who of a post is signed in, what waits for them, what each has done today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection


@dataclass(frozen=True, slots=True)
class Work:
    """What an account has done since the day began. ``seen_at``: of the session that is still open, None without one."""

    seen_at: datetime | None
    waiting: int
    overdue: int
    reported: int
    steps: int
    last_at: datetime | None


async def work_of(connection: Connection, accounts: Sequence[UUID], since: datetime, now: datetime) -> dict[UUID, Work]:
    """By account; ``since``: the beginning of the day."""
    rows = await connection.fetch(
        "select a.id,"
        " (select max(s.seen_at) from session s where s.account_id = a.id and s.expires_at > $3) as seen_at,"
        " t.waiting, t.overdue, j.reported, j.steps, j.last_at"
        " from unnest($1::uuid[]) as a(id)"
        " cross join lateral (select count(*) as waiting, count(*) filter (where due_at < $3) as overdue from flow_task"
        "  where assignee_id = a.id) t"
        " cross join lateral (select count(*) filter (where verb = 'case.opened') as reported,"
        "  count(*) filter (where verb = 'case.step') as steps, max(at) as last_at from journal"
        "  where actor_id = a.id and at >= $2 and verb in ('case.opened', 'case.step')) j",
        list(accounts), since, now,
    )  # fmt: skip
    return {
        row["id"]: Work(row["seen_at"], row["waiting"], row["overdue"], row["reported"], row["steps"], row["last_at"])
        for row in rows
    }


async def queues_of(connection: Connection, posts: Sequence[int], now: datetime) -> dict[int, tuple[int, int]]:
    """By post: tasks that wait for whoever of it takes them, and those of them that are late."""
    rows = await connection.fetch(
        "select post_id, count(*) as waiting, count(*) filter (where due_at < $2) as overdue from flow_task"
        " where post_id = any($1::int[]) group by post_id",
        list(posts), now,
    )  # fmt: skip
    return {row["post_id"]: (row["waiting"], row["overdue"]) for row in rows}
