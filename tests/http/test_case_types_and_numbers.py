"""Case types as reporters find them: ranked, with what each channel asks; and a case found by its number."""

from __future__ import annotations

import httpx

from tests.http.conftest import signed_in
from yiwang.http.trial import Trial


async def test_案件类型按城市的次序_每个渠道问什么(visitor: httpx.AsyncClient) -> None:
    types = (await visitor.get("/api/v1/case-types")).json()
    order = [one["id"] for one in types]
    assert order[0] == "urban-case"
    assert order.index("hotline-case") < order.index("grid-event")
    asked = {one["id"]: one["asks"] for one in types}
    assert asked["urban-case"]["resident"] == []
    assert asked["hotline-case"]["web"] == ["secret"]
    assert "component" in asked["urban-case"]["grid-worker"]


async def test_按编号查找_大小写不限(city: Trial, visitor: httpx.AsyncClient) -> None:
    body = {
        "type": "urban-case",
        "channel": "resident",
        "text": "学校门口垃圾桶满了没人收",
        "lon": 117.0101,
        "lat": 39.0101,
    }
    number = (await visitor.post("/api/v1/cases", json=body)).json()["number"]
    client = await signed_in(city, "dispatcher1")
    assert await numbers(client, number) == [number]
    assert await numbers(client, f" {number.lower()} ") == [number]
    assert await numbers(client, f"{number}9") == []


async def numbers(client: httpx.AsyncClient, q: str) -> list[str]:
    answer = await client.get("/api/v1/cases", params={"q": q})
    assert answer.status_code == 200, answer.text
    return [one["number"] for one in answer.json()["items"]]
