"""The forecast of many daily counts at once: a level that forgets, times the kind of day, times the time of year.

Level: a discounted gamma-Poisson filter (the power steady model, Smith 1979; Harvey and Fernandes 1989). Several speeds
of forgetting run side by side and are averaged by how well each would have forecast so far. Kind of day, time of year
and weather are factors; a series with few cases borrows them from all series together (gamma shrinkage), so that a class
with thirty cases a year still knows its Sundays. Nothing is random: the same counts give the same forecast.

Shapes: counts are (series, days), factors (series, kinds), forecasts (series, horizon); counts are cases a day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yiwang.insight.trends.counts import Interval, interval
from yiwang.insight.trends.days import KINDS, Days

Floats = NDArray[np.float64]

SPEEDS = (0.85, 0.95, 0.98, 0.993, 0.998)
"""What a day keeps of the memory before it: a half-life of 4, 14, 34, 99 and 346 days."""

SEASON = 91
"""Days of the moving mean that stands for the level while factors are counted: thirteen whole weeks."""

YEAR = 364
_KIND_PRIOR, _YEAR_PRIOR, _WEATHER_PRIOR = 12.0, 60.0, 200.0
"""How many cases of its own a series needs before its factors count as much as those of all series together."""
_START = 3.0
"""Days that the first guess of a level is worth."""
_DISPERSION_PRIOR = 20.0
_BOUND = 1e-9


@dataclass(frozen=True, slots=True)
class Forecast:
    """For each series and day ahead: expectation and dispersion of the count; see :mod:`counts`."""

    mean: Floats
    dispersion: Floats

    def interval(self, share: float = 0.9) -> Interval:
        return interval(self.mean, self.dispersion, share)


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned from the counts up to ``days_seen`` days of ``days``; the days beyond are those to forecast.

    ``expected`` holds what was expected of each day seen on the day before it, for looking back.
    """

    days: Days
    days_seen: int
    level: Floats
    factors: Floats
    dispersion: Floats
    expected: Floats

    def forecast(self, horizon: int) -> Forecast:
        """The next ``horizon`` days, of which the calendar must know."""
        ahead = self.factors[:, self.days_seen : self.days_seen + horizon]
        mean = np.maximum(self.level[:, None] * ahead, 0.0)
        return Forecast(mean, np.broadcast_to(self.dispersion[:, None], mean.shape))

    def looked_back(self) -> Forecast:
        """What was expected of the days seen, each from the days before it."""
        return Forecast(self.expected, np.broadcast_to(self.dispersion[:, None], self.expected.shape))


def fit(counts: Floats, days: Days) -> Model:
    """Learn from ``counts`` (series, days seen); ``days`` covers at least these and those to forecast.

    A series of nothing but zeros is expected to stay there. No more than the counts themselves is read.
    """
    seen = counts.shape[1]
    factors = _factors(counts, days)
    level, expected, dispersion = _filter(counts, factors[:, :seen])
    return Model(days, seen, level, factors, dispersion, expected)


def _factors(counts: Floats, days: Days) -> Floats:
    """(series, all days): what kind of day, time of year and weather make of the level."""
    seen = counts.shape[1]
    total = counts.sum(axis=0, keepdims=True)
    base = _moving(counts, SEASON)
    kinds = days.kinds[:seen]
    pooled = _by_kind(total, base.sum(axis=0, keepdims=True), kinds, np.ones((1, KINDS)))
    own = _by_kind(counts, base, kinds, pooled)
    factor = own[:, days.kinds]
    if seen >= 2 * YEAR:
        factor = factor * _time_of_year(counts, factor[:, :seen], days)
    if days.weather.shape[1]:
        factor = factor * _of_weather(counts, base * factor[:, :seen], days)
    return factor


def _by_kind(counts: Floats, base: Floats, kinds: NDArray[np.int64], prior: Floats) -> Floats:
    """Cases on days of a kind ÷ those that the level alone would give, drawn to ``prior`` where cases are few."""
    marks = np.eye(KINDS)[kinds]
    found: Floats = (counts @ marks + _KIND_PRIOR * prior) / (base @ marks + _KIND_PRIOR)
    return found


def _time_of_year(counts: Floats, kind: Floats, days: Days) -> Floats:
    """Twelve months, joined smoothly, against the mean of the whole year around."""
    seen = counts.shape[1]
    base = _moving(counts, YEAR) * kind
    months = np.eye(12)[np.minimum(days.year[:seen].astype(np.int64), 11)]
    total = (counts.sum(axis=0) @ months + _YEAR_PRIOR) / (base.sum(axis=0) @ months + _YEAR_PRIOR)
    own = (counts @ months + _YEAR_PRIOR * total) / (base @ months + _YEAR_PRIOR)
    place = days.year - 0.5
    low = np.floor(place).astype(np.int64)
    share = place - low
    joined: Floats = own[:, low % 12] * (1 - share) + own[:, (low + 1) % 12] * share
    return joined


def _of_weather(counts: Floats, expected: Floats, days: Days) -> Floats:
    """exp(weather · β): β of all series together, then of each, by Newton's steps on Poisson's likelihood with a ridge."""
    seen = counts.shape[1]
    values = days.weather[:seen]
    together = _slope(counts.sum(axis=0), expected.sum(axis=0), values, np.zeros(values.shape[1]))
    slopes = np.array([_slope(row, mean, values, together) for row, mean in zip(counts, expected, strict=True)])
    found: Floats = np.exp(np.clip(slopes @ days.weather.T, -2.0, 2.0))
    return found


def _slope(counts: Floats, expected: Floats, values: Floats, prior: Floats) -> Floats:
    slope = prior.copy()
    ridge = _WEATHER_PRIOR * np.eye(len(prior))
    for _ in range(6):
        mean = expected * np.exp(np.clip(values @ slope, -2.0, 2.0))
        gradient = values.T @ (counts - mean) - _WEATHER_PRIOR * (slope - prior)
        slope = slope + np.linalg.solve((values * mean[:, None]).T @ values + ridge, gradient)
    return np.asarray(np.clip(slope, -1.0, 1.0))


def _filter(counts: Floats, factors: Floats) -> tuple[Floats, Floats, Floats]:
    """(level after the last day, expectation of each day, dispersion): all speeds run, averaged by their success."""
    series, seen = counts.shape
    speeds = np.array(SPEEDS)[:, None]
    first = counts[:, : 4 * SEASON].mean(axis=1) if seen else np.zeros(series)
    cases = np.repeat(first[None, :] * _START, len(SPEEDS), axis=0)
    weight = np.full((len(SPEEDS), series), _START)
    success = np.zeros((len(SPEEDS), series))
    expected = np.zeros((series, seen))
    spread = np.ones(series)
    for day in range(seen):
        level = cases / weight
        share = _shares(success, spread)
        expected[:, day] = (share * level).sum(axis=0) * factors[:, day]
        came = counts[:, day]
        mean = np.maximum(level * factors[:, day], _BOUND)
        success = success * 0.998 + came * np.log(mean) - mean
        excess = (came - expected[:, day]) ** 2 / np.maximum(expected[:, day], 0.05)
        spread = spread + 0.01 * (np.minimum(excess, 50.0) - spread)
        cases = speeds * cases + came
        weight = speeds * weight + factors[:, day]
    level = (_shares(success, spread) * cases / weight).sum(axis=0)
    return level, expected, _dispersion(counts, expected)


def _shares(success: Floats, spread: Floats) -> Floats:
    """How much each speed counts; counts that jump about more than Poisson's prove less."""
    odds = (success - success.max(axis=0)) / np.maximum(spread, 1.0)
    share = np.exp(np.maximum(odds, -50.0))
    found: Floats = share / share.sum(axis=0)
    return found


def _dispersion(counts: Floats, expected: Floats) -> Floats:
    """Of each series by moments, drawn to that of all where cases are few; the first season is not judged."""
    start = min(SEASON, counts.shape[1] // 2)
    error = (counts[:, start:] - expected[:, start:]) ** 2 - expected[:, start:]
    squares = (expected[:, start:] ** 2).sum(axis=1)
    excess = error.sum(axis=1)
    together = max(0.0, float(excess.sum())) / max(float(squares.sum()), _BOUND)
    prior = _DISPERSION_PRIOR * np.maximum(counts.mean(axis=1), 0.02) ** 2
    found: Floats = np.clip((excess + prior * together) / (squares + prior + _BOUND), 0.0, 25.0)
    return found


def _moving(counts: Floats, width: int) -> Floats:
    """Centred moving mean; near the ends, of the days there are. A whole number of weeks, so that weekdays are balanced."""
    series, seen = counts.shape
    sums = np.concatenate([np.zeros((series, 1)), counts.cumsum(axis=1)], axis=1)
    half = width // 2
    places = np.arange(seen)
    low = np.clip(places - half, 0, max(0, seen - width))
    high = np.minimum(low + width, seen)
    found: Floats = (sums[:, high] - sums[:, low]) / np.maximum(high - low, 1)
    return found
