"""The city's outline for server-drawn maps: areas projected to a plane, as SVG paths, made once per state of the areas.

The projection is equirectangular about the middle of the city (true to about 0.1 % over 50 km), which a page's module
can invert with two multiplications: x = (lon - lon₀)·kx, y = (lat₀ - lat)·ky. Degrees are CGCS2000.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from yiwang.geo.errors import UnknownArea
from yiwang.geo.model import Area
from yiwang.geo.service import GeoService

_WIDTH = 1000.0
_MARGIN = 0.04
_POINTS_PER_UNIT = 0.6  # vertices nearer than this many drawing units are left out


@dataclass(frozen=True, slots=True)
class AreaShape:
    """An area as drawn; ``x``, ``y`` is where its name stands, None where it has no room."""

    code: str
    zh: str
    en: str
    path: str
    x: float | None
    y: float | None


@dataclass(frozen=True, slots=True)
class Outline:
    """Everything that a template draws; ``lon``, ``lat`` is the upper left corner, scales are units per degree."""

    lon: float
    lat: float
    scale_x: float
    scale_y: float
    width: float
    height: float
    areas: tuple[AreaShape, ...]
    edge: str
    names: dict[str, tuple[str, str]]
    note: str = ""

    def area_name(self, code: str, language: str) -> str:
        """The name of the street that holds an area code, or the code itself."""
        for digits in (len(code), 12, 9, 6):
            found = self.names.get(code[:digits])
            if found:
                return found[0] if language == "zh" or not found[1] else found[1]
        return code


class Maps:
    """Outlines of this process, kept until the areas change."""

    def __init__(self, geo: GeoService, division: str) -> None:
        self._geo = geo
        self._division = division
        self._kept: tuple[int, Outline] | None = None

    async def outline(self) -> Outline:
        """The city with the areas directly below it."""
        version = self._geo.locator.version
        if self._kept is None or self._kept[0] != version:
            self._kept = (version, await self._draw())
        return self._kept[1]

    async def _draw(self) -> Outline:
        try:
            city: Area | None = await self._geo.area(self._division)
        except UnknownArea:
            city = None
        areas = await self._geo.areas(city.code if city else None)
        shapes = [(area, await self._geo.geometry(area.code)) for area in areas]
        whole = await self._geo.geometry(city.code) if city else None
        drawn = [(area, shape) for area, shape in shapes if shape is not None]
        names = {area.code: (area.name_zh, area.name_en) for area in (*areas, *([city] if city else []))}
        return _outline(drawn, whole, names)


def _outline(
    drawn: Sequence[tuple[Area, BaseGeometry]], whole: BaseGeometry | None, names: dict[str, tuple[str, str]]
) -> Outline:
    bounds = [shape.bounds for _, shape in drawn] + ([whole.bounds] if whole is not None else [])
    if not bounds:
        bounds = [(73.0, 18.0, 135.0, 54.0)]
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    pad_x, pad_y = (east - west) * _MARGIN, (north - south) * _MARGIN
    west, east, south, north = west - pad_x, east + pad_x, south - pad_y, north + pad_y
    scale_x = _WIDTH / (east - west)
    scale_y = scale_x / math.cos(math.radians((south + north) / 2))
    plane = _Plane(west, north, scale_x, scale_y)
    return Outline(
        lon=west,
        lat=north,
        scale_x=scale_x,
        scale_y=scale_y,
        width=round(_WIDTH, 1),
        height=round((north - south) * scale_y, 1),
        areas=tuple(_area_shape(area, shape, plane) for area, shape in drawn),
        edge=plane.path(whole) if whole is not None else "",
        names=names,
    )


def _area_shape(area: Area, shape: BaseGeometry, plane: _Plane) -> AreaShape:
    inner = shape.representative_point()
    x, y = plane.point(inner.x, inner.y)
    west, _, east, _ = shape.bounds
    roomy = (east - west) * plane.scale_x > 55
    return AreaShape(
        area.code,
        area.name_zh,
        area.name_en or area.name_zh,
        plane.path(shape),
        x if roomy else None,
        y if roomy else None,
    )


@dataclass(frozen=True, slots=True)
class _Plane:
    lon: float
    lat: float
    scale_x: float
    scale_y: float

    def point(self, lon: float, lat: float) -> tuple[float, float]:
        return round((lon - self.lon) * self.scale_x, 1), round((self.lat - lat) * self.scale_y, 1)

    def path(self, shape: BaseGeometry) -> str:
        """SVG path data of a polygon or multipolygon, simplified to what can be seen."""
        simple = shape.simplify(_POINTS_PER_UNIT / self.scale_x, preserve_topology=True)
        pieces = []
        for polygon in getattr(simple, "geoms", [simple]):
            for ring in (polygon.exterior, *polygon.interiors):
                points = [self.point(lon, lat) for lon, lat, *_ in ring.coords]
                pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points[:-1]) + "Z")
        return "".join(pieces)
