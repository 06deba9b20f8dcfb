"""A matter that was broken down ends with its last task, not by hand; by force only, with the reason on record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from support.offices import Offices, open_offices

from yiwang.casework.model import Report
from yiwang.casework.steps import StepInput
from yiwang.plans.errors import BreakdownGivesOutcome
from yiwang.plans.model import NewPart


@pytest.fixture(scope="module")
async def offices(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Offices]:
    home, packs = tmp_path_factory.mktemp("home"), ("urban-management", "supervision-inspection-office")
    async with open_offices(database_url, home, packs=packs, accounts=("leader1", "supervisor1")) as found:
        yield found


async def task_of(offices: Offices, case_id: UUID) -> tuple[UUID, str]:
    async with offices.services.context.database.connection() as connection:
        (task,) = await offices.services.flow.open_tasks(connection, case_id)
    return task.id, task.node


async def test_任务未办结_事项不能手工办毕_全部办结后自动进入下一步(offices: Offices) -> None:
    work, breakdowns = offices.services.casework, offices.services.plans.breakdowns
    leader, supervisor = await offices.actor("leader1"), await offices.actor("supervisor1")
    report = Report(type="supervised-matter", channel="instruction", text="解决东街汛期积水", class_code="DC01")
    matter = (await work.report(report, leader)).id
    task, _ = await task_of(offices, matter)
    await work.finishing.complete(task, supervisor, StepInput("file", ""))
    task, node = await task_of(offices, matter)
    assert node == "divide"
    with pytest.raises(BreakdownGivesOutcome):
        await work.finishing.complete(task, supervisor, StepInput("divided", "不分解"))
    part = NewPart(title="改造东街泵站", text="", organisation="water-bureau", limit="20工作日", weight=1)
    divided = await breakdowns.divide(supervisor, matter, [part], "按批示分解")
    task, node = await task_of(offices, matter)
    assert node == "oversee"
    with pytest.raises(BreakdownGivesOutcome) as refused:
        await work.finishing.complete(task, supervisor, StepInput("settled", "提前办毕"))
    assert "强制结案" in refused.value.message("zh")
    await work.operations.force_close(divided.parts[0].child_id, supervisor, "已由上级单位解决")
    await breakdowns.follow()
    assert (await task_of(offices, matter))[1] == "review"


async def test_任务未办结_强制结案要写明原因_并记入台账(offices: Offices) -> None:
    work, breakdowns = offices.services.casework, offices.services.plans.breakdowns
    leader, supervisor = await offices.actor("leader1"), await offices.actor("supervisor1")
    report = Report(type="supervised-matter", channel="instruction", text="整治西街占道经营", class_code="DC01")
    matter = (await work.report(report, leader)).id
    task, _ = await task_of(offices, matter)
    await work.finishing.complete(task, supervisor, StepInput("file", ""))
    part = NewPart(title="规范占道经营", text="", organisation="dongjie", limit="20工作日", weight=1)
    divided = await breakdowns.divide(supervisor, matter, [part], "")
    await work.operations.force_close(matter, supervisor, "领导批示改由专班办理")
    async with offices.services.context.database.connection() as connection:
        noted = await connection.fetchval(
            "select data->>'note' from journal where subject_id = $1 and verb = 'case.force_closed'", matter
        )
    assert noted == "领导批示改由专班办理"
    await work.operations.force_close(divided.parts[0].child_id, supervisor, "随事项结束")
    await breakdowns.follow()  # nothing waits any more
    assert (await breakdowns.breakdown(supervisor, matter)).settled_at is not None
