"""报警与规则的接口:列表、看板、单条、确认、关闭、搁置;规则草稿、发布、试算。范围之外看不到。"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import orjson
import pytest
from alarm_world import FLOODED, AlarmWorld
from support.http_city import HttpCity, http_city

from yiwang.kernel.cluster import EmbeddedServer

QUIET = {key: value for key, value in FLOODED.items() if key != "opens"}


@pytest.fixture(scope="module")
async def city(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpCity]:
    async with http_city(server, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
async def shift(city: HttpCity) -> httpx.AsyncClient:
    return await city.client("shift1")


async def test_值班长看到报警_确认_关闭(world: AlarmWorld, shift: httpx.AsyncClient) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.1, 0.3)
    await world.measure("G-2", 0.6)
    page = (await shift.get("/api/v1/alarms", params={"limit": 1})).json()
    assert (page["items"][0]["device"], page["items"][0]["severity_names"]["zh"]) == ("G-2", "严重")
    rest = (await shift.get("/api/v1/alarms", params={"limit": 1, "after": page["next"]})).json()
    assert (rest["items"][0]["device"], rest["next"]) == ("G-1", None)
    board = (await shift.get("/api/v1/alarms/board")).json()
    assert board["total"] == 2
    assert board["gravest"][0]["device"] == "G-2"
    one = rest["items"][0]["id"]
    view = (await shift.get(f"/api/v1/alarms/{one}")).json()
    assert view["may"] == ["acknowledge", "shelve", "close", "note"]
    assert len(view["curves"][0]["points"]) == 2
    done = (await shift.post("/api/v1/alarms/acknowledge", json={"ids": [one]})).json()
    assert done == {"done": [one], "refused": []}
    assert (await shift.post(f"/api/v1/alarms/{one}/notes", json={"text": "已电话通知泵站"})).status_code == 204
    closed = (await shift.post("/api/v1/alarms/close", json={"ids": [one], "reason": "误报"})).json()
    assert closed["done"] == [one]
    again = (await shift.post("/api/v1/alarms/acknowledge", json={"ids": [one]})).json()
    assert again["refused"][0]["code"] == "alarm.not_open"
    view = (await shift.get(f"/api/v1/alarms/{one}")).json()
    assert [entry["verb"] for entry in view["story"]] == [
        "alarm.raised",
        "alarm.acknowledged",
        "alarm.noted",
        "alarm.closed",
    ]


async def test_搁置要有理由和期限(world: AlarmWorld, shift: httpx.AsyncClient) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-3", 0.3)
    one = (await shift.get("/api/v1/alarms")).json()["items"][0]["id"]
    body = {"ids": [one], "until": "2020-01-01T00:00:00+08:00", "reason": "检修"}
    refused = await shift.post("/api/v1/alarms/shelve", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "alarm.shelf_not_usable")
    body = {"ids": [one], "until": (world.city.now() + timedelta(hours=1)).isoformat(), "reason": " "}
    assert (await shift.post("/api/v1/alarms/shelve", json=body)).status_code == 422


async def test_没有权限的岗位看不到报警(world: AlarmWorld, city: HttpCity) -> None:
    for login in ("patrol1", "operator1"):
        answer = await (await city.client(login)).get("/api/v1/alarms")
        assert (answer.status_code, answer.json()["code"]) == (403, "identity.forbidden")
    desk = await city.client("water-desk")
    assert (await desk.get("/api/v1/alarms")).json()["items"] == []  # of its own organisation: none
    assert (await desk.put("/api/v1/alarm-rules/flooded/draft", json={"declaration": QUIET})).status_code == 403


async def test_起草_试算_发布(world: AlarmWorld, shift: httpx.AsyncClient) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-4", 0.1, 0.4, 0.1)
    own = {**QUIET, "when": {"metric": "depth", "above": 0.35}}
    draft = (await shift.put("/api/v1/alarm-rules/flooded/draft", json={"declaration": own, "note": "放宽"})).json()
    assert (draft["state"], draft["origin"]) == ("draft", "city")
    now = world.city.now()
    span = {"since": (now - timedelta(hours=5)).isoformat(), "until": now.isoformat()}
    answer = await shift.post(f"/api/v1/alarm-rules/{draft['id']}/rehearse", json=span)
    trial = answer.json()
    assert trial["fired"] >= 1
    assert trial["firings"][0]["device"].startswith("G-")
    lines = await shift.post("/api/v1/alarm-rules/rehearse", params={"stream": True}, json={**span, "declaration": own})
    assert [set(orjson.loads(line)) for line in lines.content.splitlines()][-1] == {"result"}
    assert (await shift.post(f"/api/v1/alarm-rules/{draft['id']}/publish")).json()["state"] == "published"
    again = await shift.post(f"/api/v1/alarm-rules/{draft['id']}/publish")
    assert again.json()["code"] == "alarm_rule.not_a_draft"
    versions = (await shift.get("/api/v1/alarm-rules/flooded/versions")).json()["items"]
    assert versions[0]["published_by"] == "赵建国"
    assert (await shift.post("/api/v1/alarm-rules/flooded/revert")).status_code == 204


async def test_不存在的指标量被拒绝(world: AlarmWorld, shift: httpx.AsyncClient) -> None:
    wrong = {**QUIET, "when": {"metric": "depht", "above": 0.3}}
    answer = await shift.put("/api/v1/alarm-rules/wrong/draft", json={"declaration": wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "alarm_rule.metric_unknown")
