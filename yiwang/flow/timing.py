"""Deadlines of new tasks, and what a finished step took: the calendar's answers, remembered where they repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from yiwang.flow.clocks import NamedClock, cached_deadline, read_clock, write_clock
from yiwang.flow.errors import LimitUnknown
from yiwang.flow.model.graph import BoundaryTimer, Node, UserTask, Value
from yiwang.flow.model.rows import TaskRow
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.deadlines import Deadline, DeadlineOutOfRange, DeadlineUnreadable, RunningClock

default_warn = 0.8


@dataclass(frozen=True, slots=True)
class TaskTime:
    """The time columns of a task row."""

    due_at: datetime | None
    warn_at: datetime | None
    clock: JsonObject


@dataclass(frozen=True, slots=True)
class Spent:
    """What a step took: ``used_seconds`` without pauses, of its own limit's kind, else seconds on end."""

    due_at: datetime | None
    used_seconds: float
    overdue: bool


class Timing:
    """Answers for one instant ``at``; equal limits begun at it are computed once, which is most of a bulk creation."""

    def __init__(self, calendar: WorkingCalendar, at: datetime) -> None:
        self.calendar = calendar
        self.at = at
        self._known: dict[tuple[str, float], TaskTime] = {}

    def limit(self, node: Node, value: Value, variables: Mapping[str, Json]) -> Deadline:
        """The deadline that a setting means.

        Raises:
            LimitUnknown: its variable holds no deadline.
        """
        text = value.of(variables)
        try:
            if isinstance(text, str):
                return cached_deadline(text)
        except (DeadlineUnreadable, DeadlineOutOfRange) as error:
            raise self._unknown(node, value, text) from error
        raise self._unknown(node, value, text)

    def _unknown(self, node: Node, value: Value, text: Json) -> LimitUnknown:
        return LimitUnknown(name=node.names.zh, node=node.id, variable=value.variable or "", value=str(text)[:60])

    def share(self, value: Value, variables: Mapping[str, Json]) -> float:
        """The share of a limit after which it warns: the number given, else :data:`default_warn`."""
        given = value.of(variables)
        if isinstance(given, str):
            return float(given) if value.variable is None else default_warn
        good = isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < 1
        return cast(float, given) if good else default_warn

    def of_task(self, task: UserTask, variables: Mapping[str, Json], clocks: Mapping[str, NamedClock]) -> TaskTime:
        """The times of a task that begins now."""
        if task.deadline is None:
            return TaskTime(None, None, {})
        if task.deadline.clock is not None:
            return shared_time(task.deadline.clock, clocks, {})
        if task.deadline.limit is None:
            raise ValueError(f"{task.id} has a deadline without limit and clock")
        deadline = self.limit(task, task.deadline.limit, variables)
        warn = self.share(task.warn, variables)
        key = (str(deadline), warn)
        known = self._known.get(key)
        if known is None:
            running = RunningClock.start(deadline, self.at, self.calendar)
            warn_at = running.warn_at(warn, self.calendar)
            known = TaskTime(running.due_at, warn_at, {"limit": key[0], "warn": warn})
            self._known[key] = known
        return known

    def of_timer(self, timer: BoundaryTimer, variables: Mapping[str, Json]) -> TaskTime:
        """When a timer that begins now wakes."""
        deadline = self.limit(timer, timer.after, variables)
        running = RunningClock.start(deadline, self.at, self.calendar)
        return TaskTime(running.due_at, None, write_clock(running, 1.0, self.calendar))

    def spent(self, task: TaskRow, clocks: Mapping[str, NamedClock]) -> Spent:
        """What a task that ends now has taken."""
        if "limit" in task.clock:
            if "started" not in task.clock and task.due_at is not None:
                return self._spent_undisturbed(task, task.due_at)
            running = self.running(task)
            return Spent(running.due_at, running.used(self.at, self.calendar), running.overdue(self.at))
        end = task.paused_at or self.at
        elapsed = (end - task.created_at).total_seconds() - cast(float, task.clock.get("idle", 0.0))
        shared = clocks.get(cast(str, task.clock.get("clock", "")))
        due_at = None if shared is None else shared.running.due_at
        return Spent(due_at, max(0.0, elapsed), due_at is not None and end > due_at)

    def _spent_undisturbed(self, task: TaskRow, due_at: datetime) -> Spent:
        """As the clock would say of a task that was never paused nor extended, without building the clock."""
        if cached_deadline(cast(str, task.clock["limit"])).unit.counts_working_time:
            used = self.calendar.working_seconds(task.created_at, self.at)
        else:
            used = (self.at - task.created_at).total_seconds()
        return Spent(due_at, max(0.0, used), self.at > due_at)

    def running(self, task: TaskRow) -> RunningClock:
        """The own clock of a task that has a limit."""
        return read_clock(task.clock, self.calendar, started_at=task.created_at, due_at=task.due_at)

    def paused(self, task: TaskRow) -> TaskRow:
        """The task while its instance is suspended."""
        clock = task.clock
        if "limit" in clock:
            clock = write_clock(self.running(task).pause(self.at), cast(float, clock["warn"]), self.calendar)
        return replace(task, due_at=None, warn_at=None, clock=clock, paused_at=self.at)

    def resumed(self, task: TaskRow, clocks: Mapping[str, NamedClock]) -> TaskRow:
        """The task once its instance goes on; ``clocks`` are resumed already."""
        if task.paused_at is None:
            return task
        if "limit" in task.clock:
            return self._rewritten(task, self.running(task).resume(self.at, self.calendar))
        idle = cast(float, task.clock.get("idle", 0.0)) + max(0.0, (self.at - task.paused_at).total_seconds())
        time = shared_time(cast(str, task.clock.get("clock", "")), clocks, {**task.clock, "idle": idle})
        return replace(task, due_at=time.due_at, warn_at=time.warn_at, clock=time.clock, paused_at=None)

    def extended(self, task: TaskRow, by: Deadline) -> TaskRow:
        """The task with more time on its own clock, paused or not."""
        return self._rewritten(task, self.running(task).extend(by, self.calendar))

    def _rewritten(self, task: TaskRow, running: RunningClock) -> TaskRow:
        warn = cast(float, task.clock["warn"])
        paused = running.paused_at is not None
        return replace(
            task,
            due_at=None if paused else running.due_at,
            warn_at=running.warn_at(warn, self.calendar),
            clock=write_clock(running, warn, self.calendar),
            paused_at=running.paused_at,
        )


def shared_time(name: str, clocks: Mapping[str, NamedClock], clock: JsonObject) -> TaskTime:
    """The times of a task that shares the named clock; without deadline while that does not run."""
    record: JsonObject = {**clock, "clock": name} if name else clock
    shared = clocks.get(name)
    if shared is None or shared.stopped_at is not None:
        return TaskTime(None, None, record)
    return TaskTime(shared.due_at, shared.warn_at, record)
