"""Clocks of an instance and of its tasks as they are stored: few bytes while nothing special has happened.

A task that was never paused nor extended keeps only the words of its limit; all else follows from when it began. The
JSON (``limit`` is always the deadline's canonical text, instants are ISO 8601 in UTC)::

    {}                                     no deadline
    {"clock": "handling"}                  shares the instance's clock of that name
    {"limit": "2工作时", "warn": 0.8}        as it began; due_at stands in the row
    {…, "started": …, "due": …}            paused, resumed or extended since; also with "seconds" (limit, if extended),
                                           "since" and "used" (counting since, used before), "paused"

A named clock is of the last form, with "warns" (when it turns yellow) and, once stopped, "stopped" and "took".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import cast

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.deadlines import Deadline, RunningClock, parse_deadline

cached_deadline = lru_cache(maxsize=4096)(parse_deadline)
"""``parse_deadline`` for the plain grammar, remembered: the same few texts come again with every step."""


def write_clock(running: RunningClock, warn: float, calendar: WorkingCalendar) -> JsonObject:
    """The JSON of a clock that has been paused, resumed, extended or stopped."""
    record: JsonObject = {"limit": str(running.deadline), "warn": warn, "started": running.started_at.isoformat()}
    record["due"] = running.due_at.isoformat()
    if running.limit_seconds != running.deadline.seconds(calendar.nominal_day_seconds):
        record["seconds"] = running.limit_seconds
    if running.counting_since != running.started_at or running.used_seconds:
        record["since"] = running.counting_since.isoformat()
        record["used"] = running.used_seconds
    if running.paused_at is not None:
        record["paused"] = running.paused_at.isoformat()
    return record


def read_clock(
    record: Mapping[str, Json],
    calendar: WorkingCalendar,
    *,
    started_at: datetime | None = None,
    due_at: datetime | None = None,
) -> RunningClock:
    """The clock of a JSON record with a ``limit``; ``started_at`` and ``due_at`` are used where it leaves them out."""
    deadline = cached_deadline(cast(str, record["limit"]))
    started = _instant(record.get("started")) or started_at
    if started is None:
        raise ValueError("a stored clock has no start")
    since = _instant(record.get("since")) or started
    seconds = cast("float | None", record.get("seconds"))
    limit = deadline.seconds(calendar.nominal_day_seconds) if seconds is None else seconds
    due = _instant(record.get("due")) or due_at
    if due is None:
        due = RunningClock.start(deadline, started, calendar).due_at
    used = cast("float | None", record.get("used")) or 0.0
    return RunningClock(deadline, started, limit, since, used, due, _instant(record.get("paused")))


def _instant(text: Json) -> datetime | None:
    return None if text is None else datetime.fromisoformat(cast(str, text))


@dataclass(frozen=True, slots=True)
class NamedClock:
    """A clock of the instance that several steps share, such as the handling limit. Times are UTC.

    ``used_seconds`` is set once it has stopped and is of the limit's kind (working seconds for working limits).
    """

    name: str
    running: RunningClock
    warn: float
    warn_at: datetime | None
    stopped_at: datetime | None = None
    used_seconds: float | None = None

    @classmethod
    def start(cls, name: str, deadline: Deadline, warn: float, at: datetime, calendar: WorkingCalendar) -> NamedClock:
        return cls.of(name, RunningClock.start(deadline, at, calendar), warn, calendar)

    @classmethod
    def of(cls, name: str, running: RunningClock, warn: float, calendar: WorkingCalendar) -> NamedClock:
        return cls(name, running, warn, running.warn_at(warn, calendar))

    @property
    def due_at(self) -> datetime | None:
        """When the limit ends; None while it is paused. Once stopped: when it would have ended."""
        return None if self.paused_at is not None else self.running.due_at

    @property
    def paused_at(self) -> datetime | None:
        return self.running.paused_at if self.stopped_at is None else None

    @property
    def overdue(self) -> bool | None:
        """Whether it had run out when it was stopped; None while it runs."""
        return None if self.stopped_at is None else self.stopped_at > self.running.due_at

    def stop(self, at: datetime, calendar: WorkingCalendar) -> NamedClock:
        """Stop counting; a clock that has stopped stays as it is."""
        if self.stopped_at is not None:
            return self
        running = self.running
        end = max(at, running.counting_since) if running.paused_at is None else running.paused_at
        used = running.used(end, calendar)
        return replace(self, running=replace(running, paused_at=None), stopped_at=end, used_seconds=used)

    def proceed(self, at: datetime, calendar: WorkingCalendar) -> NamedClock:
        """A stopped clock counts on with what was left (返工 on the same clock); the time in between does not count."""
        if self.stopped_at is None:
            return self
        running = replace(self.running, paused_at=self.stopped_at).resume(at, calendar)
        return NamedClock.of(self.name, running, self.warn, calendar)

    def pause(self, at: datetime) -> NamedClock:
        if self.stopped_at is not None or self.running.paused_at is not None:
            return self
        return replace(self, running=self.running.pause(at), warn_at=None)

    def resume(self, at: datetime, calendar: WorkingCalendar) -> NamedClock:
        if self.stopped_at is not None or self.running.paused_at is None:
            return self
        return NamedClock.of(self.name, self.running.resume(at, calendar), self.warn, calendar)

    def extend(self, by: Deadline, calendar: WorkingCalendar) -> NamedClock:
        return NamedClock.of(self.name, self.running.extend(by, calendar), self.warn, calendar)


def read_clocks(records: Mapping[str, Json], calendar: WorkingCalendar) -> dict[str, NamedClock]:
    """The named clocks of an instance's ``clocks`` column."""
    found: dict[str, NamedClock] = {}
    for name, value in records.items():
        record = cast(JsonObject, value)
        found[name] = NamedClock(
            name,
            read_clock(record, calendar),
            cast(float, record["warn"]),
            _instant(record.get("warns")),
            _instant(record.get("stopped")),
            cast("float | None", record.get("took")),
        )
    return found


def write_clocks(clocks: Mapping[str, NamedClock], calendar: WorkingCalendar) -> JsonObject:
    """The ``clocks`` column for these clocks."""
    records: JsonObject = {}
    for name, clock in clocks.items():
        record = write_clock(clock.running, clock.warn, calendar)
        if clock.warn_at is not None:
            record["warns"] = clock.warn_at.isoformat()
        if clock.stopped_at is not None:
            record["stopped"] = clock.stopped_at.isoformat()
            record["took"] = clock.used_seconds
        records[name] = record
    return records
