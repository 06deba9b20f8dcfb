"""The whole of BPMN by what an office sees of it: sub-processes, errors, messages, signals, conditions, work, calls, undoing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.flow.offices import AREA, Drawing, Office, at, event, steps, sub_process
from yiwang.flow.errors import MessageUnexpected, StepNotReachable, WorkNotLeased
from yiwang.flow.model import Advance
from yiwang.kernel.access import SYSTEM

MESSAGES = (
    '<bpmn:message id="m" name="paid"/><bpmn:signal id="s" name="flood"/>'
    '<bpmn:error id="e" errorCode="E1"/><bpmn:escalation id="x" escalationCode="X1"/>'
)

ERROR = event("error", 'errorRef="e"')
SIGNAL = event("signal", 'signalRef="s"')
ESCALATION = event("escalation", 'escalationRef="x"')


def inner(*tasks: str, end: str = "") -> Drawing:
    """Start, tasks one after the other, end, with ids of their own."""
    drawing = Drawing().node("startEvent", f"{tasks[0]}_in")
    for name in tasks:
        drawing.task(name, "ok no")
    drawing.node("endEvent", f"{tasks[0]}_out", inner=end)
    return drawing.line(f"{tasks[0]}_in", *tasks, f"{tasks[0]}_out")


def around(key: str, *parts: str, **flows: str) -> Drawing:
    drawing = Drawing(key, outside=MESSAGES).start()
    drawing.parts += parts
    return drawing


async def send(office: Office, name: str, key: str = "", **variables: object) -> Advance:
    async with office.database.transaction() as connection:
        return (await office.flow.receive(connection, name, key, variables, SYSTEM, office.now)).answer  # type: ignore[arg-type]


async def test_a_sub_process_goes_on_when_all_in_it_is_done(office: Office) -> None:
    drawing = (
        around("sub", sub_process("box", inner("a", "b"))).task("after").end().line("start", "box", "after", "end")
    )
    case = (await office.start(await office.publish(drawing))).instance_id
    await office.complete(case, "a")
    assert await office.nodes(case) == ["b"]
    await office.complete(case, "b")
    assert await office.nodes(case) == ["after"]
    await office.complete(case, "after")
    story = await office.story(case)
    assert (story.instance.state, story.scopes) == ("completed", ())


async def test_退回到子流程之前_子流程整个撤回(office: Office) -> None:
    drawing = (
        around("sub-back", sub_process("box", inner("a", "b"))).task("first").end().line("start", "first", "box", "end")
    )
    case = (await office.start(await office.publish(drawing))).instance_id
    await office.complete(case, "first")
    await office.complete(case, "a")
    await office.send_back(case, "b", "first")
    assert await office.nodes(case) == ["first"]
    assert (await office.story(case)).scopes == ()
    await office.complete(case, "first")
    assert await office.nodes(case) == ["a"]


async def test_不能从外面退回到子流程里面(office: Office) -> None:
    drawing = (
        around("sub-into", sub_process("box", inner("a"))).task("after").end().line("start", "box", "after", "end")
    )
    case = (await office.start(await office.publish(drawing))).instance_id
    await office.complete(case, "a")
    with pytest.raises(StepNotReachable):
        await office.send_back(case, "after", "a")
    assert await office.nodes(case) == ["after"]


async def test_an_error_leaves_the_sub_process_by_its_edge(office: Office) -> None:
    box = sub_process("box", inner("a", end=event("error", 'errorRef="e"')))
    edge = f'<bpmn:boundaryEvent id="caught" attachedToRef="box">{ERROR}</bpmn:boundaryEvent>'
    drawing = around("error", box, edge).task("usual").task("repair").end().node("endEvent", "end2")
    drawing.line("start", "box", "usual", "end").line("caught", "repair", "end2")
    case = (await office.start(await office.publish(drawing))).instance_id
    await office.complete(case, "a")
    assert await office.nodes(case) == ["repair"]
    assert (await office.story(case)).scopes == ()


async def test_an_error_that_nothing_catches_ends_the_case_and_is_named(office: Office) -> None:
    drawing = around("uncaught", sub_process("box", inner("a", end=event("error", 'errorRef="e"'))))
    drawing.task("beside").task("usual").end().parallel("fork").parallel("join")
    drawing.line("start", "fork", "box", "join", "usual", "end").line("fork", "beside", "join")
    case = (await office.start(await office.publish(drawing))).instance_id
    answer = await office.complete(case, "a")
    assert (answer.ended, answer.error) == (True, "E1")
    assert await office.nodes(case) == []


async def test_an_event_sub_process_takes_over_when_its_message_comes(office: Office) -> None:
    handler = Drawing().node("startEvent", "withdrawn", inner=event("message", 'messageRef="m"')).task("settle")
    handler.node("endEvent", "settled").line("withdrawn", "settle", "settled")
    drawing = around("event-sub", sub_process("cancelling", handler, 'triggeredByEvent="true"'))
    drawing.task("a").end().line("start", "a", "end")
    case = (await office.start(await office.publish(drawing))).instance_id
    await send(office, "paid")
    assert await office.nodes(case) == ["settle"]
    answer = await office.complete(case, "settle")
    assert answer.ended
    with pytest.raises(MessageUnexpected):
        await send(office, "paid")


async def test_the_first_of_several_events_decides_and_the_others_are_no_longer_awaited(office: Office) -> None:
    drawing = around("first-event").node("eventBasedGateway", "which").task("thank").task("remind").end()
    drawing.node("intermediateCatchEvent", "paid", inner=event("message", 'messageRef="m"'))
    drawing.node("intermediateCatchEvent", "late", inner=event("timer", "<bpmn:timeDuration>PT2H</bpmn:timeDuration>"))
    drawing.node("endEvent", "end2")
    drawing.line("start", "which", "paid", "thank", "end").line("which", "late", "remind", "end2")
    definition = await office.publish(drawing)
    office.set_clock(at(9))
    one, two = [(await office.start(definition, order=str(i))).instance_id for i in range(2)]
    office.set_clock(at(10))
    async with office.database.connection() as connection:
        assert await connection.fetchval("select count(*) from flow_wait where instance_id = any($1)", [one, two]) == 2
    office.set_clock(at(12))
    assert await office.flow.act_due(office.now) == 2
    assert [await office.nodes(case) for case in (one, two)] == [["remind"], ["remind"]]
    with pytest.raises(MessageUnexpected):
        await send(office, "paid")


async def test_a_message_finds_the_case_by_its_key(office: Office) -> None:
    key = '<bpmn:extensionElements><yiwang:message key="=order"/></bpmn:extensionElements>'
    drawing = around("by-key").node("receiveTask", "wait", 'messageRef="m"', key).task("thank").end()
    definition = await office.publish(drawing.line("start", "wait", "thank", "end"))
    one = (await office.start(definition, order="A-1")).instance_id
    two = (await office.start(definition, order="A-2")).instance_id
    answer = await send(office, "paid", "A-2", amount=5)
    assert answer.instance_id == two
    assert answer.variables["amount"] == 5
    assert await office.nodes(one) == []
    assert await office.nodes(two) == ["thank"]


async def test_a_thrown_message_starts_the_flow_that_waits_for_it(office: Office) -> None:
    receiver = Drawing("receiver", outside=MESSAGES).node(
        "startEvent", "start", inner=event("message", 'messageRef="m"')
    )
    await office.publish(receiver.task("a").end().line("start", "a", "end"))
    sender = around("sender").node("sendTask", "tell", 'messageRef="m"').task("b").end()
    await office.start(await office.publish(sender.line("start", "tell", "b", "end")), order="A-1")
    assert await office.flow.act_due(office.now) >= 1
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select i.variables, t.node from flow_instance i join flow_task t on t.instance_id = i.id"
            " where i.subject_kind = 'flow'"
        )
    assert [(row[0]["order"], row[1]) for row in rows] == [("A-1", "a")]
    assert await office.flow.act_due(office.now) == 0


async def test_a_signal_reaches_everyone_who_waited_once(office: Office) -> None:
    edge = f'<bpmn:boundaryEvent id="alarm" attachedToRef="a" cancelActivity="false">{SIGNAL}</bpmn:boundaryEvent>'
    drawing = around("signal", edge).task("a").task("evacuate").end().node("endEvent", "end2")
    definition = await office.publish(drawing.line("start", "a", "end").line("alarm", "evacuate", "end2"))
    cases = [(await office.start(definition)).instance_id for _ in range(3)]
    async with office.database.transaction() as connection:
        await office.flow.broadcast(connection, "flood", {}, office.now)
    await office.flow.act_due(office.now)
    await office.flow.act_due(office.now)
    later = (await office.start(definition)).instance_id
    assert [sorted(await office.nodes(case)) for case in cases] == [["a", "evacuate"]] * 3
    assert await office.nodes(later) == ["a"]


async def test_a_condition_acts_as_soon_as_the_data_fulfil_it(office: Office) -> None:
    rule = "<bpmn:condition>level &gt; 3</bpmn:condition>"
    edge = f'<bpmn:boundaryEvent id="high" attachedToRef="watch">{event("conditional", rule)}</bpmn:boundaryEvent>'
    drawing = around("condition", edge).task("watch").task("act").task("note").parallel("fork").parallel("join").end()
    drawing.exclusive("merge").line("start", "fork", "watch", "merge", "join", "end").line("fork", "note", "join")
    drawing.line("high", "act", "merge")
    case = (await office.start(await office.publish(drawing), level=1)).instance_id
    assert sorted(await office.nodes(case)) == ["note", "watch"]
    await office.complete(case, "note", level=5)
    assert await office.nodes(case) == ["act"]


async def test_work_goes_to_one_worker_at_a_time_and_on_when_it_is_done(office: Office) -> None:
    work = '<bpmn:extensionElements><yiwang:work topic="seal" tries="2"/></bpmn:extensionElements>'
    edge = f'<bpmn:boundaryEvent id="broken" attachedToRef="sign">{event("error")}</bpmn:boundaryEvent>'
    drawing = (
        around("work", edge)
        .node("serviceTask", "sign", "", work)
        .task("after")
        .task("by_hand")
        .end()
        .node("endEvent", "end2")
    )
    definition = await office.publish(drawing.line("start", "sign", "after", "end").line("broken", "by_hand", "end2"))
    one = (await office.start(definition)).instance_id
    two = (await office.start(definition)).instance_id
    flow, now = office.flow, office.now
    async with office.database.transaction() as connection:
        first = await flow.fetch_work(connection, ["seal"], "w1", now, limit=1)
        second = await flow.fetch_work(connection, ["seal"], "w2", now, limit=5)
    assert [work.instance_id for work in (*first, *second)] == [one, two]
    async with office.database.transaction() as connection:
        with pytest.raises(WorkNotLeased):
            await flow.finish_work(connection, first[0].id, "w2", {}, SYSTEM, now)
        await flow.finish_work(connection, first[0].id, "w1", {"sealed": True}, SYSTEM, now)
    assert await office.nodes(one) == ["after"]
    async with office.database.transaction() as connection:
        assert await flow.fail_work(connection, second[0].id, "w2", "printer away", SYSTEM, now) is None
    office.set_clock(now + timedelta(minutes=5))
    async with office.database.transaction() as connection:
        again = await flow.fetch_work(connection, ["seal"], "w3", office.now)
        await flow.fail_work(connection, again[0].id, "w3", "printer away", SYSTEM, office.now)
    assert await office.nodes(two) == ["by_hand"]


async def test_a_called_flow_runs_with_variables_of_its_own(office: Office) -> None:
    await office.publish(steps(["x", "y"], "called"))
    given = (
        '<bpmn:extensionElements><yiwang:in variable="size" value="amount * 2"/>'
        '<yiwang:out variable="result" value="size + 1"/></bpmn:extensionElements>'
    )
    drawing = around("caller").node("callActivity", "call", 'calledElement="called"', given).task("after").end()
    case = (
        await office.start(await office.publish(drawing.line("start", "call", "after", "end")), amount=4)
    ).instance_id
    task = await office.task(case, "x")
    assert task.definition_id is not None
    await office.complete(case, "x", size=10)
    assert await office.nodes(case) == ["y"]
    answer = await office.complete(case, "y")
    assert await office.nodes(case) == ["after"]
    assert answer.variables["result"] == 11
    assert "size" not in answer.variables


async def test_what_was_done_is_undone_in_reverse_order(office: Office) -> None:
    drawing = around("undo").task("book").task("pay").task("decide").end()
    for name in ("book", "pay"):
        drawing.node("boundaryEvent", f"undo_{name}", f'attachedToRef="{name}"', event("compensate"))
        drawing.parts.append(
            f'<bpmn:userTask id="cancel_{name}" name="撤销" isForCompensation="true"><bpmn:extensionElements>'
            f'<yiwang:step stage="undo" status="撤销中"/><yiwang:who post="acceptor"/><yiwang:outcome id="ok" zh="好" en="ok"/>'
            "</bpmn:extensionElements></bpmn:userTask>"
            f'<bpmn:association id="as_{name}" sourceRef="undo_{name}" targetRef="cancel_{name}" associationDirection="One"/>'
        )
    drawing.node("intermediateThrowEvent", "back", inner=event("compensate"))
    drawing.line("start", "book", "pay", "decide", "back", "end")
    case = (await office.start(await office.publish(drawing))).instance_id
    for name in ("book", "pay", "decide"):
        await office.complete(case, name)
    assert await office.nodes(case) == ["cancel_pay"]
    await office.complete(case, "cancel_pay")
    assert await office.nodes(case) == ["cancel_book"]
    assert (await office.complete(case, "cancel_book")).ended


async def test_an_inclusive_join_waits_for_the_branches_that_were_taken(office: Office) -> None:
    drawing = Drawing("inclusive").start().node("inclusiveGateway", "split", 'default="split-c"')
    for name in ("a", "b", "c"):
        drawing.task(name)
    drawing.node("inclusiveGateway", "join").task("after").end()
    drawing.flow("split", "a", "size > 1").flow("split", "b", "size > 2").flow("split", "c")
    drawing.line("start", "split").line("a", "join").line("b", "join").line("c", "join").line("join", "after", "end")
    definition = await office.publish(drawing)
    for size, expected in ((0, ["c"]), (2, ["a"]), (3, ["a", "b"])):
        case = (await office.start(definition, size=size)).instance_id
        assert sorted(await office.nodes(case)) == expected
        for name in expected:
            await office.complete(case, name)
        assert await office.nodes(case) == ["after"]
        assert (await office.complete(case, "after")).ended


async def test_an_escalation_opens_a_second_line_and_lets_the_first_go_on(office: Office) -> None:
    body = (
        Drawing()
        .node("startEvent", "in")
        .task("a")
        .node("intermediateThrowEvent", "call_for_help", inner=event("escalation", 'escalationRef="x"'))
    )
    body.task("b").node("endEvent", "out").line("in", "a", "call_for_help", "b", "out")
    edge = f'<bpmn:boundaryEvent id="help" attachedToRef="box" cancelActivity="false">{ESCALATION}</bpmn:boundaryEvent>'
    drawing = around("escalation", sub_process("box", body), edge).task("leader").end().node("endEvent", "end2")
    drawing.line("start", "box", "end").line("help", "leader", "end2")
    case = (await office.start(await office.publish(drawing))).instance_id
    await office.complete(case, "a")
    assert sorted(await office.nodes(case)) == ["b", "leader"]


async def test_a_sub_process_runs_once_for_each_element(office: Office) -> None:
    body = (
        Drawing()
        .node("startEvent", "in")
        .task("visit", who='<yiwang:who post="handler" organisation="=place" empty="administrator"/>')
    )
    body.node("endEvent", "out").line("in", "visit", "out")
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics{}><bpmn:extensionElements>"
        '<yiwang:multi items="=places" item="place"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    for sequential, first in (("", 3), (' isSequential="true"', 1)):
        key = f"each{first}"
        drawing = around(key, sub_process("box", body, extra=loop.format(sequential))).task("after").end()
        case = (
            await office.start(
                await office.publish(drawing.line("start", "box", "after", "end")), places=["drains", "water", "town"]
            )
        ).instance_id
        assert await office.nodes(case) == ["visit"] * first
        organisations = []
        for _ in range(3):
            task = (await office.tasks(case))[0]
            organisations.append(task.organisation_id)
            await office.finish(task.id, SYSTEM)
        assert organisations[0] == 3
        assert await office.nodes(case) == ["after"]


async def test_a_timer_starts_the_flow_every_day(office: Office) -> None:
    office.set_clock(at(9))
    cycle = event("timer", "<bpmn:timeCycle>R3/P1D</bpmn:timeCycle>")
    drawing = (
        Drawing("daily").node("startEvent", "start", inner=cycle).task("check").end().line("start", "check", "end")
    )
    await office.publish(drawing)
    begun = []
    for day in range(15, 22):
        office.set_clock(at(9, 30, day=day))
        begun.append(await office.flow.start_due(office.now))
    assert begun == [0, 1, 1, 1, 0, 0, 0]
    assert AREA
