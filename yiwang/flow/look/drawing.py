"""A drawing: every element of a BPMN file with its place on paper, from the file's own diagram or laid out here.

The diagram of the file is taken as it is. Where it lacks a node that ought to be seen, or is missing altogether, the whole
is laid out anew (:mod:`yiwang.flow.look.layout`), because a stored picture with holes misleads. What is inside a collapsed
sub-process is not drawn; :attr:`Drawing.shown` tells by which shape it is represented.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from yiwang.flow.bpmn.elements import parse_xml
from yiwang.flow.look.errors import DrawingTooLarge
from yiwang.flow.look.geometry import Box, Point, along, around, border, straightened
from yiwang.flow.look.interchange import Diagram, StoredEdge, StoredShape, read_diagrams
from yiwang.flow.look.layout import arrange
from yiwang.flow.look.plan import FLOW_KINDS, Lane, Plan, PlanLine, PlanNode, Pool
from yiwang.flow.look.reading import read_plan
from yiwang.flow.look.text import width_of
from yiwang.flow.model import Names

Origin = Literal["file", "layout"]

most_shapes = 20_000
margin = 16.0
label_size = 11.0


@dataclass(frozen=True, slots=True)
class Shape:
    """``label``: where its words stand if not within. ``expanded``: an open sub-process; ``horizontal``: a pool or lane."""

    id: str
    of: PlanNode | Lane | Pool
    box: Box
    label: Box | None
    expanded: bool
    horizontal: bool
    marker: bool

    @property
    def names(self) -> Names:
        return self.of.names


@dataclass(frozen=True, slots=True)
class Route:
    """A line with its points from source to target."""

    id: str
    of: PlanLine
    points: tuple[Point, ...]
    label: Box | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """``shapes`` are in the order in which they cover one another. ``box`` holds everything, with a margin.

    ``origin``: whether the places are the file's or laid out here. ``shown``: node → the shape that stands for it.
    """

    plan: Plan
    origin: Origin
    box: Box
    shapes: tuple[Shape, ...]
    routes: tuple[Route, ...]
    shown: Mapping[str, str]

    @property
    def names(self) -> Names:
        return self.plan.names


@lru_cache(maxsize=32)
def read_drawing(xml: str) -> Drawing:
    """The drawing of a BPMN file, remembered for the files asked for last.

    Raises:
        FlowUnreadable: no well-formed XML within the bounds.
        DrawingTooLarge: no diagram in the file, and too much to lay out.
    """
    root = parse_xml(xml)
    plan = read_plan(root)
    known = frozenset({*plan.nodes, *plan.lines, *plan.lanes, *plan.pools, *plan.processes})
    stored = _chosen(plan, read_diagrams(root, known))
    if stored is not None:
        return _drawn(plan, stored, "file")
    return _drawn(plan, arrange(plan), "layout")


def _chosen(plan: Plan, diagrams: list[Diagram]) -> Diagram | None:
    """The diagram of the whole that lacks nothing; those of single sub-processes are pages of their own."""
    for diagram in diagrams:
        if diagram.plane in plan.nodes or not diagram.shapes:
            continue
        if not _missing(plan, diagram):
            return diagram
    return None


def _missing(plan: Plan, diagram: Diagram) -> bool:
    """Whether a node of a process that the diagram shows, or ought to show, has no shape."""
    if plan.key and plan.children(plan.key) and not any(node.id in diagram.shapes for node in plan.children(plan.key)):
        return True
    parents = {node.parent for node in plan.nodes.values() if node.id in diagram.shapes and node.kind in FLOW_KINDS}
    parents |= {
        name
        for name, shape in diagram.shapes.items()
        if shape.expanded and name in plan.nodes and plan.nodes[name].kind == "sub"
    }
    return any(
        node.parent in parents and node.kind in FLOW_KINDS and node.id not in diagram.shapes
        for node in plan.nodes.values()
    )


def _drawn(plan: Plan, diagram: Diagram, origin: Origin) -> Drawing:
    if len(diagram.shapes) > most_shapes:
        raise DrawingTooLarge(count=len(diagram.shapes), most=most_shapes)
    shapes = sorted(_shapes(plan, diagram), key=_order)
    boxes = {shape.id: shape.box for shape in shapes}
    routes = _routes(plan, diagram, boxes)
    labels = [shape.label for shape in shapes if shape.label is not None]
    labels += [route.label for route in routes if route.label is not None]
    extent = around([*boxes.values(), *labels], [point for route in routes for point in route.points])
    return Drawing(plan, origin, extent.grown(margin), tuple(shapes), tuple(routes), _shown(plan, boxes))


def _shapes(plan: Plan, diagram: Diagram) -> list[Shape]:
    found = []
    inhabited = {node.parent for node in plan.nodes.values() if node.id in diagram.shapes}
    for name, stored in diagram.shapes.items():
        of = plan.nodes.get(name) or plan.lanes.get(name) or plan.pools.get(name)
        if of is not None:
            expanded = isinstance(of, PlanNode) and of.kind == "sub" and (name in inhabited or stored.expanded is True)
            found.append(_shape(of, stored, expanded=expanded))
    return found


def _shape(of: PlanNode | Lane | Pool, stored: StoredShape, *, expanded: bool) -> Shape:
    horizontal = stored.horizontal if stored.horizontal is not None else stored.box.width >= stored.box.height
    label = stored.label
    if label is None and isinstance(of, PlanNode) and of.kind in ("event", "gateway", "data") and of.names.zh:
        label = Box(stored.box.centre.x - 45, stored.box.bottom + 4, 90, 14)
    return Shape(of.id, of, stored.box, label, expanded, horizontal, stored.marker is not False)


def _order(shape: Shape) -> tuple[int, float]:
    """Pools, then lanes, groups, sub-processes from the outside in, the rest, boundary events on top."""
    of = shape.of
    size = -shape.box.width * shape.box.height
    if isinstance(of, Pool):
        return 0, size
    if isinstance(of, Lane):
        return 1, size
    if shape.expanded:
        return 2, size
    return (4 if of.attached else 3), 0


def _routes(plan: Plan, diagram: Diagram, boxes: Mapping[str, Box]) -> list[Route]:
    """The stored lines; a straight one for those that were not stored although both ends are there."""
    found = []
    middles: dict[str, Box] = {}
    for line in sorted(plan.lines.values(), key=lambda line: line.kind in ("association", "data")):
        stored = diagram.edges.get(line.id)
        if stored is None:
            ends = [boxes.get(name) or middles.get(name) for name in (line.source, line.target)]
            if ends[0] is None or ends[1] is None:
                continue
            stored = StoredEdge(_straight(ends[0], ends[1]), None)
        middle = along(stored.points)
        middles[line.id] = Box(middle.x, middle.y, 0, 0)
        label = stored.label
        if label is None and line.names.zh:
            label = _beside(stored.points, line.names)
        found.append(Route(line.id, line, stored.points, label))
    return found


def _straight(source: Box, target: Box) -> tuple[Point, ...]:
    return straightened([border(source, target.centre), border(target, source.centre)])


def _beside(points: tuple[Point, ...], names: Names) -> Box:
    """Above the longest level part, else beside the middle."""
    width = max(width_of(names.zh, label_size), width_of(names.en, label_size), 20.0)
    width = min(width, 110.0)
    level = [
        (abs(after.x - before.x), before, after)
        for before, after in itertools.pairwise(points)
        if abs(after.y - before.y) < 1
    ]
    if level:
        size, before, after = max(level, key=lambda part: part[0])
        if size > 30:
            return Box((before.x + after.x) / 2 - width / 2, before.y - 17, width, 14)
    middle = along(points)
    return Box(middle.x + 6, middle.y - 7, width, 14)


def _shown(plan: Plan, boxes: Mapping[str, Box]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in plan.nodes.values():
        name = node.id
        steps = 0
        while name not in boxes and name in plan.nodes and steps < 64:
            name = plan.nodes[name].parent
            steps += 1
        if name in boxes:
            found[node.id] = name
    return found
