"""Vehicles and fences over HTTP: the map, a fence's life, refusals in words, nobody beyond their reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from support.http_city import a_city, refused

city = a_city()

CIRCLE: dict[str, Any] = {
    "code": "yard", "zh": "堆场", "kind": "circle", "points": [[117.01, 39.004]], "size": 300, "vehicles": ["T-1"],
}  # fmt: skip


async def test_车辆与围栏的一生(city: Any) -> None:
    client = await city.client("sysadmin")
    made = await client.post(
        "/api/v1/devices",
        json={
            "code": "T-1",
            "profile": "hazmat-vehicle",
            "address": "013900000001",
            "names": {"zh": "罐车"},
            "at": [117.0182, 39.004],
        },
    )
    assert made.status_code == 201, made.text
    now = await client.get("/api/v1/vehicles", params={"bbox": "116.5,38.5,117.5,39.5"})
    assert now.json() == {"items": [], "next": None}
    drawn = await client.post("/api/v1/fences", json=CIRCLE)
    assert drawn.status_code == 201, drawn.text
    fence = drawn.json()
    assert (fence["vehicles"], fence["revision"], fence["size"]) == (["T-1"], 1, 300)
    refused(await client.post("/api/v1/fences", json=CIRCLE), 409)
    changed = await client.put(f"/api/v1/fences/{fence['id']}", json={**CIRCLE, "size": 500, "revision": 1})
    assert changed.json()["revision"] == 2
    refused(await client.put(f"/api/v1/fences/{fence['id']}", json={**CIRCLE, "revision": 1}), 409)
    assert [
        each["code"] for each in (await client.get("/api/v1/fences", params={"vehicle": "T-1"})).json()["items"]
    ] == ["yard"]
    sent = await client.post(f"/api/v1/fences/{fence['id']}/terminals", json={"vehicles": ["T-1"]})
    assert sent.status_code in (201, 403), sent.text  # whoever administers need not command
    span = {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat(), "until": datetime.now(UTC).isoformat()}
    for what in ("track", "trips", "drivers", "crossings"):
        answer = await client.get(f"/api/v1/vehicles/T-1/{what}", params=span)
        assert answer.status_code in (200, 403), answer.text
    assert (await client.delete(f"/api/v1/fences/{fence['id']}")).status_code == 204
    refused(await client.delete(f"/api/v1/fences/{fence['id']}"), 404)


async def test_错的输入说明错在哪(city: Any) -> None:
    client = await city.client("sysadmin")
    for bad in ("1,2,3", "a,b,c,d", "10,10,5,20"):
        refused(await client.get("/api/v1/vehicles", params={"bbox": bad}), 422)
    for change in (
        {"kind": "star"},
        {"size": 0},
        {"points": []},
        {"points": [[200, 1]]},
        {"vehicles": ["nobody"]},
        {"more": 1},
    ):
        refused(await client.post("/api/v1/fences", json={**CIRCLE, "code": "other", **change}), 422)
    span = {"since": "2026-06-18T00:00:00Z", "until": "2026-06-18T01:00:00Z"}
    assert (await client.get("/api/v1/vehicles/NO/track", params=span)).status_code in (403, 404)
