"""示意 areas: a boundary divided among its listed divisions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import shapely
from conftest import SMALL_BOUNDARY, SMALL_DIVISIONS
from shapely.geometry.base import BaseGeometry

from yiwang.geo import coverage
from yiwang.geo.coordinates import geometries_project
from yiwang.geo.divisions import orphans
from yiwang.geo.errors import BoundaryUnusable, InvalidDivisionCode
from yiwang.geo.schematic import generate_communities

LISTED = [(d.name_zh, d.code) for d in SMALL_DIVISIONS]


def area(*shapes: BaseGeometry) -> float:
    return float(shapely.area(geometries_project(coverage.geometry_array(shapes), 4490, 4548)).sum())


def test_children_fill_their_parent_without_overlap() -> None:
    shapes = generate_communities(SMALL_BOUNDARY, LISTED, within="120199")
    assert sorted(shapes) == [code for _, code in LISTED]
    communities = {code: shape for code, shape in shapes.items() if len(code) == 12}
    assert shapely.coverage_is_valid(list(communities.values()))
    assert area(*communities.values()) == pytest.approx(area(SMALL_BOUNDARY), rel=1e-5)
    for street in ("120199001", "120199100"):
        parts = [shape for code, shape in communities.items() if code.startswith(street)]
        assert shapes[street].equals(shapely.union_all(parts))
    sizes = [area(shape) for shape in communities.values()]
    assert max(sizes) < 2.5 * min(sizes), "about equal"


def test_the_same_list_in_any_order_gives_the_same_areas() -> None:
    assert generate_communities(SMALL_BOUNDARY, LISTED, within="120199") == generate_communities(
        SMALL_BOUNDARY, LISTED[::-1], within="120199"
    )


def test_with_seats_every_place_belongs_to_the_nearest_seat() -> None:
    seats = {"120199001": (117.004, 39.004), "120199100": (117.014, 39.004)}
    shapes = generate_communities(SMALL_BOUNDARY, LISTED, within="120199", seats=seats)
    for code, seat in seats.items():
        assert shapes[code].contains(shapely.Point(seat))
    middle = shapely.box(117.0, 39.0, 117.0089, 39.02)
    inside_west = shapes["120199001"].intersection(middle).area / shapes["120199001"].area
    assert inside_west > 0.98, "the border runs half way between the seats"
    assert area(*(s for c, s in shapes.items() if len(c) == 12)) == pytest.approx(area(SMALL_BOUNDARY), rel=1e-5)


def test_one_area_gets_all_the_ground() -> None:
    shapes = generate_communities(SMALL_BOUNDARY, [("东街", "120199001")], within="120199")
    assert area(shapes["120199001"]) == pytest.approx(area(SMALL_BOUNDARY), rel=1e-5)


def test_an_empty_list_gives_nothing() -> None:
    assert generate_communities(SMALL_BOUNDARY, [], within="120199") == {}


@pytest.mark.parametrize("extra", [("又", "120199001"), ("外", "120198001"), ("自己", "120199"), ("错", "12019900")])
def test_wrong_lists_are_refused(extra: tuple[str, str]) -> None:
    with pytest.raises(InvalidDivisionCode):
        generate_communities(SMALL_BOUNDARY, [*LISTED, extra], within="120199")


def test_seats_for_some_areas_only_are_refused() -> None:
    with pytest.raises(BoundaryUnusable):
        generate_communities(SMALL_BOUNDARY, LISTED, within="120199", seats={"120199001": (117.004, 39.004)})


def test_two_seats_at_one_place_are_refused() -> None:
    seats = {"120199001": (117.004, 39.004), "120199100": (117.004, 39.004)}
    with pytest.raises(BoundaryUnusable):
        generate_communities(SMALL_BOUNDARY, LISTED, within="120199", seats=seats)


@pytest.mark.parametrize("code", ["120111", "431382", "110115", "310117"])
def test_真实区县的街道与社区(
    code: str,
    real_boundary: Callable[[str], BaseGeometry],
    real_divisions: Callable[[str], list[tuple[str, str]]],
) -> None:
    listed = real_divisions(code)
    shapes = generate_communities(real_boundary(code), listed, within=code)
    assert set(shapes) == {c for _, c in listed}
    assert orphans([code, *shapes]) == []
    communities = [shape for c, shape in shapes.items() if len(c) == 12]
    assert shapely.coverage_is_valid(communities)
    assert sum(shape.geom_type == "Polygon" for shape in communities) == len(communities)
