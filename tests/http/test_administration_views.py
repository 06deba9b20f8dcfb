"""管理员查阅的两样:一年的工作日历,本系统的应用包;检查应用包只有系统管理员能做。"""

from __future__ import annotations

from pathlib import Path

import yaml
from support.http_city import HttpCity, a_city, refused

city = a_city()

CITY_FILE = Path(__file__).resolve().parents[1] / "cities" / "small" / "city.yaml"


async def test_日历_列出与星期不同的日子_工作日数对得上(city: HttpCity) -> None:
    client = await city.client("shift1")
    told = (await client.get("/api/v1/calendar", params={"year": 2026})).json()
    assert told["known"]
    assert told["hours"] == ["08:00–12:00", "14:00–18:00"]
    assert 240 <= told["working_days"] <= 255
    assert any(one["day"] == "2026-10-01" and not one["working"] for one in told["days"])
    far = (await client.get("/api/v1/calendar", params={"year": 2090})).json()
    assert not far["known"]
    refused(await client.get("/api/v1/calendar", params={"year": 1}), 422)
    refused(await (await city.client()).get("/api/v1/calendar", params={"year": 2026}), 401)


async def test_应用包_本市用的在前(city: HttpCity) -> None:
    items = (await (await city.client("sysadmin")).get("/api/v1/packs")).json()["items"]
    assert {one["id"] for one in items if one["here"]} == set(yaml.safe_load(CITY_FILE.read_text("utf-8"))["packs"])
    assert [one["here"] for one in items] == sorted((one["here"] for one in items), reverse=True)
    assert all(one["proved"] <= one["clauses"] for one in items)


async def test_规划条目_登录的人都能看_缺口说明原因(city: HttpCity) -> None:
    client = await city.client("shift1")
    told = (await client.get("/api/v1/plan-rows")).json()
    assert told["city"] == "small"
    assert told["rows"] == len(told["items"]) > told["answered"] > 0
    assert told["clauses"] == sum(one["clauses"] for one in told["items"])
    grid = next(one for one in told["items"] if one["id"] == "grid-platform")
    assert {item["state"] for item in grid["items"]} == {"not_run", "unanswered"}
    assert told["packs"]["hotline-12345"]["zh"]
    assert {pack for one in told["items"] for pack in one["packs"]} <= set(told["packs"])
    few = (await client.get("/api/v1/plan-rows", params={"answered": True})).json()
    assert len(few["items"]) == told["answered"]
    assert all(one["packs"] for one in few["items"])
    workbook = await client.get("/api/v1/plan-rows/workbook")
    assert workbook.content.startswith(b"PK")
    refused(await (await city.client()).get("/api/v1/plan-rows"), 401)


async def test_检查应用包_系统管理员才行(city: HttpCity) -> None:
    refused(await (await city.client("shift1")).post("/api/v1/packs/check"), 403)
