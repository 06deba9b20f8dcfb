"""管理员在网页上改的:日历、时限、考核、机构、角色;每次改动有人、有时间、有理由、有版本,可以撤销,安装不会把它冲掉。"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.http_city import HttpCity, a_city, refused

from yiwang.http.city import read_city
from yiwang.http.services import open_services
from yiwang.packs.administration.overlay import documents, offices_of, overlaid
from yiwang.packs.install import checked_city, install_city

city = a_city()

PATH = "/api/v1/administration"
TREE = "gbt47678"


async def put(client: httpx.AsyncClient, kind: str, key: str, document: object, version: int = 0) -> httpx.Response:
    body = {"kind": kind, "key": key, "version": version, "why": "试一试", "document": document}
    return await client.post(f"{PATH}/changes", json=body)


async def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def a_standard(client: httpx.AsyncClient) -> tuple[str, str]:
    """Key and present limit of a standard of the first class of urban management."""
    classes = (await client.get("/api/v1/case-types/urban-case/classes")).json()
    first = next(one for one in classes if one["standards"][0]["limit"].endswith("工作日"))
    return f"{TREE}/{first['code']}/{first['standards'][0]['id']}", first["standards"][0]["limit"]


async def limit_of(client: httpx.AsyncClient, key: str) -> str:
    _, code, standard = key.split("/")
    classes = (await client.get("/api/v1/case-types/urban-case/classes")).json()
    found = next(one for one in classes if one["code"] == code)
    limit: str = next(one["limit"] for one in found["standards"] if one["id"] == standard)
    return limit


async def test_时限_改了就是新版本_在办案件按原版本_撤销即恢复(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    key, before = await a_standard(client)
    opened = await city.report("路灯不亮了")
    version = (await city.case(opened.id)).type_version
    change = await good(await put(client, "limit", key, {"limit": "9工作日"}))
    assert (change["version"], change["by_name"], change["newest"]) == (1, "系统管理员", True)
    assert await limit_of(client, key) == "9工作日"
    assert (await city.case(opened.id)).type_version == version
    assert (await city.case((await city.report("井盖丢了一个")).id)).type_version > version
    undone = await good(await client.post(f"{PATH}/changes/{change['id']}/undo", json={"why": "改错了"}))
    assert undone["document"] is None
    assert undone["undoes"] == change["id"]
    assert await limit_of(client, key) == before
    refused(await client.post(f"{PATH}/changes/{change['id']}/undo", json={"why": "再来"}), 409)
    told = (await client.get(f"{PATH}/changes", params={"kind": "limit", "limit": 1})).json()
    assert told["items"][0]["why"] == "改错了"
    assert told["next"]


async def test_两位管理员同时改_后到的被告知是谁改的(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    key, _ = await a_standard(client)
    version = (await good(await client.get(f"{PATH}/settings", params={"kind": "limit"})))["items"]
    at = next((one["version"] for one in version if one["key"] == key), 0)
    both = await asyncio.gather(*[put(client, "limit", key, {"limit": f"{days}工作日"}, at) for days in (4, 5)])
    assert sorted(one.status_code for one in both) == [200, 409]
    late = next(one for one in both if one.status_code == 409).json()
    assert late["code"] == "administration.changed_meanwhile"
    assert late["data"]["name"] == "系统管理员"
    same = next(one for one in both if one.status_code == 200).json()
    assert refused(await put(client, "limit", key, same["document"], at + 1), 409)


@pytest.mark.parametrize(
    ("kind", "key", "document"),
    [
        ("limit", f"{TREE}/00000/default", {"limit": "3工作日"}),
        ("limit", f"{TREE}/01001/default", {"limit": "很快"}),
        ("limit", "x", {"limit": "3工作日"}),
        ("board", "department-score", {"measures": [{"indicator": "nothing", "weight": 3}]}),
        ("board", "department-score", {"measures": [{"indicator": "on-time-rate", "weight": -3}]}),
        ("calendar", "2026", {"days": [{"day": "2027-01-01", "working": False, "name": "元旦"}]}),
        ("hours", "hours", {"slots": ["14:00-18:00", "08:00-12:00"], "nominal_day": 8}),
        ("organisation", "new-one", {"names": {"zh": "新", "en": "New"}, "kind": "section", "parent": "nowhere"}),
        ("organisation", "new-one", {"names": {"zh": "新", "en": "New"}, "kind": "section", "posts": [{"code": "x"}]}),
    ],
)
async def test_不成立的设置_拒绝并说明_什么都不留(
    city: HttpCity, kind: str, key: str, document: dict[str, object]
) -> None:
    client = await city.client("sysadmin")
    async with city.untouched():
        refused(await put(client, kind, key, document), 422)


async def test_三员分立_谁能改什么(city: HttpCity) -> None:
    role = {"names": {"zh": "观察员", "en": "Observer"}, "grants": [{"kind": "case", "verbs": ["read"]}]}
    day = {"days": [{"day": "2026-06-19", "working": True, "name": "调休"}]}
    async with city.untouched():
        refused(await put(await city.client("sysadmin"), "role", "observer", role), 403)
        refused(await put(await city.client("secadmin"), "calendar", "2026", day), 403)
        refused(await put(await city.client("auditor"), "calendar", "2026", day), 403)
        refused(await (await city.client("shift1")).get(f"{PATH}/changes"), 403)
    security = await city.client("secadmin")
    made = await good(await put(security, "role", "observer", role))
    roles = (await security.get("/api/v1/roles")).json()["items"]
    assert any(one["code"] == "observer" and one["active"] for one in roles)
    bad = {**role, "grants": [{"kind": "case", "verbs": ["fly"]}]}
    refused(await put(security, "role", "observer", bad, 1), 422)
    await good(await security.post(f"{PATH}/changes/{made['id']}/undo", json={"why": "不需要"}))
    assert (await (await city.client("auditor")).get(f"{PATH}/changes")).status_code == 200


async def test_日历_先试算再保存_正在走的时限跟着变(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    day = {"days": [{"day": "2026-06-22", "working": False, "name": "市庆"}]}
    start = "2026-06-18T09:00:00+08:00"
    preview = {"limit": "2工作日", "start": start, "of": 2026, "year": day}
    told = await good(await client.post(f"{PATH}/deadline-preview", json=preview))
    assert told["then_ends"] > told["now_ends"]
    await good(await put(client, "calendar", "2026", day))
    again = await good(await client.post(f"{PATH}/deadline-preview", json={"limit": "2工作日", "start": start}))
    assert again["now_ends"] == told["then_ends"]
    shown = (await client.get("/api/v1/calendar", params={"year": 2026})).json()
    assert any(one["day"] == "2026-06-22" and not one["working"] for one in shown["days"])
    hours = {"slots": ["08:30-12:00", "13:30-18:00"], "nominal_day": 8, "seasons": []}
    await good(await put(client, "hours", "hours", hours))
    assert (await client.get("/api/v1/calendar", params={"year": 2026})).json()["hours"][0] == "08:30–12:00"


async def test_考核方案_权重目标等级归本市_公式归应用包(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    board = next(one for one in (await client.get("/api/v1/boards")).json()["items"] if one["id"] == "department-score")
    first = board["measures"][0]
    document = {"measures": [{"indicator": first, "weight": 31, "full_at": 0.9}], "target": 88}
    await good(await put(client, "board", "department-score", document))
    async with city.services.context.database.connection() as connection:
        body = await connection.fetchval(
            "select body from insight_declaration where kind = 'board' and key = 'department-score'"
            " order by version desc limit 1"
        )
    assert (body["measures"][0]["weight"], body["target"]) == (31, 88)


async def test_机构_增改停_有人等着办的不能停_安装不冲掉(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    office = {
        "names": {"zh": "河长办", "en": "River chief's office"}, "kind": "section", "parent": "water-bureau",
        "posts": [{"code": "handler"}],
    }  # fmt: skip
    await good(await put(client, "organisation", "river-office", office))
    rows = {one["code"]: one for one in (await client.get("/api/v1/organisations")).json()["items"]}
    assert rows["river-office"]["parent"] == rows["water-bureau"]["id"]
    refused(await put(client, "organisation", "water-bureau", {**office, "posts": [], "closed": True}), 409)
    loop = {**office, "names": {"zh": "水务局", "en": "Water"}, "kind": "department", "parent": "river-office"}
    refused(await put(client, "organisation", "water-bureau", loop), 422)
    closed = await good(await put(client, "organisation", "river-office", {**office, "closed": True}, 1))
    rows = {one["code"] for one in (await client.get("/api/v1/organisations")).json()["items"]}
    assert "river-office" not in rows
    await good(await client.post(f"{PATH}/changes/{closed['id']}/undo", json={"why": "还要用"}))
    shown = await good(await client.get(f"{PATH}/standing", params={"kind": "organisation", "key": "water-bureau"}))
    renamed = {**shown["document"], "names": {"zh": "水务处", "en": "Water office"}}
    await good(await put(client, "organisation", "water-bureau", renamed))
    key, _ = await a_standard(client)
    async with open_services(city.settings, city.database_url, connections=2) as services:
        report = await install_city(services.context, services, city.settings.city, packs=city.settings.packs)
    assert [part.part for part in report.parts if part.changed] == []
    await city.services.identity.directory.refresh()
    rows = {one["code"]: one for one in (await client.get("/api/v1/organisations")).json()["items"]}
    assert rows["water-bureau"]["names"]["zh"] == "水务处"
    assert "river-office" in rows
    assert (await limit_of(client, key)) in ("4工作日", "5工作日")


async def test_写成城市文件夹_检查通过_内容一样(city: HttpCity, tmp_path: Path) -> None:
    target = tmp_path / "small"
    client = await city.client("sysadmin")
    await good(
        await put(client, "calendar", "2027", {"days": [{"day": "2027-06-25", "working": False, "name": "市庆"}]})
    )
    written = await city.services.administration.export(target)
    assert {"city.yaml", "organisations.yaml", "calendars/administration.yaml"} <= set(written)
    found = checked_city(target, city.settings.packs)
    shown = overlaid(city.services.administration.city(), documents(await city.services.administration.settings()))
    assert offices_of(found) == offices_of(shown.city)
    assert [board.value for pack in found.packs for board in pack.boards] == [
        board.value for pack in shown.city.packs for board in pack.boards
    ]
    assert [tree.value for pack in found.packs for tree in pack.classes] == [
        tree.value for pack in shown.city.packs for tree in pack.classes
    ]
    assert read_city(target).calendar.digest == city.services.context.calendar.digest
