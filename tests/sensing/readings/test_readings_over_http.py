"""The routes of readings: codes in, codes out, every refusal typed, nothing outside what one may see."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI, Request
from sensing.devices.world import NOON, World, sensing_world
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response

from yiwang.http.problems import install_problem_handlers
from yiwang.kernel.access import ANONYMOUS, Actor, Grant
from yiwang.kernel.database import Database
from yiwang.sensing.model import Reading, empty_rows, micros, rows_of
from yiwang.sensing.readings import Keeper, api

ACTORS = {
    "all": Actor(kind="person", grants=(Grant("reading", frozenset({"read", "export"})),)),
    "north": Actor(kind="person", grants=(Grant("reading", frozenset({"read"}), area="120112"),)),
    "none": Actor(kind="person"),
    "anonymous": ANONYMOUS,
}
AROUND = NOON.isoformat()
DAY_BEFORE = (NOON - timedelta(days=1)).isoformat()


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Two air stations in two districts, a day of minutes each; the second has no place."""
    async with sensing_world(database, tmp_path_factory.mktemp("home")) as found:
        south = await found.add("south-1", "MN0001", area="120111001")
        north = await found.add("north-1", "MN0002", area="120112001", at=None)
        pm25 = found.sensing.directory.metric("pm25")
        assert pm25 is not None
        keeper = Keeper(found.sensing.readings)
        await keeper.follow()
        for device in (south, north):
            rows = empty_rows(1440)
            rows["device"], rows["metric"] = device.id, pm25.id
            rows["at"] = micros(NOON) - np.arange(1440) * 60_000_000
            rows["value"] = np.arange(1440) % 100
            assert (await found.sensing.writer.put(rows)).stored == 1440
        await found.sensing.writer.put(rows_of([Reading(south.id, pm25.id, api.Grain.HOUR, NOON, 7.5, 0)]))
        while await keeper.follow():
            pass
        await keeper.follow()
        await keeper.close()
        yield found


@pytest.fixture(scope="module")
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(api.router)
    app.state.sensing = world.sensing

    @app.middleware("http")
    async def who(request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.actor = ACTORS[request.headers.get("who", "all")]
        return await call_next(request)

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1/readings") as found:
        yield found


async def test_最新值按列给出_无位置者为空(client: httpx.AsyncClient) -> None:
    answer = await client.get("/latest")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["device"] == ["south-1", "north-1"]
    assert body["metric"] == ["pm25", "pm25"]
    assert body["at"] == [micros(NOON) // 1000] * 2
    assert body["value"] == [0, 0]
    assert body["longitude"] == [117.01, None]
    assert body["next"] is None


async def test_最新值翻页_不切断一台设备(client: httpx.AsyncClient) -> None:
    first = (await client.get("/latest", params={"limit": 1})).json()
    assert first["device"] == ["south-1"]
    second = (await client.get("/latest", params={"limit": 1, "after": first["next"]})).json()
    assert second["device"] == ["north-1"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "devices"),
    [
        ({"area": "120112"}, ["north-1"]),
        ({"bbox": "117,39,118,40"}, ["south-1"]),
        ({"profile": "tanker"}, []),
        ({"metric": "pm25"}, ["south-1", "north-1"]),
        ({"metric": "noise"}, []),
    ],
)
async def test_最新值的条件(client: httpx.AsyncClient, query: dict[str, str], devices: list[str]) -> None:
    assert (await client.get("/latest", params=query)).json()["device"] == devices


async def test_曲线(client: httpx.AsyncClient) -> None:
    query = {"device": "south-1", "metric": "pm25", "since": DAY_BEFORE, "until": AROUND, "points": 30}
    answer = await client.get("/series", params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["unit"], body["source"], body["step"]) == ("µg/m³", "hour", 3600)
    assert sum(point["count"] for point in body["points"]) == 1439
    assert body["points"][3]["valid_share"] == 1


async def test_前后读数与设备自报值(client: httpx.AsyncClient) -> None:
    query = {"device": "south-1", "metric": "pm25", "around": AROUND, "minutes": 10}
    assert len((await client.get("/history", params=query)).json()["items"]) == 11
    own = (await client.get("/history", params={**query, "grain": "hour"})).json()
    assert [item["value"] for item in own["items"]] == [7.5]


async def test_导出_条数在头里_每条一行(client: httpx.AsyncClient) -> None:
    query = {"device": ["south-1", "north-1"], "since": DAY_BEFORE, "until": AROUND}
    answer = await client.get("/export.csv", params=query)
    assert answer.status_code == 200, answer.text
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert int(answer.headers["X-Total-Count"]) == len(lines) == 2878
    assert lines[0] == {
        "device": "south-1", "metric": "pm25", "grain": "real", "at": "2026-06-17T04:01:00.000Z", "value": "39.0",
        "unit": "µg/m³", "quality": "2048",
    }  # fmt: skip


async def test_监测项(client: httpx.AsyncClient) -> None:
    items = (await client.get("/metrics")).json()["items"]
    assert {"code": "pm25", "unit": "µg/m³"}.items() <= next(item for item in items if item["code"] == "pm25").items()


ONE = {"device": "south-1", "metric": "pm25", "since": DAY_BEFORE, "until": AROUND}


@pytest.mark.parametrize(
    ("who", "path", "query", "status", "code"),
    [
        ("anonymous", "/latest", {}, 401, "identity.sign_in_needed"),
        ("none", "/latest", {}, 403, "identity.forbidden"),
        ("none", "/metrics", {}, 403, "identity.forbidden"),
        ("none", "/series", ONE, 403, "identity.forbidden"),
        ("north", "/series", ONE, 404, "sensing.unknown_device"),
        ("north", "/history", {**ONE, "around": AROUND}, 404, "sensing.unknown_device"),
        ("north", "/export.csv", ONE, 403, "identity.forbidden"),
        ("all", "/series", {**ONE, "device": "nowhere"}, 404, "sensing.unknown_device"),
        ("all", "/series", {**ONE, "metric": "nothing"}, 404, "sensing.unknown_metric"),
        ("all", "/series", {**ONE, "until": DAY_BEFORE}, 422, "sensing.span_not_usable"),
        ("all", "/series", {**ONE, "since": "1900-01-01T00:00:00Z"}, 422, "sensing.span_not_usable"),
        ("all", "/series", {**ONE, "since": "2026-06-17"}, 422, "input.invalid"),
        ("all", "/series", {**ONE, "points": "1"}, 422, "input.invalid"),
        ("all", "/series", {**ONE, "device": "x' or 1=1"}, 422, "input.invalid"),
        ("all", "/latest", {"bbox": "1,2,3"}, 422, "input.invalid"),
        ("all", "/latest", {"bbox": "117,nan,118,40"}, 422, "input.invalid"),
        ("all", "/latest", {"bbox": "118,39,117,40"}, 422, "input.invalid"),
        ("all", "/latest", {"metric": "nothing"}, 404, "sensing.unknown_metric"),
        ("all", "/history", {**ONE, "around": AROUND, "minutes": "inf"}, 422, "input.invalid"),
        ("all", "/export.csv", {"since": DAY_BEFORE, "until": AROUND}, 422, "input.invalid"),
    ],
)
async def test_每种拒绝都有代码(
    client: httpx.AsyncClient, who: str, path: str, query: dict[str, str], status: int, code: str
) -> None:
    answer = await client.get(path, params=query, headers={"who": who})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_只看得见自己区域的最新值(client: httpx.AsyncClient) -> None:
    assert (await client.get("/latest", headers={"who": "north"})).json()["device"] == ["north-1"]


async def test_遥远的年代不出错(client: httpx.AsyncClient) -> None:
    query = {**ONE, "around": "0001-01-01T00:00:00+08:00"}
    answer = await client.get("/history", params=query)
    assert answer.status_code in (200, 422), answer.text
    answer = await client.get(
        "/series", params={**ONE, "since": "9999-12-31T23:00:00Z", "until": "9999-12-31T23:59:59Z"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "sensing.span_not_usable"), answer.text


def test_家目录不存在时_湖是空的(tmp_path: Path) -> None:
    from yiwang.sensing.readings.lake import Lake

    assert not Lake(tmp_path / "nowhere").folder.exists()
