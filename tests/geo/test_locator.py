"""Locating points: one by one, in batches, on borders, at coarser levels, while the areas change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from conftest import SMALL_BOUNDARY, SMALL_DIVISIONS
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from yiwang.geo import coverage
from yiwang.geo.area_index import AreaIndex, outlines_of
from yiwang.geo.divisions import Level
from yiwang.geo.grids import generate_responsibility_grids, generate_unit_grids
from yiwang.geo.locator import Locator, Snapshot
from yiwang.geo.schematic import generate_communities


def snapshot(
    shapes: dict[str, BaseGeometry], groups: list[tuple[str, tuple[str, ...], BaseGeometry]], version: int = 1
) -> Snapshot:
    codes = sorted(shapes)
    wkb = [shapely.to_wkb(shapes[code]) for code in codes]
    return Snapshot(codes, wkb, [(code, units, shapely.to_wkb(shape)) for code, units, shape in groups], version)


@pytest.fixture(scope="module")
def shapes() -> dict[str, BaseGeometry]:
    """The small district; the community 南村 has no unit grids."""
    listed = [(d.name_zh, d.code) for d in SMALL_DIVISIONS]
    found: dict[str, BaseGeometry] = {"120199": SMALL_BOUNDARY}
    found |= generate_communities(SMALL_BOUNDARY, listed, within="120199")
    cells, _ = generate_unit_grids([(c, s) for c, s in found.items() if len(c) == 12 and c != "120199100201"])
    return found | {cell.code: cell.geometry for cell in cells}


@pytest.fixture(scope="module")
def locator(shapes: dict[str, BaseGeometry]) -> Locator:
    cells, _ = generate_unit_grids([(c, s) for c, s in shapes.items() if len(c) == 12 and c != "120199100201"])
    groups = [(g.code, g.unit_grids, g.geometry) for g in generate_responsibility_grids(cells)]
    lone = ("120199100201R01", (), shapes["120199100201"])
    return Locator(snapshot(shapes, [*groups, lone]))


def test_a_point_gets_all_levels(locator: Locator, shapes: dict[str, BaseGeometry]) -> None:
    code = "120199001001005"
    place = shapes[code].representative_point()
    found = locator.locate(place.x, place.y)
    assert found is not None
    assert (found.area_code, found.unit_grid, found.community) == (code, code, "120199001001")
    assert (found.street, found.district) == ("120199001", "120199")
    assert found.responsibility_grid is not None
    assert found.responsibility_grid.startswith("120199001001R")


def test_无单元网格的社区_定位到社区和它的责任网格(locator: Locator, shapes: dict[str, BaseGeometry]) -> None:
    place = shapes["120199100201"].representative_point()
    found = locator.locate(place.x, place.y)
    assert found is not None
    assert (found.area_code, found.unit_grid, found.community) == ("120199100201", None, "120199100201")
    assert found.responsibility_grid == "120199100201R01"


@pytest.mark.parametrize(
    "place", [(0.0, 0.0), (117.018, 39.012), (float("nan"), 39.0), (float("inf"), 39.0), (1e308, -1e308)]
)
def test_outside_every_area_is_none(locator: Locator, place: tuple[float, float]) -> None:
    assert locator.locate(*place) is None
    many = locator.locate_many([place[0]], [place[1]])
    assert list(many) == [None]
    assert many.area_code.tolist() == [""]


@given(st.lists(st.tuples(st.floats(116.995, 117.025), st.floats(38.995, 39.018)), max_size=60))
def test_a_batch_answers_as_one_by_one(locator: Locator, points: list[tuple[float, float]]) -> None:
    many = locator.locate_many([p[0] for p in points], [p[1] for p in points])
    single = [locator.locate(*p) for p in points]
    assert list(many) == single
    assert many.area_code.tolist() == [found.area_code if found else "" for found in single]
    assert many.responsibility_grid.tolist() == [(found.responsibility_grid or "") if found else "" for found in single]
    assert many.level(Level.STREET).tolist() == [(found.street or "") if found else "" for found in single]
    assert many.found.tolist() == [found is not None for found in single]
    assert list(many[2:5]) == single[2:5]


def test_a_point_on_a_border_belongs_to_exactly_one_cell(shapes: dict[str, BaseGeometry]) -> None:
    cells = [shapes[code] for code in sorted(shapes) if len(code) == 15 and code.startswith("120199001")]
    corners = shapely.get_coordinates(cells)
    rings = [shapely.get_coordinates(cell) for cell in cells]
    halves = np.concatenate([(ring[1:] + ring[:-1]) / 2 for ring in rings])
    points = np.unique(np.concatenate([corners, halves]), axis=0)
    inner = shapely.union_all(cells).buffer(-2e-6)
    points = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
    assert len(points) > 200
    holders = np.zeros(len(points), dtype=int)
    for cell in cells:
        alone = AreaIndex(outlines_of(coverage.geometry_array([cell])))
        holders += alone.find_many(points[:, 0], points[:, 1]) >= 0
    # Half-way points are rounded and may lie beside the edge by one part in 10^16; corners are exact.
    on_corner = (points[:, None] == corners[None]).all(axis=2).any(axis=1)
    assert (holders[on_corner] == 1).all()
    assert (holders == 1).all()


def test_where_areas_overlap_the_smaller_code_wins() -> None:
    shapes: dict[str, BaseGeometry] = {
        "120199001002": shapely.box(117.0, 39.0, 117.02, 39.02),
        "120199001001": shapely.box(117.01, 39.0, 117.03, 39.02),
    }
    found = Locator(snapshot(shapes, [])).locate(117.015, 39.01)
    assert found is not None
    assert found.community == "120199001001"


def test_holes_and_detached_parts_are_respected() -> None:
    ring = shapely.box(117.0, 39.0, 117.03, 39.03).difference(shapely.box(117.01, 39.01, 117.02, 39.02))
    shape = shapely.union_all([ring, shapely.box(117.05, 39.0, 117.06, 39.01)])
    index = AreaIndex(outlines_of(coverage.geometry_array([shape])))
    assert index.find(117.015, 39.015) == -1
    assert index.find(117.005, 39.015) == 0
    assert index.find(117.055, 39.005) == 0
    assert index.find(117.04, 39.005) == -1


def test_an_empty_locator_finds_nothing() -> None:
    locator = Locator()
    assert locator.version == -1
    assert locator.locate(117.0, 39.0) is None
    assert list(locator.locate_many([117.0], [39.0])) == [None]
    assert len(locator.locate_many([], [])) == 0


def test_arrays_of_different_length_are_refused(locator: Locator) -> None:
    with pytest.raises(ValueError, match="equal length"):
        locator.locate_many([117.0, 117.1], [39.0])


def test_threads_go_on_locating_while_the_areas_are_replaced(shapes: dict[str, BaseGeometry]) -> None:
    coarse = snapshot({code: shape for code, shape in shapes.items() if len(code) <= 12}, [], version=2)
    fine = snapshot(shapes, [], version=1)
    locator = Locator(fine)
    place = shapes["120199001001005"].representative_point()
    wrong: list[object] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            found = locator.locate(place.x, place.y)
            if found is None or found.area_code not in ("120199001001005", "120199001001"):
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        locator.replace(coarse)
        locator.replace(fine)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_真实区县_与几何库逐点一致_且足够快(
    real_boundary: Callable[[str], BaseGeometry], real_divisions: Callable[[str], list[tuple[str, str]]]
) -> None:
    boundary = real_boundary("120111")
    shapes = {"120111": boundary} | generate_communities(boundary, real_divisions("120111"), within="120111")
    cells, _ = generate_unit_grids([(c, s) for c, s in shapes.items() if len(c) == 12])
    shapes |= {cell.code: cell.geometry for cell in cells}
    locator = Locator(snapshot(shapes, []))
    random = np.random.default_rng(7)
    west, south, east, north = boundary.bounds
    x, y = random.uniform(west, east, 400_000), random.uniform(south, north, 400_000)
    many = locator.locate_many(x, y)

    geometries = coverage.geometry_array(cell.geometry for cell in cells)
    point, cell = shapely.STRtree(geometries).query(shapely.points(x[:50_000], y[:50_000]), predicate="intersects")
    expected = np.full(50_000, "", dtype="U15")
    expected[point] = np.array([c.code for c in cells])[cell]
    found = many.level(Level.UNIT_GRID)[:50_000]
    assert (found == expected).mean() > 0.9999, "the same answers as the geometry library"

    inside = np.nonzero(many.found)[0][:20_000]
    pairs = list(zip(x[inside].tolist(), y[inside].tolist(), strict=True))
    single = [locator.locate(*pair) for pair in pairs]
    assert single == [many[int(i)] for i in inside]
