"""How good the forecast would have been: rolling-origin trial against the seasonal naive one (last week again).

From each origin only the days before it are known. Errors are measured as MASE (Hyndman and Koehler 2006): the mean
absolute error ÷ that of “same as a week ago” on the days before the origin; below 1 is better than that. The point that
a MASE judges is the median of the forecast, since the median is what makes the absolute error least; RMSSE judges its
mean likewise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yiwang.insight.trends.days import Days
from yiwang.insight.trends.model import fit

Floats = NDArray[np.float64]

WEEK = 7
ENOUGH = 30
"""Cases before an origin that a series needs to be judged there."""
LEAST_DAYS = 8 * WEEK


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of one series, or of all. ``covered``: share of days within the interval that was to hold ``share`` of them."""

    mase: float
    naive_mase: float
    rmsse: float
    naive_rmsse: float
    covered: float
    days: int

    @property
    def better(self) -> bool:
        return self.mase < self.naive_mase


@dataclass(frozen=True, slots=True)
class Trial:
    """``scores``: of each series, None where there was too little. ``overall``: their mean, each series counted once;
    ``weighted``: of all errors together, so that a series counts by its cases; ``total``: of the sum of all series."""

    origins: tuple[int, ...]
    horizon: int
    share: float
    scores: tuple[Score | None, ...]
    overall: Score | None
    weighted: Score | None
    total: Score | None


def trial(counts: Floats, days: Days, *, horizon: int = 14, origins: int = 26, share: float = 0.9) -> Trial:
    """Forecast again and again from ``origins`` days, ``horizon`` apart, the last one that long before the end."""
    seen = counts.shape[1]
    first = max(LEAST_DAYS, min(seen // 2, seen - origins * horizon))
    starts = tuple(range(seen - horizon, first - 1, -horizon))[::-1][-origins:] if seen > first else ()
    sums = _Sums(counts.shape[0])
    whole = _Sums(1)
    for origin in starts:
        sums.add(counts, days, origin, horizon, share)
        whole.add(counts.sum(axis=0, keepdims=True), days, origin, horizon, share)
    scores = sums.scores()
    judged = [score for score in scores if score is not None]
    overall = (
        Score(
            float(np.mean([score.mase for score in judged])),
            float(np.mean([score.naive_mase for score in judged])),
            float(np.mean([score.rmsse for score in judged])),
            float(np.mean([score.naive_rmsse for score in judged])),
            float(np.average([score.covered for score in judged], weights=[score.days for score in judged])),
            sum(score.days for score in judged),
        )
        if judged
        else None
    )
    return Trial(starts, horizon, share, tuple(scores), overall, sums.together(), whole.scores()[0])


class _Sums:
    """Errors of every series, gathered over the origins."""

    def __init__(self, series: int) -> None:
        self.absolute = np.zeros((2, series))
        self.squared = np.zeros((2, series))
        self.raw = np.zeros((2, series))
        self.scale = np.zeros(series)
        self.inside = np.zeros(series)
        self.days = np.zeros(series)

    def add(self, counts: Floats, days: Days, origin: int, horizon: int, share: float) -> None:
        known, came = counts[:, :origin], counts[:, origin : origin + horizon]
        steps = known[:, WEEK:] - known[:, :-WEEK]
        scale, square = np.abs(steps).mean(axis=1), (steps**2).mean(axis=1)
        judged = (known.sum(axis=1) >= ENOUGH) & (scale > 0)
        if not judged.any():
            return
        forecast = fit(known, days).forecast(came.shape[1])
        bounds = forecast.interval(share)
        naive = last_week(known, came.shape[1])
        safe, safe_square = np.where(judged, scale, 1.0), np.where(judged, square, 1.0)
        for place, (middle, mean) in enumerate(((bounds.median, forecast.mean), (naive, naive))):
            error = np.abs(came - middle).sum(axis=1)
            self.absolute[place] += np.where(judged, error / safe, 0.0)
            self.raw[place] += np.where(judged, error, 0.0)
            self.squared[place] += np.where(judged, ((came - mean) ** 2).sum(axis=1) / safe_square, 0.0)
        inside = (came >= bounds.low) & (came <= bounds.high)
        self.inside += np.where(judged, inside.sum(axis=1), 0)
        self.scale += np.where(judged, scale * came.shape[1], 0.0)
        self.days += np.where(judged, came.shape[1], 0)

    def scores(self) -> list[Score | None]:
        return [
            Score(
                float(self.absolute[0, place] / days),
                float(self.absolute[1, place] / days),
                float(np.sqrt(self.squared[0, place] / days)),
                float(np.sqrt(self.squared[1, place] / days)),
                float(self.inside[place] / days),
                int(days),
            )
            if days
            else None
            for place, days in enumerate(self.days)
        ]

    def together(self) -> Score | None:
        days, scale = self.days.sum(), self.scale.sum()
        if not days or not scale:
            return None
        return Score(
            float(self.raw[0].sum() / scale),
            float(self.raw[1].sum() / scale),
            float(np.sqrt(self.squared[0].sum() / days)),
            float(np.sqrt(self.squared[1].sum() / days)),
            float(self.inside.sum() / days),
            int(days),
        )


def last_week(known: Floats, horizon: int) -> Floats:
    """The seasonal naive forecast: the last week again, over and over."""
    week = known[:, -WEEK:]
    return np.tile(week, (1, -(-horizon // WEEK)))[:, :horizon]
