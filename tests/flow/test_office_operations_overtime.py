"""自动同意 and 超时: rules that finish a step as it begins, and what happens when one is late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.flow.offices import Drawing, actor, at, person_id
from tests.flow.signing_office import SigningOffice, round_of
from yiwang.flow.service import FlowService
from yiwang.kernel.access import SYSTEM

CLERK, ONE, TWO = "受理员", "派遣员", "派遣员二"


@pytest.fixture
async def office(flow: FlowService) -> SigningOffice:
    """Without the timers of the tests before."""
    async with flow.context.database.transaction() as connection:
        await connection.execute("delete from flow_timer")
    return SigningOffice(flow)


def late(key: str, rule: str, step: str = "") -> Drawing:
    drawing = Drawing(key).start().task("a").task("b", "ok no", step=step, extra=rule).task("c").end()
    return drawing.line("start", "a", "b", "c", "end")


REMIND = '<yiwang:overtime after="1工作时" do="remind" every="2工作时"/>'
ESCALATE = '<yiwang:overtime after="2工作时" do="escalate"><yiwang:who post="dispatcher"/></yiwang:overtime>'
PASS = '<yiwang:overtime after="3工作时" do="pass"/>'
RETURN = '<yiwang:overtime after="4工作时" do="return"/>'


async def fire(office: SigningOffice, hours: int) -> int:
    office.set_clock(office.now + timedelta(hours=hours))
    fired = 0
    while count := await office.flow.fire_due(office.now):
        fired += count
    return fired


async def test_超时提醒_按间隔重复_直到办结(office: SigningOffice) -> None:
    case = await office.begin(late("late-remind", REMIND))
    await office.step(case, "a")
    for urged, moment in ((1, at(10, 30)), (2, at(14, 45)), (3, at(16, 50))):
        office.set_clock(moment)
        assert await office.flow.fire_due(office.now) == 1
        assert (await office.task(case, "b")).urged == urged
    await office.step(case, "b")
    assert await fire(office, 48) == 0


async def test_超时升级_转到上一级的队列(office: SigningOffice) -> None:
    case = await office.begin(late("late-escalate", ESCALATE))
    await office.step(case, "a")
    task = await office.task(case, "b")
    await office.act(case, lambda flow, link: flow.claim(link, task.id, actor(CLERK)))
    assert await fire(office, 3) == 1
    again = await office.task(case, "b")
    assert (again.id, again.post_id, again.home_post_id, again.urged) == (task.id, 11, None, 1)
    await office.step(case, "b", who=actor(ONE))


async def test_超时通过_按第一个结果走下去(office: SigningOffice) -> None:
    case = await office.begin(late("late-pass", PASS))
    await office.step(case, "a")
    assert await fire(office, 6) == 1
    assert await office.nodes(case) == ["c"]
    step = (await office.story(case)).steps[-1]
    assert (step.how, step.outcome, step.actor_id) == ("auto", "ok", None)


async def test_超时退回_回到上一步办理的人(office: SigningOffice) -> None:
    drawing = late("late-return", RETURN).without("a").task("a", who='<yiwang:who person="=clerk"/>')
    case = await office.begin(drawing, clerk=str(person_id(TWO)))
    await office.do(case, TWO, "ok")
    assert await fire(office, 7) == 1
    assert await office.who(case) == [("a", "step", TWO)]
    step = (await office.story(case)).steps[-1]
    assert (step.node, step.how) == ("b", "sent_back")


async def test_第一步超时退回_没有上一步_只提醒(office: SigningOffice) -> None:
    drawing = Drawing("late-first").start().task("a", extra=RETURN).end().line("start", "a", "end")
    case = await office.begin(drawing)
    assert await fire(office, 7) == 1
    assert (await office.task(case, "a")).urged == 1


@pytest.mark.parametrize(
    ("name", "rule", "hours", "left"),
    [
        ("remind", REMIND, 2, [("b", "before", ONE), ("b", "before", TWO), ("b", "held", "")]),
        ("escalate", ESCALATE, 3, [("b", "step", "岗位11")]),
        ("pass", PASS, 6, [("c", "step", "岗位10")]),
        ("return", RETURN, 7, [("a", "step", "岗位10")]),
    ],
)
async def test_加签期间超时规则照常_加签的任务随之撤回(
    office: SigningOffice, name: str, rule: str, hours: int, left: list[tuple[str, str, str]]
) -> None:
    case = await office.begin(late(f"late-held-{name}", rule))
    await office.step(case, "a")
    await office.before(await office.task(case, "b"), CLERK, ONE, TWO)
    assert await fire(office, hours) == 1
    assert await office.who(case) == left
    if name == "remind":
        assert {task.urged for task in await office.tasks(case)} == {1}
    else:
        steps = (await office.story(case)).steps
        assert sorted(step.assignee_id for step in steps if step.how == "withdrawn") == sorted(
            map(person_id, (ONE, TWO))
        )


async def test_挂账期间不超时(office: SigningOffice) -> None:
    case = await office.begin(late("late-on-hold", PASS))
    await office.step(case, "a")
    await office.act(case, lambda flow, link: flow.suspend(link, case, office.now))
    assert await fire(office, 48) == 0
    office.set_clock(at(9, day=18))
    await office.act(case, lambda flow, link: flow.resume(link, case, office.now))
    assert await fire(office, 6) == 1


async def test_会签中一人超时_只过他那一票(office: SigningOffice) -> None:
    case = await office.begin(round_of("late-round", extra='<yiwang:overtime after="3工作时" do="pass"/>'), ONE, TWO)
    await office.step(case, "accept")
    await office.do(case, ONE, "no")
    office.set_clock(at(16))
    assert await office.flow.fire_due(office.now) == 1
    assert await office.nodes(case) == ["sum"]
    outcomes = [(step.how, step.outcome) for step in (await office.story(case)).steps if step.node == "sign"]
    assert outcomes == [("done", "no"), ("auto", "agree")]


# 自动同意


async def test_自动同意_办理人就是发起人(office: SigningOffice) -> None:
    who = '<yiwang:who person="=starter" post="acceptor"/>'
    drawing = Drawing("auto-starter").start().task("a", who=who, extra='<yiwang:auto same="starter"/>').task("b").end()
    definition = await office.publish(drawing.line("start", "a", "b", "end"))
    async with office.database.transaction() as connection:
        case = (await office.flow.begin(connection, definition, {}, actor(CLERK), office.now)).instance_id
    assert await office.nodes(case) == ["b"]
    step = (await office.story(case)).steps[0]
    assert (step.how, step.outcome, step.assignee_id, step.actor_id) == ("auto", "ok", person_id(CLERK), None)


async def test_自动同意_前面同意过的人不再问(office: SigningOffice) -> None:
    who = '<yiwang:who step="a"/>'
    drawing = Drawing("auto-earlier").start().task("a").task("b", who=who, extra='<yiwang:auto same="earlier"/>')
    drawing.task("c").end().line("start", "a", "b", "c", "end")
    case = await office.begin(drawing)
    await office.step(case, "a", who=actor(CLERK))
    assert await office.nodes(case) == ["c"]
    await office.act(case, lambda flow, link: flow.jump(link, case, SYSTEM, "a", "", office.now))
    await office.step(case, "a")  # by the system, which is no person
    assert await office.nodes(case) == ["c"]


async def test_自动同意_按条件_可指定结果(office: SigningOffice) -> None:
    rule = '<yiwang:auto when="amount &lt; 100" outcome="no"/>'
    drawing = Drawing("auto-when").start().task("a", "ok no", extra=rule).task("b").end()
    definition = await office.publish(drawing.line("start", "a", "b", "end"))
    small = (await office.start(definition, amount=5)).instance_id
    large = (await office.start(definition, amount=500)).instance_id
    assert [await office.nodes(case) for case in (small, large)] == [["b"], ["a"]]
    assert (await office.story(small)).steps[0].outcome == "no"


async def test_会签中的自动同意_算他一票(office: SigningOffice) -> None:
    rule = f"<yiwang:auto when=\"assignee == '{person_id(ONE)}'\"/>"
    case = await office.begin(round_of("auto-round", extra=rule), ONE, TWO)
    await office.step(case, "accept")
    assert await office.who(case) == [("sign", "step", TWO)]
    await office.do(case, TWO, "agree")
    assert await office.nodes(case) == ["sum"]
