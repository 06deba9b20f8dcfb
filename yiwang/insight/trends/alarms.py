"""Which days were out of the ordinary: counts that the forecast of the day before would nearly never give.

A day alarms when its tail has a probability below ``chance`` and the count is far enough from the expectation to matter:
at least :data:`MATTERS` cases more or fewer. Many series are looked at every day, so ``chance`` is divided by their number
(Bonferroni): ``chance`` is that of a false alarm anywhere on one day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from yiwang.insight.trends.counts import interval, tails
from yiwang.insight.trends.model import Model

MATTERS = 4.0
CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class Surprise:
    """``series`` and ``day`` are places in the counts; ``chance`` is the probability of a count so far off."""

    series: int
    day: int
    kind: Literal["more", "fewer"]
    cases: int
    expected: float
    low: float
    high: float
    chance: float


def surprises(
    counts: NDArray[np.float64], model: Model, *, days: int, chance: float = CHANCE, share: float = 0.9
) -> list[Surprise]:
    """The last ``days`` days of the counts that the model was fitted to, each against what was expected the day before."""
    seen = counts.shape[1]
    first = max(0, seen - days)
    back = model.looked_back()
    mean, spread = back.mean[:, first:], back.dispersion[:, first:]
    came = counts[:, first:]
    below, above = tails(came, mean, spread)
    bounds = interval(mean, spread, share)
    limit = chance / 2 / max(1, counts.shape[0])
    found: list[Surprise] = []
    for kind, tail, far in (
        ("more", above, came - mean >= MATTERS),
        ("fewer", below, mean - came >= MATTERS),
    ):
        for series, day in zip(*np.nonzero((tail < limit) & far), strict=True):
            found.append(
                Surprise(
                    int(series),
                    int(first + day),
                    "more" if kind == "more" else "fewer",
                    int(came[series, day]),
                    float(mean[series, day]),
                    float(bounds.low[series, day]),
                    float(bounds.high[series, day]),
                    float(tail[series, day]),
                )
            )
    return sorted(found, key=lambda item: (item.day, item.chance))
