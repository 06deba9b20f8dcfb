"""代理:a deputy sees and does exactly the tasks of whoever is away, through every door, and loses them the moment it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from support.http_city import HttpCity, a_city, refused

from yiwang.casework.model import Opened

city = a_city()


async def _tasks(client: httpx.AsyncClient) -> set[str]:
    """The cases whose tasks somebody has."""
    items: list[dict[str, Any]] = (await client.get("/api/v1/tasks", params={"limit": 200})).json()["items"]
    return {item["case"]["id"] for item in items}


async def _away(city: HttpCity, absent: str, deputy: str, **period: float) -> str:
    """``absent`` goes away; returns the id of the absence."""
    people = [(await city.account(login))["id"] for login in (absent, deputy)]
    body = {"deputy": people[1], "ends_at": (city.now() + timedelta(**period)).isoformat()}
    made = await (await city.client(absent)).post(f"/api/v1/accounts/{people[0]}/absences", json=body)
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


async def _accepted(client: httpx.AsyncClient, city: HttpCity, opened: Opened) -> httpx.Response:
    task = await city.task(opened.id)
    body = {"outcome": "not_accept", "note": "不属于城管受理范围"}
    return await client.post(f"/api/v1/tasks/{task.id}/complete", json=body)


async def test_代理期间看得到也办得成_期满即看不到(city: HttpCity) -> None:
    worker = await city.client("worker1")
    first, second, third = [await city.report(f"{number}号楼前垃圾堆积") for number in ("一", "二", "三")]
    for opened in (first, second, third):
        await city.to(opened, "accept")
    cases = {str(opened.id) for opened in (first, second, third)}
    before = (await worker.get("/api/v1/cases", params={"limit": 200})).json()
    assert not await _tasks(worker) & cases
    refused(await worker.get(f"/api/v1/cases/{first.id}"), 404)
    refused(await _accepted(worker, city, first), 404)

    await _away(city, "acceptor1", "worker1", hours=4)
    assert await _tasks(worker) >= cases
    assert (await worker.get(f"/api/v1/cases/{first.id}")).status_code == 200
    assert (await _accepted(worker, city, first)).status_code == 200
    assert (await worker.get("/api/v1/cases", params={"limit": 200})).json() == before, "tasks, not rights"
    assert await _tasks(await city.client("acceptor2")) >= cases - {str(first.id)}, (
        "the post's others see them as before"
    )
    standing = (await worker.get("/api/v1/absences/standing-in")).json()["items"]
    assert [(one["person"]["name"], [post["code"] for post in one["posts"]]) for one in standing] == [
        ("李晓敏", ["acceptor"])
    ]

    await city.wait(hours=4)
    assert not await _tasks(worker) & cases
    refused(await worker.get(f"/api/v1/cases/{second.id}"), 404)
    refused(await _accepted(worker, city, second), 404)
    assert (await worker.get("/api/v1/absences/standing-in")).json() == {"items": []}


async def test_提前销假_代理人立即没有(city: HttpCity) -> None:
    worker = await city.client("worker2")
    opened = await city.report("四号楼前垃圾堆积")
    await city.to(opened, "accept")
    absence = await _away(city, "acceptor2", "worker2", days=3)
    assert str(opened.id) in await _tasks(worker)
    refused(await worker.delete(f"/api/v1/absences/{absence}"), 403, "identity.forbidden")
    assert (await (await city.client("acceptor2")).delete(f"/api/v1/absences/{absence}")).status_code == 200
    assert str(opened.id) not in await _tasks(worker)
