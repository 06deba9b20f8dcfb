"""权限矩阵之办理:role × verb × scope — every verb on a case, every step of its way, every door of the administrators.

Expected answers come from the packs' and the city's files, as for reading. Whatever is refused changes nothing.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from permissions.callers import Caller, World, a_world
from permissions.declared import people
from permissions.world import Standing, standing_of
from support.http_city import HttpCity, a_city, refused

from yiwang.casework.model import Opened

city = a_city()
world = a_world()


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


async def test_转派只在本岗位或本单位之内_审计员和安全员不接业务(city: HttpCity) -> None:
    """With a task goes the sight of its case, so it cannot be handed to just anybody."""
    opened = await city.report("交给环卫所办的事,垃圾堆积", class_code="06042")
    await city.to(opened, "dispatch")
    await city.step(opened.id, "dispatch", department="city-management")
    await city.step(opened.id, "assign", section="sanitation-team")
    door = f"/api/v1/tasks/{(await city.task(opened.id)).id}/reassign"
    handler = await city.client("sanitation-handler")
    async with city.untouched():
        for login in ("utility-handler", "worker1", "city-handler", "shift1", "auditor", "secadmin"):
            body = {"person": (await city.account(login))["id"], "note": "请代办"}
            refused(await handler.post(door, json=body), 422, "case.receiver_elsewhere")
            assert (await (await city.client(login)).get(f"/api/v1/cases/{opened.id}")).status_code in (200, 404)
    task = await city.task((await _waiting_at_centre(city)).id)
    acceptor = await city.client("acceptor1")
    for login in ("auditor", "secadmin"):
        body = {"person": (await city.account(login))["id"], "note": "请代办"}
        refused(await acceptor.post(f"/api/v1/tasks/{task.id}/reassign", json=body), 422, "case.receiver_elsewhere")
    body = {"person": (await city.account("acceptor2"))["id"], "note": "请代办"}
    assert (await acceptor.post(f"/api/v1/tasks/{task.id}/reassign", json=body)).status_code == 204
    assert (await city.task(task.subject_id)).assignee_id == (await city.actor("acceptor2")).account_id


async def _waiting_at_centre(city: HttpCity) -> Opened:
    opened = await city.report("等着受理的事,路灯不亮")
    await city.to(opened, "accept")
    return opened


DOORS: list[tuple[str, str, object, str, str]] = [
    ("GET", "/api/v1/journal", None, "journal", "read"),
    ("GET", "/api/v1/journal/seals", None, "journal", "read"),
    ("POST", "/api/v1/journal/verify", None, "journal", "verify"),
    ("GET", "/api/v1/accounts", None, "account", "read"),
    ("POST", "/api/v1/accounts", {"login": "acceptor1", "name": "重名"}, "account", "create"),
    ("GET", "/api/v1/absences?everyone=true", None, "account", "read"),
    ("POST", f"/api/v1/accounts/{uuid4()}/lock", {}, "account", "lock"),
    ("POST", f"/api/v1/accounts/{uuid4()}/password", None, "account", "reset"),
    ("POST", f"/api/v1/accounts/{uuid4()}/appointments", {"post": 1}, "post", "appoint"),
    ("POST", f"/api/v1/accounts/{uuid4()}/roles", {"role": "case-intake"}, "role", "grant"),
    ("GET", "/api/v1/roles", None, "role", "read"),
    ("PUT", "/api/v1/clock", {}, "clock", "set"),
    ("GET", "/metrics", None, "metrics", "read"),
    ("PUT", "/api/v1/definitions/urban-case/draft", None, "definition", "edit"),
    ("POST", "/api/v1/definitions/urban-case/publish", None, "definition", "publish"),
    ("PUT", "/api/v1/decisions/permit/draft", None, "definition", "edit"),
    ("POST", "/api/v1/decisions/permit/publish", None, "definition", "publish"),
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


DOABLE: list[tuple[str, str, str, dict[str, Any]]] = [
    # where the case must stand, what is done then, the grant it needs, with what
    ("dispatch", "urge", "urge", {"note": "请快些"}),
    ("dispatch", "suspend", "suspend", {"note": "等配件"}),
    ("dispatch", "supervise", "supervise", {"note": "领导关注"}),
    ("handle", "extension", "request_extension", {"limit": "1工作日", "note": "工程量大"}),
    ("dispatch", "force-close", "force_close", {"note": "已自行消除"}),
    ("dispatch", "void", "void", {"note": "误报"}),
]


@pytest.mark.parametrize(("node", "path", "grant", "body"), DOABLE, ids=[row[1] for row in DOABLE])
async def test_有权的岗位真的办得成(city: HttpCity, node: str, path: str, grant: str, body: dict[str, Any]) -> None:
    """Every person who is granted the verb on such a case does it once, each on a case of their own."""
    done = 0
    for login, person in people().items():
        if not person.may("case", grant):
            continue
        opened = await city.report(f"{login}要办的事,垃圾堆积", class_code="06042")
        await city.to(opened, node)
        standing = await standing_of(city, login, {"id": str(opened.id), "code": opened.code})
        if not (person.may_on("read", standing.place) and person.may_on(grant, standing.place)):
            continue
        answer = await (await city.client(login)).post(f"/api/v1/cases/{opened.id}/{path}", json=body)
        assert answer.status_code == 204, f"{login} {path}: {answer.text}"
        done += 1
    assert done
