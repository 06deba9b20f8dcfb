"""Periods of evaluation (考核周期): day, week (from Monday), month, quarter, year; all days of the city's own calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from yiwang.insight.errors import DayImpossible
from yiwang.insight.indicators.declared import Period


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to another, both within."""

    period: Period
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Span:
        """The period before, for comparison."""
        return span_of(self.period, self.first - timedelta(days=1))


def span_of(period: Period, day: date) -> Span:
    """The period in which a day lies.

    Raises:
        DayImpossible: a day before 1990 or after 2100.
    """
    if not 1990 <= day.year <= 2100:
        raise DayImpossible(day=str(day))
    match period:
        case "day":
            return Span(period, day, day)
        case "week":
            monday = day - timedelta(days=day.weekday())
            return Span(period, monday, monday + timedelta(days=6))
        case "month":
            return Span(period, day.replace(day=1), _end_of_month(day.year, day.month))
        case "quarter":
            last = (day.month + 2) // 3 * 3
            return Span(period, date(day.year, last - 2, 1), _end_of_month(day.year, last))
        case "year":
            return Span(period, date(day.year, 1, 1), date(day.year, 12, 31))


def _end_of_month(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)
