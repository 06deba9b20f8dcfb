"""撤回: whoever finished a step has it back as long as nobody touched what followed; else the reason is exact."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.flow.offices import Drawing, actor, at, event, person_id, steps, sub_process
from tests.flow.signing_office import SigningOffice, round_of
from yiwang.flow.errors import InstanceEnded, InstanceSuspended
from yiwang.flow.legality import NotAllowed
from yiwang.flow.model import Advance
from yiwang.flow.service import FlowService
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.errors import NotFound

CLERK, ONE, TWO, THREE = "受理员", "派遣员", "派遣员二", "审核员"
MESSAGE = '<bpmn:message id="m" name="paper"/>'


@pytest.fixture
def office(flow: FlowService) -> SigningOffice:
    return SigningOffice(flow)


async def recall(office: SigningOffice, case: UUID, node: str, who: str = CLERK) -> Advance:
    """The latest time that somebody finished a step."""
    story = await office.story(case)
    step = next(
        step for step in reversed(story.steps) if step.node == node and step.how == "done" and step.actor_name == who
    )
    return await office.act(case, lambda flow, link: flow.recall(link, step.id, actor(who), office.now, "填错了"))


async def refused(office: SigningOffice, case: UUID, node: str, reason: str, who: str = CLERK) -> None:
    before = await office.story(case)
    with pytest.raises(NotAllowed) as caught:
        await recall(office, case, node, who)
    assert caught.value.data["reason"] == reason
    assert await office.story(case) == before


async def done(office: SigningOffice, case: UUID, *nodes: str) -> None:
    for node in nodes:
        await office.step(case, node, who=actor(CLERK))


async def test_撤回_步骤回到本人手里_后续撤下(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b"], "recall"))
    await done(office, case, "a")
    answer = await recall(office, case, "a")
    assert [(step.node, step.how, step.note) for step in answer.dropped] == [("b", "recalled", "填错了")]
    assert answer.cause == "recall"
    assert answer.status == "待a"
    task = await office.task(case, "a")
    assert (task.assignee_id, task.home_post_id) == (person_id(CLERK), 10)
    await refused(office, case, "a", "followed")
    await office.step(case, "a", who=actor(CLERK))
    assert await office.nodes(case) == ["b"]


async def test_撤回后期限不变(office: SigningOffice) -> None:
    drawing = Drawing("recall-deadline").start().task("a", step='deadline="3工作日"').task("b").end()
    case = await office.begin(drawing.line("start", "a", "b", "end"))
    due = (await office.task(case, "a")).due_at
    office.set_clock(at(10, day=16))
    await done(office, case, "a")
    office.set_clock(at(11, day=16))
    await recall(office, case, "a")
    task = await office.task(case, "a")
    assert task.due_at == due
    await office.act(case, lambda flow, link: flow.suspend(link, case, office.now))
    office.set_clock(office.now + timedelta(days=1, minutes=-1))
    await office.act(case, lambda flow, link: flow.resume(link, case, office.now))
    assert (await office.task(case, "a")).due_at == at(9, day=22)  # one working day later, Friday is a holiday


async def test_撤回时_停掉的时限继续_启动的时限作废(office: SigningOffice) -> None:
    drawing = Drawing("recall-clocks").start()
    drawing.task("a", extra='<yiwang:clock start="accepting" deadline="4工作时"/><yiwang:clock stop="accepting"/>')
    drawing.task("b", step='clock="handling"', extra='<yiwang:clock start="handling" deadline="2工作日"/>').end()
    case = await office.begin(drawing.line("start", "a", "b", "end"))
    office.set_clock(at(10))
    answer = await office.step(case, "a", who=actor(CLERK))
    assert (answer.clocks["accepting"].stopped_at, set(answer.clocks)) == (office.now, {"accepting", "handling"})
    answer = await recall(office, case, "a")
    assert set(answer.clocks) == {"accepting"}
    assert (answer.clocks["accepting"].stopped_at, answer.clocks["accepting"].due_at) == (None, at(15))
    story = await office.story(case)
    assert set(story.instance.clocks) == {"accepting"}


async def test_只有本人能撤回(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b"], "recall-own"))
    await done(office, case, "a")
    step = (await office.story(case)).steps[-1]
    for who in (actor(ONE), SYSTEM):
        with pytest.raises(NotAllowed) as caught:
            await office.act(case, lambda flow, link, who=who: flow.recall(link, step.id, who, office.now))
        assert caught.value.data["reason"] == "not_yours_done"
    task = await office.task(case, "b")
    with pytest.raises(NotFound):
        await office.act(case, lambda flow, link: flow.recall(link, task.id, actor(CLERK), office.now))


async def test_后续被签收_转办_加签_办理后不能撤回(office: SigningOffice) -> None:
    definition = await office.publish(steps(["a", "b", "c"], "recall-touched"))
    for touch, reason in (("claim", "touched"), ("assign", "touched"), ("before", "touched"), ("done", "done")):
        case = (await office.start(definition)).instance_id
        await done(office, case, "a")
        task = await office.task(case, "b")
        if touch == "claim":
            await office.act(case, lambda flow, link, task=task: flow.claim(link, task.id, actor(CLERK)))
        elif touch == "assign":
            await office.act(case, lambda flow, link, task=task: flow.assign(link, task.id, SYSTEM, post_id=20))
        elif touch == "before":
            await office.before(task, CLERK, ONE)
        else:
            await office.step(case, "b", who=actor(CLERK))
        await refused(office, case, "a", reason)


async def test_签收后又退回岗位_可以撤回(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b"], "recall-released"))
    await done(office, case, "a")
    task = await office.task(case, "b")
    await office.act(case, lambda flow, link: flow.claim(link, task.id, actor(CLERK)))
    await office.act(case, lambda flow, link: flow.release(link, task.id, actor(CLERK)))
    await recall(office, case, "a")


async def test_挂账_办结_作废后不能撤回(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b"], "recall-over"))
    await done(office, case, "a")
    await office.act(case, lambda flow, link: flow.suspend(link, case, office.now))
    with pytest.raises(InstanceSuspended):
        await recall(office, case, "a")
    await office.act(case, lambda flow, link: flow.resume(link, case, office.now))
    await done(office, case, "b")
    with pytest.raises(InstanceEnded):
        await recall(office, case, "b")


async def test_分支里撤回_别的分支不动_汇合后不能撤回(office: SigningOffice) -> None:
    drawing = (
        Drawing("recall-branch").start().task("a").parallel("fork").task("x").task("x2").task("y").parallel("join")
    )
    drawing.task("sum").end().line("start", "a", "fork", "x", "x2", "join", "sum", "end").line("fork", "y", "join")
    case = await office.begin(drawing)
    await done(office, case, "a")
    answer = await recall(office, case, "a")
    assert {step.node for step in answer.dropped} == {"x", "y"}
    await done(office, case, "a", "x", "y")
    await refused(office, case, "a", "done")
    await recall(office, case, "x")
    assert sorted(await office.nodes(case)) == ["x"]
    assert [token.node for token in (await office.story(case)).tokens] == ["join"]
    await recall(office, case, "y")
    assert (await office.story(case)).tokens == ()
    await done(office, case, "x", "y", "x2")
    assert await office.nodes(case) == ["sum"]
    await refused(office, case, "x2", "joined")
    await refused(office, case, "y", "joined")


async def test_会签中撤回自己的意见(office: SigningOffice) -> None:
    case = await office.begin(round_of("recall-round"), ONE, TWO, THREE)
    await office.step(case, "accept")
    await office.do(case, ONE, "no")
    await office.do(case, TWO, "agree")
    answer = await recall(office, case, "sign", ONE)
    assert answer.dropped == ()
    scope = (await office.story_scopes(case))[0]
    assert (scope.done, scope.total, scope.tally["agree"]) == (1, 3, 1)
    await refused(office, case, "sign", "recalled", ONE)
    await office.do(case, ONE, "agree")
    await recall(office, case, "sign", ONE)
    await office.do(case, ONE, "agree")
    await office.do(case, THREE, "agree")
    assert await office.nodes(case) == ["sum"]
    for name in (ONE, TWO, THREE):
        await refused(office, case, "sign", "decided", name)
    assert [note for note in await office.notes(case) if note[3] == ONE] == [
        ("sign", "step", "no", ONE),
        ("sign", "step", "recalled", ONE),
        ("sign", "step", "agree", ONE),
        ("sign", "step", "recalled", ONE),
        ("sign", "step", "agree", ONE),
    ]


async def test_依次会签中撤回_下一个人重新排队(office: SigningOffice) -> None:
    case = await office.begin(round_of("recall-turn", sequential=True), ONE, TWO, THREE)
    await office.step(case, "accept")
    await office.do(case, ONE, "agree")
    answer = await recall(office, case, "sign", ONE)
    assert [(step.assignee_id, step.how) for step in answer.dropped] == [(person_id(TWO), "recalled")]
    await office.do(case, ONE, "agree")
    await office.do(case, TWO, "agree")
    await refused(office, case, "sign", "done", ONE)
    await office.before(await office.of(case, THREE), THREE, "水务窗口")
    await refused(office, case, "sign", "touched", TWO)
    await office.do(case, "水务窗口", "agree")
    await office.do(case, THREE, "agree")
    assert await office.nodes(case) == ["sum"]


async def test_撤回会签前的步骤_没人签过才行(office: SigningOffice) -> None:
    case = await office.begin(round_of("recall-before-round"), ONE, TWO)
    await office.step(case, "accept", who=actor(CLERK))
    await recall(office, case, "accept")
    assert await office.nodes(case) == ["accept"]
    assert await office.story_scopes(case) == []
    await office.step(case, "accept", who=actor(CLERK))
    await office.do(case, ONE, "agree")
    await refused(office, case, "accept", "done")


async def test_撤回进入子流程的步骤_子流程结束后不能撤回里面的(office: SigningOffice) -> None:
    inner = Drawing().node("startEvent", "in").task("x").task("y").node("endEvent", "out").line("in", "x", "y", "out")
    drawing = Drawing("recall-sub").start().task("a").task("b").end()
    drawing.parts.append(sub_process("box", inner))
    case = await office.begin(drawing.line("start", "a", "box", "b", "end"))
    await done(office, case, "a")
    await recall(office, case, "a")
    assert await office.story_scopes(case) == []
    await done(office, case, "a", "x")
    await recall(office, case, "x")
    await done(office, case, "x", "y")
    await refused(office, case, "y", "left")
    await refused(office, case, "a", "done")


async def test_撤回等待中的步骤_发出消息或有人接手后不行(office: SigningOffice) -> None:
    work = '<bpmn:extensionElements><yiwang:work topic="stamp"/></bpmn:extensionElements>'
    drawing = Drawing("recall-work").start().task("a").node("serviceTask", "wait", inner=work).task("b").end()
    case = await office.begin(drawing.line("start", "a", "wait", "b", "end"))
    await done(office, case, "a")
    await recall(office, case, "a")
    await done(office, case, "a")
    await office.act(case, lambda flow, link: flow.fetch_work(link, ["stamp"], "w", office.now))
    await refused(office, case, "a", "touched")

    sending = event("message", 'messageRef="m"')
    drawing = Drawing("recall-thrown", outside=MESSAGE).start().task("a").task("b").end()
    drawing.node("intermediateThrowEvent", "tell", inner=sending)
    case = await office.begin(drawing.line("start", "a", "tell", "b", "end"))
    await done(office, case, "a")
    await refused(office, case, "a", "thrown")


async def test_定时器另开了任务_不能撤回(office: SigningOffice) -> None:
    drawing = Drawing("recall-beside").start().task("a").task("b").task("remind").end().end("end2")
    drawing.timer("late", "b", "PT1H", interrupting=False).line("start", "a", "b", "end").line("late", "remind", "end2")
    case = await office.begin(drawing)
    await done(office, case, "a")
    office.set_clock(office.now + timedelta(hours=2))
    await office.flow.fire_due(office.now)
    assert sorted(await office.nodes(case)) == ["b", "remind"]
    await refused(office, case, "a", "followed")


async def test_退回_加签意见_跳过的步骤没有可撤回的(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b"], "recall-none"))
    await done(office, case, "a")
    await office.before(await office.task(case, "b"), CLERK, ONE, TWO)
    await office.do(case, ONE, "agree")
    story = await office.story(case)
    with pytest.raises(NotAllowed) as caught:
        await office.act(case, lambda flow, link: flow.recall(link, story.steps[-1].id, actor(ONE), office.now))
    assert caught.value.data["reason"] == "added"
    await office.do(case, TWO, "agree")
    task = await office.task(case, "b")
    await office.act(case, lambda flow, link: flow.send_back(link, task.id, actor(CLERK), "a", "", office.now))
    story = await office.story(case)
    with pytest.raises(NotAllowed) as caught:
        await office.act(case, lambda flow, link: flow.recall(link, story.steps[-1].id, actor(CLERK), office.now))
    assert caught.value.data["reason"] == "not_done"
    await refused(office, case, "a", "done")


async def test_重新打开后_办结的那一步不能撤回(office: SigningOffice) -> None:
    case = await office.begin(steps(["a", "b"], "recall-reopened"))
    await done(office, case, "a", "b")
    await office.act(case, lambda flow, link: flow.reopen(link, case, SYSTEM, "a", "", office.now))
    await refused(office, case, "b", "over")
