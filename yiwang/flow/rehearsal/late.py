"""Timers that have come due: events of the flow, and steps that are late (超时)."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from yiwang.flow.assignment import Queue
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import read_clocks
from yiwang.flow.model import Advance, Overtime, StepRow, TaskRow, TimerRow
from yiwang.flow.rehearsal.rows import Rows
from yiwang.flow.rehearsal.tracing import Trodden
from yiwang.flow.service.base import unmoved
from yiwang.flow.service.returning import done_before
from yiwang.flow.service.world import World
from yiwang.flow.standing import Act
from yiwang.flow.timing import Timing
from yiwang.flow.walk import Completed, Event, SentBack, Triggered
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.errors import Problem

Planned = tuple[Changes, Advance, list[Trodden]]


class Planner(Protocol):
    """The rehearsal, as far as a timer needs it."""

    @property
    def timing(self) -> Timing: ...
    @property
    def calendar(self) -> WorkingCalendar: ...
    def plan(self, rows: Rows, event: Event, act: Act) -> Planned: ...
    def world(self, rows: Rows) -> World: ...
    def queue_of(self, step: StepRow) -> Queue | None: ...


def fire(planner: Planner, rows: Rows, timer: TimerRow) -> Planned:
    """What a timer that is due changes, itself included: it is gone, or set for its next time."""
    changes, answer, trodden = _reach(planner, rows, timer)
    if timer.holder_id not in changes.timer_holders_gone:
        again = planner.timing.again(timer)
        if again is None:
            changes.timers_gone = [timer.id]
        else:
            changes.timers_retimed = [again]
    return changes, answer, trodden


def _reach(planner: Planner, rows: Rows, timer: TimerRow) -> Planned:
    act = Act("timer", SYSTEM, planner.timing.at, left="timer", timer=timer.node)
    task = rows.tasks.get(timer.holder_id)
    if task is not None and "/" in timer.node:
        return _overtime(planner, rows, task, timer.node, act)
    holder = None if timer.holder_id == rows.instance.id else timer.holder_id
    return planner.plan(rows, Triggered(holder, timer.node), act)


def _overtime(planner: Planner, rows: Rows, task: TaskRow, name: str, act: Act) -> Planned:
    world = planner.world(rows)
    standing = rows.standing(world.known)
    step = standing.graph_of(task).task(task.node)
    rule: Overtime = next(rule for rule in step.overtimes if rule.id == name)
    if rule.do == "pass":
        passing = replace(act, left="auto", outcome=step.first_outcome)
        return planner.plan(rows, Completed(task.id, step.first_outcome), passing)
    if rule.do == "return":
        for before in done_before(task, rows.walked(task.definition_id)):
            event = SentBack(task.id, before.node, planner.queue_of(before))
            try:
                return planner.plan(rows, event, replace(act, left="sent_back"))
            except Problem:
                continue  # it cannot go back there; the step before that, then
    moved = replace(task, urged=task.urged + 1)
    if rule.do == "escalate" and rule.who is not None:
        queue = world.queue(replace(step, who=rule.who), standing.variables_of(task))
        if queue is not None:
            moved = replace(moved, post_id=queue.post_id, organisation_id=queue.organisation_id)
            moved = replace(moved, assignee_id=queue.assignee_id, home_post_id=None)
    clocks = read_clocks(rows.instance.clocks, planner.calendar)
    return Changes(tasks_moved=[moved]), unmoved(standing, act, rows.instance, clocks), []
