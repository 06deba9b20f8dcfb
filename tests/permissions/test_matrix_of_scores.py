"""权限矩阵之考核:每个人只看得到自己范围内评价对象的得分、导出和下钻。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from permissions.callers import World, a_world
from permissions.declared import Person, _offices
from support.http_city import a_city, refused
from support.journal_final import until_final

city = a_city()
world = a_world()

BOARDS = {"department": "department-score", "area": "street-score", "person": "person-work"}


def reaches(person: Person, area: str, organisation: str | None) -> bool:
    return any(
        (reach.kind, reach.verb) == ("score", "read")
        and area.startswith(reach.area)
        and (reach.organisations is None or organisation in reach.organisations)
        for reach in person.reaches
    )


async def _counted(world: World) -> None:
    await until_final(world.city.services.context.database)
    while await world.city.services.insight.following.advance():
        pass


async def _keys(world: World, login: str, board: str) -> set[str] | None:
    answer = await world.caller(login).client.get(f"/api/v1/boards/{board}/scores", params={"period": "month"})
    if answer.status_code != 200:
        refused(answer, 401)
        return None
    return {row["object"]["key"] for row in answer.json()["rows"]}


async def test_部门得分_只见范围内部门(world: World) -> None:
    await _counted(world)
    everything = await _keys(world, "leader1", BOARDS["department"])
    assert everything
    partial = 0
    for caller in world.callers:
        if caller.person.login != caller.person.account:
            continue  # tokens here carry grants on cases only
        seen = await _keys(world, caller.person.login, BOARDS["department"])
        wanted = {key for key in everything if reaches(caller.person, _offices()[key][0], key)}
        assert seen == wanted, caller.person.login
        partial += 0 < len(wanted) < len(everything)
    assert partial >= 3


async def test_街镇得分_部门看不到(world: World) -> None:
    everything = await _keys(world, "leader1", BOARDS["area"])
    assert everything
    for caller in world.callers:
        if caller.person.login == caller.person.account:
            wanted = {key for key in everything if reaches(caller.person, key, None)}
            assert await _keys(world, caller.person.login, BOARDS["area"]) == wanted, caller.person.login


async def test_个人工作情况_除上级外只见自己_且不排名(world: World) -> None:
    for caller in world.callers:
        if caller.person.login != caller.person.account:
            continue
        answer = await caller.client.get(f"/api/v1/boards/{BOARDS['person']}/scores")
        rows = answer.json()["rows"]
        assert all(row["rank"] is None for row in rows)
        if not any(reach.kind == "score" for reach in caller.person.reaches):
            assert len(rows) <= 1, caller.person.login


async def test_未登录和令牌看不到得分(world: World) -> None:
    anonymous = next(caller for caller in world.callers if not caller.signed_in)
    for path in ("/api/v1/boards", "/api/v1/boards/department-score/scores", "/api/v1/indicators", "/api/v1/appeals"):
        refused(await anonymous.client.get(path), 401)
    for caller in world.callers:
        if caller.signed_in and caller.person.login != caller.person.account:
            answer = await caller.client.get("/api/v1/boards/department-score/scores")
            assert answer.json()["rows"] == []


async def test_导出与重算须有授权(world: World) -> None:
    for login, allowed in (("leader1", True), ("shift1", True), ("dispatcher1", False), ("auditor", False)):
        answer = await world.caller(login).client.get("/api/v1/boards/department-score/scores.xlsx")
        assert answer.status_code == (200 if allowed else 403), login
    refused(await world.caller("leader1").client.post("/api/v1/scores/recompute"), 403)
    answer = await world.caller("shift1").client.post("/api/v1/scores/recompute")
    assert answer.status_code == 202
    refused(await world.caller("shift1").client.post("/api/v1/scores/recompute"), 409)
    assert await world.city.services.insight.recompute_if_asked()


async def test_下钻案件不超出可读范围(world: World) -> None:
    readable = {
        caller.person.login: {str(case.id) for case in world.cases if case.listed_for(caller.person)}
        for caller in world.callers
    }
    departments = await _keys(world, "leader1", BOARDS["department"]) or set()
    found = 0
    for caller in world.callers:
        for key in departments:
            answer = await caller.client.get(
                "/api/v1/indicators/return-rate/cases",
                params={"kind": "department", "key": key, "part": "denominator", "period": "year"},
            )
            if answer.status_code != 200:
                refused(answer, answer.status_code)
                assert answer.status_code in (401, 404)
                continue
            ids = {item["case_id"] for item in answer.json()["items"]}
            assert ids <= readable[caller.person.login], caller.person.login
            found += len(ids)
    assert found
