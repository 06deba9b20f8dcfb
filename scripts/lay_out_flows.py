"""Writes the diagram (BPMN DI) of flow files anew, from left to right, so that any modeler opens them well drawn.

``python scripts/lay_out_flows.py FILE...`` replaces what stands there; everything else of a file stays as it is written.
Use it for files that were written by hand or made by a program; one that a modeler has drawn needs it not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from yiwang.flow.look.drawing import Drawing, Route, Shape, read_drawing
from yiwang.flow.look.geometry import Box
from yiwang.flow.look.plan import PlanNode

_DIAGRAM = re.compile(r"[ \t]*<bpmndi:BPMNDiagram\b.*?</bpmndi:BPMNDiagram>\s*", re.DOTALL)
_COLLABORATION = re.compile(r'<bpmn:collaboration\b[^>]*\bid="([^"]+)"')
_END = "</bpmn:definitions>"
_away = 40.0
"""From the edges of the sheet."""


def lay_out(text: str) -> str:
    """The file with a diagram of our own making."""
    bare = _DIAGRAM.sub("", text)
    drawing = read_drawing(bare)
    held = _COLLABORATION.search(bare)
    plane = held.group(1) if held else drawing.plan.key
    diagram = "\n".join(_diagram(drawing, plane))
    return bare.replace(_END, f"{diagram}\n{_END}")


def _diagram(drawing: Drawing, plane: str) -> Iterator[str]:
    dx, dy = _away - drawing.box.x, _away - drawing.box.y
    key = drawing.plan.key
    yield f'  <bpmndi:BPMNDiagram id="diagram_{key}">'
    yield f'    <bpmndi:BPMNPlane id="plane_{key}" bpmnElement={quoteattr(plane)}>'
    for shape in drawing.shapes:
        yield from _shape(shape, dx, dy)
    for route in drawing.routes:
        yield from _edge(route, dx, dy)
    yield "    </bpmndi:BPMNPlane>"
    yield "  </bpmndi:BPMNDiagram>"


def _shape(shape: Shape, dx: float, dy: float) -> Iterator[str]:
    of, flags = shape.of, ""
    if not isinstance(of, PlanNode):
        flags = ' isHorizontal="true"'
    elif of.kind == "sub":
        flags = f' isExpanded="{str(shape.expanded).lower()}"'
    elif of.element == "exclusiveGateway":
        flags = ' isMarkerVisible="true"'
    yield f'      <bpmndi:BPMNShape id="shape_{shape.id}" bpmnElement="{shape.id}"{flags}>'
    yield f"        {_bounds(shape.box, dx, dy)}"
    yield from _label(shape.label, dx, dy)
    yield "      </bpmndi:BPMNShape>"


def _edge(route: Route, dx: float, dy: float) -> Iterator[str]:
    yield f'      <bpmndi:BPMNEdge id="edge_{route.id}" bpmnElement="{route.id}">'
    for point in route.points:
        yield f'        <di:waypoint x="{_number(point.x + dx)}" y="{_number(point.y + dy)}"/>'
    yield from _label(route.label, dx, dy)
    yield "      </bpmndi:BPMNEdge>"


def _label(box: Box | None, dx: float, dy: float) -> Iterator[str]:
    if box is not None:
        yield "        <bpmndi:BPMNLabel>"
        yield f"          {_bounds(box, dx, dy)}"
        yield "        </bpmndi:BPMNLabel>"


def _bounds(box: Box, dx: float, dy: float) -> str:
    places = {"x": box.x + dx, "y": box.y + dy, "width": box.width, "height": box.height}
    words = " ".join(f'{name}="{_number(value)}"' for name, value in places.items())
    return f"<dc:Bounds {words}/>"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def main(names: list[str]) -> int:
    """Lay out every file; tells which have changed."""
    if not names:
        sys.stderr.write("python scripts/lay_out_flows.py FILE...\n")
        return 2
    for name in names:
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = lay_out(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
