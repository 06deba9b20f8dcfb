"""Writing what an act changes: one statement, whatever and however much it is.

The statement holds one data-modifying part per kind of row that changes. There are few combinations, so each is composed
once and the driver keeps it prepared. Arrays and unnest carry one row or ten thousand alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import NamedTuple
from uuid import UUID

from yiwang.flow.changes import Changes
from yiwang.flow.model.rows import InstanceRow, TaskRow
from yiwang.flow.store.columns import INSTANCE, STEP, TASK, TIMER, TOKEN, Columns, arrays, listed
from yiwang.kernel.database import Connection


class _Part(NamedTuple):
    """A part of the statement: what it does with the arrays of ``columns`` taken from ``rows``."""

    sql: str
    columns: Columns
    rows: Callable[[Changes], Sequence[object]]


_CHANGED = ("id", "area", "grid", "state", "variables", "clocks", "ended_at", "suspended_at")
_TASK_TIME = ("id", "due_at", "warn_at", "clock", "paused_at")
_TIMER_TIME = ("id", "wake_at", "clock")
_ID: Columns = {"id": "uuid"}


def _some(columns: Columns, names: Sequence[str]) -> Columns:
    return {name: columns[name] for name in names}


def _insert(table: str, columns: Columns) -> str:
    return f"insert into {table} ({listed(columns)}) select * from {{rows}}"


def _update(table: str, names: Sequence[str]) -> str:
    return f"update {table} x set {', '.join(f'{n} = r.{n}' for n in names[1:])} from {{rows}} where x.id = r.id"


def _delete(table: str, key: str = "id") -> str:
    return f"delete from {table} x using {{rows}} where x.{key} = r.id"


def _instances(changes: Changes, *, is_new: bool) -> list[InstanceRow]:
    return [changes.instance] if changes.instance is not None and changes.is_new is is_new else []


_PARTS: tuple[_Part, ...] = (
    _Part(_insert("flow_instance", INSTANCE), INSTANCE, lambda c: _instances(c, is_new=True)),
    _Part(_update("flow_instance", _CHANGED), _some(INSTANCE, _CHANGED), lambda c: _instances(c, is_new=False)),
    _Part(_delete("flow_task"), _ID, lambda c: c.tasks_gone),
    _Part(_insert("flow_task", TASK), TASK, lambda c: c.tasks),
    _Part(_update("flow_task", _TASK_TIME), _some(TASK, _TASK_TIME), lambda c: c.tasks_retimed),
    _Part(_insert("flow_step", STEP), STEP, lambda c: c.steps),
    _Part(_delete("flow_token"), _ID, lambda c: c.tokens_gone),
    _Part(_insert("flow_token", TOKEN), TOKEN, lambda c: c.tokens),
    _Part(_delete("flow_timer"), _ID, lambda c: c.timers_gone),
    _Part(_delete("flow_timer", "task_id"), _ID, lambda c: c.timers_of_gone),
    _Part(_insert("flow_timer", TIMER), TIMER, lambda c: c.timers),
    _Part(_update("flow_timer", _TIMER_TIME), _some(TIMER, _TIMER_TIME), lambda c: c.timers_retimed),
)


@lru_cache(maxsize=256)
def _statement(used: tuple[int, ...]) -> str:
    """The statement of these parts; the last one is the statement proper, those before it are its ``with`` parts."""
    number = count(1)
    texts = []
    for index in used:
        part = _PARTS[index]
        values = ", ".join(f"${next(number)}::{kind}[]" for kind in part.columns.values())
        texts.append(part.sql.format(rows=f"unnest({values}) as r ({listed(part.columns)})"))
    parts = ", ".join(f"p{place} as ({text})" for place, text in enumerate(texts[:-1]))
    return f"with {parts} {texts[-1]}" if parts else texts[-1]


async def write(connection: Connection, changes: Sequence[Changes]) -> None:
    """Write everything in one statement; nothing at all when there is nothing."""
    used: list[int] = []
    values: list[list[object]] = []
    for index, part in enumerate(_PARTS):
        rows = [row for item in changes for row in part.rows(item)]
        if rows:
            used.append(index)
            values += [rows] if part.columns is _ID else arrays(part.columns, rows)
    if used:
        await connection.execute(_statement(tuple(used)), *values)


async def move_task(connection: Connection, task: TaskRow) -> None:
    """Store the task's queue: post, organisation, assignee, home post."""
    await connection.execute(
        "update flow_task set post_id = $2, organisation_id = $3, assignee_id = $4, home_post_id = $5 where id = $1",
        task.id,
        task.post_id,
        task.organisation_id,
        task.assignee_id,
        task.home_post_id,
    )


async def urge(connection: Connection, instance_id: UUID, priority: int | None) -> int:
    """Count a reminder on every open task of the instance and raise their priority; returns how many there are."""
    result = await connection.execute(
        "update flow_task set urged = urged + 1, priority = greatest(priority, coalesce($2, priority))"
        " where instance_id = $1",
        instance_id,
        priority,
    )
    return int(result.rsplit(" ", 1)[1])


async def relocate(connection: Connection, instance_id: UUID, area: str, grid: str) -> None:
    """Give the instance's open tasks its new place."""
    await connection.execute(
        "update flow_task set area = $2, grid = $3 where instance_id = $1", instance_id, area, grid
    )
