"""Deadlines (处置时限) at work: when a limit ends, and the clock of a running step with pause, resume and extension.

Promises: everything here is an immutable value and pure arithmetic; the time comes in as ``now`` (aware, any zone) and
goes out in UTC; a pause neither loses nor gains working time. The words of a limit are read in ``deadline_grammar``;
days and hours are the ``WorkingCalendar``'s: one working day is its ``nominal_day_seconds`` (8 hours by default).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.deadline_grammar import (
    Deadline,
    DeadlineOutOfRange,
    DeadlineRecordInvalid,
    DeadlineUnreadable,
    Dialect,
    Unit,
    parse_deadline,
)
from yiwang.kernel.errors import Problem

__all__ = [
    "Deadline",
    "DeadlineKindsDiffer",
    "DeadlineNotPaused",
    "DeadlineOutOfRange",
    "DeadlinePaused",
    "DeadlineRecordInvalid",
    "DeadlineUnreadable",
    "Dialect",
    "RunningClock",
    "Unit",
    "due",
    "parse_deadline",
]


class DeadlinePaused(Problem):
    code = "deadline.paused"
    status = 409
    zh = "计时已于 {since} 暂停,不能再次暂停;请先恢复计时。"
    en = "The deadline has been paused since {since} and cannot be paused again; resume it first."


class DeadlineNotPaused(Problem):
    code = "deadline.not_paused"
    status = 409
    zh = "计时没有暂停,无需恢复;请刷新后再看。"
    en = "The deadline is not paused, so there is nothing to resume; refresh and look again."


class DeadlineKindsDiffer(Problem):
    code = "deadline.kinds_differ"
    status = 422
    zh = "期限 {deadline} 按工作时间计算,不能用 {by} 延期;请改用工作日或工作时。"
    en = "The limit {deadline} counts working time and cannot be extended by {by}; use working days or working hours."


def due(deadline: Deadline, start: datetime, calendar: WorkingCalendar) -> datetime:
    """The instant (UTC) when the limit ends that began at ``start`` (aware).

    Working units count the calendar's working time; all others count time on end.

    Raises:
        CalendarOutOfRange: start or end lies outside the calendar.
        ValueError: ``start`` has no time zone.
    """
    return _after(deadline, start, deadline.seconds(calendar.nominal_day_seconds), calendar)


def _after(deadline: Deadline, start: datetime, seconds: float, calendar: WorkingCalendar) -> datetime:
    if deadline.unit.counts_working_time:
        return calendar.add_working(start, seconds)
    return calendar.require_within(start) + timedelta(seconds=seconds)


def _between(deadline: Deadline, start: datetime, end: datetime, calendar: WorkingCalendar) -> float:
    """Seconds of the deadline's kind from ``start`` to ``end``; none when the end lies before the start."""
    if deadline.unit.counts_working_time:
        return max(0.0, calendar.working_seconds(start, end))
    return max(0.0, (end - start).total_seconds())


@dataclass(frozen=True, slots=True)
class RunningClock:
    """The clock of one step: started, perhaps paused, resumed and extended. All instants are UTC.

    ``limit_seconds`` and ``used_seconds`` are of the deadline's kind: working seconds for working units, else seconds
    on end. ``used_seconds`` is what had been used at ``counting_since``, the start or the latest resumption. While the
    clock is paused ``due_at`` is what it was when the pause began, so a timer must also look at ``paused_at``.

    A ``now`` before ``counting_since`` or ``paused_at`` (a machine whose time lags a little) counts as that instant.
    """

    deadline: Deadline
    started_at: datetime
    limit_seconds: float
    counting_since: datetime
    used_seconds: float
    due_at: datetime
    paused_at: datetime | None = None

    @classmethod
    def start(cls, deadline: Deadline, now: datetime, calendar: WorkingCalendar) -> RunningClock:
        """Begin to count at ``now``. Raises: CalendarOutOfRange."""
        begin = calendar.require_within(now)
        limit = deadline.seconds(calendar.nominal_day_seconds)
        return cls(deadline, begin, limit, begin, 0.0, due(deadline, begin, calendar))

    def pause(self, now: datetime) -> RunningClock:
        """Stop counting (挂账, waiting for somebody else).

        Raises:
            DeadlinePaused: it is paused already.
        """
        if self.paused_at is not None:
            raise DeadlinePaused(since=self.paused_at.isoformat())
        return replace(self, paused_at=max(_utc(now), self.counting_since))

    def resume(self, now: datetime, calendar: WorkingCalendar) -> RunningClock:
        """Count on from ``now`` with what was left; a clock that was overdue keeps the instant at which it became so.

        Raises:
            DeadlineNotPaused: it is running.
        """
        if self.paused_at is None:
            raise DeadlineNotPaused()
        since = max(_utc(now), self.paused_at)
        resumed = replace(
            self, counting_since=since, used_seconds=round(self.used(self.paused_at, calendar), 6), paused_at=None
        )
        return resumed.recalculate(calendar)

    def recalculate(self, calendar: WorkingCalendar) -> RunningClock:
        """``due_at`` by this calendar anew, for when a yearly notice was loaded; time used before stays as it was."""
        left = round(self.limit_seconds - self.used_seconds, 6)
        if left <= 0:
            return self
        return replace(self, due_at=_after(self.deadline, self.counting_since, left, calendar))

    def extend(self, by: Deadline, calendar: WorkingCalendar) -> RunningClock:
        """Grant more time (延期), counted from the present due instant, paused or not.

        Raises:
            DeadlineKindsDiffer: clock time cannot extend a limit in working time; its end could fall in a night.
        """
        if self.deadline.unit.counts_working_time and not by.unit.counts_working_time:
            raise DeadlineKindsDiffer(deadline=str(self.deadline), by=str(by))
        later = due(by, self.due_at, calendar)
        gained = _between(self.deadline, self.due_at, later, calendar)
        extended = replace(self, limit_seconds=round(self.limit_seconds + gained, 6), due_at=later)
        return extended.recalculate(calendar)

    def restart(self, now: datetime, calendar: WorkingCalendar) -> RunningClock:
        """Begin anew with the full limit, without pauses and extensions (返工)."""
        return RunningClock.start(self.deadline, now, calendar)

    def used(self, now: datetime, calendar: WorkingCalendar) -> float:
        """Seconds used of the limit's kind, pauses left out; goes on beyond the limit when overdue."""
        end = self.paused_at if self.paused_at is not None else _utc(now)
        return self.used_seconds + _between(self.deadline, self.counting_since, end, calendar)

    def remaining(self, now: datetime, calendar: WorkingCalendar) -> float:
        """Seconds left of the limit's kind; negative when overdue."""
        return self.limit_seconds - self.used(now, calendar)

    def share(self, now: datetime, calendar: WorkingCalendar) -> float:
        """Used part of the limit: 0 at the start, 1 at the due instant, above when overdue."""
        return self.used(now, calendar) / self.limit_seconds

    def overdue(self, now: datetime) -> bool:
        """Whether the due instant has passed (to finish exactly on it is on time)."""
        return (self.paused_at if self.paused_at is not None else _utc(now)) > self.due_at

    def warn_at(self, share: float, calendar: WorkingCalendar) -> datetime | None:
        """The instant when ``share`` (above 0; 1 is the due instant) of the limit is used; None while paused.

        When that much had been used before the latest resumption, it is the instant of the resumption.
        """
        if not 0 < share <= 100:
            raise ValueError(f"a share lies above 0 and at most 100, got {share!r}")
        if self.paused_at is not None:
            return None
        ahead = round(share * self.limit_seconds - self.used_seconds, 6)
        return _after(self.deadline, self.counting_since, ahead, calendar) if ahead > 0 else self.counting_since

    def to_json(self) -> dict[str, object]:
        """For a jsonb column; instants in ISO 8601, UTC."""
        return {
            "deadline": self.deadline.to_json(),
            "started_at": self.started_at.isoformat(),
            "limit_seconds": self.limit_seconds,
            "counting_since": self.counting_since.isoformat(),
            "used_seconds": self.used_seconds,
            "due_at": self.due_at.isoformat(),
            "paused_at": None if self.paused_at is None else self.paused_at.isoformat(),
        }

    @classmethod
    def from_json(cls, record: object) -> RunningClock:
        """Read what :meth:`to_json` wrote.

        Raises:
            DeadlineRecordInvalid: the record has another shape.
        """
        if not isinstance(record, Mapping):
            raise DeadlineRecordInvalid(reason="not an object")
        try:
            paused_at = record.get("paused_at")
            return cls(
                deadline=Deadline.from_json(record["deadline"]),
                started_at=_instant(record["started_at"]),
                limit_seconds=float(record["limit_seconds"]),
                counting_since=_instant(record["counting_since"]),
                used_seconds=float(record["used_seconds"]),
                due_at=_instant(record["due_at"]),
                paused_at=None if paused_at is None else _instant(paused_at),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise DeadlineRecordInvalid(reason=f"{type(error).__name__}: {error}") from error


def _instant(text: object) -> datetime:
    return _utc(datetime.fromisoformat(str(text)))


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"a datetime with a time zone is needed, got {at!r}")
    return at.astimezone(UTC)
