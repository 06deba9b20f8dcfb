"""The days of a series as a forecast sees them: weekday, holiday, place in the year, weather.

A day has one of eight kinds: Monday 0 … Sunday 6, and 7 for a weekday on which nobody works (节假日). A weekend day that
is worked (调休) counts as a Wednesday. Days are the city's own dates; whose calendar says what is worked is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

HOLIDAY = 7
KINDS = 8
_WORKED_WEEKEND = 2

Working = Callable[[date], bool]
"""Whether a date is worked."""


@dataclass(frozen=True, slots=True)
class Days:
    """``count`` days from ``first``. ``weather`` has a row for each day, already standardised; unknown days are zero."""

    first: date
    kinds: NDArray[np.int64]
    year: NDArray[np.float64]
    """Place in the year, 0 … 12, where 0.5 is the middle of January."""
    weather: NDArray[np.float64]
    weather_names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.kinds)

    def on(self, place: int) -> date:
        return self.first + timedelta(days=place)

    @classmethod
    def of(
        cls,
        first: date,
        count: int,
        working: Working | None = None,
        weather: Mapping[str, Mapping[date, float]] | None = None,
    ) -> Days:
        """``working`` left out: Monday to Friday are worked. ``weather``: name → day → value, in any unit."""
        dates = [first + timedelta(days=place) for place in range(count)]
        kinds = np.array([_kind(day, working) for day in dates], dtype=np.int64)
        year = np.array([day.month - 1 + (day.day - 0.5) / _month_length(day) for day in dates])
        names = tuple(weather or ())
        columns = [_standardised([(weather or {})[name].get(day) for day in dates]) for name in names]
        values = np.column_stack(columns) if columns else np.zeros((count, 0))
        return cls(first, kinds, year, values, names)


def _kind(day: date, working: Working | None) -> int:
    weekday = day.weekday()
    if working is None:
        return weekday
    if weekday < 5:
        return weekday if working(day) else HOLIDAY
    return _WORKED_WEEKEND if working(day) else weekday


def _month_length(day: date) -> int:
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


def _standardised(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Mean 0, deviation 1, nothing beyond 4; an unknown day is an ordinary one."""
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if len(known) < 2 or known.std() == 0:
        return np.zeros(len(values))
    found = np.array([known.mean() if value is None else value for value in values], dtype=np.float64)
    return np.asarray(np.clip((found - known.mean()) / known.std(), -4, 4), dtype=np.float64)
