"""Reading an instance in order to change it, under its lock."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from yiwang.flow.model.rows import InstanceRow, ScopeRow, TaskRow, TimerRow, TokenRow, WaitKind, WaitRow
from yiwang.flow.store.columns import (
    INSTANCE,
    SCOPE,
    TASK,
    TIMER,
    TOKEN,
    WAIT,
    instance_of,
    listed,
    scope_of,
    task_of,
    timer_of,
    token_of,
    wait_of,
)
from yiwang.kernel.database import Connection, Record

# The order in `of i, t` is the order of locking: the instance, then the task. Whoever waited for the instance finds the
# task gone if somebody else has finished it meanwhile, and gets no row.
LOCKED_COLUMNS = f"{listed(TASK, 't')}, {listed(INSTANCE, 'i')}"
"""What :func:`locked_of` reads: the columns of flow_task ``t`` and flow_instance ``i``."""

_LOCK_TASK = (
    f"select {LOCKED_COLUMNS} from flow_task t join flow_instance i on i.id = t.instance_id"
    " where t.id = $1 for update of i, t"
)
_LOCK_INSTANCE = f"select {listed(INSTANCE)} from flow_instance where id = $1 for update"
_TASKS = f"select {listed(TASK)} from flow_task where instance_id = $1 order by id"
_TASKS_OF_ALL = f"select {listed(TASK)} from flow_task where instance_id = any($1) order by id"
_TOKENS = f"select {listed(TOKEN)} from flow_token where instance_id = $1 order by id"
_SCOPES = f"select {listed(SCOPE)} from flow_scope where instance_id = $1 order by id"
_WAITS = f"select {listed(WAIT)} from flow_wait where instance_id = $1 and ($2::text is null or kind = $2) order by id"
_TIMERS = f"select {listed(TIMER)} from flow_timer where instance_id = $1 order by id"


def locked_of(row: Record, offset: int = 0) -> tuple[TaskRow, InstanceRow]:
    """The task and instance of a row that holds :data:`LOCKED_COLUMNS` from ``offset`` on."""
    return task_of(row, offset), instance_of(row, offset + len(TASK))


async def lock_task(connection: Connection, task_id: UUID) -> tuple[TaskRow, InstanceRow] | None:
    """An open task with its instance, both locked; None when it is not open (any more)."""
    row = await connection.fetchrow(_LOCK_TASK, task_id)
    return None if row is None else locked_of(row)


async def lock_instance(connection: Connection, instance_id: UUID) -> InstanceRow | None:
    row = await connection.fetchrow(_LOCK_INSTANCE, instance_id)
    return None if row is None else instance_of(row)


async def tasks_of(connection: Connection, instance_id: UUID) -> list[TaskRow]:
    """The open tasks, oldest first. A statement of its own after the lock, so that it sees what was committed before."""
    return [task_of(row) for row in await connection.fetch(_TASKS, instance_id)]


async def tasks_of_all(connection: Connection, instance_ids: Sequence[UUID]) -> dict[UUID, list[TaskRow]]:
    """The open tasks of many instances, each oldest first; those without one are left out."""
    found: dict[UUID, list[TaskRow]] = {}
    for row in await connection.fetch(_TASKS_OF_ALL, list(instance_ids)):
        task = task_of(row)
        found.setdefault(task.instance_id, []).append(task)
    return found


async def tokens_of(connection: Connection, instance_id: UUID) -> list[TokenRow]:
    return [token_of(row) for row in await connection.fetch(_TOKENS, instance_id)]


async def timers_of(connection: Connection, instance_id: UUID) -> list[TimerRow]:
    return [timer_of(row) for row in await connection.fetch(_TIMERS, instance_id)]


async def scopes_of(connection: Connection, instance_id: UUID) -> list[ScopeRow]:
    """The open scopes, outer ones before those within."""
    return [scope_of(row) for row in await connection.fetch(_SCOPES, instance_id)]


async def waits_of(connection: Connection, instance_id: UUID, kind: WaitKind | None = None) -> list[WaitRow]:
    return [wait_of(row) for row in await connection.fetch(_WAITS, instance_id, kind)]
