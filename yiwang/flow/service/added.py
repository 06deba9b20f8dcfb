"""Tasks that were added to others (加签, 委派), as rows: made, found, withdrawn; and a task in another queue. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from yiwang.flow.assignment import Queue
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import NamedClock, cached_deadline, read_clock, write_clock
from yiwang.flow.closing import finished_step
from yiwang.flow.model import StepRow, TaskKind, TaskRow
from yiwang.flow.standing import Act, Standing
from yiwang.flow.timing import Timing, default_warn
from yiwang.flow.walk.queues import queue_json, queue_of_task
from yiwang.kernel.database import JsonObject
from yiwang.kernel.deadlines import RunningClock
from yiwang.kernel.identifiers import new_id

_WHILE_HELD = ("queue", "after")


def in_queue(task: TaskRow, queue: Queue, home: int | None) -> TaskRow:
    """The task in a queue, held no longer; ``home`` is the post to which a person may put it back."""
    origin = {name: value for name, value in (task.origin or {}).items() if name not in ("for", *_WHILE_HELD)}
    if queue.for_id is not None:
        origin["for"] = str(queue.for_id)
    return replace(
        task,
        post_id=queue.post_id,
        organisation_id=queue.organisation_id,
        assignee_id=queue.assignee_id,
        home_post_id=home,
        held=False,
        origin=origin or None,
    )


def held(task: TaskRow, after: JsonObject | None = None) -> TaskRow:
    """The task while it waits for others; its origin keeps whose it was, and for 后加签 the outcome given."""
    origin: JsonObject = {**(task.origin or {}), "queue": queue_json(queue_of_task(task))}
    if after is not None:
        origin["after"] = after
    return replace(task, held=True, post_id=None, assignee_id=None, origin=origin)


def added(task: TaskRow, kind: TaskKind, queue: Queue, act: Act, limit: str | None, timing: Timing) -> TaskRow:
    """A task added to ``task`` for one person: with a limit of its own, else with the deadline of the task.

    Raises:
        DeadlineUnreadable, DeadlineOutOfRange: of ``limit``.
    """
    by = str(act.actor.account_id) if act.actor.account_id is not None else None
    origin: JsonObject = {"by": by, "by_name": act.actor.label, "note": act.note, "shared": limit is None}
    if queue.for_id is not None:
        origin["for"] = str(queue.for_id)
    fresh = replace(
        task,
        id=new_id(),
        post_id=queue.post_id,
        organisation_id=queue.organisation_id,
        assignee_id=queue.assignee_id,
        home_post_id=None,
        created_at=act.at,
        urged=0,
        kind=kind,
        of_task=task.id,
        held=False,
        origin=origin,
    )
    return _timed(fresh, task, act.at, limit, timing)


def _timed(fresh: TaskRow, task: TaskRow, at: datetime, limit: str | None, timing: Timing) -> TaskRow:
    if limit is not None:
        deadline = cached_deadline(limit)
        running = RunningClock.start(deadline, at, timing.calendar)
        warn_at = running.warn_at(default_warn, timing.calendar)
        return replace(
            fresh, due_at=running.due_at, warn_at=warn_at, clock={"limit": str(deadline), "warn": default_warn}
        )
    if "limit" in task.clock and task.due_at is not None:
        return replace(fresh, clock=clock_until(task.clock, at, task.due_at, timing))
    return fresh


def clock_until(clock: JsonObject, at: datetime, due_at: datetime, timing: Timing) -> JsonObject:
    """A clock of the same kind of limit that begins at ``at`` and has what is left until ``due_at``."""
    running = read_clock(clock, timing.calendar, started_at=at, due_at=due_at)
    if running.deadline.unit.counts_working_time:
        left = timing.calendar.working_seconds(at, due_at) if due_at > at else 0.0
    else:
        left = (due_at - at).total_seconds()
    warn = clock["warn"]
    rest = RunningClock(running.deadline, at, max(left, 1.0), at, 0.0, due_at)
    return write_clock(rest, warn if isinstance(warn, float) else default_warn, timing.calendar)


def kinds_of(standing: Standing) -> frozenset[str]:
    """The names by which an absence may be limited to the business of an instance."""
    called = (definition.key for definition in standing.called.values())
    return frozenset({standing.instance.subject_kind, standing.definition.key, *called})


def added_to(standing: Standing, task: TaskRow) -> list[TaskRow]:
    """The open tasks added to a task, and those added to them."""
    found: list[TaskRow] = []
    for row in standing.tasks.values():
        if row.of_task == task.id:
            found += [row, *added_to(standing, row)]
    return found


def withdraw(
    changes: Changes, rows: list[TaskRow], act: Act, timing: Timing, clocks: Mapping[str, NamedClock]
) -> tuple[StepRow, ...]:
    """Let tasks end with the act; their steps."""
    steps = tuple(finished_step(row, act.dropped, act, timing, clocks) for row in rows)
    changes.steps = [*changes.steps, *steps]
    changes.tasks_gone = [*changes.tasks_gone, *(row.id for row in rows)]
    return steps


def without(standing: Standing, *gone: TaskRow) -> Standing:
    """Where an instance stands without these tasks."""
    ids = {row.id for row in gone}
    return replace(standing, tasks={key: row for key, row in standing.tasks.items() if key not in ids})
