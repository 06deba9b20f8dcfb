"""The path that an instance has walked, found out from its rows: over which lines, how often, how sure, and where it stands."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from tests.flow.offices import Drawing, Office, at, event, person_id, steps, sub_process
from tests.flow.worlds import random_drawing
from yiwang.flow.look.drawing import read_drawing
from yiwang.flow.look.naming import Naming
from yiwang.flow.look.overlay import Been, Progress, Waiting
from yiwang.flow.look.paths import Walked, walked
from yiwang.flow.look.standing import gathered, progress_of
from yiwang.kernel.access import SYSTEM

MESSAGES = '<bpmn:message id="m" name="paid"/><bpmn:error id="e" errorCode="E1"/>'


async def path_of(office: Office, drawing: Drawing, instance: UUID) -> Walked:
    story = await office.story(instance)
    plan = read_drawing(drawing.xml).plan
    found = story.instance
    return walked(plan, found.started_at, found.ended_at, story.steps, story.tasks, story.tokens)


async def shown(office: Office, drawing: Drawing, instance: UUID) -> Progress:
    naming = Naming(office.flow.assignment.directory, "zh")
    return progress_of(read_drawing(drawing.xml), await office.story(instance), naming, office.now)


def lines(found: Walked) -> dict[str, int]:
    return {name: times for name, (times, _) in found.lines.items()}


def sure(found: Walked) -> set[str]:
    return {name for name, (_, certain) in found.lines.items() if certain}


async def go(office: Office, instance: UUID, *nodes: str) -> None:
    """Finish these steps one after the other, a minute apart; ``node/outcome``."""
    for name in nodes:
        node, _, outcome = name.partition("/")
        office.set_clock(office.now + timedelta(minutes=1))
        await office.complete(instance, node, outcome or "ok")


@pytest.fixture(autouse=True)
def morning(office: Office) -> None:
    office.set_clock(at(9))


async def test_a_straight_path_is_walked_to_the_step_that_waits(office: Office) -> None:
    drawing = steps(["a", "b", "c"], "straight")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-b": 1}
    assert sure(found) == {"start-a", "a-b"}
    assert found.open == ["b"]
    assert found.finished == {"start", "a"}
    await go(office, case, "b", "c")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-b": 1, "b-c": 1, "c-end": 1}
    assert "end" in found.finished
    assert found.open == []


def choosing(key: str) -> Drawing:
    drawing = Drawing(key).start().task("ask", "yes no again").task("good").task("bad").end()
    drawing.exclusive("which", default="which-bad").exclusive("merge").line("start", "ask", "which")
    drawing.flow("which", "good", 'outcome == "yes"').flow("which", "ask", 'outcome == "again"')
    return drawing.flow("which", "bad").line("good", "merge").line("bad", "merge", "end")


async def test_经过网关_只画走过的分支_返工的次数也算(office: Office) -> None:
    drawing = choosing("choosing")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "ask/again", "ask/again", "ask/yes", "good")
    found = await path_of(office, drawing, case)
    assert lines(found) == {
        "start-ask": 1,
        "ask-which": 3,
        "which-ask": 2,
        "which-good": 1,
        "good-merge": 1,
        "merge-end": 1,
    }
    assert (found.nodes["ask"], found.nodes["which"], found.nodes["good"], found.nodes["bad"]) == (3, 3, 1, 0)


async def test_退回画成另一种线_不算走过连线(office: Office) -> None:
    drawing = steps(["a", "b", "c"], "returned")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a", "b")
    office.set_clock(office.now + timedelta(minutes=1))
    await office.send_back(case, "c", "a")
    await go(office, case, "a")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-b": 2, "b-c": 1}
    assert dict(found.leaps) == {("c", "a", "退回"): 1}
    assert found.open == ["b"]
    assert "c" not in found.finished
    progress = await shown(office, drawing, case)
    assert progress.nodes["c"] == Been(1, finished=False)
    assert progress.nodes["a"] == Been(2, finished=True)


async def test_parallel_branches_meet_at_their_join(office: Office) -> None:
    drawing = Drawing("forked").start().task("a").task("b").task("c").end().parallel("fork").parallel("join")
    drawing.line("start", "fork", "a", "join", "c", "end").line("fork", "b", "join")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-fork": 1, "fork-a": 1, "fork-b": 1, "a-join": 1}
    assert found.open == ["b", "join"]
    await go(office, case, "b")
    found = await path_of(office, drawing, case)
    assert lines(found) == {
        "start-fork": 1,
        "fork-a": 1,
        "fork-b": 1,
        "a-join": 1,
        "b-join": 1,
        "join-c": 1,
    }
    await go(office, case, "c")
    assert lines(await path_of(office, drawing, case))["c-end"] == 1


async def test_timers_leave_by_the_edge_and_reminders_beside_the_step(office: Office) -> None:
    drawing = steps(["a", "b"], "timed").task("late").task("hint").end("end2").end("end3")
    drawing.timer("over", "b", "PT2H").timer("remind", "a", "PT1H", interrupting=False)
    drawing.line("over", "late", "end2").line("remind", "hint", "end3")
    case = (await office.start(await office.publish(drawing))).instance_id
    office.set_clock(at(10, 30))
    await office.flow.fire_due(office.now, 10)
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "remind-hint": 1}
    assert set(found.open) == {"a", "hint"}
    await go(office, case, "a", "hint")
    office.set_clock(at(16))
    await office.flow.fire_due(office.now, 10)
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "remind-hint": 1, "a-b": 1, "hint-end3": 1, "over-late": 1}
    assert found.open == ["late"]
    assert "over" in found.finished


async def test_a_step_that_was_passed_over_lies_on_the_path(office: Office) -> None:
    drawing = steps(["a", "c"], "passed").task("k", who='<yiwang:who post="vacant" empty="skip"/>')
    drawing = drawing.without("a-c").line("a", "k", "c")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a")
    assert lines(await path_of(office, drawing, case)) == {"start-a": 1, "a-k": 1, "k-c": 1}


def boxed(key: str) -> Drawing:
    inner = Drawing().node("startEvent", "in").task("x", "ok no").task("y").node("endEvent", "out")
    inner.exclusive("bad", default="bad-y").node("endEvent", "failed", inner=event("error", 'errorRef="e"'))
    inner.line("in", "x", "bad").flow("bad", "y").flow("bad", "failed", 'outcome == "no"').line("y", "out")
    drawing = Drawing(key, outside=MESSAGES).start().task("a").task("repair").task("b").end().end("end2")
    drawing.parts.append(sub_process("box", inner))
    drawing.node("boundaryEvent", "caught", 'attachedToRef="box"', event("error", 'errorRef="e"'))
    return drawing.line("start", "a", "box", "b", "end").line("caught", "repair", "end2")


async def test_into_a_sub_process_and_out_of_it(office: Office) -> None:
    drawing = boxed("boxed")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a", "x")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-box": 1, "in-x": 1, "x-bad": 1, "bad-y": 1}
    await go(office, case, "y")
    found = await path_of(office, drawing, case)
    assert {"y-out", "box-b"} <= set(lines(found))
    assert found.nodes["box"] == 1
    assert "box" in found.finished
    assert found.open == ["b"]


async def test_an_error_is_followed_out_of_the_sub_process(office: Office) -> None:
    drawing = boxed("caught-error")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a", "x/no")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-box": 1, "in-x": 1, "x-bad": 1, "bad-failed": 1, "caught-repair": 1}
    assert found.open == ["repair"]


async def test_a_message_that_breaks_in_is_followed_from_its_event(office: Office) -> None:
    drawing = Drawing("broken-into", outside=MESSAGES).start().task("a").task("stop").end().end("end2")
    drawing.node("boundaryEvent", "told", 'attachedToRef="a"', event("message", 'messageRef="m"'))
    drawing.line("start", "a", "end").line("told", "stop", "end2")
    case = (await office.start(await office.publish(drawing))).instance_id
    office.set_clock(office.now + timedelta(minutes=5))
    async with office.database.transaction() as connection:
        await office.flow.receive(connection, "paid", "", {}, SYSTEM, office.now)
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "told-stop": 1}
    assert found.open == ["stop"]


async def test_waiting_between_steps_is_walked_through_and_shown(office: Office) -> None:
    drawing = Drawing("between", outside=MESSAGES).start().task("a").task("b").end()
    drawing.node("intermediateCatchEvent", "pay", inner=event("message", 'messageRef="m"'))
    drawing.line("start", "a", "pay", "b", "end")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-pay": 1}
    assert found.open == ["pay"]
    assert (await shown(office, drawing, case)).waiting == {"pay": Waiting((), "grey")}
    office.set_clock(office.now + timedelta(hours=1))
    async with office.database.transaction() as connection:
        await office.flow.receive(connection, "paid", "", {}, SYSTEM, office.now)
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-pay": 1, "pay-b": 1}
    assert found.open == ["b"]


async def test_会签_进出各算一次(office: Office) -> None:
    marks = '<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><yiwang:multi people="=reviewers"/>'
    marks += "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    drawing = steps(["a", "b"], "signed").task("sign", who='<yiwang:who post="acceptor"/>')
    drawing = drawing.without("a-b").line("a", "sign", "b")
    drawing.parts = [
        part.replace("</bpmn:userTask>", marks + "</bpmn:userTask>") if 'id="sign"' in part else part
        for part in drawing.parts
    ]
    people = [str(person_id(name)) for name in ("受理员", "派遣员", "审核员")]
    case = (await office.start(await office.publish(drawing), reviewers=people)).instance_id
    await go(office, case, "a")
    assert lines(await path_of(office, drawing, case)) == {"start-a": 1, "a-sign": 1}
    waiting = (await shown(office, drawing, case)).waiting["sign"]
    assert set(waiting.who) == {"受理员", "派遣员", "审核员"}
    await go(office, case, "sign", "sign", "sign")
    found = await path_of(office, drawing, case)
    assert lines(found) == {"start-a": 1, "a-sign": 1, "sign-b": 1}
    assert found.nodes["sign"] == 1


async def test_where_two_ways_are_possible_the_lines_are_only_probable(office: Office) -> None:
    drawing = Drawing("two-ways").start().task("a").task("b").end()
    drawing.exclusive("split", default="split-upper").exclusive("upper").exclusive("lower").exclusive("merge")
    drawing.line("start", "a", "split").flow("split", "lower", 'channel == "hotline"').flow("split", "upper")
    drawing.line("upper", "merge").line("lower", "merge", "b", "end")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a")
    found = await path_of(office, drawing, case)
    assert sure(found) == {"start-a", "a-split", "merge-b"}
    assert len(set(lines(found)) - sure(found)) == 2
    progress = await shown(office, drawing, case)
    assert [progress.lines[name].certain for name in ("a-split", "merge-b")] == [True, True]


async def test_跳转和重新打开也看得见(office: Office) -> None:
    drawing = steps(["a", "b", "c"], "jumped")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a")
    office.set_clock(office.now + timedelta(minutes=1))
    async with office.database.transaction() as connection:
        await office.flow.jump(connection, case, SYSTEM, "c", "特事特办", office.now)
    found = await path_of(office, drawing, case)
    assert dict(found.leaps) == {("b", "c", "跳转"): 1}
    await go(office, case, "c")
    office.set_clock(office.now + timedelta(days=1))
    async with office.database.transaction() as connection:
        await office.flow.reopen(connection, case, SYSTEM, "b", "群众不满意", office.now)
    found = await path_of(office, drawing, case)
    assert found.leaps["c", "b", "重新打开"] == 1
    assert lines(found) == {"start-a": 1, "a-b": 1, "c-end": 1}


async def test_谁在等_颜色与待办一致(office: Office) -> None:
    drawing = (
        Drawing("coloured").start().task("a", step='deadline="2工作时" warn="0.5"').end().line("start", "a", "end")
    )
    case = (await office.start(await office.publish(drawing))).instance_id
    seen = []
    for moment in (at(9, 10), at(10, 30), at(11, 30)):
        office.set_clock(moment)
        seen.append((await shown(office, drawing, case)).waiting["a"])
    assert [found.colour for found in seen] == ["green", "yellow", "red"]
    assert [found.words for found in seen] == ["还有 1.8小时", "还有 30分钟", "超 30分钟"]
    assert seen[0].who == ("acceptor",)
    async with office.database.transaction() as connection:
        await office.flow.suspend(connection, case, office.now)
    assert (await shown(office, drawing, case)).waiting["a"].colour == "blue"


async def test_inside_a_collapsed_sub_process_the_sub_process_waits(office: Office) -> None:
    drawing = boxed("collapsed")
    case = (await office.start(await office.publish(drawing))).instance_id
    await go(office, case, "a")
    progress = await shown(office, drawing, case)
    outer = gathered(progress, {"x": "box", "in": "box"})
    assert set(outer.waiting) == {"box"}
    assert outer.nodes["box"].count == 1


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_walked_what_comes_in_goes_out(office: Office, seed: int) -> None:
    """Random processes, walked to their end at random, with their timers: every entry and every choice is accounted for."""
    dice = Random(seed)
    drawing = random_drawing(dice, f"world-{seed}")
    definition = await office.publish(drawing)
    case = (await office.start(definition)).instance_id
    for _ in range(60):
        tasks = await office.tasks(case)
        if not tasks:
            break
        office.set_clock(office.now + timedelta(minutes=dice.choice((1, 5, 30, 150))))
        await office.flow.fire_due(office.now, 10)
        tasks = await office.tasks(case)
        if tasks:
            task = dice.choice(tasks)
            office.set_clock(office.now + timedelta(seconds=1))
            await office.finish(task.id, SYSTEM, dice.choice(list(definition.graph.task(task.node).outcomes)))
    plan = read_drawing(drawing.xml).plan
    story = await office.story(case)
    found = await path_of(office, drawing, case)
    times = lines(found)
    for node in plan.nodes.values():
        came = sum(times.get(line.id, 0) for line in plan.sequence() if line.target == node.id)
        left = sum(times.get(line.id, 0) for line in plan.sequence() if line.source == node.id)
        if node.element == "userTask":
            visits = sum(1 for row in (*story.steps, *story.tasks) if row.node == node.id)
            assert came == visits == found.nodes[node.id], node.id
        elif node.element == "exclusiveGateway":
            assert came == left, node.id
        elif node.element == "startEvent":
            assert left == 1
