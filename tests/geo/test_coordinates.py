"""Coordinate systems: published values, round trips, projections, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.geo import coordinates as c
from yiwang.geo.errors import DatumNeedsParameters, ImpossibleCoordinates, UnknownCoordinateSystem

# (latitude, longitude) WGS-84 → GCJ-02, as published by four and more implementations.
GCJ02 = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ((39.915, 116.404), (39.91640428150164, 116.41024449916938)),
]
longitudes = st.floats(73.5, 135.0)
latitudes = st.floats(18.0, 53.5)


@pytest.mark.parametrize(("wgs", "gcj"), GCJ02)
def test_gcj02_equals_the_published_values(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert c.wgs84_to_gcj02(wgs[1], wgs[0]) == pytest.approx((gcj[1], gcj[0]), abs=1e-13)
    assert c.gcj02_to_wgs84(gcj[1], gcj[0]) == pytest.approx((wgs[1], wgs[0]), abs=1e-12)


def test_bd09_equals_the_published_values() -> None:
    assert c.gcj02_to_bd09(116.404, 39.915) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-13)
    assert c.bd09_to_gcj02(116.404, 39.915) == pytest.approx((116.39762729119315, 39.90865673957631), abs=1e-13)


def test_bd09_is_not_the_variant_with_plain_pi() -> None:
    longitude, latitude = c.gcj02_to_bd09(120.00877901149691, 29.196131605295484)
    away = math.hypot((longitude - 120.019809) * 97_000, (latitude - 29.199786) * 111_000)
    assert away > 5, "values of the plain-π variant lie metres away from the right ones"


def test_outside_china_nothing_is_shifted() -> None:
    for change in (c.wgs84_to_gcj02, c.gcj02_to_wgs84, c.gcj02_to_bd09, c.bd09_to_gcj02, c.wgs84_to_bd09):
        assert change(-104.9903, 39.7392) == (-104.9903, 39.7392)
        assert change(0.0, 90.0) == (0.0, 90.0)


def test_the_distance_between_two_shifted_places_is_the_published_one() -> None:
    ends = (121.531541859215, 31.17530398364597, 116.38404722455657, 39.91334545536069)
    assert c.sphere_distance(*ends) == pytest.approx(1_078_164, abs=1)
    many = c.sphere_distance(np.array([ends[0], ends[2]]), np.array([ends[1], ends[3]]), ends[2], ends[3])
    assert many.tolist() == pytest.approx([1_078_164, 0], abs=1)


@given(longitudes, latitudes)
def test_a_place_survives_every_round_trip(longitude: float, latitude: float) -> None:
    place = pytest.approx((longitude, latitude), abs=1e-9)
    assert c.gcj02_to_wgs84(*c.wgs84_to_gcj02(longitude, latitude)) == place
    assert c.bd09_to_gcj02(*c.gcj02_to_bd09(longitude, latitude), exact=True) == place
    assert c.bd09_to_wgs84(*c.wgs84_to_bd09(longitude, latitude)) == place
    for crs in ("GCJ-02", "BD-09", "EPSG:3857", "EPSG:4490"):
        assert c.to_cgcs2000(*c.from_cgcs2000(longitude, latitude, crs), crs) == place


@given(longitudes, latitudes)
def test_the_published_bd09_inverse_is_within_half_a_metre(longitude: float, latitude: float) -> None:
    x, y = c.bd09_to_gcj02(*c.gcj02_to_bd09(longitude, latitude))
    assert math.hypot((x - longitude) * 111_320 * math.cos(math.radians(latitude)), (y - latitude) * 111_320) < 0.5


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=40))
def test_arrays_give_what_single_points_give(points: list[tuple[float, float]]) -> None:
    x, y = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    for change in (c.wgs84_to_gcj02, c.gcj02_to_bd09, c.bd09_to_gcj02):
        many = change(x, y)
        assert many[0].shape == x.shape
        single = np.array([change(*p) for p in points])
        assert np.abs(np.column_stack(many) - single).max() < 1e-12


def test_shapes_of_arrays_are_kept() -> None:
    x, y = np.full((2, 3), 117.0), np.full((2, 3), 39.0)
    assert c.wgs84_to_gcj02(x, y)[0].shape == (2, 3)
    assert c.wgs84_to_gcj02(np.empty(0), np.empty(0))[0].shape == (0,)


@pytest.mark.parametrize(
    ("longitude", "epsg"),
    [(75, 4534), (117.1, 4548), (111.7, 4546), (122.0, 4550), (121.2, 4549), (135, 4554), (140, 4554)],
)
def test_3_degree_zone_of_a_place(longitude: float, epsg: int) -> None:
    assert c.gauss_kruger_epsg(longitude) == epsg


def test_gauss_kruger_has_500_km_at_its_meridian_and_returns() -> None:
    easting, northing = c.from_cgcs2000(117.0, 39.0, "EPSG:4548")
    assert easting == pytest.approx(500_000, abs=1e-4)
    assert 4_300_000 < northing < 4_330_000
    assert c.to_cgcs2000(easting, northing, "EPSG:4548") == pytest.approx((117.0, 39.0), abs=1e-9)
    with_zone = c.from_cgcs2000(117.0, 39.0, "EPSG:4527")
    assert with_zone[0] == pytest.approx(39_500_000, abs=1e-4), "zone 39 stands before the easting"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wgs84", "EPSG:4490"),
        ("EPSG:4326", "EPSG:4490"),
        ("gcj02", "GCJ-02"),
        (" bd_09 ", "BD-09"),
        ("4548", "EPSG:4548"),
        ("epsg:4527", "EPSG:4527"),
    ],
)
def test_spellings_of_coordinate_systems(text: str, name: str) -> None:
    assert c.crs_name(text) == name


@pytest.mark.parametrize("text", ["", "mars", "EPSG:", "EPSG:999999", "EPSG:-1", "4490; drop", "EPSG:5711", "1" * 400])
def test_unknown_coordinate_systems_are_refused(text: str) -> None:
    with pytest.raises(UnknownCoordinateSystem):
        c.crs_name(text)


@pytest.mark.parametrize("epsg", [2379, 4610, 4214, 2436])
def test_西安80_北京54_without_local_parameters_are_refused(epsg: int) -> None:
    with pytest.raises(DatumNeedsParameters) as refusal:
        c.crs_name(f"EPSG:{epsg}")
    assert "七参数" in refusal.value.message("zh")


@pytest.mark.parametrize("pair", [(181.0, 0.0), (0.0, 91.0), (math.nan, 0.0), (0.0, math.inf)])
def test_impossible_degrees_are_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(ImpossibleCoordinates):
        c.check_degrees(*pair)
