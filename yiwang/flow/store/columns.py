"""The columns of each table in the order of its record, with their types."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from yiwang.flow.model.rows import InstanceRow, ScopeRow, StepRow, TaskRow, TimerRow, TokenRow, WaitRow
from yiwang.kernel.database import Record

Columns = dict[str, str]

INSTANCE: Columns = {
    "id": "uuid",
    "definition_id": "uuid",
    "subject_kind": "text",
    "subject_id": "uuid",
    "area": "text",
    "grid": "text",
    "state": "text",
    "variables": "jsonb",
    "clocks": "jsonb",
    "started_at": "timestamptz",
    "ended_at": "timestamptz",
    "suspended_at": "timestamptz",
}
TASK: Columns = {
    "id": "uuid",
    "instance_id": "uuid",
    "node": "text",
    "subject_kind": "text",
    "subject_id": "uuid",
    "area": "text",
    "grid": "text",
    "post_id": "int",
    "organisation_id": "int",
    "assignee_id": "uuid",
    "home_post_id": "int",
    "stage": "text",
    "status": "text",
    "created_at": "timestamptz",
    "due_at": "timestamptz",
    "warn_at": "timestamptz",
    "clock": "jsonb",
    "paused_at": "timestamptz",
    "urged": "int",
    "priority": "int",
    "scope_id": "uuid",
    "definition_id": "uuid",
    "kind": "text",
    "of_task": "uuid",
    "held": "boolean",
    "origin": "jsonb",
}
TOKEN: Columns = {
    "id": "uuid",
    "instance_id": "uuid",
    "node": "text",
    "sequence_flow": "text",
    "arrived_at": "timestamptz",
    "kind": "text",
    "scope_id": "uuid",
}
SCOPE: Columns = {
    "id": "uuid",
    "instance_id": "uuid",
    "parent_id": "uuid",
    "node": "text",
    "kind": "text",
    "definition_id": "uuid",
    "total": "int",
    "done": "int",
    "tally": "jsonb",
    "rest": "jsonb",
    "variables": "jsonb",
    "opened_at": "timestamptz",
}
TIMER: Columns = {
    "id": "uuid",
    "instance_id": "uuid",
    "holder_id": "uuid",
    "node": "text",
    "wake_at": "timestamptz",
    "clock": "jsonb",
    "left_count": "int",
}
WAIT: Columns = {
    "id": "uuid",
    "instance_id": "uuid",
    "holder_id": "uuid",
    "node": "text",
    "kind": "text",
    "name": "text",
    "key": "text",
    "area": "text",
    "created_at": "timestamptz",
}
STEP: Columns = {
    "id": "uuid",
    "instance_id": "uuid",
    "node": "text",
    "how": "text",
    "subject_kind": "text",
    "subject_id": "uuid",
    "area": "text",
    "stage": "text",
    "post_id": "int",
    "organisation_id": "int",
    "assignee_id": "uuid",
    "actor_id": "uuid",
    "actor_name": "text",
    "outcome": "text",
    "note": "text",
    "created_at": "timestamptz",
    "done_at": "timestamptz",
    "due_at": "timestamptz",
    "used_seconds": "float8",
    "overdue": "boolean",
    "scope_id": "uuid",
    "definition_id": "uuid",
    "kind": "text",
}


def listed(columns: Iterable[str], table: str = "") -> str:
    """``t.a, t.b`` for a select."""
    return ", ".join(f"{table}.{name}" if table else name for name in columns)


def arrays(columns: Columns, rows: Iterable[object]) -> list[list[object]]:
    """One array per column, for unnest."""
    values = list(map(attrgetter(*columns), rows))
    return [list(column) for column in zip(*values, strict=True)]


def instance_of(row: Record, start: int = 0) -> InstanceRow:
    return InstanceRow(*tuple(row)[start : start + len(INSTANCE)])


def task_of(row: Record, start: int = 0) -> TaskRow:
    return TaskRow(*tuple(row)[start : start + len(TASK)])


def token_of(row: Record) -> TokenRow:
    return TokenRow(*row)


def timer_of(row: Record, start: int = 0) -> TimerRow:
    return TimerRow(*tuple(row)[start : start + len(TIMER)])


def step_of(row: Record) -> StepRow:
    return StepRow(*row)


def scope_of(row: Record) -> ScopeRow:
    return ScopeRow(*row)


def wait_of(row: Record, start: int = 0) -> WaitRow:
    return WaitRow(*tuple(row)[start : start + len(WAIT)])
