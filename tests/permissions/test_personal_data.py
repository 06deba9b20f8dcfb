"""个人信息:the reporter's name and telephone leave the system unmasked by one door only, and whoever uses it is on record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog.testing
from permissions.declared import people
from permissions.world import standing_of
from support.http_city import HttpCity, a_city, jpeg

from yiwang.identity.requests import session_cookie

city = a_city()

NAME, PHONE = "欧阳小敏", "13998765432"
SECRETS = (NAME, PHONE, "阳小敏", "98765432", "小敏")
WORD = "个人信息试验"


@pytest.fixture(scope="module")
async def case_id(city: HttpCity) -> UUID:
    """A case that went all the way, reported by somebody whose name and telephone are known."""
    client = await city.client()
    photo = (await client.post("/api/v1/attachments", files={"file": ("a.jpg", jpeg())})).json()
    used = [{"id": photo["id"], "claim": photo["claim"]}]
    body = city.body(text=f"{WORD}:路灯不亮", reporter={"name": NAME, "phone": f"+86 {PHONE}"}, photos=used)
    receipt = (await client.post("/api/v1/cases", json=body)).json()
    opened = type("Receipt", (), {"id": UUID(receipt["id"])})()
    await city.to(opened, "handle")
    follow = {"number": receipt["number"], "code": receipt["code"]}
    assert (await client.post("/api/v1/cases/add", json={**follow, "note": "还有一盏也不亮"})).status_code == 200
    city.receipt = follow  # type: ignore[attr-defined]
    return UUID(receipt["id"])


def _found(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def _paths(case_id: UUID) -> Iterator[str]:
    one = f"/api/v1/cases/{case_id}"
    yield from (
        one,
        f"{one}/story",
        "/api/v1/cases",
        f"/api/v1/cases?q={WORD}",
        "/api/v1/tasks",
        "/api/v1/journal?limit=200",
    )
    yield from (f"/api/v1/instances/{case_id}", f"/api/v1/cases?q={PHONE}", f"/api/v1/cases?q={NAME}")
    yield from (
        "/api/v1/tiles/cases/16/54072/24853.mvt",
        "/api/v1/tiles/cases/8/211/97.mvt",
        "/api/v1/accounts?limit=200",
    )
    yield from (
        f"/api/v1/cases?number={PHONE}",
        "/api/v1/cases/summary",
        "/api/v1/session",
        "/metrics",
        "/api/openapi.json",
    )
    yield from ("/plain/", "/plain/home/state", "/plain/desk", "/plain/desk/tasks", "/plain/desk/cases")
    yield from (f"/plain/desk/cases/{case_id}", "/plain/desk/timeliness")
    yield from ("/plain/desk/journal", f"/plain/desk/cases?q={WORD}", "/plain/desk/intake", "/plain/report")
    yield from (
        f"/api/v1/cases/duplicates?type=urban-case&lon={lon}&lat=39.0005" for lon in (117.0005, 117.001, 117.0017)
    )


async def test_谁从哪里看_都看不到原样的姓名和电话(city: HttpCity, case_id: UUID) -> None:
    seen = 0
    with structlog.testing.capture_logs() as logs:
        for login in (None, *people()):
            client = await city.client(login)
            for path in _paths(case_id):
                answer = await client.get(path)
                assert answer.status_code < 500, path
                shown = (
                    answer.text.replace(f"q={PHONE}", "")
                    .replace(PHONE, "", _echoes(path))
                    .replace(NAME, "", _echoes(path))
                )
                assert not _found(shown), f"{login} {path}: {_found(shown)}"
                assert not _found(str(dict(answer.headers))), path
                seen += answer.status_code == 200
        sessions = [{"cookie": f"{session_cookie}={await city.session(login)}"} for login in people()]
        listened = await asyncio.gather(*(city.events(headers, "after=0.0", seconds=2) for headers in ({}, *sessions)))
        for _, events, content in listened:
            assert not _found(content.decode())
            seen += len(events)
    assert seen > 400
    assert not _found(str(logs))


def _echoes(path: str) -> int:
    """A page that repeats the search may repeat what was searched for."""
    return 9 if path.startswith("/plain/desk") and "q=" in path else 0


async def test_上报人自己的查询页也不回显电话(city: HttpCity, case_id: UUID) -> None:
    client, follow = await city.client(), city.receipt  # type: ignore[attr-defined]
    for path, more in (("follow", {}), ("add", {"note": "再补充一点"})):
        answer = await client.post(f"/api/v1/cases/{path}", json={**follow, **more})
        assert answer.status_code == 200
        assert not _found(answer.text)
    page = await client.post("/plain/follow", data=follow, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert not _found(page.text)


async def test_日志表里没有姓名和电话(city: HttpCity, case_id: UUID) -> None:
    async with city.services.context.database.connection() as connection:
        for secret in SECRETS:
            tables = ("journal", "flow_instance", "flow_task", "flow_step", "case_file", "case_text", "case_attachment")
            for table in tables:
                count = await connection.fetchval(
                    f"select count(*) from {table} t where t::text like '%' || $1 || '%'", secret
                )
                assert count == 0, f"{secret} in {table}"
        assert await connection.fetchval("select count(*) from case_reporter where name = $1", NAME) == 1


async def test_说明用途且有权限的人才看得到_并记入日志(city: HttpCity, case_id: UUID) -> None:
    standing = await standing_of(city, "一件", {"id": str(case_id), "code": ""})
    shown_to = set()
    for login, person in people().items():
        client = await city.client(login)
        before = await _viewed(city, case_id)
        answer = await client.get(f"/api/v1/cases/{case_id}", params={"purpose": "电话核实地点"})
        may = standing.readable_for(person) and person.may_on("read_personal", standing.place)
        assert (answer.status_code == 200) == standing.readable_for(person), login
        assert bool(_found(answer.text)) == may, login
        assert len(await _viewed(city, case_id)) == len(before) + may, login
        if may:
            shown_to.add(login)
            reporter = answer.json()["reporter"]
            assert reporter == {"name": NAME, "phone": f"+86 {PHONE}", "masked": False}
            last = (await _viewed(city, case_id))[-1]
            assert (last["actor_name"], last["data"]["purpose"]) == ((await city.actor(login)).name, "电话核实地点")
        elif answer.status_code == 200:
            assert answer.json()["reporter"] == {"name": "欧***", "phone": "861****5432", "masked": True}, login
    assert {"acceptor1", "operator1", "shift1", "city-desk"} <= shown_to
    assert not shown_to & {"worker1", "city-handler", "leader1", "supervisor1", "dispatcher1", "sysadmin", "auditor"}


@pytest.mark.parametrize("purpose", ["", " ", "\u3000", "\0", "\u200b\u202e"])
async def test_空白的用途不算用途(city: HttpCity, case_id: UUID, purpose: str) -> None:
    client, before = await city.client("acceptor1"), await _viewed(city, case_id)
    answer = await client.get(f"/api/v1/cases/{case_id}", params={"purpose": purpose})
    assert answer.json()["reporter"]["masked"] is True
    assert not _found(answer.text)
    assert await _viewed(city, case_id) == before


async def test_附件名和照片里的信息_缩略图不带拍摄地点(city: HttpCity, case_id: UUID) -> None:
    client = await city.client("acceptor1")
    view = (await client.get(f"/api/v1/cases/{case_id}")).json()
    for item in view["attachments"]:
        small = await client.get(item["thumbnail"])
        assert b"Exif" not in small.content


async def _viewed(city: HttpCity, case_id: UUID) -> list[dict[str, Any]]:
    async with city.services.context.database.connection() as connection:
        rows = await connection.fetch(
            "select actor_name, data from journal where subject_id = $1 and verb = 'case.viewed' order by seq", case_id
        )
    return [dict(row) for row in rows]
