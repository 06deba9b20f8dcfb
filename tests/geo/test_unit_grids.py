"""单元网格 and 责任网格: cover, borders, numbers, sizes — on an invented district and on the real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
import shapely
from conftest import SMALL_BOUNDARY, SMALL_DIVISIONS
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from yiwang.geo import coverage
from yiwang.geo.coordinates import geometries_project
from yiwang.geo.errors import BoundaryUnusable
from yiwang.geo.grids import GridReport, UnitGrid, generate_responsibility_grids, generate_unit_grids, serial_key
from yiwang.geo.model import GridRules
from yiwang.geo.schematic import generate_communities


def small_communities() -> list[tuple[str, BaseGeometry]]:
    shapes = generate_communities(SMALL_BOUNDARY, [(d.name_zh, d.code) for d in SMALL_DIVISIONS], within="120199")
    return [(code, shape) for code, shape in shapes.items() if len(code) == 12]


def metric(geometries: Sequence[BaseGeometry], epsg: int) -> coverage.Geometries:
    return geometries_project(coverage.geometry_array(geometries), 4490, epsg)


def assert_good_grids(
    communities: list[tuple[str, BaseGeometry]], cells: list[UnitGrid], report: GridReport, size: float
) -> None:
    """No overlap, full cover, no crossing of a community border, right codes in the right order, no sliver left."""
    shapes = coverage.geometry_array(cell.geometry for cell in cells)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes), "neighbours share every vertex: no overlap and no gap between them"
    assert {shape.geom_type for shape in shapes} == {"Polygon"}
    on_ground = metric(shapes.tolist(), report.epsg)
    owner = np.array([cell.community for cell in cells])
    for code, boundary in communities:
        mine = on_ground[owner == code]
        ground = metric([boundary], report.epsg)[0]
        perimeter = ground.length
        assert abs(shapely.area(mine).sum() - ground.area) < perimeter * 0.002, "full cover, to the millimetre"
        outside = shapely.area(shapely.difference(mine, ground))
        assert outside.sum() < perimeter * 0.002, "no cell crosses the border of its community"
        serials = [cell.code[12:] for cell in cells if cell.community == code]
        assert serials == [f"{n:03d}" for n in range(1, len(serials) + 1)]
        row, easting = serial_key(mine, report.larger_cells.get(code, size))
        assert all(a <= b for a, b in pairwise(zip(row.tolist(), easting.tolist(), strict=True))), "NW → SE"
    assert [cell.code for cell in cells] == sorted(cell.code for cell in cells)
    assert all(cell.code[:12] == cell.community for cell in cells)


def test_网格覆盖完整_不重叠_不跨社区_自西北向东南编号() -> None:
    communities = small_communities()
    cells, report = generate_unit_grids(communities)
    assert_good_grids(communities, cells, report, 100)
    areas = shapely.area(metric([cell.geometry for cell in cells], report.epsg))
    assert areas.min() >= 0.3 * 10_000 - 1, "slivers were joined to a neighbour"
    assert report.merged_slivers > 0
    assert report.communities == 5
    assert report.unit_grids == len(cells) > 100


def test_the_same_input_gives_the_same_grids() -> None:
    first, _ = generate_unit_grids(small_communities())
    second, _ = generate_unit_grids(list(reversed(small_communities())))
    assert first == second


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0.2, 1.0), st.floats(0.001, 1.0)), min_size=4, max_size=9),
    st.integers(1, 5),
    st.integers(60, 300),
    st.floats(0.05, 0.6),
)
def test_any_star_shaped_district_is_cut_well(
    rays: list[tuple[float, float]], communities: int, size: int, least_share: float
) -> None:
    turns = np.cumsum([turn for _, turn in rays])
    angles = turns / turns[-1] * 2 * np.pi
    corners = [(117 + 0.02 * r * np.cos(a), 39 + 0.015 * r * np.sin(a)) for (r, _), a in zip(rays, angles, strict=True)]
    boundary = shapely.Polygon(corners)
    ground = metric([boundary], 4548)[0]
    if not boundary.is_valid or ground.area < 200_000 or shapely.minimum_clearance(ground) < 20:
        return
    listed = [(f"社区{n}", f"120199001{n:03d}") for n in range(1, communities + 1)]
    shapes = generate_communities(boundary, [("东街", "120199001"), *listed], within="120199")
    parts = [(code, shape) for code, shape in shapes.items() if len(code) == 12]
    assert len(parts) == communities
    cells, report = generate_unit_grids(parts, GridRules(cell_size=size, least_share=least_share))
    assert_good_grids(parts, cells, report, size)


def test_a_community_with_more_than_999_cells_gets_larger_ones_and_the_report_says_so() -> None:
    west = shapely.box(117.0, 39.0, 117.06, 39.05)
    east = shapely.box(117.06, 39.0, 117.07, 39.05)
    communities: list[tuple[str, BaseGeometry]] = [("120199001001", west), ("120199001002", east)]
    cells, report = generate_unit_grids(communities)
    counts = {code: sum(cell.community == code for cell in cells) for code, _ in communities}
    assert list(report.larger_cells) == ["120199001001"]
    assert report.larger_cells["120199001001"] in (170, 180)
    assert counts["120199001001"] <= 999 < 5.2 * 5.5 * 100
    assert counts["120199001002"] > 400, "the neighbour keeps its 100 m"
    assert shapely.coverage_is_valid([cell.geometry for cell in cells]), "also along the border of two sizes"


def test_a_community_in_two_parts_is_cut_in_both() -> None:
    both = shapely.MultiPolygon([shapely.box(117.0, 39.0, 117.004, 39.003), shapely.box(117.01, 39.0, 117.014, 39.003)])
    cells, report = generate_unit_grids([("120199001001", both)])
    assert_good_grids([("120199001001", both)], cells, report, 100)
    grids = generate_responsibility_grids(cells)
    assert len(grids) == 2, "parts that do not touch are not one responsibility grid"


def test_a_tiny_community_is_one_cell() -> None:
    cells, _ = generate_unit_grids([("120199001001", shapely.box(117.0, 39.0, 117.0002, 39.0001))])
    assert [cell.code for cell in cells] == ["120199001001001"]


@pytest.mark.parametrize(
    ("code", "boundary"),
    [
        ("120199001001", shapely.Polygon([(117, 39), (117.01, 39.01), (117.01, 39), (117, 39.01)])),
        ("120199001001", shapely.Polygon()),
        ("120199001001", shapely.Point(117, 39)),
        ("120199001001", shapely.box(500_000, 4_300_000, 500_100, 4_300_100)),
        ("120199001", shapely.box(117, 39, 117.01, 39.01)),
    ],
)
def test_unusable_boundaries_are_refused(code: str, boundary: BaseGeometry) -> None:
    with pytest.raises(BoundaryUnusable):
        generate_unit_grids([(code, boundary)])


def test_责任网格_连片_不跨社区_各单元网格恰属其一() -> None:
    cells, _ = generate_unit_grids(small_communities())
    grids = generate_responsibility_grids(cells, GridRules(cells_per_responsibility_grid=12))
    assert sorted(code for grid in grids for code in grid.unit_grids) == [cell.code for cell in cells]
    shape = {cell.code: cell.geometry for cell in cells}
    for grid in grids:
        assert grid.geometry.geom_type == "Polygon", "contiguous"
        assert all(code.startswith(grid.community) for code in grid.unit_grids)
        assert grid.code == f"{grid.community}R{grid.code[13:]}"
        assert grid.geometry.equals(shapely.union_all([shape[code] for code in grid.unit_grids]))
    sizes = [len(grid.unit_grids) for grid in grids]
    assert max(sizes) <= 3 * min(sizes)
    by_community = [grid.code for grid in grids]
    assert by_community == sorted(by_community)


def test_at_most_99_responsibility_grids_in_a_community() -> None:
    cells, _ = generate_unit_grids([("120199001001", shapely.box(117.0, 39.0, 117.03, 39.025))])
    grids = generate_responsibility_grids(cells, GridRules(cells_per_responsibility_grid=2))
    assert 50 < len(grids) <= 99
    assert {grid.geometry.geom_type for grid in grids} == {"Polygon"}


@pytest.mark.parametrize(("code", "cells_at_least"), [("120111", 55_000), ("310117", 60_000)])
def test_真实区县_全部划分(
    code: str,
    cells_at_least: int,
    real_boundary: Callable[[str], BaseGeometry],
    real_divisions: Callable[[str], list[tuple[str, str]]],
) -> None:
    boundary = real_boundary(code)
    shapes = generate_communities(boundary, real_divisions(code), within=code)
    communities = [(c, shape) for c, shape in shapes.items() if len(c) == 12]
    cells, report = generate_unit_grids(communities)
    assert len(cells) > cells_at_least
    assert shapely.coverage_is_valid([cell.geometry for cell in cells])
    on_ground = metric([cell.geometry for cell in cells], report.epsg)
    ground = metric([boundary], report.epsg)[0]
    assert shapely.area(on_ground).sum() == pytest.approx(ground.area, rel=1e-6)
    owner = dict(communities)
    inner = shapely.point_on_surface([cell.geometry for cell in cells])
    assert shapely.covers([owner[cell.community] for cell in cells], inner).all()
