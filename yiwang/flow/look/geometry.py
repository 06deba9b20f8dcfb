"""Points and boxes on paper: x to the right, y down, in the units of BPMN diagrams (about a pixel)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> Point:
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    def moved(self, dx: float, dy: float) -> Box:
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def grown(self, by: float) -> Box:
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def holds(self, point: Point) -> bool:
        return self.x <= point.x <= self.right and self.y <= point.y <= self.bottom

    def meets(self, other: Box) -> bool:
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


def around(boxes: Iterable[Box], points: Iterable[Point] = ()) -> Box:
    """The smallest box that holds all of these; an empty one for nothing."""
    corners = [corner for box in boxes for corner in (Point(box.x, box.y), Point(box.right, box.bottom))]
    corners += points
    if not corners:
        return Box(0, 0, 0, 0)
    left, top = min(point.x for point in corners), min(point.y for point in corners)
    right, bottom = max(point.x for point in corners), max(point.y for point in corners)
    return Box(left, top, right - left, bottom - top)


def border(box: Box, towards: Point) -> Point:
    """Where the straight line from the centre of the box to ``towards`` leaves the box."""
    centre = box.centre
    dx, dy = towards.x - centre.x, towards.y - centre.y
    if not dx and not dy:
        return centre
    share = min(
        box.width / 2 / abs(dx) if dx else float("inf"),
        box.height / 2 / abs(dy) if dy else float("inf"),
    )
    return Point(centre.x + dx * share, centre.y + dy * share)


def length(points: Sequence[Point]) -> float:
    """Along the line."""
    return sum(distance(before, after) for before, after in itertools.pairwise(points))


def distance(a: Point, b: Point) -> float:
    return float(((a.x - b.x) ** 2 + (a.y - b.y) ** 2) ** 0.5)


def along(points: Sequence[Point], share: float = 0.5) -> Point:
    """The point at that share of the line's length."""
    left = length(points) * share
    for before, after in itertools.pairwise(points):
        step = distance(before, after)
        if step >= left and step:
            part = left / step
            return Point(before.x + (after.x - before.x) * part, before.y + (after.y - before.y) * part)
        left -= step
    return points[-1]


def straightened(points: Sequence[Point]) -> tuple[Point, ...]:
    """The same line without repeated points and without points in the middle of a straight part."""
    kept: list[Point] = []
    for point in points:
        if kept and distance(kept[-1], point) < 0.01:
            continue
        if len(kept) >= 2 and _in_line(kept[-2], kept[-1], point):
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept if len(kept) > 1 else points[:2])


def _in_line(a: Point, b: Point, c: Point) -> bool:
    across = (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)
    onward = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y)
    return abs(across) < 0.01 and onward >= 0
