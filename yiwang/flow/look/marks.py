"""The marks that an overlay puts on a drawing: ticks, counts, whose turn it is, leaps, the legend."""

from __future__ import annotations

from yiwang.flow.look.drawing import Drawing, Route, Shape
from yiwang.flow.look.geometry import Box, Point, length
from yiwang.flow.look.notation import circle, escaped, lines_of_text, middle_of, number
from yiwang.flow.look.overlay import Colour, HeatMap, Leap, Overlay, Progress, Waiting
from yiwang.flow.look.text import shortened, width_of
from yiwang.flow.look.words import CLOCKS, word

_CLOCK_SIGNS: dict[Colour, str] = {
    "green": '<circle class="fd-mark" r="4.5"/>',
    "yellow": '<path class="fd-mark" d="M0,-5 L5.2,4.4 H-5.2Z"/>',
    "red": '<rect class="fd-mark" x="-4.5" y="-4.5" width="9" height="9"/>',
    "blue": '<path class="fd-mark" d="M0,-5.5 L5.5,0 L0,5.5 L-5.5,0Z"/>',
    "grey": '<circle class="fd-mark" r="4"/>',
}
_widest_who = 150.0


def shape_class(node: str, progress: Progress) -> str:
    """Classes of a node by where the instance has been and stands."""
    found = ""
    been = progress.nodes.get(node)
    if been is not None:
        found += " fd-been" if been.finished else " fd-been fd-left"
    waiting = progress.waiting.get(node)
    if waiting is not None:
        found += f" fd-waiting fd-{waiting.colour}"
    return found


def heat_class(shape: Shape, heat: HeatMap) -> str:
    found = heat.steps.get(shape.id)
    if found is None or not found.level:
        return ""
    return " fd-on-heat" + (" fd-on-heat-5" if found.level >= 5 else "")


def line_class(line: str, progress: Progress) -> str:
    passed = progress.lines.get(line)
    if passed is None:
        return ""
    return " fd-walked" if passed.certain else " fd-walked fd-probably"


def line_badge(route: Route, progress: Progress) -> str:
    """How often a line was walked, where that is more than once and the line is long enough to bear it."""
    passed = progress.lines.get(route.id)
    if passed is None or passed.count < 2 or length(route.points) < 70:
        return ""
    return _count(middle_of(route), passed.count)


def badges(shape: Shape, progress: Progress, language: str) -> str:
    """Tick, count and whose turn it is, on top of everything."""
    found = ""
    been, waiting = progress.nodes.get(shape.id), progress.waiting.get(shape.id)
    box = shape.box
    large = box.width >= 60
    if been is not None and been.finished and large:
        found += _tick(Point(box.right - 2, box.y + 2))
    if been is not None and been.count > 1 and large:
        found += _count(Point(box.right - 4, box.bottom - 2), been.count)
    if waiting is not None:
        found += _pill(box, waiting, language)
    return found


def _tick(point: Point) -> str:
    sign = f'<path class="fd-tick-sign" d="M{number(point.x - 4)},{number(point.y)} l3,3.4 l5,-6.4"/>'
    return circle(point, 8.5, "fd-tick") + sign


def _count(point: Point, count: int) -> str:
    words = f"×{count}"
    width = max(20.0, width_of(words, 10) + 10)
    x, y = number(point.x - width / 2), number(point.y - 8)
    pill = f'<rect class="fd-count" x="{x}" y="{y}" width="{number(width)}" height="16" rx="8"/>'
    return pill + lines_of_text([words], point.x, point.y - 5.5, 10, "fd-count-words")


def _pill(box: Box, waiting: Waiting, language: str) -> str:
    """Whose turn it is with the clock's sign, across the upper edge of the node."""
    separator = "、" if language == "zh" else ", "
    who = separator.join(waiting.who[:3]) + ("…" if len(waiting.who) > 3 else "")
    words = shortened(who or word(CLOCKS[waiting.colour], language), _widest_who, 11)
    width = width_of(words, 11) + 30
    x, y = box.centre.x - width / 2, box.y - 11
    return (
        f'<g class="fd-{waiting.colour}"><rect class="fd-pill" x="{number(x)}" y="{number(y)}" width="{number(width)}"'
        f' height="22" rx="11"/><g transform="translate({number(x + 13)} {number(y + 11)})">'
        f"{_CLOCK_SIGNS[waiting.colour]}</g>{lines_of_text([words], x + 22, y + 5, 11, 'fd-small', 'start')}</g>"
    )


def leaps(drawing: Drawing, progress: Progress, language: str) -> str:
    """Dashed arcs for ways that are no lines: 退回, 撤回, 跳转."""
    boxes = {shape.id: shape.box for shape in drawing.shapes}
    found = ""
    for place, leap in enumerate(progress.leaps):
        source, target = boxes.get(leap.source), boxes.get(leap.target)
        if source is not None and target is not None and leap.source != leap.target:
            found += _arc(source, target, leap, place, language)
    return found


def _arc(source: Box, target: Box, leap: Leap, place: int, language: str) -> str:
    """From the upper edge of one to that of the other; the further, the higher, within the drawing's reach."""
    begin = Point(source.centre.x - 14, source.y)
    end = Point(target.centre.x + 14, target.y)
    rise = min(70.0, 26 + abs(begin.x - end.x) * 0.12) + (place % 3) * 8
    top = min(begin.y, end.y) - rise
    curve = f"M{number(begin.x)},{number(begin.y)} C{number(begin.x)},{number(top)} {number(end.x)},{number(top)}"
    curve += f" {number(end.x)},{number(end.y)}"
    arrow = f"M{number(end.x)},{number(end.y)} l-4.5,-9 h9Z"
    words = word(leap.words, language) + (f" ×{leap.count}" if leap.count > 1 else "")
    middle = Point((begin.x + end.x) / 2, (begin.y + end.y) / 8 + top * 3 / 4)
    text = lines_of_text([words], middle.x, middle.y - 13, 11, "fd-label fd-leap-words")
    return f'<g class="fd-leaped"><path class="fd-leap" d="{curve}"/><path class="fd-leap-head" d="{arrow}"/>{text}</g>'


# Legend


def legend(overlay: Overlay, x: float, y: float, language: str) -> str:
    """One row below the drawing: what the signs mean."""
    if isinstance(overlay, HeatMap):
        return _heat_legend(overlay, x, y, language)
    zh = language == "zh"
    entries = [
        (_tick(Point(10, 9)), "已办" if zh else "done"),
        ('<g class="fd-walked"><path class="fd-line" d="M0,9 h22"/></g>', "走过" if zh else "walked"),
    ]
    if any(not passed.certain for passed in overlay.lines.values()):
        line = '<g class="fd-walked fd-probably"><path class="fd-line" d="M0,9 h22"/></g>'
        entries.append((line, "大概走过" if zh else "probably walked"))
    if overlay.leaps:
        entries.append(('<path class="fd-leap" d="M0,9 h22"/>', "退回或跳转" if zh else "sent back or jumped"))
    colours = dict.fromkeys(found.colour for found in overlay.waiting.values())
    for colour in colours:
        sign = f'<g class="fd-{colour}" transform="translate(10 9)">{_CLOCK_SIGNS[colour]}</g>'
        state = word(CLOCKS[colour], language)
        entries.append((sign, f"正在等待({state})" if zh else f"waiting ({state})"))
    return _row(entries, x, y)


def _heat_legend(overlay: HeatMap, x: float, y: float, language: str) -> str:
    entries = [('<rect class="fd-shape" width="22" height="16" rx="3"/>', "无数据" if language == "zh" else "no data")]
    for level, limit in enumerate(overlay.limits, 1):
        swatch = f'<rect class="fd-shape fd-heat-{level}" width="22" height="16" rx="3"/>'
        entries.append((swatch, f"≤ {limit}"))
    words = escaped(overlay.title)
    named = f'<text class="fd-small fd-strong" x="0" y="12.5">{words}</text>'
    start = width_of(overlay.title, 11) + 18
    row = _row(entries, start, 0)
    return f'<g transform="translate({number(x)} {number(y)})">{named}{row}</g>'


def _row(entries: list[tuple[str, str]], x: float, y: float) -> str:
    content, left = "", 0.0
    for sign, words in entries:
        content += f'<g transform="translate({number(left)} 0)">{sign}'
        content += f'<text class="fd-small" x="28" y="12.5">{escaped(words)}</text></g>'
        left += 28 + width_of(words, 11) + 18
    return f'<g transform="translate({number(x)} {number(y)})">{content}</g>'
