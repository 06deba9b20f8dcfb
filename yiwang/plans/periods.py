"""Periods (周期) and moments in them, by local dates and the city's working calendar. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.plans.declarations import DayOf, Every

_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its first and last local day. ``key``: 2026-W25, 2026-06, 2026-Q2, 2026-H1, 2026."""

    key: str
    first: date
    last: date

    @property
    def words(self) -> str:
        """As people of the city say it: 2026年第25周, 2026年6月, 2026年第2季度, 2026年下半年, 2026年."""
        year, _, part = self.key.partition("-")
        mark, number = part[:1], part[1:]
        if not part:
            return f"{year}年"
        if mark == "W":
            return f"{year}年第{int(number)}周"
        if mark == "Q":
            return f"{year}年第{number}季度"
        if mark == "H":
            return f"{year}年{'上' if number == '1' else '下'}半年"
        return f"{year}年{int(part)}月"


def period_of(day: date, every: Every) -> Period:
    """The period that holds ``day``; weeks are those of ISO 8601."""
    if every == "week":
        year, week, weekday = day.isocalendar()
        first = day - timedelta(days=weekday - 1)
        return Period(f"{year}-W{week:02d}", first, first + timedelta(days=6))
    months = _MONTHS[every]
    nth = (day.month - 1) // months
    first = date(day.year, nth * months + 1, 1)
    after = date(day.year + (nth + 1) * months // 12, (nth + 1) * months % 12 + 1, 1)
    marks = {1: f"-{first.month:02d}", 3: f"-Q{nth + 1}", 6: f"-H{nth + 1}", 12: ""}
    return Period(f"{day.year}{marks[months]}", first, after - timedelta(days=1))


def periods_between(first: date, last: date, every: Every) -> Iterator[Period]:
    """The periods from the one that holds ``first`` to the one that holds ``last``, in order."""
    period = period_of(first, every)
    while period.first <= last:
        yield period
        period = period_of(period.last + timedelta(days=1), every)


def moment_in(period: Period, declared: DayOf, calendar: WorkingCalendar) -> datetime:
    """The declared moment, UTC. A period with fewer (working) days than asked for gives its last or first."""
    day = _day_in(period, declared, calendar)
    at = time.fromisoformat(declared.at)
    return datetime.combine(day, at, tzinfo=calendar.hours.timezone).astimezone(UTC)


def _day_in(period: Period, declared: DayOf, calendar: WorkingCalendar) -> date:
    days = [period.first + timedelta(days=number) for number in range((period.last - period.first).days + 1)]
    if declared.working:
        days = [day for day in days if calendar.is_working_day(day)] or days
    place = declared.day - 1 if declared.day > 0 else len(days) + declared.day
    day = days[min(max(place, 0), len(days) - 1)]
    if declared.working or declared.if_off == "stay":
        return day
    step = timedelta(days=1 if declared.if_off == "next" else -1)
    while not calendar.is_working_day(day):
        day += step
    return day
