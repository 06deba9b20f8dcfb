"""Areas, grids and places on a real database: generating, importing, survey before schematic, versions, journal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from conftest import SMALL_BOUNDARY, SMALL_DIVISIONS
from surveys import Feature, write_geojson

from yiwang.geo.errors import BoundaryUnusable, GridsAlreadyCoded, ImpossibleCoordinates, UnknownArea
from yiwang.geo.service import (
    AreaDraft,
    CityGridPlan,
    CityGridReport,
    DivisionName,
    GeoService,
    PlaceDraft,
    Provenance,
    Survey,
)
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database

PLAN = CityGridPlan(
    "120199",
    "演示区",
    SMALL_DIVISIONS,
    "Demo District",
    boundary=SMALL_BOUNDARY,
    boundary_source=Provenance("invented", "GCJ-02"),
)


@pytest.fixture(autouse=True)
async def empty(database: Database) -> None:
    """Each test begins without areas."""
    async with database.transaction() as connection:
        await connection.execute("truncate area, responsibility_grid, place, geo_import")
        await connection.execute("update geo_state set version = version + 1")


async def generate(
    geo: GeoService, database: Database, plan: CityGridPlan = PLAN, *, replace: bool = False
) -> CityGridReport:
    async with database.transaction() as connection:
        report = await geo.generate_city_grid(connection, SYSTEM, plan, replace=replace)
    await geo.refresh()
    return report


async def versions(database: Database) -> int:
    async with database.connection() as connection:
        version: int = await connection.fetchval("select version from geo_state")
        return version


async def entries(database: Database, verb: str) -> int:
    async with database.connection() as connection:
        # Not by following: that tells only what is final, and other databases of the cluster may be at work.
        found: int = await connection.fetchval("select count(*) from journal where verb = $1", verb)
        return found


async def test_生成城市网格_定位_分级_都能用(geo: GeoService, database: Database) -> None:
    before = await entries(database, "area.generated")
    report = await generate(geo, database)
    assert (report.streets, report.communities, report.unchanged) == (2, 5, False)
    assert report.unit_grids > 100
    location = geo.locator.locate(117.005, 39.005)
    assert location is not None
    assert location.district == "120199"
    assert location.responsibility_grid is not None
    assert location.unit_grid is not None
    assert await entries(database, "area.generated") == before + 1

    top = await geo.areas()
    assert [(area.code, area.level, area.survey, area.crs_source) for area in top] == [
        ("120199", "district", Survey.MEASURED, "GCJ-02")
    ]
    streets = await geo.areas("120199")
    assert [(area.name_zh, area.kind, area.survey) for area in streets] == [
        ("东街街道", "street", Survey.SCHEMATIC),
        ("西村镇", "town", Survey.SCHEMATIC),
    ]
    assert streets[0].children == 2
    cell = await geo.area(location.unit_grid)
    assert cell.parent == location.community
    assert cell.name_zh.endswith("号网格")
    assert cell.survey is Survey.SCHEMATIC
    assert cell.code_system == "stat-2023"
    grids = await geo.responsibility_grids(location.community or "")
    assert location.responsibility_grid in {grid.code for grid in grids}


async def test_the_same_plan_again_changes_nothing(geo: GeoService, database: Database) -> None:
    first = await generate(geo, database)
    version, entry_count = await versions(database), await entries(database, "area.")
    second = await generate(geo, database)
    assert second == replace(first, unchanged=True)
    assert (await versions(database), await entries(database, "area.")) == (version, entry_count)
    assert await geo.refresh() is False


async def test_编码一经确定不变_除非明确替换(geo: GeoService, database: Database) -> None:
    await generate(geo, database)
    finer = replace(PLAN, rules=replace(PLAN.rules, cell_size=60))
    with pytest.raises(GridsAlreadyCoded):
        await generate(geo, database, finer)
    report = await generate(geo, database, finer, replace=True)
    async with database.connection() as connection:
        stored = await connection.fetchval("select count(*) from area where level = 'unit_grid'")
    assert stored == report.unit_grids > 300


async def test_a_failed_transaction_leaves_nothing(geo: GeoService, database: Database) -> None:
    version = await versions(database)

    async def fail_late() -> None:
        async with database.transaction() as connection:
            await geo.generate_city_grid(connection, SYSTEM, PLAN)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_late()
    assert await versions(database) == version
    assert await geo.areas() == []


async def test_elsewhere_each_community_is_one_responsibility_grid(geo: GeoService, database: Database) -> None:
    plan = replace(PLAN, unit_grid_areas=("120199001",), responsibility_grid_areas=("120199001001",))
    await generate(geo, database, plan)
    async with database.connection() as connection:
        cut = await connection.fetch("select distinct left(code, 9) as street from area where level = 'unit_grid'")
        grids = await connection.fetch("select code, cardinality(unit_grids) as n from responsibility_grid order by 1")
    assert [row["street"] for row in cut] == ["120199001"]
    found = {row["code"]: row["n"] for row in grids}
    assert found["120199001002R01"] > 40, "a community with unit grids, one responsibility grid for all of them"
    assert found["120199100200R01"] == 0, "a community without unit grids"
    rural = next(p for p in _points() if (at := geo.locator.locate(*p)) and at.street == "120199100")
    location = geo.locator.locate(*rural)
    assert location is not None
    assert location.unit_grid is None
    assert location.responsibility_grid == f"{location.community}R01"


def _points() -> list[tuple[float, float]]:
    return [(117.0 + i * 0.001, 39.0 + j * 0.001) for i in range(20) for j in range(14)]


async def test_surveyed_geometry_stays_and_the_rest_is_filled_around_it(
    geo: GeoService, database: Database, tmp_path: Path
) -> None:
    square = shapely.box(117.002, 39.003, 117.008, 39.009)
    features: list[Feature] = [
        ({"code": "120199", "name": "演示区"}, SMALL_BOUNDARY),
        ({"code": "120199001", "name": "东街街道"}, square),
    ]
    path = write_geojson(tmp_path / "streets.geojson", features)
    async with database.transaction() as connection:
        report = await geo.import_survey(connection, SYSTEM, path, Provenance("survey office"))
    assert (report.rows, report.accepted) == (2, 2)
    await generate(geo, database, replace(PLAN, boundary=None))
    street = await geo.geometry("120199001")
    assert street is not None
    assert street.equals(square)
    assert (await geo.area("120199001")).survey is Survey.MEASURED
    assert (await geo.area("120199001001")).survey is Survey.SCHEMATIC
    inside, outside = geo.locator.locate(117.005, 39.006), geo.locator.locate(117.001, 39.001)
    assert inside is not None
    assert inside.street == "120199001"
    assert outside is not None
    assert outside.street == "120199100"


async def test_surveyed_unit_grids_are_not_cut_again(geo: GeoService, database: Database, tmp_path: Path) -> None:
    await generate(geo, database)
    community = await geo.geometry("120199001001")
    assert community is not None
    path = write_geojson(tmp_path / "grids.geojson", [({"code": "120199001001901", "name": "实测"}, community)])
    async with database.transaction() as connection:
        await connection.execute("delete from area where parent = '120199001001'")
        report = await geo.import_survey(connection, SYSTEM, path, Provenance("survey office"))
        assert report.accepted == 1
        await geo.generate_city_grid(connection, SYSTEM, PLAN, replace=True)
    await geo.refresh()
    assert [area.code for area in await geo.areas("120199001001")] == ["120199001001901"]


async def test_导入_坏行不影响好行_重复导入不改变任何东西(geo: GeoService, database: Database, tmp_path: Path) -> None:
    features: list[Feature] = [
        ({"code": "120199", "name": "演示区"}, SMALL_BOUNDARY),
        ({"code": "120199001", "name": "东街街道"}, shapely.box(117.002, 39.003, 117.006, 39.009)),
        ({"code": "120199002", "name": "重叠街道"}, shapely.box(117.002, 39.003, 117.006, 39.009)),
    ]
    path = write_geojson(tmp_path / "areas.geojson", features)
    for expected in (1, 0):
        version = await versions(database)
        async with database.transaction() as connection:
            report = await geo.import_survey(connection, SYSTEM, path, Provenance("survey office"))
        assert (report.rows, report.accepted, len(report.problems), report.changed) == (3, 2, 1, 2 * expected)
        assert await versions(database) == version + expected


async def test_imported_responsibility_grids_take_the_unit_grids_whose_centre_they_hold(
    geo: GeoService, database: Database, tmp_path: Path
) -> None:
    await generate(geo, database)
    community = await geo.geometry("120199001001")
    assert community is not None
    west, south, east, north = community.bounds
    half = community.intersection(shapely.box(west, south, (west + east) / 2, north))
    path = write_geojson(tmp_path / "r.geojson", [({"code": "120199001001W01", "name": "西半"}, half)])
    async with database.transaction() as connection:
        await connection.execute("delete from responsibility_grid where community = '120199001001'")
        report = await geo.import_responsibility_grids(connection, SYSTEM, path, Provenance("survey office"))
    assert report.problems == ()
    await geo.refresh()
    grids = await geo.responsibility_grids("120199001001")
    cells = await geo.areas("120199001001")
    assert [grid.code for grid in grids] == ["120199001001W01"]
    assert 0 < grids[0].unit_grids < len(cells)


async def test_a_parent_that_comes_later_adopts_its_children(geo: GeoService, database: Database) -> None:
    async with database.transaction() as connection:
        street = AreaDraft("120199001", "东街街道", SMALL_BOUNDARY)
        await geo.import_areas(connection, SYSTEM, [street], Provenance("x"))
        await geo.import_areas(connection, SYSTEM, [AreaDraft("120199", "演示区", None)], Provenance("x"))
    assert [area.code for area in await geo.areas()] == ["120199"]
    assert (await geo.area("120199001")).parent == "120199"
    assert (await geo.area("120199")).survey is None


async def test_areas_page_by_code(geo: GeoService, database: Database) -> None:
    await generate(geo, database)
    everything = await geo.areas("120199001001")
    first = await geo.areas("120199001001", limit=7)
    rest = await geo.areas("120199001001", after=first[-1].code)
    assert [*first, *rest] == everything
    assert [area.code for area in everything] == sorted(area.code for area in everything)


@pytest.mark.parametrize("code", ["120198", "x", "12019900", "", "120199001001999"])
async def test_unknown_areas_are_said_to_be_unknown(geo: GeoService, code: str) -> None:
    with pytest.raises(UnknownArea):
        await geo.area(code)


async def test_generating_without_a_boundary_says_what_is_missing(geo: GeoService, database: Database) -> None:
    with pytest.raises(BoundaryUnusable):
        await generate(geo, database, replace(PLAN, boundary=None))


PLACES = [
    PlaceDraft("1", "学府工业区", "industry", 117.005, 39.005),
    PlaceDraft("2", "学府路小学", "school", 117.012, 39.003),
    PlaceDraft("3", "东街菜市场", "market", 117.003, 39.009),
    PlaceDraft("4", "100%商场_A", "shop", 117.001, 39.001),
]


async def test_地名_按名称查找(geo: GeoService, database: Database) -> None:
    await generate(geo, database)
    async with database.transaction() as connection:
        assert await geo.import_places(connection, SYSTEM, "demo", PLACES) == 4
        assert await geo.import_places(connection, SYSTEM, "demo", PLACES) == 0
    assert [place.name for place in await geo.search_places("学府")] == ["学府工业区", "学府路小学"]
    assert [place.name for place in await geo.search_places("学府路小学")] == ["学府路小学"]
    assert [place.name for place in await geo.search_places("市")] == ["东街菜市场"]
    assert [place.name for place in await geo.search_places("东街")][:2] == ["东街街道", "东街菜市场"]
    assert [place.name for place in await geo.search_places("100%")] == ["100%商场_A"]
    assert await geo.search_places("不存在的地方") == []
    assert await geo.search_places("'%_") == []
    assert len(await geo.search_places("学府", limit=1)) == 1
    found = (await geo.search_places("学府工业区"))[0]
    assert len(found.area) == 15


async def test_地名_最近的地名与方位(geo: GeoService, database: Database) -> None:
    async with database.transaction() as connection:
        await geo.import_places(connection, SYSTEM, "demo", PLACES)
    near = await geo.nearest_place(117.0065, 39.0062)
    assert near is not None
    assert near.text() == "学府工业区东北约190米"
    assert near.text("en") == "about 190 m north-east of 学府工业区"
    at = await geo.nearest_place(117.005, 39.005)
    assert at is not None
    assert at.text() == "学府工业区附近"
    assert await geo.nearest_place(118.0, 40.0) is None
    with pytest.raises(ImpossibleCoordinates):
        await geo.nearest_place(200.0, 0.0)


async def test_measured_metres_decide_not_degrees(geo: GeoService, database: Database) -> None:
    """At 39° north a degree east is 86 km and a degree north 111 km."""
    places = [PlaceDraft("e", "东", "x", 117.0100, 39.0), PlaceDraft("n", "北", "x", 117.0, 39.0085)]
    async with database.transaction() as connection:
        await geo.import_places(connection, SYSTEM, "demo", places)
    near = await geo.nearest_place(117.0, 39.0)
    assert near is not None
    assert near.place.name == "东"
    assert near.metres == pytest.approx(865.6, abs=1)
    assert near.bearing_zh == "西侧", "the asked point lies to the west of the place"


async def test_一市两区_街道各归其区(geo: GeoService, database: Database) -> None:
    west, east = shapely.box(122.0, 41.0, 122.01, 41.01), shapely.box(122.01, 41.0, 122.02, 41.01)
    districts = [AreaDraft("211102", "西区", west, "West"), AreaDraft("211103", "东区", east, "East")]
    listed = (
        DivisionName("211102002", "胜利街道"),
        DivisionName("211102002001", "胜利社区"),
        DivisionName("211103001", "振兴街道"),
        DivisionName("211103001001", "振兴一社区"),
        DivisionName("211103001002", "振兴二社区"),
    )
    plan = CityGridPlan("211100", "盘锦市", listed, boundary=shapely.union_all([west, east]))
    async with database.transaction() as connection:
        await geo.import_areas(connection, SYSTEM, districts, Provenance("survey office"))
    report = await generate(geo, database, plan)
    assert (report.streets, report.communities) == (2, 3)
    assert [area.code for area in await geo.areas()] == ["2111"]
    assert [(area.code, area.name_en) for area in await geo.areas("2111")] == [("211102", "West"), ("211103", "East")]
    for longitude, district in ((122.005, "211102"), (122.015, "211103")):
        location = geo.locator.locate(longitude, 41.005)
        assert location is not None
        assert location.district == district
        assert location.unit_grid is not None
        assert location.unit_grid.startswith(district)
    assert (await geo.area("211100")).name_zh == "盘锦市"
