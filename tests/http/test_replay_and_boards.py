"""指挥中心的接口:按范围计数,任意过去时刻的在办案件,一段时间里发生的事——都来自日志,都只限本人可读的案件。"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from support.http_city import HttpCity, a_city, refused

from yiwang.casework.store.counts import DIMENSIONS

city = a_city()


async def an_hour(city: HttpCity) -> tuple[datetime, dict[str, str]]:
    """Three cases of an hour: one goes on, one is suspended, one is closed. Its beginning and the numbers by name."""
    begin = await city.wait(hours=2)
    await city.wait(seconds=1)
    first = await city.report("东街垃圾桶满了")
    await city.wait(minutes=10)
    second = await city.report("路灯不亮了")
    await city.to(second, "handle")
    await city.cases.operations.suspend(second.id, await city.actor("shift1"), "等配件")
    await city.wait(minutes=10)
    third = await city.report("井盖松动")
    await city.close(third)
    await city.wait(minutes=10)
    return begin, {"open": first.number, "suspended": second.number, "closed": third.number}


async def past(city: HttpCity, login: str, path: str, **query: Any) -> dict[str, Any]:
    answer = await (await city.client(login)).get(f"/api/v1/replay/{path}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_回放一小时_从在办开始_逐件还原_结果与现在一致(city: HttpCity) -> None:
    begin, numbers = await an_hour(city)
    end = city.now()
    before = await past(city, "shift1", "standing", at=begin.isoformat())
    told = await past(
        city, "shift1", "events", **{"from": begin.isoformat(), "to": (end + timedelta(minutes=1)).isoformat()}
    )
    assert numbers["open"] not in {item["number"] for item in before["items"]}
    opened = {item["number"] for item in told["items"] if item["verb"] == "case.opened"}
    assert opened == set(numbers.values())
    assert {item["number"] for item in told["items"] if item["closed"]} == {numbers["closed"]}
    assert [item["at"] for item in told["items"]] == sorted(item["at"] for item in told["items"])
    now = {item["number"]: item for item in (await past(city, "shift1", "standing", at=end.isoformat()))["items"]}
    assert numbers["closed"] not in now
    assert now[numbers["suspended"]]["suspended"]
    assert not now[numbers["open"]]["suspended"]
    held = [item for item in told["items"] if item["number"] == numbers["suspended"] and item["timed"]]
    assert held, "the deadline of handling is told when it begins"


async def test_某一时刻_当时的状态_不是现在的(city: HttpCity) -> None:
    at = await city.wait(hours=1) - timedelta(seconds=1)
    case = await city.report("积水")
    moment = await city.wait(minutes=1)
    await city.wait(minutes=5)
    await city.close(case)
    then = {item["number"]: item for item in (await past(city, "shift1", "standing", at=moment.isoformat()))["items"]}
    assert case.number in then
    assert then[case.number]["status"] != (await city.case(case.id)).status
    assert case.number not in {
        i["number"] for i in (await past(city, "shift1", "standing", at=at.isoformat()))["items"]
    }


async def test_分页_一条不漏_一条不重(city: HttpCity) -> None:
    begin, _ = await an_hour(city)
    period = {"from": begin.isoformat(), "to": (city.now() + timedelta(minutes=1)).isoformat()}
    whole = (await past(city, "shift1", "events", **period))["items"]
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = await past(city, "shift1", "events", **period, **after, limit=2)
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == whole
    assert len(whole) > 5


async def test_只看得到本人可读的案件(city: HttpCity) -> None:
    begin, _ = await an_hour(city)
    period = {"from": begin.isoformat(), "to": (city.now() + timedelta(minutes=1)).isoformat()}
    for login in ("shift1", "city-desk", "worker1", "worker3", "water-desk"):
        client = await city.client(login)
        readable: set[str] = set()
        after: dict[str, str] = {}
        while True:
            page = (await client.get("/api/v1/cases", params={"limit": "200", **after})).json()
            readable |= {item["id"] for item in page["items"]}
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        told = await past(city, login, "events", **period)
        standing = await past(city, login, "standing", at=city.now().isoformat())
        assert {item["id"] for item in (*told["items"], *standing["items"])} <= readable, login
        everything = await past(city, "shift1", "events", **period)
        wanted = [item for item in everything["items"] if item["id"] in readable]
        assert told["items"] == wanted, login


async def test_无权者被拒_时段过长或倒置被拒(city: HttpCity) -> None:
    now = city.now()
    period = {"from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat()}
    for path, query in (("events", period), ("standing", {"at": now.isoformat()})):
        refused(await (await city.client()).get(f"/api/v1/replay/{path}", params=query), 401)
        refused(await (await city.client("sysadmin")).get(f"/api/v1/replay/{path}", params=query), 403)
    client = await city.client("shift1")
    for wrong in (
        {"from": now.isoformat(), "to": now.isoformat()},
        {"from": now.isoformat(), "to": (now + timedelta(hours=25)).isoformat()},
        {**period, "after": "2026-99-99T00:00:00+00:00_1"},
        {"from": "yesterday", "to": now.isoformat()},
        {"from": "2026-06-18T08:00:00", "to": now.isoformat()},
    ):
        refused(await client.get("/api/v1/replay/events", params=wrong), 422)


async def test_统计_各种颜色相加等于在办_与清单一致(city: HttpCity) -> None:
    await an_hour(city)
    for login in ("shift1", "city-desk", "worker1"):
        client = await city.client(login)
        open_now = (await client.get("/api/v1/cases", params={"state": "open", "limit": "200"})).json()["items"]
        for by in DIMENSIONS:
            found = (await client.get("/api/v1/boards/open-cases", params={"by": by})).json()
            assert not found["more"]
            assert sum(row["open"] for row in found["items"]) == len(open_now), (login, by)
            for row in found["items"]:
                assert row["open"] == sum(row[colour] for colour in ("red", "yellow", "green", "blue", "grey"))
                assert row["zh"]
                assert row["en"]
    refused(await (await city.client("sysadmin")).get("/api/v1/boards/open-cases?by=status"), 403)
    refused(await (await city.client("shift1")).get("/api/v1/boards/open-cases?by=person"), 422)


async def test_每个数字都能打开它的清单(city: HttpCity) -> None:
    await an_hour(city)
    client = await city.client("shift1")
    filters = {"department": "department", "street": "area", "status": "status", "class": "class_code", "grid": "grid"}
    for by, name in filters.items():
        for row in (await client.get("/api/v1/boards/open-cases", params={"by": by})).json()["items"]:
            wanted = {name: row["key"]} if row["key"] else {"without": by}
            rows = (await client.get("/api/v1/cases", params={**wanted, "state": "open", "limit": "200"})).json()
            assert len(rows["items"]) == row["open"], (by, row)
    midnight = city.now().replace(hour=0, minute=0, second=0, microsecond=0)
    closed = await client.get("/api/v1/cases", params={"closed_from": midnight.isoformat()})
    assert all(item["closed_at"] >= midnight.isoformat()[:10] for item in closed.json()["items"])
    assert closed.json()["items"]
