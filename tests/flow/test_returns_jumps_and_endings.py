"""退回, 跳转, 作废, 强制结案, 重新打开: the case keeps exactly the tasks it should have."""

from __future__ import annotations

import pytest

from tests.flow.offices import Drawing, Office, actor, at, steps
from yiwang.flow.errors import (
    InstanceEnded,
    InstanceNotEnded,
    InstanceSuspended,
    StepNotReachable,
    TaskNotYours,
)
from yiwang.flow.model import Definition
from yiwang.kernel.access import SYSTEM


def review(key: str) -> Drawing:
    """受理 → (甲审 → 甲复审 ‖ 乙审) → 汇总."""
    return (
        Drawing(key)
        .start()
        .task("accept")
        .parallel("fork")
        .task("a1")
        .task("a2")
        .task("b")
        .parallel("join")
        .task("sum")
        .end()
        .line("start", "accept", "fork", "a1", "a2", "join", "sum", "end")
        .line("fork", "b", "join")
    )


async def at_branches(office: Office, key: str) -> tuple[Definition, object]:
    definition = await office.publish(review(key))
    case = (await office.start(definition)).instance_id
    await office.complete(case, "accept")
    return definition, case


async def test_退回到受理_任务不丢失(office: Office) -> None:
    case = (await office.start(await office.publish(steps(["accept", "dispatch", "handle"], "back")))).instance_id
    await office.complete(case, "accept")
    await office.complete(case, "dispatch")
    answer = await office.send_back(case, "handle", "accept")
    assert [task.node for task in answer.new_tasks] == ["accept"]
    assert answer.finished is not None
    assert (answer.finished.how, answer.finished.note, answer.finished.outcome) == ("sent_back", "材料不全", None)
    assert (answer.status, answer.stage) == ("待accept", "accept")
    for step in ("accept", "dispatch", "handle"):
        await office.complete(case, step)
    assert await office.path(case) == [
        ("accept", "ok"),
        ("dispatch", "ok"),
        ("handle", "sent_back"),
        ("accept", "ok"),
        ("dispatch", "ok"),
        ("handle", "ok"),
    ]


async def test_只能退回到走过的步骤(office: Office) -> None:
    case = (await office.start(await office.publish(steps(["a", "b", "c"], "only-walked")))).instance_id
    await office.complete(case, "a")
    for target in ("c", "end", "nowhere"):
        with pytest.raises(StepNotReachable):
            await office.send_back(case, "b", target)
    with pytest.raises(TaskNotYours):
        await office.send_back(case, "b", "a", actor("派遣员"))
    assert await office.nodes(case) == ["b"]


async def test_分支内退回_其他分支不受影响(office: Office) -> None:
    _, case = await at_branches(office, "within-branch")
    await office.complete(case, "a1")
    answer = await office.send_back(case, "a2", "a1")
    assert answer.dropped == ()
    assert sorted(await office.nodes(case)) == ["a1", "b"]
    for step in ("a1", "b", "a2"):
        await office.complete(case, step)
    assert await office.nodes(case) == ["sum"]


async def test_从分支退回到分支之前_其他分支撤回(office: Office) -> None:
    _, case = await at_branches(office, "out-of-branch")
    answer = await office.send_back(case, "b", "accept")
    assert [(step.node, step.how) for step in answer.dropped] == [("a1", "withdrawn")]
    assert await office.nodes(case) == ["accept"]
    await office.complete(case, "accept")
    assert sorted(await office.nodes(case)) == ["a1", "b"]


async def test_从分支退回时_已到汇合处的分支也撤回(office: Office) -> None:
    _, case = await at_branches(office, "out-with-token")
    await office.complete(case, "b")
    await office.complete(case, "a1")
    await office.send_back(case, "a2", "accept")
    assert (await office.story(case)).tokens == ()
    await office.complete(case, "accept")
    await office.complete(case, "b")
    await office.complete(case, "a1")
    assert await office.nodes(case) == ["a2"]
    await office.complete(case, "a2")
    assert await office.nodes(case) == ["sum"]


async def test_汇合之后不能退回到单个分支里(office: Office) -> None:
    _, case = await at_branches(office, "into-branch")
    for step in ("a1", "a2", "b"):
        await office.complete(case, step)
    with pytest.raises(StepNotReachable, match="branch"):
        await office.send_back(case, "sum", "b")
    await office.send_back(case, "sum", "accept")
    assert await office.nodes(case) == ["accept"]


async def test_一个分支不能退回到另一个分支(office: Office) -> None:
    _, case = await at_branches(office, "across")
    await office.complete(case, "b")
    with pytest.raises(StepNotReachable):
        await office.send_back(case, "a1", "b")


async def test_跳转撤回其余一切(office: Office) -> None:
    _, case = await at_branches(office, "jumping")
    await office.complete(case, "b")
    async with office.database.transaction() as connection:
        with pytest.raises(StepNotReachable):
            await office.flow.jump(connection, case, SYSTEM, "a2", "", office.now)
        with pytest.raises(StepNotReachable):
            await office.flow.jump(connection, case, SYSTEM, "fork", "", office.now)
        answer = await office.flow.jump(connection, case, SYSTEM, "sum", "领导决定", office.now, {"x": 1})
    assert [task.node for task in answer.new_tasks] == ["sum"]
    assert [(step.node, step.how, step.note) for step in answer.dropped] == [("a1", "jumped", "领导决定")]
    story = await office.story(case)
    assert (story.tokens, story.instance.variables["x"]) == ((), 1)


async def test_强制结案是跳到结束(office: Office) -> None:
    _, case = await at_branches(office, "forced")
    async with office.database.transaction() as connection:
        answer = await office.flow.jump(connection, case, SYSTEM, "end", "强制结案", office.now)
    assert (answer.ended, answer.end, answer.state, answer.new_tasks) == (True, "end", "completed", ())
    assert await office.nodes(case) == []


async def test_作废后不能再办(office: Office) -> None:
    _, case = await at_branches(office, "cancelled")
    task = await office.task(case, "b")
    async with office.database.transaction() as connection:
        answer = await office.flow.cancel(connection, case, actor("受理员"), "重复上报", office.now)
    assert (answer.ended, answer.end, answer.state, answer.status) == (True, None, "cancelled", "已作废")
    assert {(step.node, step.how) for step in answer.dropped} == {("a1", "cancelled"), ("b", "cancelled")}
    with pytest.raises(Exception, match="受理员"):
        await office.finish(task.id, SYSTEM)
    async with office.database.transaction() as connection:
        with pytest.raises(InstanceEnded):
            await office.flow.cancel(connection, case, SYSTEM, "", office.now)


async def test_重新打开_从指定步骤继续(office: Office) -> None:
    definition = await office.publish(steps(["a", "b"], "reopened"))
    case = (await office.start(definition)).instance_id
    async with office.database.transaction() as connection:
        with pytest.raises(InstanceNotEnded):
            await office.flow.reopen(connection, case, SYSTEM, "a", "", office.now)
    await office.complete(case, "a")
    await office.complete(case, "b")
    office.set_clock(at(11))
    async with office.database.transaction() as connection:
        with pytest.raises(StepNotReachable):
            await office.flow.reopen(connection, case, SYSTEM, "end", "", office.now)
        answer = await office.flow.reopen(
            connection, case, actor("受理员"), "b", "市民不满意", office.now, {"again": True}
        )
    assert (answer.state, answer.ended, answer.cause) == ("active", False, "reopen")
    story = await office.story(case)
    assert (story.instance.state, story.instance.ended_at) == ("active", None)
    assert (await office.complete(case, "b")).ended


async def test_挂账期间不能办理也不能退回(office: Office) -> None:
    case = (await office.start(await office.publish(steps(["a", "b"], "on-hold")))).instance_id
    await office.complete(case, "a")
    async with office.database.transaction() as connection:
        await office.flow.suspend(connection, case, office.now, actor=actor("受理员"))
    with pytest.raises(InstanceSuspended):
        await office.complete(case, "b")
    with pytest.raises(InstanceSuspended):
        await office.send_back(case, "b", "a")
    async with office.database.transaction() as connection:
        with pytest.raises(InstanceSuspended):
            await office.flow.jump(connection, case, SYSTEM, "a", "", office.now)
        with pytest.raises(InstanceSuspended):
            await office.flow.suspend(connection, case, office.now)
        # Handing it on and urging are allowed meanwhile.
        task = (await office.flow.open_tasks(connection, case))[0]
        await office.flow.assign(connection, task.id, SYSTEM, post_id=20)
        assert await office.flow.urge(connection, case, priority=1) == 1
        assert await office.flow.urge(connection, case) == 1
    found = await office.task(case, "b")
    assert (found.urged, found.priority, found.post_id) == (2, 1, 20)
    async with office.database.transaction() as connection:
        answer = await office.flow.cancel(connection, case, SYSTEM, "", office.now)
    assert answer.state == "cancelled"


async def test_案件移到别处_任务跟着走(office: Office) -> None:
    case = (await office.start(await office.publish(steps(["a"], "moved")))).instance_id
    async with office.database.transaction() as connection:
        instance = await office.flow.relocate(connection, case, "120111002002", "西青-002")
    assert (instance.area, instance.grid) == ("120111002002", "西青-002")
    task = await office.task(case, "a")
    assert (task.area, task.grid) == ("120111002002", "西青-002")
