"""The page of elements is what the reader does: every row of it is drawn once and taken, or refused with its reason."""

from __future__ import annotations

import re

import pytest

from tests.flow.bpmn_sheets import EVENTS, LINK, Drawing, between, inside, own, sheet, steps
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.bpmn.extensions import KNOWN
from yiwang.flow.bpmn.reference import elements_page
from yiwang.flow.bpmn.vocabulary import (
    ACTIVITIES,
    DRAWING,
    EVENT_ELEMENTS,
    GATEWAYS,
    PARTS_DRAWN,
    POSITIONS,
    REFUSED,
    REFUSED_OUTSIDE,
    REFUSED_USES,
    Position,
)
from yiwang.flow.bpmn.vocabulary import EVENTS as ALLOWED
from yiwang.flow.model import TriggerKind


def refusals(drawing: Drawing) -> list[tuple[str, str]]:
    """Element and English words of what is not executed."""
    findings = read_bpmn(drawing.xml).findings
    return [(item.element, item.en) for item in findings if item.code == "element_unsupported"]


def test_the_page_is_made_from_the_code(request: pytest.FixtureRequest) -> None:
    page = request.config.rootpath / "docs" / "reference" / "bpmn-elements.md"
    assert page.read_text(encoding="utf-8") == elements_page(), "run `yiwang docs`"


SIMPLE = {
    "userTask": steps(["a"]),
    "manualTask": steps(["a"]),
    "serviceTask": between(sheet().node("serviceTask", "a", inner=own('<yiwang:work topic="t"/>')), "a"),
    "scriptTask": between(sheet().node("scriptTask", "a", inner=own('<yiwang:set variable="n" value="1"/>')), "a"),
    "sendTask": between(sheet().node("sendTask", "a", 'messageRef="m"'), "a"),
    "receiveTask": between(sheet().node("receiveTask", "a", 'messageRef="m"'), "a"),
    "businessRuleTask": between(sheet().node("businessRuleTask", "a", inner=own('<yiwang:decision key="k"/>')), "a"),
    "callActivity": between(sheet().node("callActivity", "a", 'calledElement="k"'), "a"),
    "subProcess": between(sheet().node("subProcess", "a", inner=inside(steps(["b"])).replace('"start', '"in').replace(
        '"end"', '"out"').replace('b-end"', 'b-out"')), "a"),
    "exclusiveGateway": between(sheet().node("exclusiveGateway", "a"), "a"),
    "parallelGateway": between(sheet().node("parallelGateway", "a"), "a"),
    "inclusiveGateway": between(sheet().node("inclusiveGateway", "a"), "a"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ACTIVITIES.keys() | GATEWAYS.keys()))
def test_what_the_page_calls_executed_is(name: str) -> None:
    if name == "eventBasedGateway":
        timer = sheet().node("eventBasedGateway", "a").node("intermediateCatchEvent", "b", inner=EVENTS["timer"])
        assert read_bpmn(between(timer, "a", "b").xml).graph is not None
        return
    assert read_bpmn(SIMPLE[name].xml.replace("userTask", "manualTask" if name == "manualTask" else "userTask")).graph


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_page_calls_refused_is_refused_with_its_reason(name: str) -> None:
    drawing = steps(["a"])
    part = f"<bpmn:{name}/>"
    if name.endswith(("Characteristics", "Definition")) or name == "script":
        kind = {"script": "scriptTask", "cancelEventDefinition": "endEvent"}.get(name, "userTask")
        if name == "complexBehaviorDefinition":
            part = f"<bpmn:multiInstanceLoopCharacteristics>{part}</bpmn:multiInstanceLoopCharacteristics>"
        drawing = drawing.node(kind, "x", inner=part)
    else:
        drawing = drawing.node(name, "x")
    assert refusals(drawing) == [("x", f"{name} is not executed: {REFUSED[name].en}")]


@pytest.mark.parametrize("name", sorted(REFUSED_OUTSIDE))
def test_what_may_not_stand_beside_the_process_is_refused(name: str) -> None:
    drawing = steps(["a"])
    for around in ("{}", "<bpmn:collaboration id='c'>{}</bpmn:collaboration>"):
        drawing.outside = around.format(f'<bpmn:{name} id="x"/>')
        assert refusals(drawing) == [("x", f"{name} is not executed: {REFUSED_OUTSIDE[name].en}")]


USES: dict[str, tuple[str, str, str]] = {
    "multiple": ("intermediateCatchEvent", "", EVENTS["timer"] + EVENTS["signal"]),
    "instantiate": ("receiveTask", 'instantiate="true" messageRef="m"', ""),
    "parallel_events": ("eventBasedGateway", 'eventGatewayType="Parallel"', ""),
    "quantity": ("sendTask", 'startQuantity="2" messageRef="m"', ""),
    "behavior": ("sendTask", 'messageRef="m"', '<bpmn:multiInstanceLoopCharacteristics behavior="None"/>'),
    "no_waiting": ("endEvent", "", '<bpmn:compensateEventDefinition waitForCompletion="false"/>'),
    "uninterrupting_error": ("boundaryEvent", 'attachedToRef="a" cancelActivity="false"', EVENTS["error"]),
    "event_process": ("subProcess", 'triggeredByEvent="true" isForCompensation="true"', ""),
}


@pytest.mark.parametrize("name", sorted(REFUSED_USES.keys() - {"second_process"}))
def test_ways_to_use_an_element_that_are_refused(name: str) -> None:
    kind, attributes, inner = USES[name]
    drawing = steps(["a"]).node(kind, "x", attributes, inner)
    drawing.outside = sheet().outside
    (element, words), *more = refusals(drawing)
    assert not more
    assert element == "x"
    assert words.endswith(REFUSED_USES[name].en)


def placed(position: Position, kind: TriggerKind | None) -> Drawing:
    """A drawing whose event ``x`` stands in the position."""
    inner = EVENTS[kind] if kind is not None else ""
    drawing = steps(["a"])
    match position:
        case "start":
            drawing = drawing.without("start-a").exclusive("m").line("start", "m", "a").flow("x", "m")
            if kind is None:
                drawing = drawing.without("start", "start-m")
            drawing = drawing.node("startEvent", "x", inner=inner)
        case "inner_start" | "sub_start":
            content = inside(Drawing().node("startEvent", "x", inner=inner).task("b").end("out").line("x", "b", "out"))
            event = position == "sub_start"
            drawing = drawing.node("subProcess", "s", 'triggeredByEvent="true"' if event else "", content)
            if not event:
                drawing = drawing.without("a-end").line("a", "s", "end")
        case "catch" | "throw":
            link = kind == "link"
            kinds = {"catch": "intermediateCatchEvent", "throw": "intermediateThrowEvent"}
            drawing = drawing.without("a-end").node(kinds[position], "x", inner=inner)
            drawing = drawing.flow("a", "x") if not (link and position == "catch") else drawing
            drawing = drawing.flow("x", "end") if not (link and position == "throw") else drawing
            if link:
                other = "catch" if position == "throw" else "throw"
                drawing = drawing.node(kinds[other], "y", inner=LINK)
                drawing = drawing.flow("y", "end") if other == "catch" else drawing.flow("a", "y")
        case "boundary":
            drawing = drawing.node("boundaryEvent", "x", 'attachedToRef="a"', inner)
            if kind == "compensation":
                drawing = drawing.node(
                    "scriptTask", "h", 'isForCompensation="true"', own('<yiwang:set variable="n" value="1"/>')
                )
                drawing = drawing.node("association", "of", 'sourceRef="x" targetRef="h"')
            else:
                drawing = drawing.flow("x", "end")
        case _:
            drawing = drawing.without("end", "a-end").node("endEvent", "x", inner=inner).flow("a", "x")
    drawing.outside = sheet().outside
    return drawing


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("kind", [None, *EVENTS])
def test_every_cell_of_the_table_of_events(position: Position, kind: TriggerKind | None) -> None:
    reading = read_bpmn(placed(position, kind).xml)
    if kind in ALLOWED[position]:
        assert reading.findings == ()
        assert reading.graph is not None
    else:
        assert [(item.code, item.element) for item in reading.findings] == [("element_unsupported", "x")]
        assert POSITIONS[position].en in reading.findings[0].en


def test_drawing_only_has_no_effect() -> None:
    drawing = steps(["a"])
    drawing.head = "".join(f'<bpmn:{name} id="drawn_{name}"/>' for name in sorted(DRAWING - {"extensionElements"}))
    parts = "".join(f"<bpmn:{name}/>" for name in sorted(PARTS_DRAWN - {"extensionElements", "eventDefinitionRef"}))
    drawing.parts = [part.replace("</bpmn:userTask>", f"{parts}</bpmn:userTask>") for part in drawing.parts]
    plain, drawn = read_bpmn(steps(["a"]).xml), read_bpmn(drawing.xml)
    assert drawn.findings == ()
    assert plain.graph is not None
    assert drawn.graph is not None
    assert plain.graph.nodes.keys() == drawn.graph.nodes.keys()


def test_each_event_element_stands_in_a_position() -> None:
    assert len(EVENT_ELEMENTS) + 2 == len(POSITIONS)  # a start event stands in three of them


def test_the_pieces_in_the_guide_can_be_drawn(request: pytest.FixtureRequest) -> None:
    """Each piece is put into a flow; only what a piece alone cannot have is missing: the ways to it and from it."""
    guide = (request.config.rootpath / "docs" / "how-to" / "draw-a-flow.md").read_text(encoding="utf-8")
    pieces = [piece for piece in re.findall(r"```xml\n(.*?)```", guide, re.DOTALL) if "<?xml" not in piece]
    assert len(pieces) == 3
    for piece in pieces:
        drawing = steps(["a"])
        drawing.parts.append(piece)
        assert {item.code for item in read_bpmn(drawing.xml).findings} <= {"ways", "not_reachable"}


def test_every_setting_of_the_code_stands_in_the_guide(request: pytest.FixtureRequest) -> None:
    guide = (request.config.rootpath / "docs" / "how-to" / "draw-a-flow.md").read_text(encoding="utf-8")
    for elements in KNOWN.values():
        for name, attributes in elements.items():
            assert f"`yiwang:{name}`" in guide
            assert all(f"`{attribute}`" in guide or f"`{attribute}?`" in guide for attribute in attributes)
