"""Reading for rounds and recalls: who has answered in a round, who opened it, whether work was taken up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from yiwang.flow.model.rows import StepRow
from yiwang.flow.store.columns import STEP, listed, step_of
from yiwang.kernel.database import Connection


async def steps_in_scope(connection: Connection, instance_id: UUID, scope_id: UUID) -> list[StepRow]:
    """What was finished or taken back in a round, a sub-process or a call that is still open, oldest first."""
    rows = await connection.fetch(
        f"select {listed(STEP)} from flow_step where instance_id = $1 and scope_id = $2 and kind = 'step'"
        " order by done_at, id",
        instance_id,
        scope_id,
    )
    return [step_of(row) for row in rows]


async def has_opened(connection: Connection, instance_id: UUID, account_id: UUID, at: datetime) -> bool:
    """Whether a person finished a step at that very moment, which is how a round is opened."""
    found: bool = await connection.fetchval(
        "select exists (select from flow_step where instance_id = $1 and done_at = $2 and actor_id = $3 and how = 'done')",
        instance_id,
        at,
        account_id,
    )
    return found


async def work_is_taken(connection: Connection, holders: Sequence[UUID]) -> bool:
    """Whether a worker has, or had, the work of one of these tokens."""
    found: bool = await connection.fetchval(
        "select exists (select from flow_wait where holder_id = any($1) and kind = 'work'"
        " and (worker is not null or failures > 0))",
        holders,
    )
    return found


async def steps_begun_at(connection: Connection, instance_id: UUID, at: datetime) -> list[StepRow]:
    """Finished steps whose tasks came to be at that moment; those that passed at once left out."""
    rows = await connection.fetch(
        f"select {listed(STEP)} from flow_step where instance_id = $1 and created_at = $2"
        " and how not in ('skipped') and (how <> 'auto' or done_at > created_at) order by done_at, id",
        instance_id,
        at,
    )
    return [step_of(row) for row in rows]
