"""How two files of a flow differ on paper and in remarks, apart from what is executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yiwang.flow.bpmn.elements import BPMN, YIWANG, Element, parse_xml
from yiwang.flow.look.interchange import BPMNDI

_REMARKS = frozenset({"documentation", "textAnnotation", "association", "group", "category", "text"})
"""BPMN elements that say something to people only; an association is also how compensation is drawn."""
_Mark = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """``placed``: elements of both files that lie elsewhere now; ``redrawn``: something else of the drawing differs;
    ``remarks``: texts for people, or elements of other tools; ``rewritten``: the files are not the same text."""

    placed: frozenset[str]
    redrawn: bool
    remarks: bool
    rewritten: bool


def compare_looks(old: str, new: str) -> Looks:
    """How the files differ where instances do not notice it.

    Raises:
        FlowUnreadable: one of them is no well-formed XML.
    """
    before, after = parse_xml(old), parse_xml(new)
    was, now = _places(before), _places(after)
    both = was.keys() & now.keys()
    placed = frozenset(name for name in both if was[name][0] != now[name][0])
    # What came or went on paper goes with its element; only the style of what stayed is told.
    redrawn = any(was[name][1] != now[name][1] for name in both)
    return Looks(placed, redrawn, list(_remarks(before)) != list(_remarks(after)), old != new)


def _places(root: Element) -> dict[str, tuple[_Mark, _Mark]]:
    """Drawn element → (where it lies, how it looks)."""
    found: dict[str, tuple[_Mark, _Mark]] = {}
    for diagram in root.children:
        if (diagram.namespace, diagram.name) != (BPMNDI, "BPMNDiagram"):
            continue
        for plane in diagram.children:
            for shape in plane.children:
                where = tuple(_numbers(shape))
                style = tuple(sorted((key, text) for key, text in shape.attributes.items() if key != "id"))
                found[shape.get("bpmnElement")] = (where, style)
    return found


def _numbers(shape: Element) -> Iterator[_Mark]:
    for part in shape.children:
        if part.name in ("Bounds", "waypoint"):
            yield (part.name, *(_number(part.get(name)) for name in ("x", "y", "width", "height")))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _remarks(element: Element) -> Iterator[_Mark]:
    """Everything that is neither executed nor the drawing, in order."""
    for child in element.children:
        if child.namespace == BPMNDI:
            continue
        if (child.namespace == BPMN and child.name in _REMARKS) or child.namespace not in (BPMN, YIWANG):
            attributes = tuple(sorted((key, text) for key, text in child.attributes.items() if key != "id"))
            yield (child.namespace, child.name, child.text, attributes)
        yield from _remarks(child)
