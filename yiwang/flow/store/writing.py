"""Writing what an act changes: one statement, whatever and however much it is.

The statement holds one data-modifying part per kind of row that changes. There are few combinations, so each is composed
once and the driver keeps it prepared. Single rows are written by plain values, so that the server keeps one plan for the
statement (planning is the dearest part of a small write); several by arrays and unnest, two or ten thousand alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from yiwang.flow.changes import Changes
from yiwang.flow.model.rows import InstanceRow, TaskRow
from yiwang.flow.store.columns import INSTANCE, SCOPE, STEP, TASK, TIMER, TOKEN, WAIT, Columns, arrays, listed
from yiwang.kernel import journal
from yiwang.kernel.access import Sql
from yiwang.kernel.database import Connection


class _Part(NamedTuple):
    """A part of the statement: ``one`` for a single row, ``many`` for several; both with a place for each column."""

    one: str
    many: str
    columns: Columns
    rows: Callable[[Changes], Sequence[object]]


_CHANGED = ("id", "area", "grid", "state", "variables", "clocks", "ended_at", "suspended_at")
_TASK_TIME = ("id", "due_at", "warn_at", "clock", "paused_at")
_TASK_QUEUE = ("id", "post_id", "organisation_id", "assignee_id", "home_post_id", "held", "origin", "urged", "priority")
_SCOPE_COUNTS = ("id", "total", "done", "tally", "rest", "variables")
_TIMER_TIME = ("id", "wake_at", "clock", "left_count")
_ID: Columns = {"id": "uuid"}


def _insert(table: str, columns: Columns, rows: Callable[[Changes], Sequence[object]]) -> _Part:
    into = f"insert into {table} ({listed(columns)})"
    return _Part(f"{into} values ({{values}})", f"{into} select * from {{rows}}", columns, rows)


def _update(table: str, columns: Columns, names: Sequence[str], rows: Callable[[Changes], Sequence[object]]) -> _Part:
    one = ", ".join(f"{name} = {{{place}}}" for place, name in enumerate(names) if name != "id")
    many = ", ".join(f"{name} = r.{name}" for name in names if name != "id")
    return _Part(
        f"update {table} set {one} where id = {{0}}",
        f"update {table} x set {many} from {{rows}} where x.id = r.id",
        {name: columns[name] for name in names},
        rows,
    )


def _delete(table: str, key: str, rows: Callable[[Changes], Sequence[object]]) -> _Part:
    return _Part(
        f"delete from {table} where {key} = {{0}}",
        f"delete from {table} x using {{rows}} where x.{key} = r.id",
        _ID,
        rows,
    )


def _instances(changes: Changes, *, is_new: bool) -> list[InstanceRow]:
    return [changes.instance] if changes.instance is not None and changes.is_new is is_new else []


_PARTS: tuple[_Part, ...] = (
    _insert("flow_instance", INSTANCE, lambda c: _instances(c, is_new=True)),
    _update("flow_instance", INSTANCE, _CHANGED, lambda c: _instances(c, is_new=False)),
    _delete("flow_task", "id", lambda c: c.tasks_gone),
    _insert("flow_task", TASK, lambda c: c.tasks),
    _update("flow_task", TASK, _TASK_TIME, lambda c: c.tasks_retimed),
    _insert("flow_step", STEP, lambda c: c.steps),
    _delete("flow_token", "id", lambda c: c.tokens_gone),
    _insert("flow_token", TOKEN, lambda c: c.tokens),
    _update("flow_task", TASK, _TASK_QUEUE, lambda c: c.tasks_moved),
    _delete("flow_scope", "id", lambda c: c.scopes_gone),
    _insert("flow_scope", SCOPE, lambda c: c.scopes),
    _update("flow_scope", SCOPE, _SCOPE_COUNTS, lambda c: c.scopes_changed),
    _delete("flow_timer", "id", lambda c: c.timers_gone),
    _delete("flow_timer", "holder_id", lambda c: c.timer_holders_gone),
    _delete("flow_wait", "id", lambda c: c.waits_gone),
    _delete("flow_wait", "holder_id", lambda c: c.wait_holders_gone),
    _insert("flow_wait", WAIT, lambda c: c.waits),
    _insert("flow_timer", TIMER, lambda c: c.timers),
    _update("flow_timer", TIMER, _TIMER_TIME, lambda c: c.timers_retimed),
)


@lru_cache(maxsize=512)
def _statement(used: tuple[tuple[int, bool], ...]) -> str:
    """The statement of these parts (index, single row); the last is the statement proper, the others its ``with`` parts."""
    number = count(1)
    texts = []
    for index, single in used:
        part = _PARTS[index]
        if single:
            values = [f"${next(number)}::{kind}" for kind in part.columns.values()]
            texts.append(part.one.format(*values, values=", ".join(values)))
        else:
            values = [f"${next(number)}::{kind}[]" for kind in part.columns.values()]
            texts.append(part.many.format(rows=f"unnest({', '.join(values)}) as r ({listed(part.columns)})"))
    parts = ", ".join(f"p{place} as ({text})" for place, text in enumerate(texts[:-1]))
    return f"with {parts} {texts[-1]}" if parts else texts[-1]


async def write(connection: Connection, changes: Sequence[Changes], told: Sequence[journal.Entry] = ()) -> None:
    """Write everything, and the journal entries that tell of it, in one statement; nothing at all when there is nothing."""
    used: list[tuple[int, bool]] = []
    values: list[object] = []
    for index, part in enumerate(_PARTS):
        rows = [row for item in changes for row in part.rows(item)]
        if not rows:
            continue
        single = len(rows) == 1 and len(changes) == 1  # a group's statements should not differ by how many rows it has
        used.append((index, single))
        if part.columns is _ID:
            values += rows if single else [rows]
        elif single:
            values += attrgetter(*part.columns)(rows[0])
        else:
            values += arrays(part.columns, rows)
    if used and told:
        args = Sql(values)
        entries = journal.appending(args, told)
        await connection.execute(_beside(_statement(tuple(used)), entries), *args.values)
    elif used:
        await connection.execute(_statement(tuple(used)), *values)
    else:
        await journal.append_many(connection, told)
    released = [pair for item in changes for pair in item.released]
    if released:
        await _release(connection, released)


def _beside(statement: str, entries: str) -> str:
    """The statement with the one that writes journal entries as a part of it."""
    told = f"with told as ({entries})"
    return f"{told}, {statement.removeprefix('with ')}" if statement.startswith("with ") else f"{told} {statement}"


async def _release(connection: Connection, released: Sequence[tuple[UUID, str]]) -> None:
    """Delete single timers and waits of holders that stay."""
    holders, nodes = [holder for holder, _ in released], [node for _, node in released]
    for table in ("flow_timer", "flow_wait"):
        await connection.execute(
            f"delete from {table} x using unnest($1::uuid[], $2::text[]) as r (holder_id, node)"
            " where x.holder_id = r.holder_id and x.node = r.node",
            holders,
            nodes,
        )


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
