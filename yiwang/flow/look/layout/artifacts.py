"""Data and notes, which stand above what they belong to."""

from __future__ import annotations

from yiwang.flow.look.geometry import Box
from yiwang.flow.look.layout.block import Block, label_size, stored, words
from yiwang.flow.look.plan import Plan, PlanLine, PlanNode
from yiwang.flow.look.text import width_of, wrapped

_row = 84.0


def artifacts(plan: Plan, block: Block, children: list[PlanNode]) -> float:
    """Data and notes above what they belong to, in rows; answers how far the rest was pushed down."""
    found = [
        node for node in children if node.kind in ("data", "note") and node.element not in ("dataObject", "dataInput")
    ]
    rows: list[list[tuple[float, float]]] = []
    places: dict[str, tuple[Box, int]] = {}
    for node in found:
        size = _artifact_size(node)
        middle = next((x for line in plan.lines.values() if (x := _partner_x(block, line, node.id)) is not None), 60.0)
        left = max(0.0, middle - size.width / 2)
        row = next(
            (
                number
                for number, spans in enumerate(rows)
                if all(left > b + 16 or left + size.width < a for a, b in spans)
            ),
            len(rows),
        )
        if row == len(rows):
            rows.append([])
        told = 0.0 if node.kind == "note" else min(90.0, width_of(words(node), label_size)) + 6
        rows[row].append((left, left + size.width + told))
        places[node.id] = (Box(left, 0, size.width, size.height), row)
        block.width = max(block.width, left + size.width)
    if not places:
        return 0.0
    shift = len(rows) * _row
    moved = Block()
    block.put_into(moved, 0, shift)
    block.shapes, block.edges, block.height = moved.shapes, moved.edges, block.height + shift
    for name, (box, row) in places.items():
        y = shift - (row + 1) * _row + (_row - 24 - box.height)
        placed = box.moved(0, max(0.0, y))
        is_note = plan.nodes[name].kind == "note"
        beside = Box(
            placed.right + 6, placed.centre.y - 7, min(90.0, width_of(words(plan.nodes[name]), label_size)), 14
        )
        block.shapes[name] = stored(placed, None if is_note else beside)
    return shift


def _artifact_size(node: PlanNode) -> Box:
    if node.kind == "note":
        lines = len(wrapped(words(node), 100, label_size, 4))
        return Box(0, 0, 112, max(30.0, lines * 13.0 + 10))
    return Box(0, 0, 50, 44) if node.element == "dataStoreReference" else Box(0, 0, 36, 46)


def _partner_x(block: Block, line: PlanLine, name: str) -> float | None:
    """The middle of what the line ties the artifact to."""
    if name not in (line.source, line.target) or line.kind not in ("association", "data"):
        return None
    other = line.target if line.source == name else line.source
    if other in block.shapes:
        return block.shapes[other].box.centre.x
    if other in block.edges:
        points = block.edges[other].points
        return (points[0].x + points[-1].x) / 2
    return None
