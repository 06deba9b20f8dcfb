"""权限矩阵:role × verb × scope, on the API, lists, counts, search, tiles, tasks, pages and the live stream alike.

What is expected is worked out from the packs' and the city's own files (:mod:`permissions.declared`) and the stored facts of
each case (:mod:`permissions.world`), never by asking the code under test.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from geo.mvt import decode
from permissions.declared import NOBODY, Person, Place, people
from permissions.world import WORD, Standing, build
from support.http_city import HttpCity, a_city, refused

from yiwang.identity.requests import session_cookie

city = a_city()


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls, and what is declared of them."""

    person: Person
    client: httpx.AsyncClient
    headers: dict[str, str]

    @property
    def signed_in(self) -> bool:
        return self.person is not NOBODY


@dataclass(frozen=True, slots=True)
class World:
    """Everybody and everything."""

    city: HttpCity
    cases: list[Standing]
    callers: list[Caller]

    def caller(self, login: str) -> Caller:
        return next(caller for caller in self.callers if caller.person.login == login)


@pytest.fixture(scope="module")
async def world(city: HttpCity) -> AsyncIterator[World]:
    cases = await build(city)
    callers = [Caller(NOBODY, await city.client(), {})]
    for login, person in people().items():
        callers.append(
            Caller(person, await city.client(login), {"cookie": f"{session_cookie}={await city.session(login)}"})
        )
    tokens = [
        ("shift1", {"read"}, "120199001", False),
        ("shift1", {"read", "suspend", "urge"}, "120199002001", True),
        ("dongjie-desk", {"urge", "fold"}, "120199001", True),
        ("water-desk", {"read"}, "120199002", False),
        ("city-desk", {"read"}, "120199002", False),
        ("city-desk", {"read"}, "120199002", True),
    ]
    for login, verbs, area, in_posts in tokens:
        body = {
            "name": "矩阵",
            "in_posts": in_posts,
            "grants": [{"kind": "case", "verbs": sorted(verbs), "area": area}],
        }
        made = await (await city.client(login)).post("/api/v1/tokens", json=body)
        assert made.status_code == 201, made.text
        headers = {"authorization": f"Bearer {made.json()['token']}"}
        person = people()[login].within(verbs, area, in_posts=in_posts)
        callers.append(Caller(person, city.new_client(headers=headers), headers))
    yield World(city, cases, callers)
    for caller in callers[-len(tokens) :]:
        await caller.client.aclose()


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


VERBS: list[tuple[str, str, dict[str, Any]]] = [
    ("suspend", "suspend", {"note": "试"}),
    ("resume", "suspend", {"note": "试"}),
    ("urge", "urge", {"note": "试"}),
    ("supervise", "supervise", {"note": "试"}),
    ("extension", "request_extension", {"limit": "1工作日", "note": "试"}),
    ("extension/decision", "approve_extension", {"result": "approve"}),
    ("force-close", "force_close", {"note": "试"}),
    ("void", "void", {"note": "试"}),
    ("fold", "fold", {"head": "CG20991231000001"}),
    ("unfold", "fold", {"note": "试"}),
]
"""Address, the grant that it needs, a body."""


async def test_案件操作_无权的被拒_有权的只被案件状态拦下(world: World) -> None:
    """Tried on voided cases of every scope: nothing can be done with them any more, so whoever may is told that (409)."""
    cases = [case for case in world.cases if case.state == "void"]
    assert len({case.place.organisation for case in cases}) == 4
    async with world.city.untouched():
        for caller in world.callers:
            for case in cases:
                for path, grant, body in VERBS:
                    answer = await caller.client.post(f"/api/v1/cases/{case.id}/{path}", json=body)
                    person = caller.person
                    if not caller.signed_in:
                        expected = 401
                    elif not case.listed_for(person):
                        expected = 404
                    else:
                        expected = 409 if person.may_on(grant, case.place) else 403
                    assert refused(answer)["status"] == expected, f"{person.login} {path} {case.name}: {answer.text}"


async def test_案件页上的操作_标为可办的就是有权的(world: World) -> None:
    grants = {
        "suspend": "suspend", "resume": "suspend", "urge": "urge", "supervise": "supervise", "void": "void",
        "request_extension": "request_extension", "decide_extension": "approve_extension",
        "force_close": "force_close", "fold": "fold", "unfold": "fold",
    }  # fmt: skip
    for caller in world.callers:
        for case in world.cases:
            if not case.readable_for(caller.person):
                continue
            view = (await caller.client.get(f"/api/v1/cases/{case.id}")).json()
            for item in view["operations"]:
                who = f"{caller.person.login} {item['verb']} {item['outcome']} {case.name}: {item}"
                if item["verb"] == "complete":
                    task = next(task for task in case.tasks if str(task.id) == item["task_id"])
                    assert item["allowed"] == (task.with_person(caller.person) and not case.suspended), who
                elif caller.person.may_on(grants[item["verb"]], case.place):
                    assert "岗位" not in item["why_zh"], who
                else:
                    assert not item["allowed"], who
                    assert "没有这项权限" in item["why_zh"], who


async def test_办理任务_只有持有的人_能看见的被告知_看不见的无此任务(world: World) -> None:
    async with world.city.untouched():
        for caller in world.callers:
            for case in world.cases:
                for task in case.tasks:
                    answer = await caller.client.post(f"/api/v1/tasks/{task.id}/complete", json={"outcome": "nonsense"})
                    expected = _of_task(caller, case, holder=409 if case.suspended else 422, reader=403)
                    assert refused(answer)["status"] == expected, f"{caller.person.login} {case.name}: {answer.text}"


async def test_转派任务_持有的人和有权调度的人(world: World) -> None:
    body = {"person": str(uuid4()), "note": "试"}
    async with world.city.untouched():
        for caller in world.callers:
            for case in world.cases:
                for task in case.tasks:
                    answer = await caller.client.post(f"/api/v1/tasks/{task.id}/reassign", json=body)
                    found = refused(answer)
                    who = f"{caller.person.login} {case.name}: {answer.text}"
                    if caller.signed_in and (
                        task.with_person(caller.person) or caller.person.may_on("assign", case.place, "task")
                    ):
                        assert (found["status"], found["data"]["what"]) == (404, "在岗人员"), who
                    else:
                        assert found["status"] == _of_task(caller, case, holder=0, reader=403), who


def _of_task(caller: Caller, case: Standing, *, holder: int, reader: int) -> int:
    person = caller.person
    if not caller.signed_in:
        return 401
    if case.has_task(person):
        return holder
    return reader if case.listed_for(person) or person.may_on("read", case.place, "task") else 404


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
        for path in ("/desk/cases", f"/desk/cases?q={WORD}", "/desk/tasks", "/"):
            page = await caller.client.get(path, headers={"accept": "text/html"})
            tasks = {case.number for case in world.cases if case.has_task(caller.person)}
            for case in world.cases:
                if case.number not in listed | tasks:
                    assert case.number not in page.text, f"{caller.person.login} {path} {case.name}"
        for case in world.cases:
            page = await caller.client.get(f"/desk/cases/{case.id}", headers={"accept": "text/html"})
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


DOORS: list[tuple[str, str, object, str, str]] = [
    ("GET", "/api/v1/journal", None, "journal", "read"),
    ("GET", "/api/v1/journal/seals", None, "journal", "read"),
    ("POST", "/api/v1/journal/verify", None, "journal", "verify"),
    ("GET", "/api/v1/accounts", None, "account", "read"),
    ("POST", "/api/v1/accounts", {"login": "acceptor1", "name": "重名"}, "account", "create"),
    ("POST", f"/api/v1/accounts/{uuid4()}/lock", {}, "account", "lock"),
    ("POST", f"/api/v1/accounts/{uuid4()}/password", None, "account", "reset"),
    ("POST", f"/api/v1/accounts/{uuid4()}/appointments", {"post": 1}, "post", "appoint"),
    ("POST", f"/api/v1/accounts/{uuid4()}/roles", {"role": "case-intake"}, "role", "grant"),
    ("GET", "/api/v1/roles", None, "role", "read"),
    ("PUT", "/api/v1/clock", {}, "clock", "set"),
    ("GET", "/metrics", None, "metrics", "read"),
    ("PUT", "/api/v1/definitions/urban-case/draft", None, "definition", "edit"),
    ("POST", "/api/v1/definitions/urban-case/publish", None, "definition", "publish"),
]


async def test_管理的门_只开给各自的管理员(world: World) -> None:
    for caller in world.callers:
        for method, path, body, kind, verb in DOORS:
            content = {"content": b"<a/>"} if path.endswith("/draft") else {"json": body}
            answer = await caller.client.request(method, path, **content)  # type: ignore[arg-type]
            who = f"{caller.person.login} {method} {path}: {answer.status_code} {answer.text[:200]}"
            assert answer.status_code < 500, who
            if not caller.signed_in:
                assert answer.status_code == 401, who
            elif caller.person.may(kind, verb):
                assert answer.status_code not in (401, 403), who
            else:
                assert answer.status_code in (403, 404, 422), who
                if answer.status_code == 422:
                    assert path.endswith("/draft"), who


PUBLIC = [
    "/api/v1/case-types",
    "/api/v1/case-types/urban-case/classes",
    "/api/v1/cases/suggest?type=urban-case&text=路灯不亮",
    "/api/v1/areas",
    "/api/v1/locate?lon=117.01&lat=39.01",
    "/api/v1/places?q=小学",
    "/api/v1/clock",
    "/healthz",
    "/report",
    "/follow",
]


async def test_公开的门_对谁都一样(world: World) -> None:
    for caller in world.callers:
        for path in PUBLIC:
            answer = await caller.client.get(path)
            assert answer.status_code == 200, f"{caller.person.login} {path}"
        near = (await caller.client.get("/api/v1/cases/duplicates?type=urban-case&lon=117.0182&lat=39.004")).json()
        assert near
        assert {*near[0]} == {"number", "status", "class_code", "class_name", "metres", "reported_at", "reports"}


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
