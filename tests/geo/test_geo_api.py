"""The HTTP routes of geo: answers, bounds, problem+json."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from conftest import SMALL_BOUNDARY, SMALL_DIVISIONS
from fastapi import FastAPI
from mvt import decode

from yiwang.geo.api import router
from yiwang.geo.coordinates import from_cgcs2000
from yiwang.geo.service import CityGridPlan, GeoService, PlaceDraft
from yiwang.geo.tiles import tile_of
from yiwang.http.problems import install_problem_handlers
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database


@pytest.fixture(scope="module")
async def client(geo: GeoService, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with database.transaction() as connection:
        plan = CityGridPlan("120199", "演示区", SMALL_DIVISIONS, boundary=SMALL_BOUNDARY)
        await geo.generate_city_grid(connection, SYSTEM, plan)
        await geo.import_places(
            connection, SYSTEM, "demo", [PlaceDraft("1", "学府工业区", "industry", 117.005, 39.005)]
        )
    await geo.refresh()
    app = FastAPI()
    app.include_router(router)
    install_problem_handlers(app)
    app.state.geo = geo
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://geo/api/v1") as found:
        yield found


async def test_areas_from_the_top_down(client: httpx.AsyncClient) -> None:
    top = (await client.get("/areas")).json()
    assert [area["code"] for area in top["areas"]] == ["120199"]
    assert top["next"] is None
    area = (await client.get("/areas/120199001")).json()
    assert (area["name_zh"], area["level"], area["survey"], area["children"]) == ("东街街道", "street", "示意", 2)
    page = (await client.get("/areas/120199001001/children", params={"limit": 5})).json()
    assert len(page["areas"]) == 5
    rest = (await client.get("/areas/120199001001/children", params={"after": page["next"]})).json()
    assert rest["areas"][0]["code"] == "120199001001006"
    assert (await client.get("/areas/120199000000")).json()["code"] == "120199"
    grids = (await client.get("/areas/120199001001/responsibility-grids")).json()
    assert grids[0]["code"] == "120199001001R01"


async def test_a_boundary_is_geojson(client: httpx.AsyncClient) -> None:
    answer = await client.get("/areas/120199/geometry")
    assert answer.headers["content-type"] == "application/geo+json"
    feature = answer.json()
    assert feature["properties"]["name_zh"] == "演示区"
    assert feature["geometry"]["type"] == "MultiPolygon"


@pytest.mark.parametrize("crs", ["EPSG:4490", "GCJ-02", "BD-09"])
async def test_a_point_is_located_in_every_coordinate_system(client: httpx.AsyncClient, crs: str) -> None:
    lon, lat = from_cgcs2000(117.0065, 39.0062, crs)
    answer = (await client.get("/locate", params={"lon": lon, "lat": lat, "crs": crs})).json()
    assert answer["location"]["district"] == "120199"
    assert len(answer["location"]["unit_grid"]) == 15
    assert (answer["longitude"], answer["latitude"]) == pytest.approx((117.0065, 39.0062), abs=1e-9)
    assert answer["near_zh"] == "学府工业区东北约190米"


async def test_a_batch_answers_as_single_points(client: httpx.AsyncClient) -> None:
    points = [[117.0 + i * 0.0009, 39.0 + i * 0.0004] for i in range(25)]
    many = (await client.post("/locate", json={"points": points})).json()["locations"]
    for (lon, lat), found in zip(points, many, strict=True):
        single = await client.get("/locate", params={"lon": lon, "lat": lat})
        assert (single.json().get("location") if single.status_code == 200 else None) == found
    assert any(found is None for found in many)
    assert any(found is not None for found in many)


async def test_a_point_outside_is_a_problem_that_says_what_to_do(client: httpx.AsyncClient) -> None:
    answer = await client.get("/locate", params={"lon": 0, "lat": 0})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "geo.outside_every_area"


async def test_tiles_are_cached_by_version(client: httpx.AsyncClient) -> None:
    tile = tile_of(117.006, 39.006, 15)
    path = f"/tiles/areas/{tile.z}/{tile.x}/{tile.y}.mvt"
    answer = await client.get(path)
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert "unit_grid" in decode(answer.content)
    again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_places_are_found_by_name(client: httpx.AsyncClient) -> None:
    found = (await client.get("/places", params={"q": "学府"})).json()
    assert [(place["id"][:6], place["name"]) for place in found] == [("place:", "学府工业区")]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/areas/999999", 404, "geo.unknown_area"),
        ("/areas/1201990010010011", 422, "input.invalid"),
        ("/areas/abc", 422, "input.invalid"),
        ("/areas/120199/children?limit=201", 422, "input.invalid"),
        ("/areas?after=%00", 422, "input.invalid"),
        ("/locate?lon=181&lat=0", 422, "input.invalid"),
        ("/locate?lon=nan&lat=39", 422, "input.invalid"),
        ("/locate?lon=1e400&lat=39", 422, "input.invalid"),
        ("/locate?lon=117", 422, "input.invalid"),
        ("/locate?lon=117&lat=39&crs=EPSG:3857", 422, "input.invalid"),
        ("/places?q=", 422, "input.invalid"),
        ("/places?q=" + "a" * 51, 422, "input.invalid"),
        ("/tiles/areas/23/0/0.mvt", 422, "input.invalid"),
        ("/tiles/areas/3/8/0.mvt", 404, "geo.tile_out_of_range"),
        ("/tiles/areas/3/99999999999999999999/0.mvt", 422, "input.invalid"),
    ],
)
async def test_wrong_requests_are_problems(client: httpx.AsyncClient, path: str, status: int, code: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"points": []},
        {"points": [[117.0]]},
        {"points": [[117.0, 91.0]]},
        {"points": [["a", 1]]},
        {"points": [[117.0, 39.0]], "crs": "mars"},
        {"points": [[117.0, 39.0]], "more": 1},
        {"points": [[117.0, 39.0]] * 10_001},
    ],
)
async def test_wrong_batches_are_problems(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    answer = await client.post("/locate", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "input.invalid")


async def test_strange_search_texts_do_no_harm(client: httpx.AsyncClient) -> None:
    for text in ("'", "\\", "a' | 'b", "🙂", "%", "!()&|:*", "学'府", "\u202e学府"):
        assert (await client.get("/places", params={"q": text})).status_code in (200, 422), text
