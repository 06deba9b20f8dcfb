"""Steps finished at the same moment: written together, each answered for itself, none lost."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from support.small_city import SmallCity

from yiwang.casework import errors, store
from yiwang.casework.steps import StepInput, StepResult
from yiwang.flow.errors import OutcomeUnknown, TaskAlreadyDone, TaskNotYours
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id


async def _together(city: SmallCity, *acts: tuple[UUID, str, StepInput]) -> list[StepResult | BaseException]:
    """Finish (task id, login, outcome) all at once. The first goes alone, the rest wait for it and form a group."""
    opened = await city.report()
    first = await city.task(opened.id)
    leading = city.cases.finishing.complete(first.id, await city.holder(first), StepInput("exist"))
    actors = [await city.actor(login) for _, login, _ in acts]
    waiting = [
        city.cases.finishing.complete(task, actor, given) for (task, _, given), actor in zip(acts, actors, strict=True)
    ]
    return (await asyncio.gather(leading, *waiting, return_exceptions=True))[1:]


async def _filing(city: SmallCity) -> tuple[UUID, str, StepInput]:
    opened = await city.report()
    await city.to(opened, "accept")
    standard = (await city.view(opened.id)).case_type.standard("06042", None).id
    return (await city.task(opened.id)).id, "acceptor1", StepInput("file", standard=standard)


async def test_同时办结的多步_一起落库_各有日志(city: SmallCity) -> None:
    acts = [await _filing(city) for _ in range(6)]
    results = await _together(city, *acts)
    assert [result.stage for result in results if isinstance(result, StepResult)] == ["dispatch"] * 6
    for result in results:
        assert isinstance(result, StepResult)
        case = await city.case(result.case_id)
        assert (case.stage, case.status, case.filed_at is not None) == ("dispatch", result.status, True)
        assert (await city.verbs(result.case_id)).count("case.step") == 2
        assert (await city.task(result.case_id)).node == "dispatch"


async def test_其中一步被拒_不连累其他_也不留痕(city: SmallCity) -> None:
    good, needs, stranger, unknown = [await _filing(city) for _ in range(4)]
    results = await _together(
        city,
        good,
        (needs[0], "acceptor1", StepInput("not_accept")),
        (stranger[0], "shift1", stranger[2]),
        (unknown[0], "acceptor1", StepInput("fly")),
        (new_id(), "acceptor1", StepInput("file")),
    )
    kinds = [type(result) for result in results]
    assert kinds == [StepResult, errors.OutcomeNeeds, TaskNotYours, OutcomeUnknown, NotFound]
    for task, _, _ in (needs, stranger, unknown):
        async with city.services.context.database.connection() as connection:
            assert (await city.services.flow.task(connection, task)).node == "accept"


async def test_同一任务在同一批里两次_先到者成_后到者知道是谁(city: SmallCity) -> None:
    task, _, given = await _filing(city)
    results = await _together(city, (task, "acceptor1", given), (task, "acceptor2", given))
    assert isinstance(results[0], StepResult)
    assert isinstance(results[1], TaskAlreadyDone)
    assert results[1].data["who"] == "李晓敏"


async def test_被他人锁住的案件单独等待_不挡别人(city: SmallCity) -> None:
    blocked, free = await _filing(city), await _filing(city)
    async with city.services.context.database.transaction() as connection:
        row = await city.services.flow.task(connection, blocked[0])
        assert await store.case_for_update(connection, row.subject_id) is not None
        both = asyncio.create_task(_together(city, blocked, free))
        for _ in range(1000):
            if (await city.verbs(await _case_of(city, free[0]))).count("case.step") == 2:
                break
            await asyncio.sleep(0.02)
        assert not both.done()
    assert all(isinstance(result, StepResult) for result in await both)


async def _case_of(city: SmallCity, task: object) -> UUID:
    async with city.services.context.database.connection() as connection:
        found: UUID = await connection.fetchval(
            "select subject_id from flow_task where id = $1 union select subject_id from flow_step where id = $1", task
        )
        return found


@pytest.mark.parametrize("outcome", ["pass", "not_pass"])
async def test_核查的结果一起写_次数与里程碑同单办一样(city: SmallCity, outcome: str) -> None:
    cases = [await city.report() for _ in range(3)]
    acts = []
    for opened in cases:
        await city.to(opened, "check")
        task = await city.task(opened.id)
        person = city.services.identity.directory.person((await city.holder(task)).account_id or task.id)
        assert person is not None
        acts.append((task.id, person.login, StepInput(outcome, note="看过")))
    results = await _together(city, *acts)
    for opened, result in zip(cases, results, strict=True):
        case = await city.case(opened.id)
        if outcome == "pass":
            assert isinstance(result, StepResult)
            assert case.checked_at is not None
        else:  # needs a photo
            assert isinstance(result, errors.OutcomeNeeds) or case.rework_count == 1
