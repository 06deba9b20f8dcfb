"""Deadlines of new tasks, and what a finished step took: the calendar's answers, remembered where they repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from yiwang.flow.clocks import NamedClock, cached_deadline, read_clock, write_clock
from yiwang.flow.errors import LimitUnknown
from yiwang.flow.model.nodes import UserTask
from yiwang.flow.model.rows import TaskRow, TimerRow
from yiwang.flow.model.settings import Value
from yiwang.flow.walk.events import NewTimer
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

    def limit(self, name: str, node: str, value: Value, variables: Mapping[str, Json]) -> Deadline:
        """The deadline that a setting of the element ``node``, called ``name``, means.

        Raises:
            LimitUnknown: its variable holds no deadline.
        """
        text = value.of(variables)
        try:
            if isinstance(text, str):
                return cached_deadline(text)
        except (DeadlineUnreadable, DeadlineOutOfRange) as error:
            raise _unknown(name, node, value, text) from error
        raise _unknown(name, node, value, text)

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
        deadline = self.limit(task.names.zh, task.id, task.deadline.limit, variables)
        warn = self.share(task.warn, variables)
        key = (str(deadline), warn)
        known = self._known.get(key)
        if known is None:
            running = RunningClock.start(deadline, self.at, self.calendar)
            warn_at = running.warn_at(warn, self.calendar)
            known = TaskTime(running.due_at, warn_at, {"limit": key[0], "warn": warn})
            self._known[key] = known
        return known

    def of_timer(self, timer: NewTimer, timer_id: UUID, instance_id: UUID, holder_id: UUID) -> TimerRow:
        """The row of a timer that begins now: after a limit, at a date, or every so often."""
        if timer.at is not None:
            wake = self._date(timer)
            return TimerRow(timer_id, instance_id, holder_id, timer.node, wake, {"at": wake.isoformat()})
        repeats = timer.after is None
        value = timer.every if timer.after is None else timer.after
        if value is None:
            raise ValueError(f"the timer {timer.node} has no time")
        deadline = self.limit(timer.name, timer.node, value, timer.variables)
        running = RunningClock.start(deadline, self.at, self.calendar)
        clock = write_clock(running, 1.0, self.calendar)
        if timer.every is not None:
            clock["every"] = str(self.limit(timer.name, timer.node, timer.every, timer.variables))
        left = (timer.times - 1 if timer.times > 0 else -1) if repeats else timer.times
        return TimerRow(timer_id, instance_id, holder_id, timer.node, running.due_at, clock, left if timer.every else 0)

    def _date(self, timer: NewTimer) -> datetime:
        text = timer.at.of(timer.variables) if timer.at is not None else None
        try:
            moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise _unknown(timer.name, timer.node, timer.at or Value(), text)
        return moment.astimezone(UTC)

    def from_now(self, text: str) -> tuple[JsonObject, datetime]:
        """The clock of a limit that begins now, and when it ends."""
        running = RunningClock.start(cached_deadline(text), self.at, self.calendar)
        return write_clock(running, 1.0, self.calendar), running.due_at

    def again(self, timer: TimerRow) -> TimerRow | None:
        """A repeating timer that has fired now, set for its next time; None when that was the last."""
        every = timer.clock.get("every")
        if timer.left_count == 0 or not isinstance(every, str):
            return None
        clock, wake_at = self.from_now(every)
        return replace(
            timer,
            wake_at=wake_at,
            clock={**clock, "every": every},
            left_count=timer.left_count - 1 if timer.left_count > 0 else -1,
        )

    def timer_paused(self, timer: TimerRow) -> TimerRow:
        """The timer while its instance is suspended; a date stays the date."""
        if "at" in timer.clock:
            return replace(timer, wake_at=None)
        return replace(
            timer, wake_at=None, clock=self._turned(timer, read_clock(timer.clock, self.calendar).pause(self.at))
        )

    def timer_resumed(self, timer: TimerRow) -> TimerRow:
        at = timer.clock.get("at")
        if isinstance(at, str):
            return replace(timer, wake_at=datetime.fromisoformat(at))
        running = read_clock(timer.clock, self.calendar).resume(self.at, self.calendar)
        return replace(timer, wake_at=running.due_at, clock=self._turned(timer, running))

    def _turned(self, timer: TimerRow, running: RunningClock) -> JsonObject:
        clock = write_clock(running, 1.0, self.calendar)
        return {**clock, "every": timer.clock["every"]} if "every" in timer.clock else clock

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
            return self.rewritten(task, self.running(task).resume(self.at, self.calendar))
        idle = cast(float, task.clock.get("idle", 0.0)) + max(0.0, (self.at - task.paused_at).total_seconds())
        time = shared_time(cast(str, task.clock.get("clock", "")), clocks, {**task.clock, "idle": idle})
        return replace(task, due_at=time.due_at, warn_at=time.warn_at, clock=time.clock, paused_at=None)

    def extended(self, task: TaskRow, by: Deadline) -> TaskRow:
        """The task with more time on its own clock, paused or not."""
        return self.rewritten(task, self.running(task).extend(by, self.calendar))

    def rewritten(self, task: TaskRow, running: RunningClock) -> TaskRow:
        """The task with its own clock as it is now."""
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


def _unknown(name: str, node: str, value: Value, text: Json) -> LimitUnknown:
    return LimitUnknown(name=name, node=node, variable=value.variable or "", value=str(text)[:60])
