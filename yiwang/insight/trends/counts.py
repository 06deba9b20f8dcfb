"""The distribution of a count around its expectation: negative binomial, variance μ + μ²·d with dispersion d ≥ 0.

d = 0 is Poisson's. Small expectations are summed term by term, large ones (above 300) taken from the normal curve of the
square root, whose error is far below one count there. Everything works on arrays of one shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LARGE = 300.0
_MOST_TERMS = 20_000
_LEAST = 1e-12
_normal = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """Counts (whole numbers as floats): ``low`` and ``high`` hold the wanted share of days between them, both included."""

    low: Floats
    median: Floats
    high: Floats


def interval(mean: Floats, dispersion: Floats, share: float = 0.9) -> Interval:
    """The central interval and the median."""
    side = (1 - share) / 2
    low, median, high = quantiles(mean, dispersion, (side, 0.5, 1 - side))
    return Interval(low, median, high)


def quantiles(mean: Floats, dispersion: Floats, shares: tuple[float, ...]) -> list[Floats]:
    """For each share the smallest count of which at least that share of days does not go beyond."""
    shape = np.broadcast_shapes(np.shape(mean), np.shape(dispersion))
    flat = np.maximum(np.broadcast_to(mean, shape).ravel(), _LEAST)
    spread = np.broadcast_to(dispersion, shape).ravel()
    found = [np.zeros(flat.shape) for _ in shares]
    large = flat > _LARGE
    if large.any():
        deviation = np.sqrt(flat[large] + flat[large] ** 2 * spread[large])
        for out, share in zip(found, shares, strict=True):
            z = _normal.inv_cdf(share)
            root = np.sqrt(flat[large]) + z * deviation / (2 * np.sqrt(flat[large]))
            out[large] = np.round(np.maximum(root, 0) ** 2)
    small = ~large
    if small.any():
        for out, values in zip(found, _summed(flat[small], spread[small], shares), strict=True):
            out[small] = values
    return [out.reshape(shape) for out in found]


def _summed(mean: Floats, dispersion: Floats, shares: tuple[float, ...]) -> list[Floats]:
    term, ratio, size = _first_term(mean, dispersion)
    total = term.copy()
    found = [np.zeros(mean.shape) for _ in shares]
    open_ = [total < share for share in shares]
    for count in range(1, _MOST_TERMS):
        if not any(waiting.any() for waiting in open_):
            break
        term = term * _step(count - 1, ratio, size)
        total = total + term
        for out, waiting, share in zip(found, open_, shares, strict=True):
            out[waiting] = count
            np.logical_and(waiting, total < share, out=waiting)
    return found


def tails(count: Floats, mean: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """(P(X ≤ count), P(X ≥ count)) of whole counts."""
    shape = np.broadcast_shapes(np.shape(count), np.shape(mean), np.shape(dispersion))
    seen = np.broadcast_to(count, shape).ravel()
    flat = np.maximum(np.broadcast_to(mean, shape).ravel(), _LEAST)
    spread = np.broadcast_to(dispersion, shape).ravel()
    below, above = np.zeros(flat.shape), np.zeros(flat.shape)
    large = (flat > _LARGE) | (seen > _MOST_TERMS)
    for place in np.flatnonzero(large):
        deviation = math.sqrt(flat[place] + flat[place] ** 2 * spread[place]) / (2 * math.sqrt(flat[place]))
        middle = math.sqrt(flat[place])
        below[place] = _normal.cdf((math.sqrt(seen[place] + 0.5) - middle) / deviation)
        above[place] = 1 - _normal.cdf((math.sqrt(max(0.0, seen[place] - 0.5)) - middle) / deviation)
    small = ~large
    if small.any():
        below[small], above[small] = _summed_tails(seen[small], flat[small], spread[small])
    return below.reshape(shape), above.reshape(shape)


def _summed_tails(seen: Floats, mean: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    term, ratio, size = _first_term(mean, dispersion)
    upto, before = term.copy(), np.zeros(mean.shape)
    for count in range(1, int(seen.max(initial=0)) + 1):
        going = seen >= count
        before = np.where(going, upto, before)
        term = term * _step(count - 1, ratio, size)
        upto = np.where(going, upto + term, upto)
    return np.minimum(upto, 1.0), np.clip(1.0 - before, 0.0, 1.0)


def _first_term(mean: Floats, dispersion: Floats) -> tuple[Floats, Floats, Floats]:
    """P(0), the ratio μd/(1+μd) and the size 1/d (infinite for Poisson, whose ratio then is μ itself)."""
    poisson = dispersion < 1e-9
    safe = np.where(poisson, 1.0, dispersion)
    size = np.where(poisson, np.inf, 1.0 / safe)
    ratio = np.where(poisson, mean, mean * safe / (1 + mean * safe))
    zero = np.where(poisson, np.exp(-mean), np.exp(-np.log1p(mean * safe) / safe))
    return zero, ratio, size


def _step(count: int, ratio: Floats, size: Floats) -> Floats:
    """P(count + 1) ÷ P(count)."""
    growing = np.where(np.isinf(size), 1.0, count + np.where(np.isinf(size), 0.0, size))
    return growing * ratio / (count + 1)
