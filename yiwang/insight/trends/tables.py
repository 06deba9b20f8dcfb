"""Daily counts of a file of reports, and the weather of each day from another: for forecasting without a city."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yiwang.insight.trends.errors import GroupMissing, PeriodTooLong, TimesMissing, WeatherUnreadable
from yiwang.judgement.likeness.tables import Table, read_table, read_time

MOST_DAYS = 40 * 366
OTHER = "(others 其他)"
UNNAMED = "(none 无)"


@dataclass(frozen=True, slots=True)
class Counted:
    """``counts`` are (series, days) from ``first``; ``names`` of the series; ``left_out``: rows without a readable time."""

    names: tuple[str, ...]
    first: date
    counts: NDArray[np.float64]
    left_out: int


def count_days(table: Table, by: str | None, *, most: int = 1_000) -> Counted:
    """Cases a day of each value of column ``by`` (a role: class, area …), or of all together.

    The first and last day of a file are whole days as far as the file says. Values beyond the ``most`` frequent are
    counted together.

    Raises:
        TimesMissing, GroupMissing, PeriodTooLong.
    """
    if by is not None and by not in table.columns:
        raise GroupMissing(file=table.path.name, group=by, known=", ".join(table.header)[:400])
    found = [(row.at, row.text(by) or UNNAMED if by else "") for row in table.rows]
    dated = [(at.date(), name) for at, name in found if at is not None]
    if not dated:
        raise TimesMissing(file=table.path.name)
    first, last = min(day for day, _ in dated), max(day for day, _ in dated)
    days = (last - first).days + 1
    if days > MOST_DAYS:
        raise PeriodTooLong(days=days, most=MOST_DAYS)
    frequent = [name for name, _ in Counter(name for _, name in dated).most_common(most)]
    places = {name: place for place, name in enumerate(sorted(frequent))}
    names = list(places)
    if any(name not in places for _, name in dated):
        names.append(OTHER)
    counts = np.zeros((len(names), days))
    for day, name in dated:
        counts[places.get(name, len(names) - 1), (day - first).days] += 1
    return Counted(tuple(names), first, counts, len(found) - len(dated))


def read_weather(path: Path) -> dict[str, dict[date, float]]:
    """Name of the figure → day → value, of a CSV file with a column of dates and columns of figures.

    Raises:
        WeatherUnreadable: no dates, or no figures.
    """
    table = read_table(path, roles=("at",))
    column = table.columns.get("at", table.header[0])
    place = table.header.index(column)
    found: dict[str, dict[date, float]] = {}
    for row in table.rows:
        at = read_time(row.cells[place].strip()) if place < len(row.cells) else None
        if at is None:
            continue
        for number, cell in enumerate(row.cells[: len(table.header)]):
            value = _figure(cell) if number != place else None
            if value is not None:
                found.setdefault(table.header[number], {})[at.date()] = value
    if not found:
        raise WeatherUnreadable(file=path.name)
    return found


def _figure(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read_holidays(path: Path) -> Callable[[date], bool]:
    """Whether a date is worked: weekdays, but not the dates of the file (its first column that reads as a date)."""
    table = read_table(path, roles=("at",))
    holidays = {at.date() for row in table.rows for at in map(read_time, map(str.strip, row.cells)) if at is not None}
    return lambda day: day.weekday() < 5 and day not in holidays


def daily(first: date, values: Mapping[date, float], count: int) -> NDArray[np.float64]:
    """A series with a value for every day, zero where none is given."""
    return np.array([values.get(first + timedelta(days=place), 0.0) for place in range(count)])
