"""Plans in a real city: one case for each object of a period, whoever works and how often; after down time, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from support.offices import Offices, open_offices

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.errors import Unavailable
from yiwang.plans.declarations import PlanDeclaration
from yiwang.plans.opening import Plans

WORDS = {"zh": "检查", "en": "Inspection"}
CASE = {
    "type": "supervision-report",
    "channel": "plan",
    "class": "DC21",
    "text": {"zh": "检查{object}", "en": "Inspect"},
}


@pytest.fixture(scope="module")
async def offices(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Offices]:
    async with open_offices(database_url, tmp_path_factory.mktemp("home")) as found:
        yield found


def plan(**other: object) -> PlanDeclaration:
    values: dict[str, object] = {
        "id": "inspection", "names": WORDS, "every": "week", "opens": {"day": 1}, "case": CASE,
        "objects": {"things": {"type": "legal-entity", "where": {"state": "active"}, "department": "market"}},
    }  # fmt: skip
    return PlanDeclaration.model_validate({**values, **other})


async def publish(offices: Offices, *plans: PlanDeclaration) -> None:
    async with offices.services.context.database.transaction() as connection:
        await offices.services.plans.publish(connection, [("test", each) for each in plans], offices.now())


async def work(offices: Offices) -> None:
    plans = offices.services.plans.periodic
    while any(await asyncio.gather(*(plans.open_due() for _ in range(3)))):
        pass


async def test_每期每个对象一件_多个进程同时办也不重复(offices: Offices) -> None:
    await offices.entities(230)
    await publish(offices, plan())
    await work(offices)
    state = await offices.services.plans.periodic.one(SYSTEM, "inspection")
    assert [(period.key, period.tasks, period.done) for period in state.periods] == [("2026-W25", 115, 0)]
    await work(offices)
    assert (await offices.services.plans.periodic.one(SYSTEM, "inspection")).periods == state.periods
    tasks = await offices.services.plans.periodic.tasks(SYSTEM, "inspection", "2026-W25", "", 200)
    assert len({task.case_id for task in tasks}) == 115
    market = offices.services.identity.directory.serving("market", "120199")
    assert market is not None
    assert {task.organisation_id for task in tasks} == {market.id}


async def test_停机之后补最近几期_更早的记为已过(offices: Offices) -> None:
    await offices.wait(days=42)
    await work(offices)
    state = await offices.services.plans.periodic.one(SYSTEM, "inspection")
    assert [(period.key, period.passed, period.tasks) for period in state.periods] == [
        ("2026-W31", False, 115), ("2026-W30", False, 115), ("2026-W29", False, 115), ("2026-W28", True, 0),
        ("2026-W27", True, 0), ("2026-W26", True, 0), ("2026-W25", False, 115),
    ]  # fmt: skip


async def test_中途停下_接着办完_不多不少(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    await offices.wait(days=7)
    plans = offices.services.plans.periodic
    await plans.open_due()
    original = Plans._open

    async def dies(*_: object) -> int:
        raise ConnectionResetError

    monkeypatch.setattr(Plans, "_open", dies)
    with pytest.raises(Unavailable):
        await plans.open_due()
    monkeypatch.setattr(Plans, "_open", original)
    await work(offices)
    state = await plans.one(SYSTEM, "inspection")
    assert (state.periods[0].key, state.periods[0].tasks) == ("2026-W32", 115)


async def test_各单位只看到自己的任务(offices: Offices) -> None:
    plans = offices.services.plans.periodic
    assert len(await plans.tasks(await offices.actor("general-desk"), "inspection", "2026-W25", "", 200)) == 115
    assert await plans.tasks(await offices.actor("water-desk"), "inspection", "2026-W25", "", 200) == []


async def test_应用包不再声明的计划不再开案_历史仍在(offices: Offices) -> None:
    await publish(offices)
    await offices.wait(days=7)
    await work(offices)
    assert await offices.services.plans.periodic.all(SYSTEM) == []
    assert len((await offices.services.plans.periodic.one(SYSTEM, "inspection")).periods) == 8
