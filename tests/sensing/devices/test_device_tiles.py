"""Devices as tiles: all of them counted below street level, each by itself above, nobody's beyond their reach."""

from __future__ import annotations

from typing import Any

from geo.mvt import decode
from support.http_city import HttpCity, a_city, refused

from yiwang.geo.tiles import tile_of

city = a_city()

AT = (117.0182, 39.004)


async def layer(city: HttpCity, login: str, z: int, metric: str = "") -> list[dict[str, Any]]:
    at = tile_of(*AT, z)
    query = {"metric": metric} if metric else {}
    answer = await (await city.client(login)).get(f"/api/v1/tiles/devices/{z}/{at.x}/{at.y}.mvt", params=query)
    assert answer.status_code == 200, answer.text
    return [dict(one) for one in decode(answer.content).get("devices", [])]


async def test_街道以下聚合_计数不少一台_街道级逐台带最新值(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    for number in range(6):
        body = {
            "code": f"WAT-{number}", "profile": "air-station", "address": f"12011100020{number}",
            "names": {"zh": f"站{number}"}, "organisation": "operations-centre",
            "at": [AT[0] + number * 1e-5, AT[1]],
        }  # fmt: skip
        made = await client.post("/api/v1/devices", json=body)
        assert made.status_code == 201, made.text
    ids = (await client.get("/api/v1/devices", params={"limit": 500})).json()["items"]
    await city.services.sensing.directory.refresh()
    metric = next(iter(city.services.sensing.directory.metrics.values()))
    async with city.services.context.database.transaction() as connection:
        for device, quality in ((ids[0]["id"], 0), (ids[1]["id"], 128)):  # 128: out of bounds
            await connection.execute("insert into latest values ($1, $2, now(), 42.5, $3)", device, metric.id, quality)
        await connection.execute("insert into device_state (device_id, online) values ($1, true)", ids[0]["id"])
    clusters = await layer(city, "sysadmin", 10)
    assert sum(one["n"] for one in clusters) == len(ids)
    assert sum(one["online"] for one in clusters) == 1
    single = await layer(city, "sysadmin", 16)
    assert {one["id"] for one in single} == {one["code"] for one in ids}
    assert {one["profile"] for one in single} == {"air-station"}
    await city.client("leader1")
    valued = await layer(city, "leader1", 16, metric.code)
    assert [(one["id"], one["value"], one["online"]) for one in valued] == [(ids[0]["code"], 42.5, True)]


async def test_无权者与错误的监测项被拒(city: HttpCity) -> None:
    at = tile_of(*AT, 12)
    path = f"/api/v1/tiles/devices/12/{at.x}/{at.y}.mvt"
    refused(await (await city.client()).get(path), 401)
    refused(
        await (await city.client("sysadmin")).get(path, params={"metric": "no.such"}), 404, "sensing.unknown_metric"
    )
    refused(await (await city.client("sysadmin")).get("/api/v1/tiles/devices/3/9/0.mvt"), 404)
