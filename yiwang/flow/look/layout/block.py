"""Parts of a picture that are moved as a whole, and how much room words need."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from yiwang.flow.look.geometry import Box, Point
from yiwang.flow.look.interchange import Diagram, StoredEdge, StoredShape
from yiwang.flow.look.plan import PlanLine, PlanNode
from yiwang.flow.look.text import width_of, wrapped

label_size = 11.0
apart = 36.0
"""Between pools, and between parts without a link."""


@dataclass(slots=True)
class Block:
    """A laid out part with its upper left corner at the origin. ``bars``: what stretches with its width."""

    width: float = 0.0
    height: float = 0.0
    shapes: dict[str, StoredShape] = field(default_factory=dict)
    edges: dict[str, StoredEdge] = field(default_factory=dict)
    bars: list[str] = field(default_factory=list)
    pool: bool = False

    def put_into(self, other: Diagram | Block, dx: float, dy: float) -> None:
        for name, shape in self.shapes.items():
            label = shape.label.moved(dx, dy) if shape.label else None
            other.shapes[name] = replace(shape, box=shape.box.moved(dx, dy), label=label)
        for name, edge in self.edges.items():
            label = edge.label.moved(dx, dy) if edge.label else None
            points = tuple(Point(point.x + dx, point.y + dy) for point in edge.points)
            other.edges[name] = StoredEdge(points, label)

    def widen(self, width: float) -> None:
        for name in self.bars:
            shape = self.shapes[name]
            self.shapes[name] = replace(shape, box=replace(shape.box, width=shape.box.width + width - self.width))
        self.width = width


def stored(box: Box, label: Box | None = None, *, expanded: bool | None = None) -> StoredShape:
    return StoredShape(box, label, expanded, True, True)


def words(node: PlanNode) -> str:
    """The longer of both names: there must be room for either language."""
    return max(node.names.zh, node.names.en, key=lambda text: width_of(text, label_size))


def label_height(node: PlanNode, width: float) -> float:
    lines = max(len(wrapped(text, width, label_size, 3)) for text in (node.names.zh, node.names.en))
    return lines * 13.0


def words_width(line: PlanLine) -> float:
    """Room for the words of a line in either language."""
    return min(max(width_of(line.names.zh, label_size), width_of(line.names.en, label_size)), 90.0)
