"""BPMN 2.0's notation as SVG: one function per kind of element, without any state of an instance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import atan2, degrees
from xml.sax.saxutils import quoteattr

from yiwang.flow.look import symbols
from yiwang.flow.look.drawing import Route, Shape
from yiwang.flow.look.geometry import Box, Point, along
from yiwang.flow.look.plan import Lane, PlanNode, Pool
from yiwang.flow.look.text import wrapped

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
name_size, label_size = 12.0, 11.0


def escaped(text: str) -> str:
    """Text for the inside of an element; names come from files and may hold anything."""
    return _NOT_XML.sub("�", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(text: str) -> str:
    """A quoted attribute value."""
    return quoteattr(_NOT_XML.sub("�", text))


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".removesuffix(".0")


def rectangle(box: Box, classes: str, radius: float = 0) -> str:
    corner = f' rx="{number(radius)}"' if radius else ""
    return (
        f'<rect class="{classes}" x="{number(box.x)}" y="{number(box.y)}" width="{number(box.width)}"'
        f' height="{number(box.height)}"{corner}/>'
    )


def circle(centre: Point, radius: float, classes: str) -> str:
    return f'<circle class="{classes}" cx="{number(centre.x)}" cy="{number(centre.y)}" r="{number(radius)}"/>'


def at(point: Point, content: str, scale: float = 1.0) -> str:
    """Content drawn around the origin, moved to a point."""
    grown = f" scale({scale:.2f})" if abs(scale - 1) > 0.01 else ""
    return f'<g transform="translate({number(point.x)} {number(point.y)}){grown}">{content}</g>' if content else ""


def lines_of_text(
    lines: Sequence[str], x: float, top: float, size: float, classes: str = "", anchor: str = "middle"
) -> str:
    """Lines below one another, the first one's upper edge at ``top``."""
    if not lines:
        return ""
    spans = "".join(
        f'<tspan x="{number(x)}" y="{number(top + size * 0.85 + index * size * 1.2)}">{escaped(line)}</tspan>'
        for index, line in enumerate(lines)
    )
    named = f' class="{classes}"' if classes else ""
    return f'<text{named} text-anchor="{anchor}">{spans}</text>'


def centred_text(text: str, box: Box, size: float, classes: str = "") -> str:
    """Text in the middle of a box, as many lines as fit."""
    most = max(1, int(box.height / (size * 1.2)))
    lines = wrapped(text, max(box.width, size), size, most)
    top = box.centre.y - len(lines) * size * 0.6
    return lines_of_text(lines, box.centre.x, top, size, classes)


def label(text: str, box: Box) -> str:
    """Words beside a shape or line: centred at the place of the label, from its upper edge down."""
    one_line = box.height < 20
    lines = wrapped(text, max(box.width, 90.0 if one_line else 48.0), label_size, 3)
    return lines_of_text(lines, box.centre.x, box.y, label_size, "fd-label")


# Shapes


def shape(found: Shape, language: str, figure: str = "") -> str:
    """The notation of a shape with its words; ``figure`` is a line more within an activity."""
    of = found.of
    words = found.names.zh if language == "zh" else found.names.en
    if isinstance(of, Pool | Lane):
        return _pool(found, words)
    draw = {"task": _activity, "sub": _activity, "note": _note, "group": _group}.get(of.kind)
    if draw is not None:
        return draw(found, of, words, figure)
    body = {"event": _event, "gateway": _gateway, "data": _data}[of.kind](found, of)
    return body + (label(words, found.label) if words and found.label else "")


def _pool(found: Shape, words: str) -> str:
    box, of = found.box, found.of
    bare = isinstance(of, Pool) and not of.process
    content = rectangle(box, "fd-shape fd-pool")
    if bare:
        content += centred_text(words, box, name_size)
    elif found.horizontal:
        content += f'<path class="fd-line" d="M{number(box.x + 30)},{number(box.y)} v{number(box.height)}"/>'
        lines = wrapped(words, box.height - 10, name_size, 2)
        turned = lines_of_text(lines, 0, -len(lines) * name_size * 0.6, name_size)
        middle = Point(box.x + 15, box.centre.y)
        content += f'<g transform="translate({number(middle.x)} {number(middle.y)}) rotate(-90)">{turned}</g>'
    else:
        content += f'<path class="fd-line" d="M{number(box.x)},{number(box.y + 30)} h{number(box.width)}"/>'
        content += centred_text(words, Box(box.x + 4, box.y, box.width - 8, 30), name_size)
    if isinstance(of, Pool) and of.many:
        content += at(Point(box.centre.x, box.bottom - 10), symbols.marker("parallel"))
    return content


def _activity(found: Shape, of: PlanNode, words: str, figure: str) -> str:
    box = found.box
    classes = "fd-shape"
    if of.element == "callActivity":
        classes += " fd-bold"
    if of.event_sub:
        classes += " fd-dotted"
    if found.expanded:
        classes += " fd-frame"
    content = rectangle(box, classes, 10)
    if of.element == "transaction":
        content += rectangle(box.grown(-3), "fd-line fd-none", 8)
    if of.kind == "task":
        content += at(Point(box.x + 15, box.y + 15), symbols.task(of.element, instantiates=of.instantiates), 0.9)
    markers = [*of.markers, *(["closed"] if of.kind == "sub" and not found.expanded else [])]
    for place, name in enumerate(markers):
        x = box.centre.x + (place - (len(markers) - 1) / 2) * 18
        content += at(Point(x, box.bottom - 10), symbols.marker(name))
    if found.expanded:
        lines = wrapped(words, box.width - 24, name_size, 1)
        return content + lines_of_text(lines, box.centre.x, box.y + 8, name_size, "fd-strong")
    low = 18.0 if markers else 4.0
    top = 27.0 if of.element in symbols.TASKS and box.height < 100 else 6.0
    if figure:
        content += lines_of_text([figure], box.centre.x, box.bottom - low - 15, label_size, "fd-strong fd-small")
        low += 16
    inner = Box(box.x + 6, box.y + top, box.width - 12, max(box.height - top - low, name_size * 1.3))
    lines = wrapped(words, inner.width, name_size, max(1, int(inner.height / (name_size * 1.2))))
    height = len(lines) * name_size * 1.2
    middle = min(max(box.centre.y - height / 2, inner.y), max(inner.y, inner.bottom - height))
    return content + lines_of_text(lines, box.centre.x, middle, name_size)


def _event(found: Shape, of: PlanNode) -> str:
    centre, radius = found.box.centre, min(found.box.width, found.box.height) / 2
    dashed = "" if of.interrupting else " fd-dashed"
    if of.element == "endEvent":
        content = circle(centre, radius - 1, "fd-shape fd-bold")
    else:
        content = circle(centre, radius, "fd-shape" + dashed)
        if of.element != "startEvent":
            content += circle(centre, radius - 3.5, "fd-line" + dashed)
    return content + at(centre, symbols.trigger(of.trigger, thrown=of.throws), radius / 18 * 0.95)


def _gateway(found: Shape, of: PlanNode) -> str:
    box = found.box
    corners = f"M{number(box.centre.x)},{number(box.y)} L{number(box.right)},{number(box.centre.y)}"
    corners += f" L{number(box.centre.x)},{number(box.bottom)} L{number(box.x)},{number(box.centre.y)}Z"
    content = f'<path class="fd-shape" d="{corners}"/>'
    if of.element == "exclusiveGateway" and not found.marker:
        return content
    sign = symbols.gateway(of.element, parallel="parallel" in of.markers, instantiates=of.instantiates)
    return content + at(box.centre, sign, min(box.width, box.height) / 50)


def _data(found: Shape, of: PlanNode) -> str:
    box = found.box
    x, y, right, bottom = (number(value) for value in (box.x, box.y, box.right, box.bottom))
    if of.element == "dataStoreReference":
        low, rise = number(box.bottom - 8), number(box.y + 8)
        body = f"M{x},{rise} v{number(box.height - 16)} C{x},{bottom} {right},{bottom} {right},{low} V{rise}"
        lids = "".join(
            f" M{x},{number(box.y + 8 + step)} C{x},{number(box.y + 18 + step)} {right},{number(box.y + 18 + step)}"
            f" {right},{number(box.y + 8 + step)}"
            for step in (0, 5, 10)
        )
        top = f" M{x},{rise} C{x},{number(box.y - 2)} {right},{number(box.y - 2)} {right},{rise}"
        return f'<path class="fd-shape" d="{body}{lids}{top}"/>'
    fold = min(12.0, box.width / 3)
    corner = number(box.right - fold)
    page = f"M{x},{y} H{corner} L{right},{number(box.y + fold)} V{bottom} H{x}Z M{corner},{y} v{number(fold)} h{number(fold)}"
    content = f'<path class="fd-shape" d="{page}"/>'
    if of.element in ("dataInput", "dataOutput"):
        filled = " fd-filled" if of.element == "dataOutput" else ""
        arrow = f'<path class="fd-sign{filled}" d="M-7,-2 h7 v-4 L7,1 L0,8 v-4 h-7Z"/>'
        content += at(Point(box.x + 12, box.y + 12), arrow, 0.8)
    if "collection" in of.markers:
        content += at(Point(box.centre.x, box.bottom - 8), symbols.marker("collection"), 0.8)
    return content


def _note(found: Shape, of: PlanNode, words: str, figure: str) -> str:
    box = found.box
    bracket = f"M{number(box.x + 10)},{number(box.y)} H{number(box.x)} V{number(box.bottom)} h10"
    most = max(1, int(box.height / (label_size * 1.2)))
    lines = wrapped(words, box.width - 10, label_size, most)
    top = box.centre.y - len(lines) * label_size * 0.6
    text = lines_of_text(lines, box.x + 7, top, label_size, "fd-small", "start")
    return f'<path class="fd-line fd-none" d="{bracket}"/>{text}'


def _group(found: Shape, of: PlanNode, words: str, figure: str) -> str:
    box = found.box
    frame = rectangle(box, "fd-line fd-none fd-dashdot", 10)
    return frame + label(words, Box(box.x, box.y + 6, box.width, 14)) if words else frame


# Lines


def route(found: Route, language: str, *, from_activity: bool) -> str:
    """The notation of a line with its words."""
    of, points = found.of, found.points
    style = {"sequence": "", "message": " fd-dashed", "association": " fd-dotted", "data": " fd-dotted"}[of.kind]
    content = f'<path class="fd-line{style}" d="{path(points)}"/>'
    if of.kind == "sequence":
        content += head(points)
        if of.is_default:
            content += _tail(points, '<path class="fd-line" d="M6,-5 L12,5"/>')
        elif of.conditional and from_activity:
            content += _tail(points, '<path class="fd-head fd-open" d="M0,0 L8,-5 L16,0 L8,5Z"/>')
    elif of.kind == "message":
        content += circle(_towards(points[0], points[1], 4), 4, "fd-head fd-open") + head(points, "fd-head fd-open")
    elif of.kind == "data" or of.arrow in ("one", "both"):
        content += _barbs(points)
        if of.kind == "association" and of.arrow == "both":
            content += _barbs(points[::-1])
    words = of.names.zh if language == "zh" else of.names.en
    return content + (label(words, found.label) if words and found.label else "")


def path(points: Sequence[Point]) -> str:
    """A polyline with slightly rounded corners."""
    text = f"M{number(points[0].x)},{number(points[0].y)}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        first, second = _towards(corner, before, 5), _towards(corner, after, 5)
        text += f" L{number(first.x)},{number(first.y)} Q{number(corner.x)},{number(corner.y)}"
        text += f" {number(second.x)},{number(second.y)}"
    return text + f" L{number(points[-1].x)},{number(points[-1].y)}"


def _towards(start: Point, end: Point, far: float) -> Point:
    size = ((end.x - start.x) ** 2 + (end.y - start.y) ** 2) ** 0.5
    share = min(0.5, far / size) if size else 0.0
    return Point(start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)


def head(points: Sequence[Point], classes: str = "fd-head") -> str:
    """The arrow at the end of a line."""
    return _turned(points[-1], points[-2], f'<path class="{classes}" d="M0,0 L-9,-4.2 L-9,4.2Z"/>')


def _barbs(points: Sequence[Point]) -> str:
    return _turned(points[-1], points[-2], '<path class="fd-line" d="M-8,-5 L0,0 L-8,5"/>')


def _tail(points: Sequence[Point], content: str) -> str:
    return _turned(points[0], Point(2 * points[0].x - points[1].x, 2 * points[0].y - points[1].y), content)


def _turned(point: Point, origin: Point, content: str) -> str:
    """Content that looks to the right, at a point, looking away from ``origin``."""
    angle = degrees(atan2(point.y - origin.y, point.x - origin.x))
    return f'<g transform="translate({number(point.x)} {number(point.y)}) rotate({number(angle)})">{content}</g>'


def middle_of(found: Route) -> Point:
    """Where a badge of a line stands."""
    return along(found.points)
