"""Tracks (轨迹) for a screen: cut where nothing was heard for long, and no more points than the screen can show.

Points are left out by the rule of Douglas and Peucker in metres; those that stay are real positions with their own times.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import shapely

from yiwang.sensing.vehicles.fences import metres_per_degree
from yiwang.sensing.vehicles.model import Point

_HALVINGS = 14


def segments(points: Sequence[Point], gap: timedelta) -> list[list[Point]]:
    """The points in order, cut where more than ``gap`` lies between two of them."""
    found: list[list[Point]] = []
    for point in points:
        if not found or point.at - found[-1][-1].at > gap:
            found.append([])
        found[-1].append(point)
    return found


def simplified(points: Sequence[Point], most: int) -> list[Point]:
    """At most ``most`` (two or more) of the points, first and last among them, as close to the whole as that allows."""
    if len(points) <= max(most, 2):
        return list(points)
    line = _line(points)
    if most <= 2:
        return [points[0], points[-1]]
    low, high = 0.0, 1.0
    while len(_kept(line, high)) > most:
        low, high = high, high * 4
    best = _kept(line, high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        kept = _kept(line, middle)
        if len(kept) > most:
            low = middle
        else:
            high, best = middle, kept
    return [points[index] for index in best]


def shares(lengths: Sequence[int], most: int) -> list[int]:
    """How many of ``most`` points each segment of these lengths gets; two at least."""
    total = sum(lengths) or 1
    return [max(2, length * most // total) for length in lengths]


def _line(points: Sequence[Point]) -> shapely.LineString:
    """In metres; the index of each point rides along as its height, which simplification keeps."""
    plane = np.empty((len(points), 3))
    plane[:, 0] = [point.lon for point in points]
    plane[:, 1] = [point.lat for point in points]
    east, north = metres_per_degree(float(plane[:, 1].mean()))
    plane[:, 0] *= east
    plane[:, 1] *= north
    plane[:, 2] = np.arange(len(points))
    return shapely.LineString(plane)


def _kept(line: shapely.LineString, tolerance: float) -> list[int]:
    left: npt.NDArray[np.float64] = shapely.get_coordinates(
        shapely.simplify(line, tolerance, preserve_topology=False), include_z=True
    )
    return [int(index) for index in left[:, 2]]
