"""Places on paper as a modeler has stored them (BPMN DI): shapes, edges, labels, one diagram at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from yiwang.flow.bpmn.elements import Element
from yiwang.flow.look.geometry import Box, Point, straightened

BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"

farthest = 1_000_000.0
"""A coordinate beyond that is taken as a mistake of the file."""


@dataclass(frozen=True, slots=True)
class StoredShape:
    """``expanded``, ``horizontal``, ``marker`` (of an exclusive gateway) are None where the file does not say."""

    box: Box
    label: Box | None
    expanded: bool | None
    horizontal: bool | None
    marker: bool | None


@dataclass(frozen=True, slots=True)
class StoredEdge:
    points: tuple[Point, ...]
    label: Box | None


@dataclass(slots=True)
class Diagram:
    """A BPMNDiagram: ``plane`` is the process, collaboration or sub-process that it draws."""

    plane: str
    shapes: dict[str, StoredShape] = field(default_factory=dict)
    edges: dict[str, StoredEdge] = field(default_factory=dict)


def read_diagrams(root: Element, known: frozenset[str]) -> list[Diagram]:
    """All diagrams of a file, in its order; ``known`` are the ids to which references may lead."""
    return [
        _read_plane(plane, known)
        for diagram in _named(root, BPMNDI, "BPMNDiagram")
        for plane in _named(diagram, BPMNDI, "BPMNPlane")
    ]


def _read_plane(plane: Element, known: frozenset[str]) -> Diagram:
    found = Diagram(_reference(plane, known))
    for shape in _named(plane, BPMNDI, "BPMNShape"):
        box = _box(shape)
        if box is not None:
            found.shapes.setdefault(
                _reference(shape, known),
                StoredShape(
                    box,
                    _label(shape),
                    _flag(shape, "isExpanded"),
                    _flag(shape, "isHorizontal"),
                    _flag(shape, "isMarkerVisible"),
                ),
            )
    for edge in _named(plane, BPMNDI, "BPMNEdge"):
        points = [point for item in _named(edge, DI, "waypoint") if (point := _point(item)) is not None]
        if len(points) >= 2:
            found.edges.setdefault(_reference(edge, known), StoredEdge(straightened(points), _label(edge)))
    return found


def _named(element: Element, namespace: str, name: str) -> list[Element]:
    return [child for child in element.children if child.namespace == namespace and child.name == name]


def _reference(element: Element, known: frozenset[str]) -> str:
    """The id of the element that is drawn; references may carry a prefix, ids do not."""
    text = element.get("bpmnElement")
    return text if text in known else text.rpartition(":")[2]


def _label(element: Element) -> Box | None:
    """Where the label was put; None for a label without place, or whose place is empty."""
    boxes = [_box(label) for label in _named(element, BPMNDI, "BPMNLabel")]
    return next((box for box in boxes if box is not None and box.width > 0), None)


def _box(element: Element) -> Box | None:
    for bounds in _named(element, DC, "Bounds"):
        x, y, width, height = (_number(bounds, name) for name in ("x", "y", "width", "height"))
        if x is not None and y is not None and width is not None and height is not None and min(width, height) >= 0:
            return Box(x, y, width, height)
    return None


def _point(element: Element) -> Point | None:
    x, y = _number(element, "x"), _number(element, "y")
    return None if x is None or y is None else Point(x, y)


def _number(element: Element, name: str) -> float | None:
    try:
        value = float(element.get(name))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= farthest else None


def _flag(element: Element, name: str) -> bool | None:
    text = element.get(name)
    return None if text not in ("true", "false", "1", "0") else text in ("true", "1")
