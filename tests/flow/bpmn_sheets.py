"""Small drawings with every element of BPMN, for the tests of the reader; sub-processes are drawings within a drawing."""

from __future__ import annotations

from tests.flow.offices import Drawing, steps
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.model import Graph, Node

DECLARED = (
    '<bpmn:message id="m" name="paid"/><bpmn:signal id="s" name="typhoon"/>'
    '<bpmn:error id="err" name="坏" errorCode="bad"/><bpmn:escalation id="esc" escalationCode="late"/>'
)

TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT2H</bpmn:timeDuration></bpmn:timerEventDefinition>"
MESSAGE = '<bpmn:messageEventDefinition messageRef="m"/>'
SIGNAL = '<bpmn:signalEventDefinition signalRef="s"/>'
ERROR = '<bpmn:errorEventDefinition errorRef="err"/>'
ESCALATION = '<bpmn:escalationEventDefinition escalationRef="esc"/>'
CONDITION = (
    "<bpmn:conditionalEventDefinition><bpmn:condition>level &gt; 3</bpmn:condition></bpmn:conditionalEventDefinition>"
)
COMPENSATION = "<bpmn:compensateEventDefinition/>"
TERMINATE = "<bpmn:terminateEventDefinition/>"
LINK = '<bpmn:linkEventDefinition name="there"/>'
EVENTS = {
    "timer": TIMER,
    "message": MESSAGE,
    "signal": SIGNAL,
    "error": ERROR,
    "escalation": ESCALATION,
    "condition": CONDITION,
    "compensation": COMPENSATION,
    "terminate": TERMINATE,
    "link": LINK,
}


def sheet(key: str = "test-flow") -> Drawing:
    """An empty drawing whose file declares a message, a signal, an error and an escalation."""
    return Drawing(key, outside=DECLARED)


def between(drawing: Drawing, *names: str) -> Drawing:
    """A plain start and end around the named nodes, in a row."""
    return drawing.start().end().line("start", *names, "end")


def own(*settings: str) -> str:
    """Our settings, as they stand in an element."""
    return f"<bpmn:extensionElements>{''.join(settings)}</bpmn:extensionElements>" if settings else ""


def inside(drawing: Drawing) -> str:
    """A drawing as the content of a sub-process."""
    return "\n".join(drawing.parts)


def read(drawing: Drawing) -> Graph:
    """The graph of a drawing without faults."""
    reading = read_bpmn(drawing.xml)
    assert reading.findings == ()
    assert reading.graph is not None
    return reading.graph


def node(drawing: Drawing, name: str) -> Node:
    return read(drawing).nodes[name]


def faults(drawing: Drawing) -> list[tuple[str, str]]:
    """Code and element of every finding; each has a line and words in both languages."""
    reading = read_bpmn(drawing.xml)
    assert (reading.graph is None) == bool(reading.findings)
    for finding in reading.findings:
        assert finding.line > 0
        assert finding.zh
        assert finding.en
        assert finding.zh != finding.en
    return sorted((finding.code, finding.element) for finding in reading.findings)


def within() -> Drawing:
    """A sub-process of one step, with an event sub-process that a message begins."""
    late = Drawing().node("startEvent", "late", 'isInterrupting="false"', MESSAGE).task("hurry").end("hurried")
    late = late.line("late", "hurry", "hurried")
    inner = Drawing().start("in").task("a").end("out").line("in", "a", "out")
    inner = inner.node("subProcess", "watch", 'triggeredByEvent="true"', inside(late))
    return between(sheet().node("subProcess", "sub", inner=inside(inner)), "sub")


__all__ = [
    "COMPENSATION",
    "CONDITION",
    "DECLARED",
    "ERROR",
    "ESCALATION",
    "EVENTS",
    "LINK",
    "MESSAGE",
    "SIGNAL",
    "TERMINATE",
    "TIMER",
    "Drawing",
    "between",
    "faults",
    "inside",
    "node",
    "own",
    "read",
    "sheet",
    "steps",
    "within",
]
