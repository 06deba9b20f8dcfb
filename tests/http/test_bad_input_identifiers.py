"""坏输入之编号:ids of other scopes are answered as if they had never been given out; page keys cannot be bent."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from support.http_city import HttpCity, a_city, jpeg, refused

city = a_city()

NOTE = {"note": "试一试"}
UNKNOWN = UUID("01a20017-bedc-7000-ba52-000000000000")
CASE_DOORS: list[tuple[str, str, dict[str, object] | None]] = [
    ("GET", "/api/v1/cases/{id}", None),
    ("GET", "/api/v1/cases/{id}?purpose=回访", None),
    ("GET", "/api/v1/cases/{id}/story", None),
    *[
        ("POST", f"/api/v1/cases/{{id}}/{verb}", NOTE)
        for verb in ("suspend", "resume", "urge", "supervise", "force-close", "void", "unfold")
    ],
    ("POST", "/api/v1/cases/{id}/extension", {"limit": "1工作日", **NOTE}),
    ("POST", "/api/v1/cases/{id}/extension/decision", {"result": "approve", **NOTE}),
    ("POST", "/api/v1/cases/{id}/fold", {"head": "CG20260618000001"}),
]
TASK_DOORS: list[tuple[str, str, dict[str, object] | None]] = [
    ("POST", "/api/v1/tasks/{id}/complete", {"outcome": "file", "standard": "overflow"}),
    ("POST", "/api/v1/tasks/{id}/complete", {"outcome": "nonsense"}),
    ("POST", "/api/v1/tasks/{id}/complete", {"outcome": "dispatch", "department": "nowhere"}),
    ("POST", "/api/v1/tasks/{id}/complete", {"outcome": "dispatch", "limit": "三百年"}),
    ("POST", "/api/v1/tasks/{id}/complete", {"outcome": "finish", "photos": [{"id": str(UNKNOWN), "claim": "a" * 16}]}),
    ("POST", "/api/v1/tasks/{id}/claim", None),
    ("POST", "/api/v1/tasks/{id}/reassign", {"person": str(UNKNOWN), "note": "出差"}),
    ("POST", "/api/v1/tasks/{id}/reassign", {"person": str(UNKNOWN), "note": ""}),
]


async def _ask(client: httpx.AsyncClient, method: str, door: str, one: UUID, body: object) -> dict[str, Any]:
    answer = await client.request(method, door.replace("{id}", str(one)), json=body)
    found = refused(answer)
    found.pop("instance")
    return found


@pytest.fixture(scope="module")
async def elsewhere(city: HttpCity) -> tuple[UUID, UUID]:
    """A case of the water bureau, and its open task."""
    opened = await city.report("地道口积水很深,车过不去", class_code="06009")
    await city.to(opened, "dispatch")
    await city.step(opened.id, "dispatch", department="water-bureau")
    return opened.id, (await city.task(opened.id)).id


STRANGERS = ["city-desk", "city-handler", "utility-desk", "sysadmin", "secadmin", "auditor"]


@pytest.mark.parametrize("login", STRANGERS)
async def test_别处的案件_每个动作都答复不存在_与没有这个编号一字不差(
    city: HttpCity, elsewhere: tuple[UUID, UUID], login: str
) -> None:
    client = await city.client(login)
    async with city.untouched():
        for method, door, body in CASE_DOORS:
            there = await _ask(client, method, door, elsewhere[0], body)
            assert there == await _ask(client, method, door, UNKNOWN, body), door
            assert there["status"] == 404, door


@pytest.mark.parametrize("login", ["city-desk", "city-handler", "utility-desk", "secadmin", "auditor", "worker1"])
async def test_别处的任务_每个动作都答复不存在_与没有这个编号一字不差(
    city: HttpCity, elsewhere: tuple[UUID, UUID], login: str
) -> None:
    client = await city.client(login)
    async with city.untouched():
        for method, door, body in TASK_DOORS:
            there = await _ask(client, method, door, elsewhere[1], body)
            assert there == await _ask(client, method, door, UNKNOWN, body), f"{door} {body}"


async def test_看得见案件而任务不是自己的_告知不是自己的(city: HttpCity, elsewhere: tuple[UUID, UUID]) -> None:
    client = await city.client("shift1")
    body = {"outcome": "handle_self"}
    refused(await client.post(f"/api/v1/tasks/{elsewhere[1]}/complete", json=body), 403, "flow.task_not_yours")
    assert (await client.get(f"/api/v1/cases/{elsewhere[0]}")).status_code == 200


async def test_自己办过的任务_再办时告知何人何时办结(city: HttpCity) -> None:
    opened = await city.report("路口井盖丢了,请尽快补上")
    await city.to(opened, "handle")
    task = await city.task(opened.id)
    login = await city.holder_login(task)
    client = await city.client(login)
    photo = (await client.post("/api/v1/attachments", files={"file": ("a.jpg", jpeg())})).json()
    body = {"outcome": "finish", "note": "补好了", "photos": [{"id": photo["id"], "claim": photo["claim"]}]}
    assert (await client.post(f"/api/v1/tasks/{task.id}/complete", json=body)).status_code == 200
    again = refused(await client.post(f"/api/v1/tasks/{task.id}/complete", json=body), 409, "flow.task_already_done")
    assert again["data"]["who"] == (await city.actor(login)).name
    assert again["data"]["when"]
    other = await city.client("water-handler")
    refused(await other.post(f"/api/v1/tasks/{task.id}/complete", json=body), 404, "not_found")


async def test_并入的目标不在自己范围内_与没有这个案件号一样(city: HttpCity, elsewhere: tuple[UUID, UUID]) -> None:
    here = await city.report("花坛里有垃圾没有清扫", lon=117.0182, lat=39.004)
    number = (await city.case(elsewhere[0])).number
    client = await city.client("dongjie-desk")
    found = [
        await _ask(client, "POST", f"/api/v1/cases/{here.id}/fold", UNKNOWN, {"head": head})
        for head in (number, "CG20991231999999")
    ]
    assert found[0] == found[1]
    assert found[0]["code"] == "case.operation_not_now"


@pytest.mark.parametrize("text", ["x", "1", "00000000-0000-0000-0000-00000000000g", "%00", "null", "a" * 300, "{}"])
async def test_不成形的编号_指出是地址里的编号(city: HttpCity, text: str) -> None:
    client = await city.client("acceptor1")
    for method, door, body in (*CASE_DOORS, *TASK_DOORS):
        answer = await client.request(method, door.replace("{id}", text), json=body)
        assert refused(answer, 422)["errors"][0]["where"].startswith("path:")


def key(*parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(parts))).decode()


BENT = [
    "x",
    "=",
    "AAAA",
    "%00",
    "п",
    "W10=",
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b"[" * 100).decode(),
    key(),
    key("2026-06-18T00:00:00+00:00"),
    key("2026-06-18T00:00:00", str(UNKNOWN)),
    key("2026-06-18T00:00:00+00:00", "1"),
    key("2026-06-18T00:00:00+00:00", None),
    key("2026-06-18T00:00:00+00:00", str(UNKNOWN), 1),
    key("0001-01-01T00:00:00+14:00", str(UNKNOWN)),
    key("9999-12-31T23:59:59-14:00", str(UNKNOWN)),
    key(0, str(UNKNOWN)),
    key({"a": 1}, str(UNKNOWN)),
    key("' or 1=1 --", str(UNKNOWN)),
    "a" * 200,
    "a" * 201,
]


@pytest.mark.parametrize("after", BENT, ids=[repr(item)[:40] for item in BENT])
async def test_改动过的翻页标记_要求从第一页开始(city: HttpCity, after: str) -> None:
    client = await city.client("shift1")
    for door in ("/api/v1/cases", "/api/v1/tasks"):
        body = refused(await client.get(door, params={"after": after}), 422, "input.invalid")
        assert body["errors"][0]["where"] == "query:after"
    refused(await client.get("/api/v1/cases", params={"after": after, "q": "井盖"}), 422, "input.invalid")


async def test_翻页标记不扩大范围(city: HttpCity, elsewhere: tuple[UUID, UUID]) -> None:
    """A key made by hand, just beyond a case of another scope, shows nothing of it."""
    far = key("2199-01-01T00:00:00+00:00", "ffffffff-ffff-7fff-bfff-ffffffffffff")
    client = await city.client("city-desk")
    listed = (await client.get("/api/v1/cases", params={"after": far, "limit": 200})).json()["items"]
    assert str(elsewhere[0]) not in [item["id"] for item in listed]
    assert (await (await city.client("water-desk")).get("/api/v1/cases", params={"after": far})).json()["items"]


@pytest.mark.parametrize("number", ["CG20260618000001", "CG20991231000001"])
async def test_查询码不对与案件不存在_答复一样(city: HttpCity, elsewhere: tuple[UUID, UUID], number: str) -> None:
    client = await city.client()
    for verb, more in (("follow", {}), ("reopen", NOTE), ("rate", {"satisfaction": 5}), ("add", NOTE)):
        answer = await client.post(f"/api/v1/cases/{verb}", json={"number": number, "code": "ABCDEF", **more})
        refused(answer, 404, "case.follow_code_wrong")


async def test_别人的账号和令牌编号_与不存在一样(city: HttpCity) -> None:
    client = await city.client("city-handler")
    me = (await client.get("/api/v1/session")).json()["account"]
    other = (await (await city.client("water-desk")).get("/api/v1/session")).json()["account"]
    assert (await client.get(f"/api/v1/accounts/{me}")).status_code == 200
    found = [refused(await client.get(f"/api/v1/accounts/{one}"), 404) for one in (other, uuid4())]
    token = await (await city.client("water-desk")).post(
        "/api/v1/tokens", json={"name": "t", "grants": [{"kind": "case", "verbs": ["read"]}]}
    )
    found += [
        refused(await client.delete(f"/api/v1/tokens/{one}"), 404) for one in (token.json()["details"]["id"], uuid4())
    ]
    for body in found:
        body.pop("instance")
    assert found[0] == found[1]
    assert found[2] == found[3]
