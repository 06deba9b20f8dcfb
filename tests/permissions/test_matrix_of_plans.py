"""权限矩阵之计划与任务分解:计划、本期任务、分解情况、进展、统计和排名,各人只见自己范围内的;报进展只报自己单位的。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from permissions.declared import NOBODY, Place
from permissions.pack_cities import a_pack_city, callers, listed, told
from support.http_city import HttpCity

from yiwang.kernel.access import SYSTEM

city = a_pack_city("offices")

KIND, SHEET = "matter-tasks", "task-score"
OFFICES = ("water-bureau", "public-security", "dongjie")
SPAN = {"since": "2026-06-01T00:00:00+08:00", "until": "2026-07-01T00:00:00+08:00"}


@dataclass(frozen=True, slots=True)
class Given:
    """A task of an office that has ended: no progress is taken any more."""

    case: UUID
    place: Place


@dataclass(frozen=True, slots=True)
class World:
    """A matter that was broken down, and one that waits for it."""

    divided: UUID
    waiting: UUID
    tasks: list[Given]


@pytest.fixture(scope="module")
async def world(city: HttpCity) -> World:
    leader, supervisor = await city.client("leader1"), await city.client("supervisor1")
    matters = []
    for text in ("请各单位解决东街汛期积水,逐月报进展", "请各单位整治西街占道经营,逐月报进展"):
        body = {"type": "supervised-matter", "channel": "instruction", "class_code": "DC01", "text": text}
        opened = await leader.post("/api/v1/cases", json=body)
        assert opened.status_code == 201, opened.text
        matters.append(UUID(opened.json()["id"]))
        task = await city.task(matters[-1])
        done = await supervisor.post(f"/api/v1/tasks/{task.id}/complete", json={"outcome": "file"})
        assert done.status_code < 300, done.text
    parts = [{"title": f"{office}的任务", "organisation": office, "limit": "20工作日"} for office in OFFICES]
    answer = await supervisor.post(f"/api/v1/cases/{matters[0]}/breakdown", json={"parts": parts})
    assert answer.status_code == 201, answer.text
    breakdowns, operations = city.services.plans.breakdowns, city.services.casework.operations
    tasks = []
    for part in (await breakdowns.breakdown(SYSTEM, matters[0])).parts:
        await operations.force_close(part.child_id, await city.actor("supervisor1"), "已自行解决")
        office = city.services.identity.directory.organisation(part.organisation_id)
        tasks.append(Given(part.child_id, Place(part.area, "", office.code if office else None)))
    assert {task.place.organisation for task in tasks} == set(OFFICES)
    return World(matters[0], matters[1], tasks)


async def test_报进展_看不到的无此任务_别单位的被拒_自己的只被任务状态拦下(city: HttpCity, world: World) -> None:
    seen: set[tuple[int, str]] = set()
    everybody = await callers(city, "offices")
    async with city.untouched():
        for person, client in everybody:
            for task in world.tasks:
                who = f"{person.login} {task.place}"
                door = f"/api/v1/cases/{task.case}/progress"
                reads, reports = (person.may_on(verb, task.place, "plan") for verb in ("read", "report"))
                told_of = await client.get(door)
                answer = await client.post(door, json={"percent": 40, "text": "水泵已到货"})
                if person is NOBODY:
                    shown = expected = (401, "identity.sign_in_needed")
                else:
                    shown = (200, "") if reads else (404, "plan.breakdown_unknown")
                    expected = (409, "plan.part_ended") if reports else (403, "identity.forbidden")
                    expected = expected if reads or reports else (404, "plan.breakdown_unknown")
                assert told(told_of) == shown, f"{who}: {told_of.text}"
                assert told(answer) == expected, f"{who}: {answer.text}"
                seen.add(expected)
    assert len(seen) == 4


async def test_分解情况_看得到案件的见全部_承办单位只见自己的(city: HttpCity, world: World) -> None:
    own = 0
    for person, client in await callers(city, "offices"):
        readable = await client.get(f"/api/v1/cases/{world.divided}")
        answer = await client.get(f"/api/v1/cases/{world.divided}/breakdown")
        mine = {str(task.case) for task in world.tasks if person.may_on("read", task.place, "plan")}
        if person is NOBODY:
            assert told(answer) == (401, "identity.sign_in_needed")
        elif readable.status_code == 200:
            assert {part["case_id"] for part in answer.json()["parts"]} == {str(task.case) for task in world.tasks}
        elif mine:
            assert {part["case_id"] for part in answer.json()["parts"]} == mine, person.login
            own += 1
        else:
            assert told(answer) == (404, "plan.breakdown_unknown"), (person.login, answer.text)
    assert own


async def test_分解_案件看不到的无此案件_不是自己任务的被拒(city: HttpCity, world: World) -> None:
    body = {"parts": [{"title": "不存在的单位", "organisation": "nowhere", "limit": "20工作日"}]}
    seen: set[tuple[int, str]] = set()
    everybody = [
        (person, client, told(await client.get(f"/api/v1/cases/{world.waiting}")))
        for person, client in await callers(city, "offices")
    ]
    async with city.untouched():
        for person, client, readable in everybody:
            answer = await client.post(f"/api/v1/cases/{world.waiting}/breakdown", json=body)
            if person is NOBODY:
                expected = (401, "identity.sign_in_needed")
            elif readable[0] != 200:
                expected = (404, "not_found")
            elif "supervisor" in person.kinds:
                expected = (422, "plan.office_unknown")
            else:
                expected = (403, "flow.task_not_yours")
            assert told(answer) == expected, f"{person.login}: {answer.text}"
            seen.add(expected)
    assert len(seen) == 4


async def test_计划_统计_排名_无权的被拒_只统计范围内的单位(city: HttpCity, world: World) -> None:
    plan = (await city.services.plans.periodic.all(SYSTEM))[0].plan.id
    doors = (
        "/api/v1/plans", f"/api/v1/plans/{plan}", f"/api/v1/plans/{plan}/periods/2026-06/tasks",
        f"/api/v1/breakdowns/{KIND}/figures", f"/api/v1/sheets/{SHEET}/figures",
    )  # fmt: skip
    partial = 0
    for person, client in await callers(city, "offices"):
        for door in doors:
            answer = await client.get(door, params=SPAN if door.endswith("figures") else None)
            assert told(answer) == listed(person, "plan", "read"), f"{person.login} {door}: {answer.text}"
        for door in ("/api/v1/breakdowns", "/api/v1/sheets"):
            assert (await client.get(door)).status_code == (401 if person is NOBODY else 200), (person.login, door)
        if person.may("plan", "read"):
            answer = await client.get(f"/api/v1/breakdowns/{KIND}/figures", params=SPAN)
            shown = {item["organisation"]["zh"] for item in answer.json()["items"]}
            codes = (task.place.organisation for task in world.tasks if person.may_on("read", task.place, "plan"))
            offices = [city.services.identity.directory.organisation_by_code(code or "") for code in codes]
            mine = {office.name_zh for office in offices if office}
            assert shown == mine, person.login
            partial += 0 < len(mine) < len(world.tasks)
    assert partial


async def test_评分表_看不到案件的看不到_不是自己的步骤填不了(city: HttpCity, world: World) -> None:
    case = world.tasks[0].case
    refused = 0
    for person, client in await callers(city, "offices"):
        readable = told(await client.get(f"/api/v1/cases/{case}"))
        assert told(await client.get(f"/api/v1/cases/{case}/sheets"))[0] == readable[0], person.login
        body = {"task_id": str(uuid4()), "outcome": "done", "answers": {}}
        answer = await client.post(f"/api/v1/sheets/{SHEET}/answers", json=body)
        assert answer.status_code == (401 if person is NOBODY else 404), (person.login, answer.text)
        refused += readable[0] == 404
    assert refused


async def test_规划条目_登录的人都看得到(city: HttpCity, world: World) -> None:
    [nobody, one] = (await callers(city, "offices"))[:2]
    for path in ("plan-rows", "plan-rows/workbook"):
        assert told(await nobody[1].get(f"/api/v1/{path}")) == (401, "identity.sign_in_needed")
    assert told(await one[1].get("/api/v1/plan-rows", params={"answered": "true"})) == (200, "")


async def test_分解_不带本人任务的令牌_本人签收后也不能分解(city: HttpCity, world: World) -> None:
    supervisor = await city.client("supervisor1")
    task = await city.task(world.waiting)
    claimed = await supervisor.post(f"/api/v1/tasks/{task.id}/claim")
    assert claimed.status_code < 300, claimed.text
    grants = [{"kind": "case", "verbs": ["read"], "area": "120199"}]
    made = await supervisor.post("/api/v1/tokens", json={"name": "只看案件", "in_posts": False, "grants": grants})
    narrow = city.new_client(headers={"authorization": f"Bearer {made.json()['token']}"})
    door = f"/api/v1/cases/{world.waiting}/breakdown"
    body = {"parts": [{"title": "不存在的单位", "organisation": "nowhere", "limit": "20工作日"}]}
    assert (await narrow.get(f"/api/v1/cases/{world.waiting}")).status_code == 200
    async with city.untouched():
        assert told(await supervisor.post(door, json=body)) == (422, "plan.office_unknown")
        assert told(await narrow.post(door, json=body)) == (403, "flow.task_not_yours")
    await narrow.aclose()
