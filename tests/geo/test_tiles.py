"""Vector tiles: which layers at which zoom, clusters that add up, scope that no point escapes."""

from __future__ import annotations

import pytest
from conftest import SMALL_BOUNDARY, SMALL_DIVISIONS
from hypothesis import given
from hypothesis import strategies as st
from mvt import decode

from yiwang.geo.coordinates import from_cgcs2000
from yiwang.geo.errors import TileOutOfRange
from yiwang.geo.service import CityGridPlan, GeoService, PointLayer, Tile, point_tile_query
from yiwang.geo.tiles import LAYERS, tile_envelope, tile_of
from yiwang.kernel.access import ANONYMOUS, SYSTEM, Actor, Grant, Sql, scope_condition
from yiwang.kernel.database import Database

MIDDLE = (117.006, 39.006)


@pytest.fixture(scope="module")
async def city(geo: GeoService, database: Database) -> GeoService:
    async with database.transaction() as connection:
        plan = CityGridPlan("120199", "演示区", SMALL_DIVISIONS, boundary=SMALL_BOUNDARY)
        await geo.generate_city_grid(connection, SYSTEM, plan)
        await connection.execute(
            "create table pin as select n as id, case when n % 4 = 0 then '120199001001' else '120199100200' end"
            ' collate "C" as area, n % 10 = 0 as late, st_transform(st_setsrid(st_makepoint('
            "117 + (n % 100) * 0.0002, 39 + (n / 100) * 0.0002), 4326), 3857) as at from generate_series(0, 4999) n"
        )
        await connection.execute("create index on pin using gist (at)")
    await geo.refresh()
    return geo


@pytest.mark.parametrize(
    ("z", "layers"),
    [
        (5, {"district"}),
        (9, {"district", "street"}),
        (12, {"district", "street", "community"}),
        (13, {"district", "street", "community", "responsibility_grid"}),
        (15, {"district", "street", "community", "responsibility_grid", "unit_grid"}),
    ],
)
async def test_each_layer_appears_from_its_zoom_on(city: GeoService, z: int, layers: set[str]) -> None:
    found = decode(await city.area_tile(tile_of(*MIDDLE, z)))
    assert set(found) == layers
    assert found["district"] == [{"code": "120199", "name_zh": "演示区", "kind": "district", "survey": "measured"}]
    if z == 12:
        assert {feature["code"] for feature in found["community"]} == {
            d.code for d in SMALL_DIVISIONS if len(d.code) == 12
        }
        assert {feature["survey"] for feature in found["community"]} == {"示意"}


async def test_all_unit_grids_are_in_the_tiles_of_the_lowest_zoom_that_shows_them(city: GeoService) -> None:
    z = LAYERS["unit_grid"]
    codes: set[object] = set()
    west, south, east, north = SMALL_BOUNDARY.bounds
    first, last = tile_of(west, north, z), tile_of(east, south, z)
    for x in range(first.x, last.x + 1):
        for y in range(first.y, last.y + 1):
            codes |= {feature["code"] for feature in decode(await city.area_tile(Tile(z, x, y))).get("unit_grid", [])}
    cells = [area.code for d in SMALL_DIVISIONS if len(d.code) == 12 for area in await city.areas(d.code)]
    assert codes == set(cells)


async def test_an_empty_place_gives_an_empty_tile(city: GeoService) -> None:
    assert await city.area_tile(Tile(14, 0, 0)) == b""


LAYER = PointLayer("case", "pin p", "p.at", "p.id", {"late": "p.late"}, {"late": "p.late"}, single_from_zoom=15)


async def draw(database: Database, tile: Tile, actor: Actor, layer: PointLayer = LAYER) -> list[dict[str, object]]:
    args = Sql()
    condition = scope_condition(actor, "case", "read", args, area="p.area")
    query = point_tile_query(layer, tile, args, condition)
    async with database.connection() as connection:
        return [dict(f) for f in decode(await connection.fetchval(query, *args.values)).get(layer.name, [])]


def around(z: int) -> list[Tile]:
    first, last = tile_of(116.99, 39.02, z), tile_of(117.03, 38.99, z)
    return [Tile(z, x, y) for x in range(first.x, last.x + 1) for y in range(first.y, last.y + 1)]


@pytest.mark.parametrize("z", [3, 10, 13, 14])
async def test_clusters_of_all_tiles_add_up(city: GeoService, database: Database, z: int) -> None:
    features = [feature for tile in around(z) for feature in await draw(database, tile, SYSTEM)]
    assert sum(int(str(feature["n"])) for feature in features) == 5000
    assert sum(int(str(feature["late"])) for feature in features) == 500
    assert not any("capped" in feature for feature in features)


@pytest.mark.parametrize("z", [15, 18])
async def test_points_stand_in_exactly_one_tile(city: GeoService, database: Database, z: int) -> None:
    features = [feature for tile in around(z) for feature in await draw(database, tile, SYSTEM)]
    assert sorted(int(str(feature["id"])) for feature in features) == list(range(5000))


async def test_瓦片只含有权查看的点(city: GeoService, database: Database) -> None:
    clerk = Actor(kind="person", grants=(Grant("case", frozenset({"read"}), area="120199001"),))
    clusters = [feature for tile in around(12) for feature in await draw(database, tile, clerk)]
    assert sum(int(str(feature["n"])) for feature in clusters) == 1250
    points = [feature for tile in around(16) for feature in await draw(database, tile, clerk)]
    assert {int(str(feature["id"])) % 4 for feature in points} == {0}
    assert [feature for tile in around(12) for feature in await draw(database, tile, ANONYMOUS)] == []


async def test_a_tile_with_too_many_rows_says_that_it_is_capped(city: GeoService, database: Database) -> None:
    layer = PointLayer("case", "pin p", "p.at", "p.id", row_limit=100)
    features = await draw(database, tile_of(*MIDDLE, 10), SYSTEM, layer)
    assert sum(int(str(feature["n"])) for feature in features) == 100
    assert all(feature["capped"] is True for feature in features)


@pytest.mark.parametrize(("z", "x", "y"), [(-1, 0, 0), (23, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, -1), (22, 0, 2**22)])
def test_tiles_that_do_not_exist_are_refused(z: int, x: int, y: int) -> None:
    with pytest.raises(TileOutOfRange):
        Tile(z, x, y)
    with pytest.raises(TileOutOfRange):
        tile_envelope(z, x, y)


@given(st.floats(-180, 179.999), st.floats(-85, 85), st.integers(0, 22))
def test_a_place_lies_in_the_envelope_of_its_tile(longitude: float, latitude: float, z: int) -> None:
    tile = tile_of(longitude, latitude, z)
    west, south, east, north = tile_envelope(tile.z, tile.x, tile.y)
    x, y = from_cgcs2000(longitude, latitude, "EPSG:3857")
    assert west - 1e-3 <= x <= east + 1e-3
    assert south - 1e-3 <= y <= north + 1e-3
