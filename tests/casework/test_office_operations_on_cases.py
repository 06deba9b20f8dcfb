"""Office operations on a case: the case follows what happens to its task, and its story tells it."""

from __future__ import annotations

import pytest
from support.small_city import SmallCity

from yiwang.casework.errors import OperationNotNow, ReceiverElsewhere
from yiwang.casework.steps import StepInput
from yiwang.flow.acts import OfficeAct
from yiwang.flow.legality import NotAllowed
from yiwang.kernel.errors import InvalidInput, NotFound


async def test_前加签_签完才轮到自己办(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "handle")
    task = await city.task(opened.id)
    handler, acceptor = await city.holder(task), await city.actor("acceptor1")
    assert acceptor.account_id is not None
    await city.cases.office.act(task.id, handler, OfficeAct("add_before", (acceptor.account_id,), "请先看一下"))
    view = await city.view(opened.id)
    assert sorted((row.kind, row.held) for row in view.tasks) == [("before", False), ("step", True)]
    asked = next(row for row in view.tasks if row.kind == "before")
    offered = {item.outcome for item in view.operations if item.task_id == asked.id}
    assert offered == {"agree", "disagree"}
    assert not [item for item in view.operations if item.task_id == task.id]
    await city.cases.finishing.complete(asked.id, acceptor, StepInput("agree", note="可以"))
    assert [(row.kind, row.held) for row in (await city.view(opened.id)).tasks] == [("step", False)]
    await city.step(opened.id, "finish", note="已处理", photos=(await city.photo(),))
    assert (await city.case(opened.id)).stage == "confirm"
    assert "case.add_before" in await city.verbs(opened.id)


async def test_退回上一步_案件状态跟着退(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "handle")
    task = await city.task(opened.id)
    advance = await city.cases.office.act(
        task.id, await city.holder(task), OfficeAct("send_back_to_previous", note="不归我管")
    )
    assert advance is not None
    case = await city.case(opened.id)
    assert (case.stage, case.return_count) == ("receive", 1)
    assert (await city.verbs(opened.id))[-1] == "case.send_back_to_previous"


async def test_撤回自己刚办的一步(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "handle")
    task = await city.task(opened.id)
    handler = await city.holder(task)
    await city.cases.finishing.complete(task.id, handler, StepInput("finish", photos=(await city.photo(),)))
    assert (await city.case(opened.id)).stage == "confirm"
    await city.cases.office.recall(task.id, handler, "照片传错了")
    case = await city.case(opened.id)
    assert (case.stage, (await city.task(opened.id)).node) == ("handle", "handle")
    with pytest.raises(NotFound):
        await city.cases.office.recall(opened.id, handler, "")


async def test_别人已经接着办了_不能再撤回(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "handle")
    task = await city.task(opened.id)
    handler = await city.holder(task)
    await city.step(opened.id, "finish", photos=(await city.photo(),))
    await city.step(opened.id, "confirm")
    with pytest.raises(NotAllowed):
        await city.cases.office.recall(task.id, handler, "")


async def test_可办操作给出不能办的原因(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "handle")
    task = await city.task(opened.id)
    options = await city.cases.office.options(task.id, await city.holder(task))
    assert options.operations["send_back"] is None
    refused = options.operations["add_to_round"]
    assert refused is not None
    assert refused.zh
    assert next(step.node for step in options.returnable if step.reason is None) == "receive"
    with pytest.raises(NotFound):
        await city.cases.office.options(task.id, await city.actor("acceptor1"))


async def test_不办业务的人不能被加签(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "handle")
    task = await city.task(opened.id)
    watcher = (await city.actor("auditor")).account_id
    assert watcher is not None
    with pytest.raises(ReceiverElsewhere):
        await city.cases.office.act(task.id, await city.holder(task), OfficeAct("delegate", (watcher,)))


async def test_要填部门的结果不能先定后签(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "dispatch")
    task = await city.task(opened.id)
    someone = (await city.actor("acceptor1")).account_id
    assert someone is not None
    act = OfficeAct("add_after", (someone,), outcome="dispatch")
    with pytest.raises(OperationNotNow):
        await city.cases.office.act(task.id, await city.holder(task), act)
    with pytest.raises(InvalidInput):
        await city.cases.office.act(task.id, await city.holder(task), OfficeAct("add_after", (someone,)))
