"""Coordinate systems: CGCS2000/WGS-84 ⇄ GCJ-02 ⇄ BD-09, and any projected system by its EPSG number.

Owns every change of coordinates in Yiwang. Promises: always longitude before latitude; degrees for geographic
systems, metres for projected ones; scalars in, scalars out; arrays in, arrays of the same shape out; a round trip
through GCJ-02 or BD-09 returns to the same point within 1e-9 degrees (0.1 mm) anywhere in China.

CGCS2000 (2000国家大地坐标系, EPSG:4490) and WGS-84 (EPSG:4326) differ by centimetres to decimetres and are treated
as equal. GCJ-02 (国测局坐标, 火星坐标) is the legally required offset of public maps, BD-09 (百度坐标) is Baidu's
second offset on top of it. Formulas and constants: the values published by four and more independent
implementations are reproduced to 1e-13 degrees with the Krasovsky radius 6378245 m; BD-09 uses x_pi = π·3000/180
(the variant with plain π gives places 10–41 m away and is wrong).
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, overload

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from yiwang.geo import offsets
from yiwang.geo.errors import DatumNeedsParameters, ImpossibleCoordinates, UnknownCoordinateSystem
from yiwang.geo.offsets import Arithmetic, FloatArray, M, N

SPHERE_RADIUS = 6378137.0

# Central meridians 75°E … 135°E of the 3° Gauss–Krüger zones EPSG:4534 … 4554 (easting without zone number).
_FIRST_ZONE_EPSG, _FIRST_ZONE_MERIDIAN, _LAST_ZONE_MERIDIAN = 4534, 75, 135


class Crs(enum.StrEnum):
    """The coordinate systems that a caller of the API may name."""

    CGCS2000 = "EPSG:4490"
    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


_ArrayChange: TypeAlias = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


class _Formula(Protocol):
    """A change of coordinates for single numbers and arrays alike."""

    def __call__(self, f: Arithmetic[N, M], x: N, y: N, /) -> tuple[N, N]: ...


def _apply(
    formula: _Formula, longitude: ArrayLike, latitude: ArrayLike
) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """Scalars in, scalars out; arrays in, arrays out."""
    if isinstance(longitude, float | int) and isinstance(latitude, float | int):
        return formula(offsets.SCALAR, float(longitude), float(latitude))
    x, y = np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)
    return formula(offsets.ARRAY, x, y)


@overload
def wgs84_to_gcj02(longitude: float, latitude: float) -> tuple[float, float]: ...
@overload
def wgs84_to_gcj02(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]: ...
def wgs84_to_gcj02(longitude: ArrayLike, latitude: ArrayLike) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """GCJ-02 longitude, latitude in degrees of WGS-84/CGCS2000 places; unchanged outside the box."""
    return _apply(offsets.to_gcj02, longitude, latitude)


@overload
def gcj02_to_wgs84(longitude: float, latitude: float) -> tuple[float, float]: ...
@overload
def gcj02_to_wgs84(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]: ...
def gcj02_to_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """WGS-84/CGCS2000 degrees of GCJ-02 places, iterated until nothing moves by more than 1e-12 degrees."""
    return _apply(offsets.from_gcj02, longitude, latitude)


@overload
def gcj02_to_bd09(longitude: float, latitude: float) -> tuple[float, float]: ...
@overload
def gcj02_to_bd09(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]: ...
def gcj02_to_bd09(longitude: ArrayLike, latitude: ArrayLike) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """BD-09 degrees of GCJ-02 places; unchanged outside the box."""
    return _apply(offsets.to_bd09, longitude, latitude)


@overload
def bd09_to_gcj02(longitude: float, latitude: float, *, exact: bool = ...) -> tuple[float, float]: ...
@overload
def bd09_to_gcj02(
    longitude: FloatArray, latitude: FloatArray, *, exact: bool = ...
) -> tuple[FloatArray, FloatArray]: ...
def bd09_to_gcj02(
    longitude: ArrayLike, latitude: ArrayLike, *, exact: bool = False
) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """GCJ-02 degrees of BD-09 places.

    By default the published inverse, whose values everybody else has too (it misses the true one by up to 0.25 m);
    with ``exact``
    it is iterated to 1e-12 degrees, so that a place survives the round trip. Yiwang itself stores the exact one.
    """
    return _apply(offsets.from_bd09 if exact else offsets.from_bd09_published, longitude, latitude)


@overload
def wgs84_to_bd09(longitude: float, latitude: float) -> tuple[float, float]: ...
@overload
def wgs84_to_bd09(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]: ...
def wgs84_to_bd09(longitude: ArrayLike, latitude: ArrayLike) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """BD-09 degrees of WGS-84/CGCS2000 places."""
    return _apply(offsets.wgs84_to_bd09, longitude, latitude)


@overload
def bd09_to_wgs84(longitude: float, latitude: float) -> tuple[float, float]: ...
@overload
def bd09_to_wgs84(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]: ...
def bd09_to_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """WGS-84/CGCS2000 degrees of BD-09 places; both inverses are iterated."""
    return _apply(offsets.bd09_to_wgs84, longitude, latitude)


_SPELLINGS = {
    Crs.CGCS2000: ("CGCS2000", "EPSG:4490", "4490", "WGS84", "WGS-84", "EPSG:4326", "4326", "CRS84"),
    Crs.GCJ02: ("GCJ02", "GCJ-02"),
    Crs.BD09: ("BD09", "BD-09", "BD09LL"),
}
_ALIASES = {spelling: crs.value for crs, spellings in _SPELLINGS.items() for spelling in spellings}


def crs_name(text: str) -> str:
    """The one spelling of a coordinate system: ``EPSG:4490`` (also for WGS-84), ``GCJ-02``, ``BD-09`` or ``EPSG:n``.

    Raises:
        UnknownCoordinateSystem: no such name or number.
        DatumNeedsParameters: Xi'an 1980, Beijing 1954 and other datums that only a local survey office can tie to
        CGCS2000.
    """
    wanted = text.strip().upper().replace("_", "-")
    if wanted in _ALIASES:
        return _ALIASES[wanted]
    number = wanted.removeprefix("EPSG:")
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise UnknownCoordinateSystem(crs=text[:40])
    _check_datum(int(number))
    return f"EPSG:{int(number)}"


@functools.cache
def _check_datum(epsg: int) -> None:
    try:
        geodetic = pyproj.CRS.from_epsg(epsg).geodetic_crs
    except pyproj.exceptions.CRSError as error:
        raise UnknownCoordinateSystem(crs=f"EPSG:{epsg}") from error
    datum = geodetic.datum.name if geodetic is not None and geodetic.datum is not None else ""
    if not datum:
        raise UnknownCoordinateSystem(crs=f"EPSG:{epsg}")
    if not datum.startswith(("World Geodetic System 1984", "China 2000")):
        raise DatumNeedsParameters(crs=f"EPSG:{epsg}", datum=datum)


def gauss_kruger_epsg(longitude: float) -> int:
    """The EPSG number of the CGCS2000 3° Gauss–Krüger zone (3度带高斯-克吕格) around ``longitude``; eastings without
    zone number."""
    meridian = min(max(round(longitude / 3) * 3, _FIRST_ZONE_MERIDIAN), _LAST_ZONE_MERIDIAN)
    return _FIRST_ZONE_EPSG + (meridian - _FIRST_ZONE_MERIDIAN) // 3


@functools.lru_cache(maxsize=64)
def _transformer(source: int, target: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def project(x: FloatArray, y: FloatArray, source: int, target: int) -> tuple[FloatArray, FloatArray]:
    """Between two EPSG systems, always easting/longitude first; places that the projection cannot show become
    infinite."""
    out_x, out_y = _transformer(source, target).transform(x, y)
    return np.asarray(out_x, dtype=np.float64), np.asarray(out_y, dtype=np.float64)


_INWARD: Mapping[str, _Formula] = {Crs.GCJ02: offsets.from_gcj02, Crs.BD09: offsets.bd09_to_wgs84}
_OUTWARD: Mapping[str, _Formula] = {Crs.GCJ02: offsets.to_gcj02, Crs.BD09: offsets.wgs84_to_bd09}


def _change(
    formulas: Mapping[str, _Formula], longitude: ArrayLike, latitude: ArrayLike, crs: str
) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    name = crs_name(crs)
    if name in formulas:
        return _apply(formulas[name], longitude, latitude)
    x, y = np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)
    if name != Crs.CGCS2000:
        number = int(name.removeprefix("EPSG:"))
        x, y = project(x, y, *((number, 4490) if formulas is _INWARD else (4490, number)))
    return (float(x), float(y)) if x.ndim == 0 and y.ndim == 0 else (x, y)


@overload
def to_cgcs2000(longitude: float, latitude: float, crs: str) -> tuple[float, float]: ...
@overload
def to_cgcs2000(longitude: FloatArray, latitude: FloatArray, crs: str) -> tuple[FloatArray, FloatArray]: ...
def to_cgcs2000(
    longitude: ArrayLike, latitude: ArrayLike, crs: str
) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """Degrees in CGCS2000 of places in ``crs`` (see :func:`crs_name`; projected systems: easting, northing in their
    unit)."""
    return _change(_INWARD, longitude, latitude, crs)


@overload
def from_cgcs2000(longitude: float, latitude: float, crs: str) -> tuple[float, float]: ...
@overload
def from_cgcs2000(longitude: FloatArray, latitude: FloatArray, crs: str) -> tuple[FloatArray, FloatArray]: ...
def from_cgcs2000(
    longitude: ArrayLike, latitude: ArrayLike, crs: str
) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """Coordinates in ``crs`` of CGCS2000 places in degrees."""
    return _change(_OUTWARD, longitude, latitude, crs)


def check_degrees(longitude: float, latitude: float) -> None:
    """Raises ImpossibleCoordinates unless the pair is finite, within ±180 and ±90 degrees."""
    if not (-180.0 <= longitude <= 180.0 and -90.0 <= latitude <= 90.0):
        raise ImpossibleCoordinates(longitude=repr(longitude), latitude=repr(latitude))


@overload
def sphere_distance(lon1: float, lat1: float, lon2: float, lat2: float) -> float: ...
@overload
def sphere_distance(lon1: FloatArray, lat1: FloatArray, lon2: ArrayLike, lat2: ArrayLike) -> FloatArray: ...
def sphere_distance(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> float | FloatArray:
    """Metres between places in degrees on the sphere of 6378137 m, as map libraries measure (within 0.6 % of the
    truth)."""
    x1, y1, x2, y2 = (np.radians(np.asarray(value, dtype=np.float64)) for value in (lon1, lat1, lon2, lat2))
    half = np.sin((y2 - y1) / 2) ** 2 + np.cos(y1) * np.cos(y2) * np.sin((x2 - x1) / 2) ** 2
    metres = 2 * SPHERE_RADIUS * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return float(metres) if np.ndim(metres) == 0 else np.asarray(metres, dtype=np.float64)


def geometries_to_cgcs2000(geometries: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """The shapely geometries with every vertex brought from ``crs`` to CGCS2000 degrees; heights are dropped."""
    if crs_name(crs) == Crs.CGCS2000:
        return np.asarray(shapely.force_2d(geometries), dtype=np.object_)
    return _geometries(geometries, lambda x, y: to_cgcs2000(x, y, crs))


def geometries_project(geometries: NDArray[np.object_], source: int, target: int) -> NDArray[np.object_]:
    """The shapely geometries between two EPSG systems, vertex by vertex: equal vertices stay equal."""
    return _geometries(geometries, lambda x, y: project(x, y, source, target))


def _geometries(geometries: NDArray[np.object_], change: _ArrayChange) -> NDArray[np.object_]:
    def vertices(xy: FloatArray) -> FloatArray:
        return np.column_stack(change(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])))

    return np.asarray(shapely.transform(geometries, vertices), dtype=object)
