"""A drawing as SVG: standard notation, in Chinese or English, with what is laid over it and a legend.

The picture stands alone: no script, no font, nothing fetched. It is accessible (a title, a description in words of where
the instance stands, a title for each element) and follows the reader's preference for light or dark. Every element of the
file is a group with ``data-node`` (or ``data-line``), so that a page can make it clickable; with ``link`` it is a link.
Embedded in a page it leaves the style sheet to the page (:data:`yiwang.flow.look.style.RULES`).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Literal

from yiwang.flow.look import notation
from yiwang.flow.look.drawing import Drawing, Route, Shape
from yiwang.flow.look.geometry import Box
from yiwang.flow.look.marks import badges, heat_class, leaps, legend, line_badge, line_class, shape_class
from yiwang.flow.look.notation import attribute, escaped, number
from yiwang.flow.look.overlay import HeatMap, Overlay, Progress
from yiwang.flow.look.plan import PlanNode
from yiwang.flow.look.style import ALONE
from yiwang.flow.look.words import CLOCKS, kind_of, word
from yiwang.flow.model import Names

Language = Literal["zh", "en"]
Link = Callable[[str], str | None]

_legend_height = 34.0
_widest = {Progress: 640.0, HeatMap: 800.0}
"""Room that a legend needs."""


def render_svg(
    drawing: Drawing,
    language: Language = "zh",
    overlay: Overlay | None = None,
    *,
    title: Names | None = None,
    embedded: bool = False,
    link: Link | None = None,
) -> str:
    """The drawing as one ``<svg>`` element.

    ``title`` is by default the name of the process; ``link`` gives the address behind a node, or None.
    """
    box = drawing.box
    if overlay is not None:
        box = Box(box.x, box.y, max(box.width, _widest[type(overlay)]), box.height + _legend_height)
    heading = word(title or drawing.names, language) or drawing.plan.key or "BPMN"
    name = "fd" + sha256(f"{drawing.plan.key}{heading}".encode()).hexdigest()[:8]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow-drawing" lang="{"zh-CN" if language == "zh" else "en"}"'
        f' role="{"group" if link else "img"}" aria-labelledby="{name}-t {name}-d"'
        f' viewBox="{number(box.x)} {number(box.y)} {number(box.width)} {number(box.height)}"'
        f' width="{number(box.width)}" height="{number(box.height)}">',
        f'<title id="{name}-t">{escaped(heading)}</title>',
        f'<desc id="{name}-d">{escaped(_description(drawing, language, overlay))}</desc>',
        "" if embedded else f"<style>{ALONE}</style>",
        notation.rectangle(box, "fd-paper"),
    ]
    below = [shape for shape in drawing.shapes if not isinstance(shape.of, PlanNode) or shape.expanded]
    above = [shape for shape in drawing.shapes if isinstance(shape.of, PlanNode) and not shape.expanded]
    parts += [_shape(drawing, shape, language, overlay, link) for shape in below]
    parts += [_route(drawing, route, language, overlay) for route in _by_weight(drawing, overlay)]
    parts += [_shape(drawing, shape, language, overlay, link) for shape in above]
    if isinstance(overlay, Progress):
        parts.append(leaps(drawing, overlay, language))
        parts += [badges(shape, overlay, language) for shape in drawing.shapes]
    if overlay is not None:
        parts.append(legend(overlay, drawing.box.x + 16, drawing.box.bottom + 6, language))
    return "".join(parts) + "</svg>"


def _by_weight(drawing: Drawing, overlay: Overlay | None) -> list[Route]:
    """Lines that were walked lie on top."""
    if not isinstance(overlay, Progress):
        return list(drawing.routes)
    return sorted(drawing.routes, key=lambda route: route.id in overlay.lines)


def _shape(drawing: Drawing, shape: Shape, language: Language, overlay: Overlay | None, link: Link | None) -> str:
    classes, figure = "", ""
    if isinstance(overlay, Progress):
        classes = shape_class(shape.id, overlay)
    elif isinstance(overlay, HeatMap):
        classes = heat_class(shape, overlay)
        heat = overlay.steps.get(shape.id)
        figure = heat.words if heat else ""
    body = notation.shape(shape, language, figure)
    if isinstance(overlay, HeatMap):
        body = body.replace('class="fd-shape', f'class="fd-shape{_fill(shape.id, overlay)}', 1)
    said = f"<title>{escaped(_story(shape, language, overlay))}</title>"
    content = f'<g data-node={attribute(shape.id)} class="fd-node{classes}">{said}{body}</g>'
    address = link(shape.id) if link is not None else None
    return content if address is None else f"<a href={attribute(address)}>{content}</a>"


def _fill(node: str, overlay: HeatMap) -> str:
    heat = overlay.steps.get(node)
    return f" fd-heat-{heat.level}" if heat and heat.level else ""


def _route(drawing: Drawing, route: Route, language: Language, overlay: Overlay | None) -> str:
    source = drawing.plan.nodes.get(route.of.source)
    body = notation.route(route, language, from_activity=source is not None and source.kind in ("task", "sub"))
    classes, badge, said = "", "", ""
    if isinstance(overlay, Progress) and route.id in overlay.lines:
        classes, badge = line_class(route.id, overlay), line_badge(route, overlay)
        passed, zh = overlay.lines[route.id], language == "zh"
        sure = "" if passed.certain else ("大概" if zh else "probably ")
        words = f"{sure}走过 {passed.count} 次" if zh else f"{sure}walked {passed.count} times"
        said = f"<title>{escaped(words)}</title>"
    return f'<g data-line={attribute(route.id)} class="fd-flow{classes}">{said}{body}{badge}</g>'


def _story(shape: Shape, language: Language, overlay: Overlay | None) -> str:
    """An element in words: its name, its kind, and what the overlay knows of it."""
    zh = language == "zh"
    name = word(shape.names, language)
    kind = kind_of(shape.of, language)
    parts = [f"{name}({kind})" if zh else f"{name} ({kind})"] if name else [kind]
    if isinstance(overlay, HeatMap):
        heat = overlay.steps.get(shape.id)
        parts += [heat.story] if heat else []
    elif isinstance(overlay, Progress):
        been, waiting = overlay.nodes.get(shape.id), overlay.waiting.get(shape.id)
        if been is not None:
            parts.append(_been_words(been.count, finished=been.finished, zh=zh))
        if waiting is not None:
            parts.append(_waiting_words(waiting.who, word(CLOCKS[waiting.colour], language), waiting.words, zh=zh))
    return (";" if zh else "; ").join(parts)


def _been_words(count: int, *, finished: bool, zh: bool) -> str:
    if zh:
        return ("已办" if finished else "到过,未办完") + (f",走过 {count} 次" if count > 1 else "")
    return ("done" if finished else "entered, not finished") + (f", walked {count} times" if count > 1 else "")


def _waiting_words(who: tuple[str, ...], clock: str, left: str, *, zh: bool) -> str:
    people = ("、" if zh else ", ").join(who)
    found = [part for part in (people, clock, left) if part]
    return ("正在等待:" if zh else "waiting: ") + ("," if zh else ", ").join(found)


def _description(drawing: Drawing, language: Language, overlay: Overlay | None) -> str:
    zh = language == "zh"
    if isinstance(overlay, HeatMap):
        return overlay.title
    if overlay is None:
        steps = sum(1 for node in drawing.plan.nodes.values() if node.kind in ("task", "sub"))
        return f"BPMN 流程图,共 {steps} 个环节。" if zh else f"BPMN diagram of {steps} steps."
    stands = [
        f"{_name(drawing, node, language)}({_waiting_words(found.who, word(CLOCKS[found.colour], language), found.words, zh=zh)})"
        for node, found in overlay.waiting.items()
    ]
    walked = [
        _name(drawing, node, language)
        for node in overlay.nodes
        if node in drawing.plan.nodes and drawing.plan.nodes[node].kind in ("task", "sub")
    ]
    now = ("、" if zh else ", ").join(stands) or ("无" if zh else "nowhere")
    path = ("、" if zh else ", ").join(walked) or ("无" if zh else "none")
    return f"当前环节:{now}。走过的环节:{path}。" if zh else f"Now at: {now}. Steps walked: {path}."


def _name(drawing: Drawing, node: str, language: Language) -> str:
    found = drawing.plan.nodes.get(node)
    return (word(found.names, language) if found else "") or node
