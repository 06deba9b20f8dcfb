"""The formulas of the public maps' offsets GCJ-02 and BD-09, written once for single numbers and for arrays.

Each formula takes its arithmetic: :data:`SCALAR` (fast for one point) or :data:`ARRAY`. See ``coordinates`` for the
names that others use, the sources of the constants and what is promised.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
N = TypeVar("N", float, FloatArray)
M = TypeVar("M")

KRASOVSKY_RADIUS = 6378245.0
KRASOVSKY_ECCENTRICITY_SQUARED = 0.00669342162296594323
PI = math.pi
BAIDU_PI = PI * 3000.0 / 180.0

# The rough box in which public maps are shifted; like everybody's, it includes strips of the neighbours.
CHINA_WEST, CHINA_EAST = 72.004, 137.8347
CHINA_SOUTH, CHINA_NORTH = 0.8293, 55.8271

_ROUNDS = 20
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Arithmetic(Generic[N, M]):
    """What a formula needs beside the operators; ``M`` is a yes or no for each number."""

    sin: Callable[[N], N]
    cos: Callable[[N], N]
    sqrt: Callable[[N], N]
    arctan2: Callable[[N, N], N]
    inside: Callable[[N, N], M]
    choose: Callable[[M, N, N | float], N]
    largest: Callable[[N, N], float]


def _inside(x: float, y: float) -> bool:
    return CHINA_WEST <= x <= CHINA_EAST and CHINA_SOUTH <= y <= CHINA_NORTH


def _inside_many(x: FloatArray, y: FloatArray) -> BoolArray:
    inside: BoolArray = (x >= CHINA_WEST) & (x <= CHINA_EAST) & (y >= CHINA_SOUTH) & (y <= CHINA_NORTH)
    return inside


def _largest_of_many(x: FloatArray, y: FloatArray) -> float:
    return float(max(np.max(np.abs(x), initial=0.0), np.max(np.abs(y), initial=0.0)))


SCALAR: Arithmetic[float, bool] = Arithmetic(
    math.sin, math.cos, math.sqrt, math.atan2, _inside, lambda m, a, b: a if m else b, lambda a, b: max(abs(a), abs(b))
)
ARRAY: Arithmetic[FloatArray, BoolArray] = Arithmetic(
    np.sin, np.cos, np.sqrt, np.arctan2, _inside_many, np.where, _largest_of_many
)


def _gcj02_shift(f: Arithmetic[N, M], longitude: N, latitude: N) -> tuple[N, N]:
    """The shift GCJ-02 − WGS-84 in degrees at WGS-84 places, without the box."""
    x, y = longitude - 105.0, latitude - 35.0
    root = f.sqrt(abs(x))
    ripple = (20.0 * f.sin(6.0 * x * PI) + 20.0 * f.sin(2.0 * x * PI)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north = north + (20.0 * f.sin(y * PI) + 40.0 * f.sin(y / 3.0 * PI)) * 2.0 / 3.0
    north = north + (160.0 * f.sin(y / 12.0 * PI) + 320.0 * f.sin(y * PI / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east = east + (20.0 * f.sin(x * PI) + 40.0 * f.sin(x / 3.0 * PI)) * 2.0 / 3.0
    east = east + (150.0 * f.sin(x / 12.0 * PI) + 300.0 * f.sin(x / 30.0 * PI)) * 2.0 / 3.0
    phi = latitude / 180.0 * PI
    sine = f.sin(phi)
    magic = 1.0 - KRASOVSKY_ECCENTRICITY_SQUARED * sine * sine
    meridian = (KRASOVSKY_RADIUS * (1.0 - KRASOVSKY_ECCENTRICITY_SQUARED)) / (magic * f.sqrt(magic))
    parallel = KRASOVSKY_RADIUS / f.sqrt(magic) * f.cos(phi)
    return east * 180.0 / (parallel * PI), north * 180.0 / (meridian * PI)


def to_gcj02(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    """GCJ-02 of WGS-84."""
    inside = f.inside(x, y)
    # Outside the box the polynomial is not used, and near the poles it is not even finite: a harmless place stands in.
    shift_x, shift_y = _gcj02_shift(f, f.choose(inside, x, 105.0), f.choose(inside, y, 35.0))
    return f.choose(inside, x + shift_x, x), f.choose(inside, y + shift_y, y)


def from_gcj02(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    """WGS-84 of GCJ-02, by iterating ``place = shifted − shift(place)``: the shift's slope is small, each round
    gains."""
    inside = f.inside(x, y)
    target_x, target_y = f.choose(inside, x, 105.0), f.choose(inside, y, 35.0)
    place_x, place_y = target_x, target_y
    for _ in range(_ROUNDS):
        shift_x, shift_y = _gcj02_shift(f, place_x, place_y)
        next_x, next_y = target_x - shift_x, target_y - shift_y
        moved = f.largest(next_x - place_x, next_y - place_y)
        place_x, place_y = next_x, next_y
        if moved < _TOLERANCE:
            break
    return f.choose(inside, place_x, x), f.choose(inside, place_y, y)


def _bd09(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    radius = f.sqrt(x * x + y * y) + 0.00002 * f.sin(y * BAIDU_PI)
    angle = f.arctan2(y, x) + 0.000003 * f.cos(x * BAIDU_PI)
    return radius * f.cos(angle) + 0.0065, radius * f.sin(angle) + 0.006


def _bd09_back(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    east, north = x - 0.0065, y - 0.006
    radius = f.sqrt(east * east + north * north) - 0.00002 * f.sin(north * BAIDU_PI)
    angle = f.arctan2(north, east) - 0.000003 * f.cos(east * BAIDU_PI)
    return radius * f.cos(angle), radius * f.sin(angle)


def to_bd09(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    """BD-09 of GCJ-02."""
    inside = f.inside(x, y)
    shifted_x, shifted_y = _bd09(f, f.choose(inside, x, 105.0), f.choose(inside, y, 35.0))
    return f.choose(inside, shifted_x, x), f.choose(inside, shifted_y, y)


def from_bd09_published(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    """GCJ-02 of BD-09 by the published inverse, which misses by up to 0.25 m."""
    inside = f.inside(x, y)
    place_x, place_y = _bd09_back(f, f.choose(inside, x, 105.0), f.choose(inside, y, 35.0))
    return f.choose(inside, place_x, x), f.choose(inside, place_y, y)


def from_bd09(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    """GCJ-02 of BD-09, iterated until the forward formula gives the point back."""
    inside = f.inside(x, y)
    target_x, target_y = f.choose(inside, x, 105.0), f.choose(inside, y, 35.0)
    place_x, place_y = _bd09_back(f, target_x, target_y)
    for _ in range(_ROUNDS):
        shifted_x, shifted_y = _bd09(f, place_x, place_y)
        error_x, error_y = shifted_x - target_x, shifted_y - target_y
        place_x, place_y = place_x - error_x, place_y - error_y
        if f.largest(error_x, error_y) < _TOLERANCE:
            break
    return f.choose(inside, place_x, x), f.choose(inside, place_y, y)


def wgs84_to_bd09(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    """BD-09 of WGS-84."""
    return to_bd09(f, *to_gcj02(f, x, y))


def bd09_to_wgs84(f: Arithmetic[N, M], x: N, y: N) -> tuple[N, N]:
    """WGS-84 of BD-09."""
    return from_gcj02(f, *from_bd09(f, x, y))
