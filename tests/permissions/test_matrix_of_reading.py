"""权限矩阵之查看:role × scope on details, lists, counts, search, tiles, tasks, files, pages and the live stream alike.

What is expected is worked out from the packs' and the city's own files (:mod:`permissions.declared`) and the stored facts of
each case (:mod:`permissions.world`), never by asking the code under test.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from geo.mvt import decode
from permissions.callers import Caller, World, a_world
from permissions.declared import Person, Place
from permissions.world import WORD, Standing
from support.http_city import a_city, refused

city = a_city()
world = a_world()


def test_世界里什么都有(world: World) -> None:
    """The matrix proves little where everybody sees everything or nobody anything."""
    states = Counter(case.state for case in world.cases)
    assert set(states) == {"open", "closed", "void", "not_accepted", "folded"}
    assert {case.stage for case in world.cases} >= {
        "verify",
        "accept",
        "dispatch",
        "receive",
        "handle",
        "confirm",
        "check",
    }
    assert {case.place.area[:12] for case in world.cases} >= {"120199001001", "120199001002", "120199002001"}
    assert len({case.place.organisation for case in world.cases}) >= 6
    shares = {
        caller.person.login: sum(case.readable_for(caller.person) for case in world.cases) for caller in world.callers
    }
    assert shares["shift1"] == len(world.cases)
    assert shares["anonymous"] == shares["sysadmin"] == shares["secadmin"] == shares["auditor"] == 0
    partial = [login for login, share in shares.items() if 0 < share < len(world.cases)]
    assert len(partial) >= 15, shares


async def test_案件详情和办理经过_范围内可读_范围外与不存在一样(world: World) -> None:
    unknown = uuid4()
    for caller in world.callers:
        for path in ("/api/v1/cases/{}", "/api/v1/cases/{}/story"):
            missing = await caller.client.get(path.format(unknown))
            hidden = refused(missing, 404 if caller.signed_in else 401)
            for case in world.cases:
                answer = await caller.client.get(path.format(case.id))
                who = f"{caller.person.login} → {case.name} {path}: {answer.status_code}"
                if case.readable_for(caller.person):
                    assert answer.status_code == 200, who
                else:
                    body = refused(answer, hidden["status"])
                    assert {**body, "instance": ""} == {**hidden, "instance": ""}, who
                    assert case.number not in answer.text, who


async def test_列表_搜索_计数_与可读范围一致(world: World) -> None:
    for caller in world.callers:
        person = caller.person
        wanted = {str(case.id) for case in world.cases if case.listed_for(person)}
        everything = await _listed(caller, {})
        if not person.may("case", "read"):
            assert everything is None, person.login
            refused(await caller.client.get("/api/v1/cases/summary"), 403 if caller.signed_in else 401)
            continue
        assert everything == wanted, person.login
        assert await _listed(caller, {"q": WORD}) == wanted, person.login
        assert await _listed(caller, {"box": "116.9,38.9,117.1,39.1"}) == {
            str(case.id) for case in world.cases if str(case.id) in wanted and case.located and not case.closed_at
        }
        for state in ("open", "closed", "void", "not_accepted", "folded"):
            found = await _listed(caller, {"state": state})
            assert found == {str(case.id) for case in world.cases if str(case.id) in wanted and case.state == state}
        for case in world.cases:
            assert await _listed(caller, {"number": case.number}) == ({str(case.id)} & wanted), (
                f"{person.login} {case.name}"
            )
        await _counts_agree(caller, [case for case in world.cases if str(case.id) in wanted])


async def _listed(caller: Caller, query: dict[str, str]) -> set[str] | None:
    """Ids of a list, in pages of seven; None where the caller may list nothing."""
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = await caller.client.get("/api/v1/cases", params={**query, **after, "limit": "7"})
        if answer.status_code != 200:
            refused(answer, 403 if caller.signed_in else 401)
            return None
        page = answer.json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            assert len(found) == len(set(found))
            return set(found)
        after = {"after": page["next"]}


async def _counts_agree(caller: Caller, seen: list[Standing]) -> None:
    counts = (await caller.client.get("/api/v1/cases/summary")).json()
    assert counts["open"] == sum(case.state == "open" for case in seen), caller.person.login
    assert counts["suspended"] == sum(case.suspended for case in seen), caller.person.login
    assert counts["reported_today"] == len(seen), caller.person.login
    assert counts["closed_today"] == sum(case.closed_at for case in seen), caller.person.login


async def test_瓦片_只有范围内在办的点_聚合数也不多(world: World) -> None:
    for caller in world.callers:
        shown = {
            case.number
            for case in world.cases
            if case.listed_for(caller.person) and case.located and not case.closed_at
        }
        answer = await caller.client.get(_tile(8))
        if not caller.person.may("case", "read"):
            refused(answer, 403 if caller.signed_in else 401)
            continue
        clusters = decode(answer.content).get("cases", []) if answer.content else []
        assert sum(int(item["n"]) for item in clusters) == len(shown), caller.person.login
        numbers: set[str] = set()
        for x, y in _tiles(16):
            tile = await caller.client.get(f"/api/v1/tiles/cases/16/{x}/{y}.mvt")
            numbers |= (
                {str(item["number"]) for item in decode(tile.content).get("cases", [])} if tile.content else set()
            )
        assert numbers == shown, caller.person.login


def _xy(zoom: int, lon: float, lat: float) -> tuple[int, int]:
    """Slippy map tile of a place."""
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)


def _tile(zoom: int) -> str:
    x, y = _xy(zoom, 117.01, 39.01)
    return f"/api/v1/tiles/cases/{zoom}/{x}/{y}.mvt"


def _tiles(zoom: int) -> list[tuple[int, int]]:
    (west, south), (east, north) = _xy(zoom, 116.998, 38.998), _xy(zoom, 117.026, 39.022)
    return [(x, y) for x in range(west, east + 1) for y in range(north, south + 1)]


async def test_我的任务_只有本岗位的和交给本人的(world: World) -> None:
    for caller in world.callers:
        answer = await caller.client.get("/api/v1/tasks", params={"limit": 200})
        if not caller.signed_in:
            refused(answer, 401)
            continue
        found = {item["id"] for item in answer.json()["items"]}
        assert found == {
            str(task.id) for case in world.cases for task in case.tasks if task.with_person(caller.person)
        }, caller.person.login


async def test_附件_只给能读案件的人(world: World) -> None:
    for caller in world.callers:
        for case in world.cases:
            for attachment in case.attachments[:1]:
                for path in ("", "/thumbnail"):
                    answer = await caller.client.get(f"/api/v1/attachments/{attachment}{path}")
                    expected = 200 if case.readable_for(caller.person) else 404
                    assert answer.status_code == expected, f"{caller.person.login} → {case.name}"


async def test_实时事件_只送达能读的案件(world: World) -> None:
    """From the first entry on: of each case only what happened while it was within one's scope."""
    answers = await asyncio.gather(
        *(world.city.events(caller.headers, "after=0.0&verb=case.", seconds=3) for caller in world.callers)
    )
    history = await _history(world)
    for caller, (status, events, _) in zip(world.callers, answers, strict=True):
        if not caller.signed_in:
            assert (status, events) == (401, [])
            continue
        told = Counter((event["id"], event["verb"], event["status"]) for event in events)
        assert told == _visible(caller.person, history), caller.person.login
        later = {event["id"] for event in events} - {
            str(case.id) for case in world.cases if case.listed_for(caller.person)
        }
        names = {case.name for case in world.cases if str(case.id) in later}
        # What one has had and given back one has seen until then.
        assert names <= {"西街水务退回"}, f"{caller.person.login}: {names}"


async def _history(world: World) -> list[dict[str, Any]]:
    async with world.city.services.context.database.connection() as connection:
        rows = await connection.fetch(
            "select subject_id, verb, area, data from journal where subject_kind = 'case' order by tx, seq"
        )
    directory = world.city.services.identity.directory
    found = []
    for row in rows:
        organisation = directory.organisation(row["data"]["organisation"]) if row["data"].get("organisation") else None
        found.append({**dict(row), "organisation": organisation.code if organisation else None})
    return found


def _visible(person: Person, history: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    return Counter(
        (str(row["subject_id"]), row["verb"], row["data"].get("status"))
        for row in history
        if person.may_on("read", Place(row["area"], row["data"].get("grid") or "", row["organisation"]))
    )


async def test_页面与接口一致(world: World) -> None:
    """The desk's pages show the same cases as the API, and none that it hides."""
    for caller in world.callers:
        if not caller.signed_in or caller.person.login.endswith("token"):
            continue
        listed = {case.number for case in world.cases if case.listed_for(caller.person)}
        for path in ("/plain/desk/cases", f"/plain/desk/cases?q={WORD}", "/plain/desk/tasks", "/plain/"):
            page = await caller.client.get(path, headers={"accept": "text/html"})
            tasks = {case.number for case in world.cases if case.has_task(caller.person)}
            for case in world.cases:
                if case.number not in listed | tasks:
                    assert case.number not in page.text, f"{caller.person.login} {path} {case.name}"
        for case in world.cases:
            page = await caller.client.get(f"/plain/desk/cases/{case.id}", headers={"accept": "text/html"})
            expected = 200 if case.readable_for(caller.person) else 404
            assert page.status_code == expected, f"{caller.person.login} {case.name}"


async def test_流程进度_只给该区域的人和经手的人(world: World) -> None:
    """Whoever may not read a case does not learn its way through the offices either, unless they took part in it."""
    for caller in world.callers:
        for case in world.cases:
            answer = await caller.client.get(f"/api/v1/instances/{case.id}")
            person = caller.person
            anybodys = Place(case.place.area, case.place.grid, None)
            known = person.may_on("read", anybodys) or case.has_task(person) or person.account in case.walkers
            expected = 200 if known else 404 if caller.signed_in else 401
            assert answer.status_code == expected, f"{person.login} {case.name}: {answer.status_code}"


PUBLIC = [
    "/api/v1/case-types",
    "/api/v1/case-types/urban-case/classes",
    "/api/v1/cases/suggest?type=urban-case&text=路灯不亮",
    "/api/v1/areas",
    "/api/v1/locate?lon=117.01&lat=39.01",
    "/api/v1/places?q=小学",
    "/api/v1/clock",
    "/healthz",
    "/plain/report",
    "/plain/follow",
]


async def test_公开的门_对谁都一样(world: World) -> None:
    for caller in world.callers:
        for path in PUBLIC:
            answer = await caller.client.get(path)
            assert answer.status_code == 200, f"{caller.person.login} {path}"
        near = (await caller.client.get("/api/v1/cases/duplicates?type=urban-case&lon=117.0182&lat=39.004")).json()
        assert near
        assert {*near[0]} == {
            "number", "status", "status_en", "class_code", "class_name", "class_name_en", "metres", "reported_at",
            "reports",
        }  # fmt: skip


async def test_凭编号和查询码_人人可查自己的上报(world: World) -> None:
    for case in world.cases:
        answer = await world.caller("anonymous").client.post(
            "/api/v1/cases/follow", json={"number": case.number, "code": case.code}
        )
        assert answer.status_code == 200, case.name
        assert "organisation" not in answer.text


@pytest.mark.parametrize("login", ["shift1", "dongjie-desk"])
async def test_并入的案件和主案件_都按各自的范围(world: World, login: str) -> None:
    caller = world.caller(login)
    folded = next(case for case in world.cases if case.state == "folded")
    view = (await caller.client.get(f"/api/v1/cases/{folded.id}")).json()
    head = await caller.client.get(f"/api/v1/cases/{UUID(view['head_id'])}")
    assert head.status_code == 200
    assert [item["id"] for item in head.json()["folded"]] == [str(folded.id)]
