"""经接口处理疑似重复:概况、队列、并列、决定、撤销 — the queue over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from registry.resolution.conftest import Office, actor
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response

from yiwang.http.problems import install_problem_handlers
from yiwang.registry import api as things
from yiwang.registry.resolution import api
from yiwang.registry.resolution.finding import find

ACTORS = {"steward": actor("read", "record", "merge"), "reader": actor("read")}
BORN = {"born": "1980-03-05", "sex": "1"}


class _Actor(BaseHTTPMiddleware):
    """What the gate does in the application: says who asks."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.actor = ACTORS[request.headers["x-who"]]
        return await call_next(request)


@pytest.fixture
async def client(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.registry = office.service
    app.include_router(api.router)
    app.include_router(things.router)
    app.add_middleware(_Actor)
    install_problem_handlers(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://city/api/v1", headers={"x-who": "steward"}
    ) as found:
        yield found


async def test_从查找到合并再到撤销(office: Office, client: httpx.AsyncClient) -> None:
    one = await office.record(name="王小明", address="秀川路12号金地小区3号楼2单元501", **BORN)
    two = await office.record(name="王小明", phone="13812345678", address="金地小区3-2-501", **BORN)
    await find(office.service, office.clerk, "resident")
    [state] = (await client.get("/duplicates")).json()["items"]
    assert (state["id"], state["same"], state["review"], state["search"]["records"]) == ("resident", 1, 0, 2)
    [listed] = (await client.get("/duplicates/pairs", params={"type": "resident"})).json()["items"]
    beside = (await client.get(f"/duplicates/pairs/{listed['id']}")).json()
    assert (beside["masked"], beside["agreement"]["name"], beside["agreement"]["phone"]) == (True, "same", "high")
    assert beside["low"]["attributes"]["name"] == "王**"
    body = {"decision": "merge", "take": ["phone"], "seen": [beside["low"]["fact"], beside["high"]["fact"]]}
    decided = await client.post(f"/duplicates/pairs/{listed['id']}/decision", json=body)
    assert decided.status_code == 200, decided.text
    again = await client.post(f"/duplicates/pairs/{listed['id']}/decision", json=body)
    assert again.json()["code"] == "thing.pair_decided"
    gone = await client.get(f"/things/resident/{two}")
    assert (gone.status_code, gone.json()["code"], gone.json()["data"]["into"]) == (410, "thing.merged", str(one))
    [merge] = (await client.get(f"/things/resident/{one}/merges")).json()["items"]
    assert (merge["direction"], merge["other"], merge["undone_at"]) == ("from", str(two), None)
    [into] = (await client.get(f"/things/resident/{two}/merges")).json()["items"]
    assert (into["direction"], into["other"]) == ("into", str(one))
    undone = await client.post(f"/merges/{merge['id']}/undo", json={"reason": "弄错了"})
    assert undone.status_code == 204
    assert (await client.get(f"/things/resident/{two}")).status_code == 200
    assert (await client.post(f"/merges/{merge['id']}/undo", json={})).json()["code"] == "thing.merge_undo_refused"


async def test_手工合并两条(office: Office, client: httpx.AsyncClient) -> None:
    one, two = await office.record(name="王小明"), await office.record(name="王大明")
    refused = await client.post(f"/things/resident/{one}/merges", json={"other": str(one), "reason": "重复"})
    assert refused.json()["code"] == "thing.merge_refused"
    made = await client.post(f"/things/resident/{one}/merges", json={"other": str(two), "reason": "户籍更正"})
    assert made.status_code == 200
    assert (await client.get("/things/resident")).json()["items"][0]["id"] == str(one)


async def test_只能查阅的人看不到队列_也不能处理(office: Office, client: httpx.AsyncClient) -> None:
    one = await office.record(name="王小明", **BORN)
    two = await office.record(name="王小明", **BORN)
    await find(office.service, office.clerk, "resident")
    [listed] = (await client.get("/duplicates/pairs", params={"type": "resident"})).json()["items"]
    reader = {"x-who": "reader"}
    assert (await client.get("/duplicates", headers=reader)).json()["items"] == []
    assert (await client.get("/duplicates/pairs", params={"type": "resident"}, headers=reader)).json()["items"] == []
    path = f"/duplicates/pairs/{listed['id']}"
    assert (await client.get(path, headers=reader)).status_code == 404
    assert (await client.post(f"{path}/decision", json={"decision": "merge"}, headers=reader)).status_code == 404
    merged = await client.post(
        f"/things/resident/{one}/merges", json={"other": str(two), "reason": "重复"}, headers=reader
    )
    assert merged.status_code == 403
