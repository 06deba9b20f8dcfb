"""Coordinate references that features are given in: degrees only, so that nothing but the order of the axes differs.

The city's coordinates are CGCS2000 (EPSG:4490), which within the accuracy of any record of a city equals WGS 84.
"""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.exchange.open.model import Box
from yiwang.kernel.database import Json, JsonObject

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
LATITUDE_FIRST: Mapping[str, bool] = {
    CRS84: False,
    "http://www.opengis.net/def/crs/EPSG/0/4326": True,
    "http://www.opengis.net/def/crs/EPSG/0/4490": True,
}
"""Every reference that is offered, and whether its first axis is the latitude."""


def turned_box(box: Box, crs: str) -> Box:
    """A box given in ``crs`` with longitude first."""
    return (box[1], box[0], box[3], box[2]) if LATITUDE_FIRST[crs] else box


def turned(geometry: JsonObject | None, crs: str) -> JsonObject | None:
    """GeoJSON with its coordinates in the order of ``crs``."""
    if geometry is None or not LATITUDE_FIRST[crs]:
        return geometry
    if "geometries" in geometry:
        parts = geometry["geometries"]
        members = parts if isinstance(parts, list) else []
        return {**geometry, "geometries": [turned(each, crs) if isinstance(each, dict) else each for each in members]}
    return {**geometry, "coordinates": _swapped(geometry.get("coordinates"))}


def _swapped(coordinates: Json) -> Json:
    if not isinstance(coordinates, list):
        return coordinates
    if len(coordinates) >= 2 and not isinstance(coordinates[0], list):
        return [coordinates[1], coordinates[0], *coordinates[2:]]
    return [_swapped(each) for each in coordinates]
