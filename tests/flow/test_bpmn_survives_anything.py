"""Any change to a good file gives a graph or faults with element and words, and never another failure."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.flow.bpmn_sheets import EVENTS, Drawing, inside, own, sheet
from yiwang.flow.bpmn import Reading, read_bpmn
from yiwang.flow.bpmn.vocabulary import ACTIVITIES, DEFINITIONS, EVENT_ELEMENTS, GATEWAYS, REFUSED
from yiwang.flow.errors import FlowUnreadable


def everything() -> str:
    """One sound file with nearly every element and setting."""
    watch = Drawing().node("startEvent", "late", 'isInterrupting="false"', EVENTS["condition"]).end("over")
    watch = watch.node("intermediateThrowEvent", "shout", inner=EVENTS["escalation"]).line("late", "shout", "over")
    inner = Drawing().start("in").task("look").end("out").line("in", "look", "out")
    inner = inner.node("subProcess", "watch", 'triggeredByEvent="true"', inside(watch))
    until = "<bpmn:completionCondition>done &gt; 2</bpmn:completionCondition>"
    round_ = f"<bpmn:multiInstanceLoopCharacteristics>{{}}{until}</bpmn:multiInstanceLoopCharacteristics>"
    drawing = (
        sheet()
        .start()
        .task(
            "accept",
            "file refuse",
            step='deadline="2工作日" back="straight" pauses="handling"',
            extra='<yiwang:clock start="handling" deadline="=limit" again="continue"/><yiwang:clock stop="handling" on="file"/>'
            '<yiwang:auto when="small &amp;&amp; assignee != &quot;&quot;" outcome="file"/>'
            '<yiwang:overtime after="1工作日" do="escalate"><yiwang:who post="leader"/></yiwang:overtime>',
        )
    )
    drawing = drawing.exclusive("accepted", default="accepted-gone").end("gone")
    drawing = drawing.line("start", "accept", "accepted", "gone").flow("accepted", "fork", 'outcome == "file"')
    drawing = drawing.node("inclusiveGateway", "fork", 'default="fork-sign"').node("inclusiveGateway", "join")
    drawing = drawing.task("sign", "agree refuse", extra='<yiwang:sign rule="share" need="60%"/>')
    drawing.parts[-1] = drawing.parts[-1].replace(
        "</bpmn:userTask>", round_.format(own('<yiwang:multi people="holders"/>')) + "</bpmn:userTask>"
    )
    drawing = drawing.node("subProcess", "sub", inner=inside(inner)).flow("fork", "sign").flow("fork", "sub", "far")
    drawing = drawing.line("sign", "join").line("sub", "join")
    drawing = drawing.node("boundaryEvent", "failed", 'attachedToRef="sub"', EVENTS["error"]).exclusive("m")
    drawing = drawing.without("sub-join").line("sub", "m", "join").flow("failed", "m")
    drawing = drawing.node("eventBasedGateway", "g").node("receiveTask", "answer", 'messageRef="m"')
    drawing = drawing.node("intermediateCatchEvent", "tired", inner=EVENTS["timer"]).exclusive("m2")
    drawing = drawing.line("join", "g", "answer", "m2").line("g", "tired", "m2")
    drawing = drawing.node("serviceTask", "pay", inner=own('<yiwang:work topic="pay" tries="2"/>'))
    drawing = drawing.node("boundaryEvent", "undo", 'attachedToRef="pay"', EVENTS["compensation"])
    drawing = drawing.node(
        "scriptTask", "repay", 'isForCompensation="true"', own('<yiwang:set variable="paid" value="false"/>')
    )
    drawing = drawing.node("association", "of", 'sourceRef="undo" targetRef="repay"')
    drawing = drawing.node("businessRuleTask", "rule", inner=own('<yiwang:decision key="k" into="a:b"/>'))
    drawing = drawing.node("callActivity", "call", 'calledElement="other"', own('<yiwang:out variable="z" value="y"/>'))
    drawing = drawing.node("intermediateThrowEvent", "leap", inner=EVENTS["link"])
    drawing = drawing.node("intermediateCatchEvent", "land", inner=EVENTS["link"])
    drawing = drawing.node("endEvent", "end", inner=EVENTS["terminate"])
    return drawing.line("m2", "pay", "rule", "call", "leap").line("land", "end").xml


GOOD = everything()
IDS = sorted(set(re.findall(r' id="([^"]*)"', GOOD)))
NAMES = sorted(ACTIVITIES.keys() | GATEWAYS.keys() | EVENT_ELEMENTS.keys() | DEFINITIONS.keys() | REFUSED.keys())


def told(xml: str | bytes) -> Reading | None:
    """What reading answers; None where the file is refused as unreadable."""
    try:
        reading = read_bpmn(xml)
    except FlowUnreadable:
        return None
    assert (reading.graph is None) == bool(reading.findings)
    for finding in reading.findings:
        assert finding.code
        assert finding.zh
        assert finding.en
    return reading


def test_the_file_that_is_changed_is_sound() -> None:
    reading = told(GOOD)
    assert reading is not None
    assert reading.findings == ()
    assert reading.graph is not None


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """The good file after a few changes: of names, values, references, elements left out, doubled or moved."""
    xml = GOOD
    for _ in range(draw(st.integers(1, 4))):
        tags = [match.span() for match in re.finditer(r"<bpmn:[^>]*>", xml)]
        values = [match.span(1) for match in re.finditer(r'="([^"]*)"', xml)]
        kind = draw(st.sampled_from(["value", "reference", "name", "drop", "double", "text", "attribute"]))
        first, last = draw(st.sampled_from(values if kind in ("value", "reference") else tags))
        piece = xml[first:last]
        if kind == "value":
            piece = draw(st.text(alphabet=st.characters(codec="utf-8", exclude_characters='<&"\0'), max_size=30))
        elif kind == "reference":
            piece = draw(st.sampled_from(IDS))
        elif kind == "name":
            old = re.match(r"<bpmn:(\w+)", piece)
            new = draw(st.sampled_from(NAMES))
            if old is not None:
                xml = re.sub(rf"(</?bpmn:){old.group(1)}\b", rf"\g<1>{new}", xml)
            continue
        elif kind == "drop":
            part = xml[first:].split("\n", 1)
            xml = xml[:first] + (part[1] if len(part) > 1 else "")
            continue
        elif kind == "double":
            line = xml[first:].split("\n", 1)[0]
            xml = f"{xml[:first]}{line}\n{xml[first:]}"
            continue
        elif kind == "text":
            piece += draw(st.text(max_size=10)).replace("<", "").replace("&", "")
        else:
            attribute = draw(
                st.sampled_from(["default", "isForCompensation", "triggeredByEvent", "attachedToRef", "x"])
            )
            piece = re.sub(r"(/?>)$", rf' {attribute}="{draw(st.sampled_from(["true", "accept", "-1"]))}"\1', piece)
        xml = xml[:first] + piece + xml[last:]
    return xml


@settings(max_examples=400, deadline=None)
@given(mutations())
@example(GOOD.replace('isExecutable="true"', ""))
def test_a_changed_file_is_read_or_told_what_is_wrong(xml: str) -> None:
    told(xml)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=20))
def test_a_damaged_file_is_read_or_told_what_is_wrong(first: int, last: int, piece: bytes) -> None:
    data = GOOD.encode()
    told(data[: min(first, last)] + piece + data[max(first, last) :])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_small_drawing_is_read_or_told_what_is_wrong(data: st.DataObject) -> None:
    """Gateways, steps and events joined at random: what passes the checks has a place for every token."""
    count = data.draw(st.integers(1, 8))
    drawing = sheet().start().end()
    kinds = ["exclusiveGateway", "parallelGateway", "inclusiveGateway", "task", "eventBasedGateway", "timer", "throw"]
    names = ["start", "end"]
    for number in range(count):
        name, kind = f"n{number}", data.draw(st.sampled_from(kinds))
        names.append(name)
        match kind:
            case "task":
                drawing = drawing.task(name)
            case "timer":
                drawing = drawing.node("intermediateCatchEvent", name, inner=EVENTS["timer"])
            case "throw":
                drawing = drawing.node("intermediateThrowEvent", name, inner=EVENTS["signal"])
            case _:
                drawing = drawing.node(kind, name)
    for number in range(data.draw(st.integers(count, 2 * count + 2))):
        source, target = (data.draw(st.sampled_from(names)) for _ in range(2))
        drawing = drawing.flow(source, target, "yes" if data.draw(st.booleans()) else "", name=f"f{number}")
    reading = told(drawing.xml)
    assert reading is not None
    if reading.graph is not None:
        assert reading.graph.flow_scopes.keys() == {
            flow.id for node in reading.graph.nodes.values() for flow in node.outgoing
        }


@pytest.mark.parametrize("depth", [60, 63, 64, 200, 5000])
def test_depth_is_bounded(depth: int) -> None:
    xml = GOOD.replace("</bpmn:process>", "<bpmn:group>" * depth + "</bpmn:group>" * depth + "</bpmn:process>")
    reading = told(xml)
    assert (reading is None) == (depth > 61)


def test_fifty_thousand_elements_of_nonsense_are_told_in_reasonable_words() -> None:
    xml = GOOD.replace("</bpmn:process>", "<bpmn:task/>" * 40_000 + "</bpmn:process>")
    reading = told(xml)
    assert reading is not None
    assert 0 < len(reading.findings) <= 200
