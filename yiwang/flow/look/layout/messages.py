"""Message flows between laid out pools."""

from __future__ import annotations

from yiwang.flow.look.geometry import Box, Point, straightened
from yiwang.flow.look.interchange import Diagram, StoredEdge
from yiwang.flow.look.layout.block import apart, words_width
from yiwang.flow.look.plan import Plan, PlanLine


def message_flows(plan: Plan, diagram: Diagram) -> None:
    """Up or down between pools; the level part of each runs at a height of its own between two pools."""
    obstacles = [shape.box for name, shape in diagram.shapes.items() if name in plan.nodes and not shape.expanded]
    for number, line in enumerate(line for line in plan.lines.values() if line.kind == "message"):
        source, target = diagram.shapes.get(line.source), diagram.shapes.get(line.target)
        if source is None or target is None:
            continue
        down = source.box.centre.y < target.box.centre.y
        begin = source.box.bottom if down else source.box.y
        end = target.box.y if down else target.box.bottom
        level = _between_pools(plan, diagram, line, down=down, end=end) + (number % 4) * 6 - 9
        leaves = _free_x(source.box, target.box if line.source in plan.pools else source.box, begin, level, obstacles)
        arrives = _free_x(target.box, source.box if line.target in plan.pools else target.box, end, level, obstacles)
        if line.source in plan.pools:
            leaves = arrives
        elif line.target in plan.pools:
            arrives = leaves
        points = [Point(leaves, begin), Point(leaves, level), Point(arrives, level), Point(arrives, end)]
        y = level - 16 if leaves != arrives else begin + (10 if down else -24)
        label = Box(leaves + 6, y, words_width(line), 14) if line.names.zh else None
        diagram.edges[line.id] = StoredEdge(straightened(points), label)


def _free_x(own: Box, of: Box, start: float, level: float, obstacles: list[Box]) -> float:
    """Where on the edge of ``of`` an upright line between two heights meets the fewest other shapes."""
    low, high = sorted((start, level))
    reach = max(0.0, min(of.width / 2 - 10, 60.0))
    shifts = [shift for shift in (0, 14, -14, 28, -28, 42, -42, 56, -56) if abs(shift) <= reach] or [0]

    def met(shift: float) -> int:
        line = Box(of.centre.x + shift - 2, low, 4, high - low)
        return sum(line.meets(box) for box in obstacles if box not in (own, of))

    return of.centre.x + min(shifts, key=met)


def _between_pools(plan: Plan, diagram: Diagram, line: PlanLine, *, down: bool, end: float) -> float:
    """A height in the gap before the pool that holds the target."""
    for name in plan.pools:
        box = diagram.shapes[name].box
        if name == line.target or (box.y <= end <= box.bottom):
            return box.y - apart / 2 if down else box.bottom + apart / 2
    return end - 20 if down else end + 20
