"""Fences as ground: which of them hold a point, and how many metres outside the others it is.

Distances are measured in a plane around each fence (metres per degree of the WGS-84 ellipsoid at its middle): below 0.1 % off
within fifty kilometres, which no fence of a city exceeds by much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import cos, hypot, radians

import numpy as np
import shapely

from yiwang.sensing.vehicles.model import Fence, Shape

SLACK = 15.0
"""Metres beyond the edge up to which a vehicle that was inside counts as inside: positions scatter."""


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres of one degree of longitude and of latitude (series of the WGS-84 ellipsoid)."""
    phi = radians(lat)
    east = 111_412.84 * cos(phi) - 93.5 * cos(3 * phi) + 0.118 * cos(5 * phi)
    north = 111_132.92 - 559.82 * cos(2 * phi) + 1.175 * cos(4 * phi)
    return east, north


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Distance of two points that lie within some kilometres of each other."""
    east, north = metres_per_degree((lat + other_lat) / 2)
    return hypot((other_lon - lon) * east, (other_lat - lat) * north)


class Ground:
    """A shape that can be asked how far outside it a point lies."""

    def __init__(self, shape: Shape) -> None:
        lons, lats = [point[0] for point in shape.points], [point[1] for point in shape.points]
        self._lon, self._lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
        self._east, self._north = metres_per_degree(self._lat)
        points = [self._plane(lon, lat) for lon, lat in shape.points]
        self._radius = 0.0
        if shape.kind == "circle":
            self._geometry: shapely.Geometry = shapely.Point(points[0])
            self._radius = shape.size
        elif shape.kind == "rectangle":
            (x, y), (other_x, other_y) = points[0], points[1]
            self._geometry = shapely.box(min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))
        elif shape.kind == "polygon":
            self._geometry = shapely.Polygon(points)
        else:
            self._geometry = shapely.LineString(points)
            self._radius = shape.size / 2
        shapely.prepare(self._geometry)

    def _plane(self, lon: float, lat: float) -> tuple[float, float]:
        return (lon - self._lon) * self._east, (lat - self._lat) * self._north

    def metres_outside(self, lon: float, lat: float) -> float:
        """0 inside."""
        x, y = self._plane(lon, lat)
        return max(0.0, float(shapely.distance(self._geometry, shapely.points(x, y))) - self._radius)

    def box(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees, ``margin`` metres wider."""
        west, south, east, north = shapely.bounds(self._geometry).tolist()
        wider = self._radius + margin
        return (
            self._lon + (west - wider) / self._east,
            self._lat + (south - wider) / self._north,
            self._lon + (east + wider) / self._east,
            self._lat + (north + wider) / self._north,
        )


@dataclass(frozen=True, slots=True)
class Near:
    """A fence that binds a vehicle and lies about its place, and metres outside it (0: inside)."""

    fence: Fence
    metres: float


class Fences:
    """The fences of the city in this process. Fences are few and change seldom; a new one makes a new object."""

    def __init__(self, fences: Iterable[Fence] = ()) -> None:
        self.all = list(fences)
        self._grounds = [Ground(fence.shape) for fence in self.all]
        self._tree = shapely.STRtree([shapely.box(*ground.box(SLACK)) for ground in self._grounds])
        self._kept: dict[int, list[int]] = {}
        for index, fence in enumerate(self.all):
            if fence.keep == "inside":
                for device in fence.members:
                    self._kept.setdefault(device, []).append(index)
        self._everyones = [index for index, fence in enumerate(self.all) if fence.keep == "inside" and fence.everyone]

    def about(self, device: int, lon: float, lat: float, local: datetime) -> list[Near]:
        """The fences that bind this vehicle, hold at this moment of the city's clock, and lie about the place; those that it is
        to keep inside of wherever they lie."""
        if not self.all:
            return []
        found: set[int] = set(np.asarray(self._tree.query(shapely.points(lon, lat))).tolist())
        found.update(self._kept.get(device, ()))
        found.update(self._everyones)
        near = []
        for index in sorted(found):
            fence = self.all[index]
            if fence.binds(device) and fence.hours.hold(local):
                near.append(Near(fence, self._grounds[index].metres_outside(lon, lat)))
        return near
