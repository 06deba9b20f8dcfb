"""Drawings in which something could get stuck, run for ever or be lost are refused, and those that only look so are not."""

from __future__ import annotations

import pytest

from tests.flow.bpmn_sheets import (
    COMPENSATION,
    CONDITION,
    ERROR,
    ESCALATION,
    LINK,
    MESSAGE,
    SIGNAL,
    TERMINATE,
    TIMER,
    Drawing,
    between,
    faults,
    inside,
    own,
    sheet,
    steps,
)


def fork(kind: str = "parallelGateway", join: str = "") -> Drawing:
    """Three branches; the joining gateway is of the same kind."""
    conditional = kind == "inclusiveGateway"
    drawing = sheet().start().end().node(kind, "fork", 'default="fork-c"' if conditional else "")
    drawing = drawing.task("a").task("b").task("c").node(join or kind, "join").flow("start", "fork")
    for name in ("a", "b", "c"):
        drawing = drawing.flow("fork", name, name * 2 if conditional and name != "c" else "").flow(name, "join")
    return drawing.flow("join", "end")


def loosely_ending(drawing: Drawing, name: str, inner: str = "") -> Drawing:
    """The same with a branch that ends by itself."""
    return drawing.without(f"{name}-join").node("endEvent", f"end_{name}", inner=inner).flow(name, f"end_{name}")


def perhaps_ending(drawing: Drawing, name: str) -> Drawing:
    """The same with a branch that may end by itself or go on to the join."""
    drawing = drawing.without(f"{name}-join").exclusive("maybe", default="maybe-join").flow(name, "maybe")
    return drawing.flow("maybe", "join").end("early").flow("maybe", "early", "done_already")


def within(inner: Drawing, kind: str = "subProcess", attributes: str = "") -> Drawing:
    return between(sheet().node(kind, "sub", attributes, inside(inner)), "sub")


def row(*names: str) -> Drawing:
    """The content of a sub-process: steps in a row between a start ``in`` and an end ``out``."""
    drawing = Drawing().start("in").end("out").line("in", *names, "out")
    for name in names:
        drawing = drawing.task(name)
    return drawing


def event_gateway() -> Drawing:
    drawing = sheet().node("eventBasedGateway", "g").node("intermediateCatchEvent", "t", inner=TIMER)
    drawing = drawing.node("receiveTask", "r", 'messageRef="m"').exclusive("merge").start().end()
    return drawing.line("start", "g", "t", "merge", "end").line("g", "r", "merge")


def circle(*parts: tuple[str, str, str]) -> Drawing:
    """start → x → these nodes in a row → y, which goes back to x by default."""
    drawing = sheet().start().end().exclusive("x").exclusive("y", default="y-x")
    for kind, name, inner in parts:
        drawing = drawing.node(kind, name, 'calledElement="other" messageRef="m"', inner)
    names = [name for _, name, _ in parts]
    return drawing.flow("start", "x").line("x", *names, "y", "x").flow("y", "end", "enough")


def signed(who: str, extra: str = "", marker: str = "") -> Drawing:
    """start → sign → x, back to sign on ``again``, to the end by default."""
    drawing = sheet().start().end().task("sign", "agree again", who=who, extra=extra)
    drawing.parts[-1] = drawing.parts[-1].replace("</bpmn:userTask>", f"{marker}</bpmn:userTask>")
    drawing = drawing.exclusive("x", default="x-end").line("start", "sign", "x", "end")
    return drawing.flow("x", "sign", 'outcome == "again"')


VACANT = '<yiwang:who post="vacant" empty="skip"/>'
CLERK = '<yiwang:who post="clerk"/>'
SET = own('<yiwang:set variable="n" value="1"/>')
WORK = own('<yiwang:work topic="t"/>')

SOUND: dict[str, Drawing] = {
    "three branches, joined": fork(),
    "a loose branch beside a join of the two others": loosely_ending(fork(), "b"),
    "all branches loose": loosely_ending(loosely_ending(loosely_ending(fork(), "a"), "b"), "c").without(
        "join", "join-end", "end"
    ),
    "a loose branch that throws as it ends": loosely_ending(fork(), "b", MESSAGE),
    "a branch that may end everything": perhaps_ending(fork(), "b")
    .without("early")
    .node("endEvent", "early", inner=TERMINATE),
    "inclusive branches, joined": fork("inclusiveGateway"),
    "inclusive branches of which one may end early": perhaps_ending(fork("inclusiveGateway"), "b"),
    "parallel branches with an inclusive join, one may end early": perhaps_ending(
        fork(join="inclusiveGateway"), "b"
    ),
    "an inclusive gateway with a flow that is always taken": fork("inclusiveGateway")
    .without("fork", "fork-c")
    .node("inclusiveGateway", "fork")
    .flow("fork", "c"),
    "an inclusive join that two ways of one branch reach": fork("inclusiveGateway")
    .without("b-join")
    .exclusive("two", default="two-join")
    .line("b", "two", "join")
    .task("b2")
    .flow("two", "b2", "more")
    .flow("b2", "join"),
    "an event gateway": event_gateway(),
    "a sub-process": within(row("a")),
    "an error of a sub-process that sends it back to its start": within(
        row("a").without("a-out").exclusive("x", default="x-out").flow("a", "x").flow("x", "out")
        .node("endEvent", "fails", inner=ERROR).flow("x", "fails", "bad")
    )
    .without("start-sub")
    .exclusive("again")
    .line("start", "again", "sub")
    .node("boundaryEvent", "caught", 'attachedToRef="sub"', ERROR)
    .flow("caught", "again"),
    "a circle with a step": circle().task("a").without("x-y").line("x", "a", "y"),
    "a circle with a receive task": circle(("receiveTask", "r", "")),
    "a circle with a timer": circle(("intermediateCatchEvent", "t", TIMER)),
    "a circle with a worker": circle(("serviceTask", "w", WORK)),
    "a circle with a sub-process that always waits": circle(("subProcess", "sub", inside(row("a")))),
    "a circle behind an event gateway": circle(("eventBasedGateway", "g", ""), ("intermediateCatchEvent", "t", TIMER)),
    "a circle that only a person's outcome closes": signed(CLERK, '<yiwang:auto same="starter"/>'),
    "a circle that a step without people never goes": signed(VACANT),
    "a circle of signers, who are never nobody": signed(
        CLERK, marker="<bpmn:multiInstanceLoopCharacteristics>" + own('<yiwang:multi people="holders"/>')
        + "</bpmn:multiInstanceLoopCharacteristics>",
    ),
    "a link back over a step": sheet().start().task("a").node("intermediateCatchEvent", "land", inner=LINK)
    .exclusive("m").exclusive("x", default="x-end").end().line("start", "m", "a", "x", "end").flow("land", "m")
    .node("intermediateThrowEvent", "leap", inner=LINK).flow("x", "leap", 'outcome == "ok"'),
    "a side branch with branches of its own": fork()
    .node("boundaryEvent", "t", 'attachedToRef="a" cancelActivity="false"', TIMER)
    .parallel("f2").task("p").task("q").parallel("j2").end("e2")
    .line("t", "f2", "p", "j2", "e2").line("f2", "q", "j2"),
    "interrupting events that stay in their branch": fork()
    .without("a-join").exclusive("m").line("a", "m", "join")
    .node("boundaryEvent", "s", 'attachedToRef="a"', SIGNAL).flow("s", "m"),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_drawing_is_taken(name: str) -> None:
    assert faults(SOUND[name]) == []


def handler(drawing: Drawing, name: str) -> Drawing:
    """A step that undoes another."""
    drawing = drawing.task(name)
    drawing.parts[-1] = drawing.parts[-1].replace("<bpmn:userTask", '<bpmn:userTask isForCompensation="true"')
    return drawing


def undo() -> Drawing:
    """A step with a compensation event, but no handler."""
    return steps(["a"]).node("boundaryEvent", "undo", 'attachedToRef="a"', COMPENSATION)


UNSOUND: dict[str, tuple[Drawing, list[tuple[str, str]]]] = {
    "a branch that may end early before a parallel join": (
        perhaps_ending(fork(), "b"),
        [("branch_not_joined", "maybe-early")],
    ),
    "a branch whose inner branches all end": (
        fork()
        .without("b-join")
        .exclusive("maybe", default="maybe-join")
        .line("b", "maybe", "join")
        .parallel("inner")
        .flow("maybe", "inner", "more")
        .end("e1")
        .end("e2")
        .line("inner", "e1")
        .line("inner", "e2"),
        [("fork_not_joined", "inner")],
    ),
    "an inclusive block that may end within a parallel branch": (
        fork()
        .without("b-join")
        .node("inclusiveGateway", "i", 'default="i-p"')
        .task("p")
        .task("q")
        .node("inclusiveGateway", "ij")
        .flow("b", "i")
        .flow("i", "p")
        .flow("i", "q", "more")
        .line("p", "ij", "join")
        .end("eq")
        .flow("q", "eq")
        .exclusive("qx", default="qx-ij")
        .without("q-eq")
        .line("q", "qx", "ij")
        .flow("qx", "eq", "stop"),
        [("fork_not_joined", "i")],
    ),
    "a parallel join of inclusive branches": (
        fork("inclusiveGateway", "parallelGateway"),
        [("join_of_another_kind", "join")] * 3,
    ),
    "two joins of one fork": (
        fork()
        .without("c-join")
        .task("d")
        .flow("fork", "d")
        .parallel("join2")
        .flow("c", "join2")
        .flow("d", "join2")
        .end("end2")
        .flow("join2", "end2"),
        [("branches_not_matched", "join2")],
    ),
    "a branch that reaches the join twice": (
        fork()
        .without("b-join")
        .exclusive("x", default="x-join")
        .line("b", "x", "join")
        .task("b2")
        .flow("x", "b2", "more")
        .flow("b2", "join"),
        [("branches_not_matched", "join")],
    ),
    "an inclusive gateway as a mere merge": (
        steps(["a"])
        .without("a-end")
        .exclusive("x", default="x-m")
        .task("b")
        .node("inclusiveGateway", "m")
        .line("a", "x", "m", "end")
        .flow("x", "b", "more")
        .flow("b", "m"),
        [("join_without_fork", "m")] * 2,
    ),
    "an inclusive gateway without default": (
        fork("inclusiveGateway")
        .without("fork", "fork-c")
        .node("inclusiveGateway", "fork")
        .flow("fork", "c", "cc"),
        [("default_missing", "fork")],
    ),
    "a step behind an event gateway": (
        event_gateway().task("a").line("g", "a", "merge"),
        [("event_gateway", "a")],
    ),
    "a catch event behind an event gateway that others lead to": (
        event_gateway().without("start-g").exclusive("x", default="x-g").line("start", "x", "g").flow("x", "t", "soon"),
        [("event_gateway", "t")],
    ),
    "a receive task with a timer behind an event gateway": (
        event_gateway().node("boundaryEvent", "b", 'attachedToRef="r"', TIMER).flow("b", "merge"),
        [("event_gateway", "r")],
    ),
    "a sub-process without start": (
        within(row("a").without("in", "in-a")),
        [("start_count", "sub"), ],
    ),
    "a sub-process with a start by message": (
        within(row("a").without("in").node("startEvent", "in", inner=MESSAGE)),
        [("element_unsupported", "in")],
    ),
    "an empty sub-process": (within(Drawing()), [("end_missing", "sub"), ("start_count", "sub")]),
    "an event sub-process with a plain start": (
        steps(["x"]).node("subProcess", "sub", 'triggeredByEvent="true"', inside(row("a"))),
        [("element_unsupported", "in")],
    ),
    "an event sub-process in the row": (
        within(row("a").without("in").node("startEvent", "in", inner=MESSAGE), attributes='triggeredByEvent="true"'),
        [("ways", "sub")],
    ),
    "a flow over the edge of a sub-process": (
        within(row("a")).without("end").end().flow("a", "end", name="over"),
        [("flow_crosses", "over")],
    ),
    "a step in a sub-process that cannot be reached": (
        within(row("a").task("lost").flow("lost", "out")),
        [("not_reachable", "lost")],
    ),
    "a step in a sub-process with no way to its end": (
        within(row("a").exclusive("x", default="x-out").without("a-out").line("a", "x", "out").task("trap")
               .task("trap2").flow("x", "trap", "bad").line("trap", "trap2", "trap")),
        [("no_end", "trap"), ("no_end", "trap2")],
    ),
    "an event on an event sub-process": (
        steps(["x"])
        .node("subProcess", "sub", 'triggeredByEvent="true"',
              inside(row("a").without("in").node("startEvent", "in", inner=TIMER)))
        .node("boundaryEvent", "b", 'attachedToRef="sub"', TIMER).flow("b", "end"),
        [("boundary_misplaced", "b")],
    ),
    "an event on an activity of another container": (
        within(row("a")).node("boundaryEvent", "b", 'attachedToRef="a"', TIMER).flow("b", "end"),
        [("boundary_misplaced", "b")],
    ),
    "a link that lands nowhere": (
        steps(["a"]).without("a-end").node("intermediateThrowEvent", "leap", inner=LINK).flow("a", "leap")
        .node("intermediateCatchEvent", "land", inner=LINK.replace("there", "elsewhere")).flow("land", "end"),
        [("link_unmatched", "leap"), ("no_end", "a"), ("no_end", "leap"), ("no_end", "start"),
         ("not_reachable", "end"), ("not_reachable", "land")],
    ),
    "two landings of one link": (
        steps(["a"]).without("a-end").node("intermediateThrowEvent", "leap", inner=LINK).flow("a", "leap")
        .node("intermediateCatchEvent", "land", inner=LINK).flow("land", "end")
        .node("intermediateCatchEvent", "land2", inner=LINK).flow("land2", "end"),
        [("link_repeated", "land2"), ("not_reachable", "land")],
    ),
    "a link out of a branch": (
        loosely_ending(fork(), "b").without("end_b", "b-end_b")
        .node("intermediateThrowEvent", "leap", inner=LINK).flow("b", "leap")
        .node("intermediateCatchEvent", "land", inner=LINK).exclusive("m").without("join-end")
        .line("join", "m", "end").flow("land", "m"),
        [("branches_mixed", "m")],
    ),
    "compensation without a handler": (undo(), [("compensation_missing", "undo")]),
    "compensation by a step of the ordinary way": (
        undo().node("association", "of", 'sourceRef="undo" targetRef="a"'),
        [("compensation_missing", "undo")],
    ),
    "a handler that nothing calls": (handler(steps(["a"]), "h"), [("not_reachable", "h")]),
    "a handler with a way on": (
        handler(undo(), "h").node("association", "of", 'sourceRef="undo" targetRef="h"').flow("h", "end"),
        [("ways", "h")],
    ),
    "a handler with an event on its edge": (
        handler(undo(), "h").node("association", "of", 'sourceRef="undo" targetRef="h"')
        .node("boundaryEvent", "b", 'attachedToRef="h"', TIMER).flow("b", "end"),
        [("boundary_misplaced", "b")],
    ),
    "two compensations of one step": (
        handler(undo(), "h").node("association", "of", 'sourceRef="undo" targetRef="h"')
        .node("boundaryEvent", "undo2", 'attachedToRef="a"', COMPENSATION)
        .node("association", "of2", 'sourceRef="undo2" targetRef="h"'),
        [("compensation_repeated", "undo2")],
    ),
    "compensating what cannot be undone": (
        steps(["a"]).without("end").node(
            "endEvent", "end", inner='<bpmn:compensateEventDefinition activityRef="a"/>'),
        [("compensation_unknown", "end")],
    ),
    "a flow that calls itself": (
        between(sheet().node("callActivity", "c", 'calledElement="test-flow"'), "c"),
        [("call_of_itself", "c")],
    ),
    "a circle of service tasks": (circle(("serviceTask", "a", SET)), [("circle", "a")]),
    "a circle of conditions": (circle(("intermediateCatchEvent", "c", CONDITION)), [("circle", "c")]),
    "a circle of calls": (circle(("callActivity", "c", "")), [("circle", "c")]),
    "a circle with a sub-process that need not wait": (
        circle(("subProcess", "sub", inside(Drawing().start("in").end("out").node("scriptTask", "s", inner=SET)
                                            .line("in", "s", "out")))),
        [("circle", "in")],
    ),
    "a circle over a round that may be empty": (
        circle(("receiveTask", "r", "<bpmn:multiInstanceLoopCharacteristics>"
                + own('<yiwang:multi items="=places"/>') + "</bpmn:multiInstanceLoopCharacteristics>")),
        [("circle", "r")],
    ),
    "a circle of a step that a rule finishes": (
        signed(CLERK, '<yiwang:auto when="urgent" outcome="again"/>'), [("circle", "sign")],
    ),
    "a condition on the edge that leads back": (
        signed(CLERK).without("start-sign").exclusive("m").line("start", "m", "sign")
        .node("boundaryEvent", "b", 'attachedToRef="sign"', CONDITION).flow("b", "m"),
        [("circle", "b")],
    ),
    "an error that at once leads back": (
        within(Drawing().start("in").node("endEvent", "out", inner=ERROR).flow("in", "out"))
        .without("start-sub").exclusive("m").line("start", "m", "sub")
        .node("boundaryEvent", "b", 'attachedToRef="sub"', ERROR).flow("b", "m"),
        [("circle", "b")],
    ),
    "an escalation in a circle of event sub-processes": (
        steps(["a"]).node("subProcess", "sub", 'triggeredByEvent="true"', inside(
            Drawing().node("startEvent", "in", 'isInterrupting="false"', ESCALATION).end("out")
            .node("intermediateThrowEvent", "up", inner=ESCALATION).line("in", "up", "out"))),
        [("circle", "in")],
    ),
    "a pause of a clock that nothing starts": (
        between(sheet().task("a", step='pauses="handling"'), "a"),
        [("clock_unknown", "a")],
    ),
    "the handler of a step that is none": (
        between(sheet().task("a", who='<yiwang:who step="start"/>').task("b", who='<yiwang:who step="b"/>'), "a", "b"),
        [("step_unknown", "a"), ("step_unknown", "b")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_drawing_is_refused_at_the_element(name: str) -> None:
    drawing, expected = UNSOUND[name]
    if not drawing.outside:
        drawing.outside = sheet().outside
    assert faults(drawing) == sorted(expected)
