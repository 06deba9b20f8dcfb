"""Health, the city's clock and the journal over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.http.conftest import MORNING, signed_in
from yiwang.http.trial import Trial, base_url


@pytest.fixture
async def auditor(city: Trial) -> AsyncIterator[httpx.AsyncClient]:
    client = await signed_in(city, "auditor")
    yield client
    await client.aclose()


async def test_alive_and_ready(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/healthz")).json()["status"] == "ok"
    ready = await visitor.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (
        200,
        {"database": "ok", "migrations": "ok", "clock": "ok"},
    )


async def test_结构过旧时不就绪_并说明怎么办(city: Trial, visitor: httpx.AsyncClient) -> None:
    async with city.services.context.database.connection() as connection:
        revision = await connection.fetchval("select version_num from alembic_version")
        await connection.execute("update alembic_version set version_num = '0001'")
        answer = await visitor.get("/readyz")
        await connection.execute("update alembic_version set version_num = $1", revision)
    assert answer.status_code == 503
    assert "yiwang migrate" in answer.json()["checks"]["migrations"]


async def test_metrics_only_from_this_machine_or_with_a_grant(city: Trial, visitor: httpx.AsyncClient) -> None:
    text = (await visitor.get("/metrics")).text
    assert "yiwang_open_cases" in text
    assert "yiwang_jobs_waiting 0.0" in text
    far = httpx.ASGITransport(app=city.app, client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=far, base_url=base_url) as stranger:
        assert (await stranger.get("/metrics")).status_code == 401
        login = {"login": "sysadmin", "password": "Small-city-2026"}
        assert (await stranger.post("/api/v1/session", json=login)).status_code == 200
        assert (await stranger.get("/metrics")).status_code == 200
    proxied = await visitor.get("/metrics", headers={"x-forwarded-for": "203.0.113.5"})
    assert proxied.status_code == 401


async def test_城市时间_可读可调_只能向前_并记入日志(visitor: httpx.AsyncClient, auditor: httpx.AsyncClient) -> None:
    now = (await visitor.get("/api/v1/clock")).json()
    assert (now["simulated"], now["speed"], now["timezone"]) == (True, 0.0, "Asia/Shanghai")
    assert (now["working_day"], now["working"]) == (True, True)
    noon = MORNING.replace(hour=5)  # 13:00 in the city: the break
    moved = await visitor.put("/api/v1/clock", json={"to": noon.isoformat()})
    assert (moved.status_code, moved.json()["working"]) == (200, False)
    back = await visitor.put("/api/v1/clock", json={"to": MORNING.isoformat()})
    assert (back.status_code, back.json()["code"]) == (409, "clock.backwards")
    entries = (await auditor.get("/api/v1/journal", params={"verb": "clock."})).json()["entries"]
    assert entries[0]["verb"] == "clock.changed"


@pytest.mark.parametrize("body", [{"speed": -1}, {"speed": "fast"}, {"to": "2026-06-18T08:30"}, {"pace": 1}])
async def test_a_strange_change_of_the_clock_is_refused(visitor: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert (await visitor.put("/api/v1/clock", json=body)).status_code == 422


async def test_日志只有审计员能看(city: Trial, visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/api/v1/journal")).status_code == 401
    for login in ("sysadmin", "secadmin", "leader1"):
        client = await signed_in(city, login)
        for path in ("/api/v1/journal", "/api/v1/journal/seals"):
            assert (await client.get(path)).status_code == 403, (login, path)
        await client.aclose()


async def test_日志按页翻阅_不重不漏(auditor: httpx.AsyncClient) -> None:
    whole = (await auditor.get("/api/v1/journal", params={"limit": 200})).json()["entries"]
    seen: list[str] = []
    before: str | None = None
    while True:
        query = {"limit": "7", **({"before": before} if before else {})}
        page = (await auditor.get("/api/v1/journal", params=query)).json()
        seen += [entry["cursor"] for entry in page["entries"]]
        before = page["next"]
        if before is None or len(seen) >= 200:
            break
    assert seen[: len(whole)] == [entry["cursor"] for entry in whole][: len(seen)]
    assert len(set(seen)) == len(seen)


async def test_日志按人_按对象_按时间查(auditor: httpx.AsyncClient) -> None:
    mine = (await auditor.get("/api/v1/journal", params={"verb": "account.signed_in"})).json()["entries"]
    assert mine
    actor = mine[0]["actor_id"]
    by_actor = (await auditor.get("/api/v1/journal", params={"actor_id": actor})).json()["entries"]
    assert {entry["actor_id"] for entry in by_actor} == {actor}
    by_subject = (await auditor.get("/api/v1/journal", params={"subject_id": actor})).json()["entries"]
    assert {entry["subject_id"] for entry in by_subject} == {actor}
    future = (await auditor.get("/api/v1/journal", params={"since": "2040-01-01T00:00:00Z"})).json()["entries"]
    assert future == []
    wrong = await auditor.get("/api/v1/journal", params={"before": "x"})
    assert wrong.status_code == 422


async def test_the_chain_is_verified_over_http(city: Trial, auditor: httpx.AsyncClient) -> None:
    from yiwang.kernel import journal

    async with city.services.context.database.connection() as connection:
        await journal.seal(connection, city.services.context.clock.now())
    seals = (await auditor.get("/api/v1/journal/seals")).json()
    report = (await auditor.post("/api/v1/journal/verify")).json()
    assert report["whole"] is True
    assert (report["links"], report["head"]) == (seals[0]["number"], seals[0]["digest"])
