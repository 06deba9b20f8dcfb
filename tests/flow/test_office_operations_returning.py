"""退回上一步, 退回发起人, 可退回的步骤: which step it is, who gets it, and why another cannot be chosen."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.flow.offices import Drawing, actor, person_id, steps, sub_process
from tests.flow.signing_office import SigningOffice
from yiwang.flow.errors import StepNotReachable
from yiwang.flow.legality import NotAllowed
from yiwang.flow.model import Advance
from yiwang.flow.service import FlowService
from yiwang.kernel.access import SYSTEM

CLERK, ONE = "受理员", "派遣员"


@pytest.fixture
def office(flow: FlowService) -> SigningOffice:
    return SigningOffice(flow)


async def previous(office: SigningOffice, case: UUID, node: str) -> Advance:
    task = await office.task(case, node)
    return await office.act(
        case, lambda flow, link: flow.send_back_to_previous(link, task.id, SYSTEM, "再看", office.now)
    )


async def to_start(office: SigningOffice, case: UUID, node: str) -> Advance:
    task = await office.task(case, node)
    return await office.act(case, lambda flow, link: flow.send_back_to_start(link, task.id, SYSTEM, "重报", office.now))


async def test_退回上一步(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b", "c", "d"], "previous"))
    for node in ("a", "b", "c"):
        await office.step(case, node)
    for back in ("c", "b", "a"):
        now = (await office.nodes(case))[0]
        await previous(office, case, now)
        assert await office.nodes(case) == [back]
    with pytest.raises(NotAllowed) as caught:
        await previous(office, case, "a")
    assert caught.value.data["reason"] == "nobody_before"


async def test_退回后再退回上一步_不是后面办过的那一步(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b", "c", "d"], "previous-again"))
    for node in ("a", "b", "c"):
        await office.step(case, node)
    task = await office.task(case, "d")
    await office.act(case, lambda flow, link: flow.send_back(link, task.id, SYSTEM, "b", "", office.now))
    await previous(office, case, "b")
    assert await office.nodes(case) == ["a"]
    for node in ("a", "b"):
        await office.step(case, node)
    await previous(office, case, "c")
    assert await office.nodes(case) == ["b"]


async def test_汇合后退回上一步_到分支之前(office: SigningOffice) -> None:
    drawing = Drawing("previous-join").start().task("a").parallel("fork").task("x").task("y").parallel("join")
    drawing.task("sum").end().line("start", "a", "fork", "x", "join", "sum", "end").line("fork", "y", "join")
    case = await office.begin(drawing)
    for node in ("a", "x", "y"):
        await office.step(case, node)
    await previous(office, case, "sum")
    assert await office.nodes(case) == ["a"]


async def test_退回发起人_回到当时办理的那个人(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b", "c"], "to-start"))
    await office.step(case, "a", who=actor(CLERK))
    await office.step(case, "b")
    answer = await to_start(office, case, "c")
    assert [(task.node, task.assignee_id) for task in answer.new_tasks] == [("a", person_id(CLERK))]
    assert answer.finished is not None
    assert answer.finished.note == "重报"
    with pytest.raises(NotAllowed):
        await to_start(office, case, "a")


async def test_从子流程退回发起人_子流程撤回(office: SigningOffice) -> None:
    drawing = Drawing("to-start-sub").start().task("a").end()
    inner = Drawing().node("startEvent", "in").task("x").task("y").node("endEvent", "out").line("in", "x", "y", "out")
    drawing.parts.append(sub_process("box", inner))
    case = await office.begin(drawing.line("start", "a", "box", "end"))
    for node in ("a", "x"):
        await office.step(case, node)
    await to_start(office, case, "y")
    assert await office.nodes(case) == ["a"]
    assert (await office.story_scopes(case)) == []


async def test_被调用的流程里_只能退回它自己的步骤(office: SigningOffice) -> None:
    await office.publish(steps(["a", "x"], "called-back"))
    drawing = Drawing("calling-back").start().task("a").end()
    drawing.node("callActivity", "box", 'calledElement="called-back"')
    case = await office.begin(drawing.line("start", "a", "box", "end"))
    await office.step(case, "a")
    with pytest.raises(NotAllowed):
        await previous(office, case, "a")
    await office.step(case, "a")
    task = await office.task(case, "x")
    found = await office.act(case, lambda flow, link: flow.returnable(link, task.id, office.now))
    assert [(step.node, step.reason) for step in found] == [("a", None)]
    await to_start(office, case, "x")
    task = await office.task(case, "a")
    assert task.definition_id is not None


async def test_可退回的步骤_不可退回的说明原因(office: SigningOffice) -> None:
    drawing = Drawing("returnable").start().task("a").parallel("fork").task("x").task("y").parallel("join")
    drawing.task("sum").end().line("start", "a", "fork", "x", "join", "sum", "end").line("fork", "y", "join")
    case = await office.begin(drawing)
    for node in ("a", "x", "y"):
        await office.step(case, node, who=actor(CLERK))
    task = await office.task(case, "sum")
    found = await office.act(case, lambda flow, link: flow.returnable(link, task.id, office.now))
    assert [(step.node, step.reason is None, step.done_by) for step in found] == [
        ("y", False, CLERK),
        ("x", False, CLERK),
        ("a", True, CLERK),
    ]
    assert found[0].reason is not None
    assert "并行分支" in found[0].reason.zh
    for step in found:
        if step.reason is not None:
            with pytest.raises(StepNotReachable, match="parallel branch"):
                await office.act(
                    case, lambda flow, link, to=step.node: flow.send_back(link, task.id, SYSTEM, to, "", office.now)
                )


async def test_受委派人看到的可退回步骤都说明受委派(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b"], "returnable-delegate"))
    await office.step(case, "a")
    await office.delegate(await office.task(case, "b"), CLERK, ONE)
    task = await office.of(case, ONE)
    found = await office.act(case, lambda flow, link: flow.returnable(link, task.id, office.now))
    assert [(step.node, step.reason and step.reason.code) for step in found] == [("a", "delegated")]


async def test_退回的步骤不会被自动同意规则跳过(office: SigningOffice) -> None:
    drawing = Drawing("by-hand").start().task("a", extra='<yiwang:auto when="visit"/>').task("b").end()
    case = await office.begin(drawing.line("start", "a", "b", "end"), visit=True)
    assert await office.notes(case) == [("a", "step", "auto", "")]
    task = await office.task(case, "b")
    await office.act(case, lambda flow, link: flow.send_back(link, task.id, SYSTEM, "a", "请人工核实", office.now))
    assert await office.nodes(case) == ["a"]
    await office.step(case, "a")
    assert await office.nodes(case) == ["b"]


async def test_直接返回_办完回到退回的人(office: SigningOffice) -> None:
    drawing = Drawing("straight-line").start().task("a").task("b").task("c", step='back="straight"').end()
    case = await office.begin(drawing.line("start", "a", "b", "c", "end"))
    for node in ("a", "b"):
        await office.step(case, node)
    task = await office.task(case, "c")
    await office.act(case, lambda flow, link: flow.claim(link, task.id, actor(CLERK)))
    await to_start(office, case, "c")
    await office.step(case, "a")
    assert await office.who(case) == [("c", "step", CLERK)]
