"""管理员查阅的两样:一年的工作日历,本系统的应用包;检查应用包只有系统管理员能做。"""

from __future__ import annotations

from support.http_city import HttpCity, a_city, refused

city = a_city()


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
    assert {one["id"] for one in items if one["here"]} == {"urban-management", "hotline-12345", "grid-management"}
    assert [one["here"] for one in items] == sorted((one["here"] for one in items), reverse=True)
    assert all(one["proved"] <= one["clauses"] for one in items)


async def test_检查应用包_系统管理员才行(city: HttpCity) -> None:
    refused(await (await city.client("shift1")).post("/api/v1/packs/check"), 403)
