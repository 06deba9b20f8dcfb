"""问题数据派发到来源单位:落在来源自己的案头,核实后由数据主管确认。"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.offices import Offices, credit_code, open_offices

from yiwang.casework.steps import StepInput
from yiwang.exchange.quality.errors import NothingToDispatch, SourceUnknown
from yiwang.kernel.access import SYSTEM
from yiwang.registry.model import Draft


@pytest.fixture(scope="module")
async def offices(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Offices]:
    async with open_offices(database_url, tmp_path_factory.mktemp("home")) as found:
        yield found


def number_of(offices: Offices, code: str) -> int:
    found = offices.services.identity.directory.organisation_by_code(code)
    assert found is not None
    return found.id


async def test_派发成案_来源核实_主管确认(offices: Offices) -> None:
    steward, water = await offices.actor("steward1"), number_of(offices, "water-bureau")
    draft = Draft(
        {
            "credit_code": credit_code(7), "name": "无行业商行", "kind": "enterprise", "state": "active",
            "representative": "张三", "address": "东街7号", "division": "120199001",
        },
        organisation_id=water,
    )  # fmt: skip
    async with offices.services.context.database.transaction() as connection:
        await offices.services.registry.recording.record(connection, SYSTEM, "legal-entity", draft)
    quality = offices.services.quality
    run = await quality.begin(steward, "legal-entity")
    await quality.finish(run.id)
    sent = await quality.dispatch(steward, "legal-entity", water, note="请补行业")
    assert sent == await quality.dispatch(steward, "legal-entity", water), "once a check"
    assert sent.failed >= 1
    with pytest.raises(NothingToDispatch):
        await quality.dispatch(steward, "legal-entity", number_of(offices, "city-management"))
    with pytest.raises(SourceUnknown):
        await quality.dispatch(steward, "legal-entity", 999_999)
    services = offices.services
    async with services.context.database.connection() as connection:
        task = (await services.flow.open_tasks(connection, sent.case_id))[0]
    desk = await offices.actor("water-desk")
    assert task.post_id in desk.posts, "it lies on the source's own desk"
    view = await services.casework.reading.view(sent.case_id, desk)
    assert "无行业商行" in view.case.text
    assert "请补行业" in view.case.text
    await services.casework.finishing.complete(task.id, desk, StepInput("corrected", note="已补登行业"))
    async with services.context.database.connection() as connection:
        task = (await services.flow.open_tasks(connection, sent.case_id))[0]
    await services.casework.finishing.complete(task.id, steward, StepInput("close"))
    assert (await services.casework.reading.view(sent.case_id, desk)).case.closed_at is not None
    assert [each.case_number for each in (await quality.type_quality(steward, "legal-entity")).dispatched] == [
        sent.case_number
    ]
