"""经接口导入导出:先试运行,看对应关系与变化,再导入;只有发起人能看报告 — importing and exporting over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from registry.conftest import Registry, actor
from registry.test_importing import HOUSES
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response

from yiwang.geo.locator import Locator
from yiwang.http.problems import install_problem_handlers
from yiwang.kernel.access import Actor
from yiwang.registry.importing import api, background, runner
from yiwang.registry.service import RegistryService

STEWARD = actor("read", "record", "import", "export", name="数据管理员")
ACTORS = {"steward": STEWARD, "other": actor("import", name="另一人"), "reader": actor("read", name="查阅员")}


class _Actor(BaseHTTPMiddleware):
    """What the gate does in the application: says who asks."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        found: Actor = ACTORS[request.headers["x-who"]]
        request.state.actor = found
        return await call_next(request)


@pytest.fixture
async def client(registry: Registry, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    context = registry.service.context
    settings = context.settings.model_copy(update={"home": tmp_path})
    service = RegistryService(replace(context, settings=settings), Locator())
    await service.refresh()
    app = FastAPI()
    app.state.registry = service
    app.include_router(api.router)
    app.add_middleware(_Actor)
    install_problem_handlers(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://city", headers={"x-who": "steward"}) as found:
        yield found


def _file(*rows: str) -> dict[str, tuple[str, bytes]]:
    return {"file": ("房屋.csv", ("\n".join([",".join(HOUSES), *rows]) + "\n").encode("gb18030"))}


async def _ended(client: httpx.AsyncClient, answer: httpx.Response) -> dict[str, object]:
    assert answer.status_code == 202, answer.text
    state: dict[str, object] = answer.json()
    for _ in range(1200):
        if state["state"] != "running":
            break
        await asyncio.sleep(0.05)
        state = (await client.get(f"/api/v1/things/house/imports/{state['id']}")).json()
    return state


async def test_识别_试运行_导入_报告_改正(client: httpx.AsyncClient, tmp_path: Path) -> None:
    path = "/api/v1/things/house/imports"
    rows = ("接口路1号,3,120111001,117.05,39.1", "接口路2号,三层,120111001,,")
    guessed = (await client.post(path + "/guess", files=_file(*rows))).json()
    assert guessed["mapping"]["columns"] == {"房屋地址": "address", "层数": "floors", "区划": "division"}
    tried = await _ended(client, await client.post(path, files=_file(*rows)))
    assert (tried["dry_run"], tried["counts"]) == (True, {"new": 1, "changed": 0, "refused": 1})
    form = {"dry_run": "false", "mapping": json.dumps(guessed["mapping"])}
    made = await _ended(client, await client.post(path, files=_file(*rows), data=form))
    assert (made["state"], made["counts"]) == ("finished", {"new": 1, "changed": 0, "refused": 1})
    report = await client.get(f"{path}/{made['id']}/report.csv")
    assert "只填数字" in report.text
    refused = await client.get(f"{path}/{made['id']}/refused.csv")
    assert "接口路2号,三层" in refused.text
    stranger = await client.get(f"{path}/{made['id']}", headers={"x-who": "other"})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "thing.import_unknown")
    await _settled()
    left = [each.name for each in (tmp_path / "things" / str(made["id"])).iterdir()]
    assert sorted(left) == ["refused.csv", "report.csv"]  # the file that was sent is not kept


async def _settled() -> None:
    """The run is told as ended a moment before its file is removed."""
    await asyncio.gather(*background._running, return_exceptions=True)


async def _server_stops(client: httpx.AsyncClient, own: str) -> None:
    """What becomes of running imports, once the first rows were taken."""
    for _ in range(2000):
        if (await client.get(own)).json()["done"]:
            break
        await asyncio.sleep(0.005)
    stopped = [*background._running]
    for task in stopped:
        task.cancel()
    await asyncio.gather(*stopped, return_exceptions=True)


async def test_服务中断后_从断点继续_历史里看得到(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 20)
    path = "/api/v1/things/house/imports"
    rows = [f"断点路{number}号,3,120111001,," for number in range(200)]
    began = await client.post(path, files=_file(*rows), data={"dry_run": "false"})
    own = f"{path}/{began.json()['id']}"
    await _server_stops(client, own)
    stopped = (await client.get(own)).json()
    assert (stopped["state"], stopped["resumable"]) == ("interrupted", True)
    assert 0 < stopped["done"] < 200
    assert (await client.post(f"{own}/resume", headers={"x-who": "other"})).status_code == 404
    ended = await _ended(client, await client.post(f"{own}/resume"))
    assert (ended["id"], ended["state"], ended["counts"]) == (
        stopped["id"], "finished", {"new": 200, "changed": 0, "refused": 0},
    )  # fmt: skip
    await _settled()
    assert not list((tmp_path / "things").glob("*/source.*"))
    assert (await client.post(f"{own}/resume")).json()["state"] == "finished"
    seen = (await client.get(path, headers={"x-who": "other"})).json()["items"]
    line = next(run for run in seen if run["id"] == stopped["id"])
    assert (line["by"], line["own"], line["counts"]["new"]) == ("数据管理员", False, 200)
    assert (await client.get(path, headers={"x-who": "reader"})).status_code == 403


async def test_中断后文件已不在_说明怎么办(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 20)
    path = "/api/v1/things/house/imports"
    rows = [f"无档路{number}号,3,120111001,," for number in range(100)]
    began = await client.post(path, files=_file(*rows), data={"dry_run": "false"})
    own = f"{path}/{began.json()['id']}"
    await _server_stops(client, own)
    for kept in (tmp_path / "things").glob("*/source.*"):
        kept.unlink()
    answer = await client.post(f"{own}/resume")
    assert (answer.status_code, answer.json()["code"]) == (409, "thing.import_file_gone")
    again = await _ended(client, await client.post(path, files=_file(*rows), data={"dry_run": "false"}))
    assert (again["id"], again["counts"]) == (began.json()["id"], {"new": 100, "changed": 0, "refused": 0})
    await _settled()
    assert not list((tmp_path / "things").glob("*/source.*"))


async def test_看不懂的文件与对应关系_说明原因(client: httpx.AsyncClient) -> None:
    path = "/api/v1/things/house/imports"
    broken = await client.post(path, files={"file": ("a.xlsx", b"hello")})
    assert (broken.status_code, broken.json()["code"]) == (422, "sheet.unreadable")
    unfit = await client.post(path, files=_file("a,1,1,,"), data={"mapping": '{"columns": {"没有": "address"}}'})
    assert (unfit.status_code, unfit.json()["code"]) == (422, "thing.import_mapping_unfit")
    wrong = await client.post(path, files=_file("a,1,1,,"), data={"mapping": '{"colour": 1}'})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "input.invalid")
    forbidden = await client.post(path, files=_file("a,1,1,,"), headers={"x-who": "reader"})
    assert forbidden.status_code == 403


async def test_导出_说明条数_留痕(client: httpx.AsyncClient, registry: Registry) -> None:
    await registry.record("house", STEWARD, address="导出路1号", division="120111001")
    answer = await client.post("/api/v1/things/house/exports", json={"format": "geojson", "words": "导出路"})
    assert (answer.status_code, answer.headers["x-rows"]) == (200, "1")
    assert answer.json()["features"][0]["properties"]["address"] == "导出路1号"
    async with registry.database.connection() as connection:
        rows = await connection.fetchval(
            "select data->>'rows' from journal where verb = 'thing.exported' order by seq desc"
        )
    assert rows == "1"
    refused = await client.post("/api/v1/things/house/exports", json={}, headers={"x-who": "other"})
    assert refused.status_code == 403
