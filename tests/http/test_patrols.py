"""巡查轨迹:只在开启时上传,重发不重复,值班长看到的是网格走到多少,到期删除。"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from support.http_city import HttpCity, a_city, refused

from yiwang.http.patrols import remove_old
from yiwang.kernel.clock import ManualClock

city = a_city()

LON, LAT = 117.0132, 39.007
PATH = "/api/v1/patrols"


def way(begin: datetime, steps: int, at: tuple[float, float] = (LON, LAT), **more: object) -> dict[str, Any]:
    points = [
        {"at": (begin + timedelta(minutes=step)).isoformat(), "lon": at[0] + step * 0.0005, "lat": at[1]}
        for step in range(steps)
    ]
    return {"began_at": begin.isoformat(), "points": points, **more}


async def send(client: httpx.AsyncClient, patrol: object, body: dict[str, Any]) -> httpx.Response:
    return await client.post(f"{PATH}/{patrol}/points", json=body)


async def test_走过的路变成网格覆盖_重发不重复_值班长看得到(city: HttpCity) -> None:
    worker, patrol = await city.client("worker1"), uuid4()
    begin = city.services.context.clock.now() - timedelta(minutes=20)
    async with city.services.context.database.connection() as connection:
        middle = await connection.fetchrow(
            "select st_x(centroid) as lon, st_y(centroid) as lat from area where code = '120199001001'"
        )
    body = way(begin, 8, (middle["lon"], middle["lat"]))
    for _ in range(2):
        answer = await send(worker, patrol, body)
        assert (answer.status_code, answer.json()) == (200, {"points": 8})
    mine = (await worker.get(PATH, params={"mine": True})).json()
    assert mine["kept_days"] == 30
    assert mine["items"][0]["on_patrol"]
    assert 280 < mine["items"][0]["metres"] < 320
    assert 0 < mine["items"][0]["walked"] < 1
    await send(worker, patrol, way(begin, 0, ended_at=(begin + timedelta(minutes=8)).isoformat()))
    seen = (await (await city.client("shift1")).get(PATH)).json()["items"]
    assert [(one["name"], one["on_patrol"]) for one in seen] == [("金巡", False)]
    assert seen[0]["area"] == "120199001001"
    assert not {"points", "way", "lon"} & seen[0].keys()


async def test_别人的巡查改不了_没有权限的看不到(city: HttpCity) -> None:
    begin, patrol = city.services.context.clock.now() - timedelta(minutes=20), uuid4()
    assert (await send(await city.client("worker2"), patrol, way(begin, 2))).status_code == 200
    async with city.untouched():
        refused(await send(await city.client("worker1"), patrol, way(begin, 2)), 404)
        refused(await send(await city.client("shift1"), uuid4(), way(begin, 2)), 403)
        refused(await (await city.client("worker1")).get(PATH), 403)
        refused(await (await city.client("city-handler")).get(PATH), 403)


async def test_巡查之外的点不收(city: HttpCity) -> None:
    worker, now = await city.client("worker1"), city.services.context.clock.now()
    late = way(now - timedelta(minutes=30), 2, ended_at=(now - timedelta(minutes=20)).isoformat())
    late["points"][1]["at"] = now.isoformat()
    async with city.untouched():
        refused(await send(worker, uuid4(), late), 422)
        refused(await send(worker, uuid4(), way(now + timedelta(hours=1), 1)), 422)
        answer = await send(worker, uuid4(), way(now - timedelta(days=31), 1))
        assert refused(answer, 422)["code"] == "patrol.too_old"


async def test_城市时钟停着_同一时刻的点算一个(city: HttpCity) -> None:
    worker, now = await city.client("worker3"), city.services.context.clock.now()
    body = way(now, 3, ended_at=now.isoformat())
    for point in body["points"]:
        point["at"] = now.isoformat()
    answer = await send(worker, uuid4(), body)
    assert (answer.status_code, answer.json()) == (200, {"points": 1})
    mine = (await worker.get(PATH, params={"mine": True})).json()["items"]
    assert mine[0]["metres"] == 0


async def test_到期的轨迹删除(city: HttpCity) -> None:
    context = city.services.context
    later = type(context)(
        context.database, ManualClock(context.clock.now() + timedelta(days=31)), context.calendar, context.settings
    )
    assert await remove_old(later) >= 1
    assert (await city.counts())["patrol_point"] == 0
