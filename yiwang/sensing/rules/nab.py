"""Scoring the adaptive rule by the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, arXiv:1510.03336), standard profile.

Each labelled window counts once, by its earliest detection: the earlier, the more (scaled sigmoid). A detection outside costs
0.11, less while it lies shortly behind a window; a missed window costs 1. The first 15 % of a series (at most 750 rows)
are for learning and not counted. 0 is a detector that never says anything, 100 one that hits the beginning of every window.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from yiwang.sensing.model import micros
from yiwang.sensing.rules.baseline import Baseline, HourSeen
from yiwang.sensing.rules.errors import SeriesUnreadable
from yiwang.sensing.rules.evaluation import evaluate
from yiwang.sensing.rules.model import NORMAL, Band, Deviation, Observation, Raised, Rule

FALSE_ALARM = 0.11
_PROBATION = 0.15
_MOST_PROBATION = 750
_FAR = 3.0


@dataclass(frozen=True, slots=True)
class Series:
    """A labelled series: times (UTC) and values in order; windows as first and last time."""

    name: str
    at: tuple[datetime, ...]
    values: tuple[float, ...]
    windows: tuple[tuple[datetime, datetime], ...]

    @property
    def probation(self) -> int:
        """Rows at the beginning that are not counted."""
        return min(math.floor(_PROBATION * len(self.at)), _MOST_PROBATION)


@dataclass(frozen=True, slots=True)
class Score:
    """Raw score of a series with what makes it up; ``normal`` is 0 for the null detector and 100 for the perfect one."""

    name: str
    rows: int
    windows: int
    found: int
    false_alarms: int
    raw: float

    @property
    def normal(self) -> float:
        return 100 * (self.raw + self.windows) / (2 * self.windows) if self.windows else 0.0


def read_series(folder: Path) -> list[Series]:
    """The series of a folder that ``windows.json`` names.

    Raises:
        SeriesUnreadable: a file is missing or of another form.
    """
    try:
        windows: dict[str, list[list[str]]] = json.loads((folder / "windows.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SeriesUnreadable(file=str(folder / "windows.json"), reason=str(error)) from error
    return [_read_one(folder / Path(name).name, spans) for name, spans in windows.items()]


def _read_one(path: Path, spans: Sequence[Sequence[str]]) -> Series:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(_time(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
        windows = tuple((_time(start), _time(end)) for start, end in spans)
    except (OSError, ValueError, KeyError) as error:
        raise SeriesUnreadable(file=str(path), reason=str(error)) from error
    return Series(path.name, tuple(at for at, _ in rows), tuple(value for _, value in rows), windows)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def sigmoid(position: float) -> float:
    """Worth of a detection at a position relative to its window: −1 at its beginning, 0 at its end, beyond: behind it."""
    return -1.0 if position > _FAR else 2 / (1 + math.exp(5 * position)) - 1


def score(series: Series, detections: Sequence[int]) -> Score:
    """The standard profile's score of detections (row numbers)."""
    bounds = [_rows_of(series, window) for window in series.windows]
    best = [-1.0] * len(bounds)  # a missed window
    outside, false_alarms = 0.0, 0
    for row in detections:
        if row < series.probation:
            continue
        held = next((index for index, (first, last) in enumerate(bounds) if first <= row <= last), None)
        if held is not None:
            first, last = bounds[held]
            worth = sigmoid(-(last - row + 1) / (last - first + 1)) / sigmoid(-1.0)
            best[held] = max(best[held], worth)
            continue
        false_alarms += 1
        before = [(first, last) for first, last in bounds if last < row]
        behind = (row - before[-1][1]) / max(before[-1][1] - before[-1][0], 1) if before else math.inf
        outside += FALSE_ALARM * sigmoid(behind)
    found = sum(worth > -1.0 for worth in best)
    return Score(series.name, len(series.at), len(bounds), found, false_alarms, sum(best) + outside)


def total(scores: Sequence[Score]) -> Score:
    """All series together, as the benchmark adds them up."""
    return Score(
        "total",
        sum(item.rows for item in scores),
        sum(item.windows for item in scores),
        sum(item.found for item in scores),
        sum(item.false_alarms for item in scores),
        sum(item.raw for item in scores),
    )


def _rows_of(series: Series, window: tuple[datetime, datetime]) -> tuple[int, int]:
    inside = [row for row, at in enumerate(series.at) if window[0] <= at <= window[1]]
    return (inside[0], inside[-1]) if inside else (len(series.at), len(series.at))


@dataclass(frozen=True, slots=True)
class Expected:
    """What was usual at each row by what had been learned before its hour; None while learning."""

    usual: dict[int, tuple[float, float] | None]


def expect(series: Series, learn: timedelta) -> Expected:
    """Walk through the series as the city would: each hour is learned when it is over."""
    baseline = Baseline(UTC)
    found: dict[int, tuple[float, float] | None] = {}
    least = max(int(learn / timedelta(hours=1)) // 2, 1)
    current: datetime | None = None
    values: list[float] = []
    usual: tuple[float, float] | None = None
    for at, value in zip(series.at, series.values, strict=True):
        hour = at.replace(minute=0, second=0, microsecond=0)
        if hour != current:
            if current is not None:
                baseline.learn(HourSeen(current, len(values), min(values), max(values), sum(values) / len(values)))
            current, values = hour, []
            usual = baseline.usual(hour, least) if hour - series.at[0] >= learn else None
        values.append(value)
        found[micros(at)] = usual
    return Expected(found)


def detect(rule: Rule, series: Series, expected: Expected) -> list[int]:
    """The rows at which the rule raises an alarm."""
    state, rows = NORMAL, []
    for row, (at, value) in enumerate(zip(series.at, series.values, strict=True)):
        seen = Observation(1, micros(at), value)
        state, events = evaluate(rule, state, [seen], lambda _, when: expected.usual[when])
        rows += [row for event in events if isinstance(event, Raised)]
    return rows


def with_deviations(rule: Rule, deviations: float) -> Rule:
    """The same adaptive rule with another limit."""
    if not isinstance(rule.condition, Deviation):
        return rule
    limit = Band(deviations, -deviations, deviations / 2, -deviations / 2)
    return replace(rule, condition=replace(rule.condition, band=limit))
