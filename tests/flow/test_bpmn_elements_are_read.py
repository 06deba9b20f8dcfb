"""Every element that is executed becomes the node that the walk knows, with everything that the drawing says."""

from __future__ import annotations

import pytest

from tests.flow.bpmn_sheets import (
    COMPENSATION,
    CONDITION,
    ESCALATION,
    EVENTS,
    LINK,
    MESSAGE,
    SIGNAL,
    TIMER,
    Drawing,
    between,
    faults,
    inside,
    node,
    own,
    read,
    sheet,
    steps,
    within,
)
from yiwang.flow.model import (
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    DecisionTask,
    EndEvent,
    EventGateway,
    InclusiveGateway,
    Node,
    ReceiveTask,
    SendTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    Trigger,
    UserTask,
    Value,
)


def trigger_of(found: Node) -> Trigger | None:
    assert isinstance(found, StartEvent | CatchEvent | ThrowEvent | BoundaryEvent | EndEvent | ReceiveTask | SendTask)
    return found.trigger


# Activities


def test_a_service_task_sets_variables_and_waits_for_a_worker() -> None:
    settings = own(
        '<yiwang:set variable="fee" value="base * 2"/>',
        '<yiwang:set variable="paid" value="{&quot;done&quot;: false, &quot;by&quot;: []}"/>',
        '<yiwang:work topic="payment" tries="5"/>',
    )
    graph = read(between(sheet().node("serviceTask", "pay", inner=settings), "pay"))
    pay = graph.nodes["pay"]
    assert isinstance(pay, ServiceTask)
    assert [item.variable for item in pay.sets] == ["fee", "paid"]
    assert (pay.topic, pay.tries) == ("payment", 5)
    assert graph.variables == {"base"}
    assert graph.waiting
    assert not graph.concurrent
    assert not graph.timed


def test_a_script_task_is_a_service_task_without_a_worker() -> None:
    script = node(between(sheet().node("scriptTask", "x", inner=own('<yiwang:set variable="n" value="1"/>')), "x"), "x")
    assert isinstance(script, ServiceTask)
    assert script.topic == ""


def test_a_manual_task_is_a_user_task() -> None:
    drawing = steps(["a"])
    drawing.parts = [part.replace("userTask", "manualTask") for part in drawing.parts]
    assert isinstance(node(drawing, "a"), UserTask)


def test_messages_are_sent_and_received_by_name_and_key() -> None:
    key = own('<yiwang:message key="=case_number"/>')
    drawing = sheet().node("sendTask", "ask", 'messageRef="m"', key).node("receiveTask", "answer", 'messageRef="m"')
    graph = read(between(drawing, "ask", "answer"))
    assert trigger_of(graph.nodes["ask"]) == Trigger("message", "paid", Value(variable="case_number"))
    assert trigger_of(graph.nodes["answer"]) == Trigger("message", "paid")
    assert graph.waiting
    assert graph.start_variables == ("case_number",)


def test_a_decision_task_names_its_table() -> None:
    setting = own('<yiwang:decision key="dispatch-rules" into="Department:department, limit:limit"/>')
    found = node(between(sheet().node("businessRuleTask", "rule", inner=setting), "rule"), "rule")
    assert isinstance(found, DecisionTask)
    assert found.decision == "dispatch-rules"
    assert dict(found.into) == {"Department": "department", "limit": "limit"}
    assert read(between(sheet().node("businessRuleTask", "rule", inner=setting), "rule")).decisions == {
        "dispatch-rules"
    }


def test_a_call_hands_over_and_takes_back() -> None:
    settings = own('<yiwang:in variable="what" value="title"/>', '<yiwang:out variable="ok" value="result == 1"/>')
    graph = read(between(sheet().node("callActivity", "c", 'calledElement="ns:other-flow"', settings), "c"))
    call = graph.nodes["c"]
    assert isinstance(call, CallActivity)
    assert call.called == "other-flow"
    assert [item.variable for item in call.inputs] == ["what"]
    assert [item.variable for item in call.outputs] == ["ok"]
    assert graph.calls == {"other-flow"}
    assert graph.concurrent


# Sub-processes


def test_what_stands_in_a_sub_process_knows_its_container() -> None:
    graph = read(within())
    sub, watch = graph.nodes["sub"], graph.nodes["watch"]
    assert isinstance(sub, SubProcess)
    assert isinstance(watch, SubProcess)
    assert (sub.start, sub.events, sub.event) == ("in", ("watch",), False)
    assert (watch.start, watch.event, watch.container) == ("late", True, "sub")
    assert {graph.nodes[name].container for name in ("in", "a", "out")} == {"sub"}
    assert {graph.nodes[name].container for name in ("late", "hurry", "hurried")} == {"watch"}
    late = graph.nodes["late"]
    assert isinstance(late, StartEvent)
    assert not late.interrupting
    assert graph.start.id == "start"
    assert graph.events == ()
    assert graph.concurrent
    assert graph.waiting


def test_event_sub_processes_of_the_process_itself() -> None:
    watch = inside(Drawing().node("startEvent", "storm", inner=SIGNAL).task("b").end("calm").line("storm", "b", "calm"))
    drawing = steps(["a"]).node("subProcess", "watch", 'triggeredByEvent="true"', watch)
    drawing.outside = sheet().outside
    graph = read(drawing)
    assert graph.events == ("watch",)
    assert graph.concurrent
    assert [start.id for start in graph.starts] == []


def test_branches_within_a_sub_process_begin_anew() -> None:
    inner = Drawing().start("in").parallel("f").task("a").task("b").parallel("j").end("out")
    inner = inner.line("in", "f", "a", "j", "out").line("f", "b", "j")
    drawing = sheet().parallel("fork").node("subProcess", "sub", inner=inside(inner)).task("c").parallel("join")
    graph = read(between(drawing, "fork", "sub", "join").line("fork", "c", "join"))
    assert len(graph.nodes["sub"].scope) == 1
    assert graph.nodes["in"].scope == ()
    assert [branch.block for branch in graph.nodes["a"].scope] == ["f"]


# Events


def test_starts_beside_the_plain_one() -> None:
    drawing = steps(["a"]).node("startEvent", "told", inner=MESSAGE).node("startEvent", "nightly", inner=TIMER)
    drawing.outside = sheet().outside
    graph = read(
        drawing.exclusive("merge")
        .without("start-a")
        .line("start", "merge", "a")
        .flow("told", "merge")
        .flow("nightly", "merge")
    )
    assert graph.start.id == "start"
    assert [start.id for start in graph.starts] == ["told", "nightly"]
    assert not graph.waiting  # no instance waits for them
    assert not graph.timed


def test_a_process_that_only_a_message_starts_begins_there() -> None:
    drawing = steps(["a"]).without("start").node("startEvent", "start", inner=MESSAGE)
    drawing.outside = sheet().outside
    graph = read(drawing)
    assert graph.start.id == "start"
    assert graph.starts == (graph.start,)


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<bpmn:timeDuration>PT36H</bpmn:timeDuration>", Trigger("timer", after=Value("36自然小时"))),
        ("<bpmn:timeDuration>=limit</bpmn:timeDuration>", Trigger("timer", after=Value(variable="limit"))),
        (own("<yiwang:deadline>2工作日</yiwang:deadline>"), Trigger("timer", after=Value("2工作日"))),
        (own("<yiwang:deadline>=limit</yiwang:deadline>"), Trigger("timer", after=Value(variable="limit"))),
        (
            "<bpmn:timeDate>2026-10-01T08:00:00+08:00</bpmn:timeDate>",
            Trigger("timer", at=Value("2026-10-01T08:00:00+08:00")),
        ),
        ("<bpmn:timeDate>2026-10-01T00:00:00Z</bpmn:timeDate>", Trigger("timer", at=Value("2026-10-01T00:00:00Z"))),
        ("<bpmn:timeDate>=hearing_at</bpmn:timeDate>", Trigger("timer", at=Value(variable="hearing_at"))),
    ],
)
def test_an_intermediate_timer(inner: str, expected: Trigger) -> None:
    definition = f"<bpmn:timerEventDefinition>{inner}</bpmn:timerEventDefinition>"
    graph = read(between(sheet().node("intermediateCatchEvent", "t", inner=definition), "t"))
    assert trigger_of(graph.nodes["t"]) == expected
    assert graph.timed
    assert not graph.waiting


@pytest.mark.parametrize(
    ("cycle", "every", "times"),
    [("R3/PT10M", "10分钟", 3), ("R/PT1H", "1自然小时", 0), ("R/1工作日", "1工作日", 0), ("R1/P5D", "5自然日", 1)],
)
def test_a_timer_that_repeats(cycle: str, every: str, times: int) -> None:
    definition = f"<bpmn:timerEventDefinition><bpmn:timeCycle>{cycle}</bpmn:timeCycle></bpmn:timerEventDefinition>"
    drawing = steps(["a"]).node("boundaryEvent", "t", 'attachedToRef="a" cancelActivity="false"', definition).end("e")
    found = trigger_of(node(drawing.flow("t", "e"), "t"))
    assert found == Trigger("timer", every=Value(every), times=times)


CATCHING = {
    "timer": Trigger("timer", after=Value("2自然小时")),
    "message": Trigger("message", "paid"),
    "signal": Trigger("signal", "typhoon"),
    "error": Trigger("error", "bad"),
    "escalation": Trigger("escalation", "late"),
}


@pytest.mark.parametrize("kind", ["timer", "message", "signal", "error", "escalation", "condition"])
@pytest.mark.parametrize("interrupting", [True, False])
def test_a_boundary_event(kind: str, interrupting: bool) -> None:
    attributes = f'attachedToRef="a" cancelActivity="{str(interrupting).lower()}"'
    drawing = steps(["a"]).node("boundaryEvent", "b", attributes, EVENTS[kind]).end("e").flow("b", "e")
    drawing.outside = sheet().outside
    if kind == "error" and not interrupting:
        assert faults(drawing) == [("element_unsupported", "b")]
        return
    graph = read(drawing)
    event = graph.nodes["b"]
    assert isinstance(event, BoundaryEvent)
    assert (event.attached, event.interrupting) == ("a", interrupting)
    assert event.trigger == CATCHING.get(kind, event.trigger)
    assert graph.task("a").boundary == (event,)
    assert graph.concurrent is not interrupting
    assert graph.timed is (kind == "timer")
    assert graph.waiting is (kind in ("message", "signal", "condition"))
    assert graph.conditional is (kind == "condition")
    assert bool(event.scope) is not interrupting
    if event.trigger.condition is not None:
        assert event.trigger.condition.variables == ("level",)


def test_an_error_without_a_code_catches_any() -> None:
    drawing = steps(["a"]).node("boundaryEvent", "b", 'attachedToRef="a"', "<bpmn:errorEventDefinition/>").end("e")
    assert trigger_of(node(drawing.flow("b", "e"), "b")) == Trigger("error", "")


@pytest.mark.parametrize("kind", ["message", "signal", "error", "escalation", "terminate"])
def test_an_end_event_throws(kind: str) -> None:
    drawing = steps(["a"]).without("end").node("endEvent", "end", inner=EVENTS[kind])
    drawing.outside = sheet().outside
    end = node(drawing, "end")
    assert isinstance(end, EndEvent)
    assert end.trigger == CATCHING.get(kind, Trigger("terminate"))
    assert end.terminate is (kind == "terminate")


@pytest.mark.parametrize("inner", ["", MESSAGE, SIGNAL, ESCALATION])
def test_an_intermediate_throw_event(inner: str) -> None:
    found = node(between(sheet().node("intermediateThrowEvent", "t", inner=inner), "t"), "t")
    assert isinstance(found, ThrowEvent)
    assert (found.trigger is None) is (inner == "")


def test_a_link_leaps_to_where_it_lands() -> None:
    drawing = sheet().start().task("a").node("intermediateThrowEvent", "away", inner=LINK)
    drawing = drawing.node("intermediateCatchEvent", "landing", inner=LINK).task("b").end()
    graph = read(drawing.line("start", "a", "away").line("landing", "b", "end"))
    away = graph.nodes["away"]
    assert isinstance(away, ThrowEvent)
    assert away.target == "landing"
    assert graph.links == {"there": "landing"}


def undone() -> Drawing:
    """A booked hall that is given back when the event is called off."""
    drawing = steps(["book", "hold"]).node("boundaryEvent", "undo", 'attachedToRef="book"', COMPENSATION)
    drawing = drawing.task("give_back")
    drawing.parts[-1] = drawing.parts[-1].replace('id="give_back"', 'id="give_back" isForCompensation="true"', 1)
    drawing = drawing.node("association", "of", 'sourceRef="undo" targetRef="give_back"')
    named = '<bpmn:compensateEventDefinition activityRef="book"/>'
    return (
        drawing.without("book-hold")
        .node("intermediateThrowEvent", "call_off", inner=named)
        .line("book", "call_off", "hold")
    )


def test_compensation_is_found_by_its_association() -> None:
    graph = read(undone())
    book, give_back = graph.task("book"), graph.task("give_back")
    assert book.compensation == "give_back"
    assert book.boundary == ()
    assert give_back.for_compensation
    assert trigger_of(graph.nodes["call_off"]) == Trigger("compensation", "book")
    assert graph.concurrent


def test_event_definitions_beside_the_process_are_followed() -> None:
    drawing = between(
        sheet().node("intermediateCatchEvent", "t", inner="<bpmn:eventDefinitionRef>shared</bpmn:eventDefinitionRef>"),
        "t",
    )
    drawing.outside += '<bpmn:signalEventDefinition id="shared" signalRef="s"/>'
    assert trigger_of(node(drawing, "t")) == Trigger("signal", "typhoon")
    drawing.outside = sheet().outside
    assert faults(drawing)[-1] == ("reference_unknown", "t")


# Gateways


def test_an_inclusive_gateway_forks_and_joins() -> None:
    drawing = sheet().node("inclusiveGateway", "fork", 'default="fork-c"').task("a").task("b").task("c")
    drawing = drawing.node("inclusiveGateway", "join").start().end()
    drawing = drawing.flow("start", "fork").flow("fork", "a", "fire").flow("fork", "b", "flood").flow("fork", "c")
    graph = read(drawing.line("a", "join", "end").line("b", "join").line("c", "join"))
    fork, join = graph.nodes["fork"], graph.nodes["join"]
    assert isinstance(fork, InclusiveGateway)
    assert isinstance(join, InclusiveGateway)
    assert fork.default is not None
    assert fork.default.target == "c"
    assert join.scope == ()
    assert [branch.block for branch in graph.nodes["a"].scope] == ["fork"]
    assert graph.concurrent


def test_an_event_gateway_waits_for_what_is_behind_it() -> None:
    drawing = sheet().node("eventBasedGateway", "g").node("intermediateCatchEvent", "t", inner=TIMER)
    drawing = drawing.node("intermediateCatchEvent", "c", inner=CONDITION).node("receiveTask", "r", 'messageRef="m"')
    drawing = drawing.exclusive("merge").start().end().line("start", "g", "t", "merge", "end")
    graph = read(drawing.line("g", "r", "merge").line("g", "c", "merge"))
    assert isinstance(graph.nodes["g"], EventGateway)
    assert graph.nodes["t"].scope == ()
    assert graph.timed
    assert graph.waiting
    assert graph.conditional
    assert graph.start_variables == ("level",)
