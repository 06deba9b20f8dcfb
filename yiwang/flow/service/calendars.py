"""A new working calendar (the yearly notice, a city's own day, other hours): running deadlines are reckoned anew.

What was used before stays as it was; what is left ends when the new calendar says. In pages by instance id, each instance
in a transaction of its own, resumed where it stopped; the background worker does it when the calendar of the process differs
from that of the last reckoning. An overdue clock stays overdue since when it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import NamedClock, read_clock, read_clocks, write_clocks
from yiwang.flow.closing import retime_shared
from yiwang.flow.model import TaskRow, TimerRow
from yiwang.flow.service.base import unmoved
from yiwang.flow.service.timers import TimerVerbs
from yiwang.flow.standing import Act
from yiwang.flow.store import calendars
from yiwang.flow.timing import Timing
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.calendar import WorkingCalendar

most_at_once = 500


class CalendarVerbs(TimerVerbs):
    """The background worker calls :meth:`follow_calendar` until it answers 0."""

    async def follow_calendar(self, limit: int = most_at_once) -> int:
        """Reckon a page of open instances anew if the calendar has changed; returns how many were looked at.

        The first time ever nothing is reckoned: running deadlines were made by this calendar.
        """
        now = self.context.clock.now()
        digest = self.context.calendar.digest
        async with self.context.database.transaction() as connection:
            known = await calendars.reckoned_by(connection)
            if known is None or (known[0] == digest and known[1] is None):
                if known is None:
                    await calendars.set_reckoned(connection, digest, None, now)
                return 0
            after = known[1] if known[0] == digest and known[1] is not None else calendars.FIRST
            page = await calendars.open_instances_after(connection, after, limit)
        for instance_id in page:
            await self._reckon(instance_id)
        async with self.context.database.transaction() as connection:
            await calendars.reckoned_by(connection)
            await calendars.set_reckoned(connection, digest, page[-1] if len(page) == limit else None, now)
        return len(page)

    async def _reckon(self, instance_id: UUID) -> None:
        """One instance: named clocks, tasks with limits of their own, timers; its subject follows."""
        async with self.context.database.transaction() as connection:
            instance = await store.find_instance(connection, instance_id)
            listener = self.listeners.get(instance.subject_kind) if instance is not None else None
            if instance is not None and listener is not None and listener.lock is not None:
                await listener.lock(connection, instance.subject_id)
            before = await self.lock_instance(connection, instance_id)
            if before.ended_at is not None:
                return
            standing = await self.standing(connection, before)
            now = self.context.clock.now()
            timing = self.timing(now)
            clocks = read_clocks(before.clocks, timing.calendar)
            turned = _turned(clocks, timing.calendar)
            clocks |= turned
            retimed = retime_shared(standing.tasks.values(), clocks, set(turned))
            retimed += _tasks(standing.tasks.values(), timing)
            timers = await store.timers_of(connection, instance_id) if standing.timed else []
            changes = Changes(tasks_retimed=retimed, timers_retimed=_timers(timers, timing.calendar))
            if turned:
                changes.instance = replace(before, clocks=write_clocks(clocks, timing.calendar))
            await store.write(connection, [changes])
            if listener is not None and (turned or retimed):
                answer = unmoved(standing, Act("calendar", SYSTEM, now), before, clocks)
                await listener.advanced(connection, answer, SYSTEM, now)


def _turned(clocks: dict[str, NamedClock], calendar: WorkingCalendar) -> dict[str, NamedClock]:
    """The named clocks that end at another time by this calendar."""
    found = {}
    for name, clock in clocks.items():
        running = clock.running.recalculate(calendar) if clock.stopped_at is None else clock.running
        if running.due_at != clock.running.due_at:
            warn_at = None if clock.warn_at is None else running.warn_at(clock.warn, calendar)
            found[name] = replace(clock, running=running, warn_at=warn_at)
    return found


def _tasks(tasks: Iterable[TaskRow], timing: Timing) -> list[TaskRow]:
    """The tasks with a limit of their own that are due at another time by this calendar."""
    found = []
    for task in tasks:
        if "limit" not in task.clock or (task.due_at is None and task.paused_at is None):
            continue
        running = timing.running(task)
        again = running.recalculate(timing.calendar)
        if again.due_at != running.due_at:
            found.append(timing.rewritten(task, again))
    return found


def _timers(timers: Sequence[TimerRow], calendar: WorkingCalendar) -> list[TimerRow]:
    """The timers that wake at another time by this calendar; those by a date or that have failed before stay."""
    found = []
    for timer in timers:
        if timer.wake_at is None or "limit" not in timer.clock:
            continue
        running = read_clock(timer.clock, calendar)
        again = running.recalculate(calendar)
        if again.due_at != running.due_at and timer.wake_at == running.due_at:
            clock = {**timer.clock, "due": again.due_at.isoformat()}
            found.append(replace(timer, wake_at=again.due_at, clock=clock))
    return found
