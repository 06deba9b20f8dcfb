"""The signs of BPMN 2.0 as SVG paths around the origin: events' triggers, gateways' signs, tasks' kinds, markers.

A sign is outlined, and filled where it is thrown; ``filled`` and ``thin`` are classes of the style sheet.
"""

from __future__ import annotations

from math import cos, pi, sin


def _ring(count: int, radius: float, turn: float = -pi / 2) -> str:
    corners = [
        f"{radius * cos(turn + 2 * pi * n / count):.2f},{radius * sin(turn + 2 * pi * n / count):.2f}"
        for n in range(count)
    ]
    return "M" + " L".join(corners) + "Z"


def _circle(radius: float) -> str:
    return f"M{-radius},0 a{radius},{radius} 0 1 0 {2 * radius},0 a{radius},{radius} 0 1 0 {-2 * radius},0Z"


def _gear() -> str:
    """Eight teeth and a hole."""
    points = []
    for tooth in range(8):
        for radius, part in ((5.2, -0.30), (7.4, -0.18), (7.4, 0.18), (5.2, 0.30)):
            angle = 2 * pi * tooth / 8 + part
            points.append(f"{radius * cos(angle):.2f},{radius * sin(angle):.2f}")
    return "M" + " L".join(points) + "Z " + _circle(2.4)


def _ticks() -> str:
    return " ".join(
        f"M{6.6 * cos(pi * n / 6):.2f},{6.6 * sin(pi * n / 6):.2f} L{5.2 * cos(pi * n / 6):.2f},{5.2 * sin(pi * n / 6):.2f}"
        for n in range(12)
    )


_ENVELOPE = "M-7.5,-5 h15 v10 h-15Z"
_FLAP = "M-7.5,-5 L0,1 L7.5,-5"
_PLUS = "M-2.4,-7.5 h4.8 v5.1 h5.1 v4.8 h-5.1 v5.1 h-4.8 v-5.1 h-5.1 v-4.8 h5.1Z"

TRIGGERS: dict[str, str] = {
    "timer": f"{_circle(8)} {_ticks()} M0,0 L0,-5 M0,0 L3.6,1.4",
    "signal": "M0,-8 L8,6 L-8,6Z",
    "error": "M-7,7 L-3,-6.5 L2,2 L7,-7 L3,6.5 L-2,-2Z",
    "escalation": "M0,-8 L6,8 L0,2 L-6,8Z",
    "compensate": "M-0.5,-6 v12 L-8.5,0Z M7.5,-6 v12 L-0.5,0Z",
    "conditional": "M-6,-8 h12 v16 h-12Z M-4,-4.5 h8 M-4,-1.5 h8 M-4,1.5 h8 M-4,4.5 h8",
    "link": "M-8,-3 h9 v-4 L8,0 L1,7 v-4 h-9Z",
    "cancel": "M-7.5,-4.5 L-4.5,-7.5 L0,-3 L4.5,-7.5 L7.5,-4.5 L3,0 L7.5,4.5 L4.5,7.5 L0,3 L-4.5,7.5 L-7.5,4.5 L-3,0Z",
    "multiple": _ring(5, 8.5),
    "parallelMultiple": _PLUS,
    "terminate": _circle(10),
}

GATEWAYS: dict[str, str] = {
    "exclusiveGateway": "M-9,-9 L9,9 M9,-9 L-9,9",
    "parallelGateway": "M0,-12 V12 M-12,0 H12",
    "inclusiveGateway": _circle(11),
    "complexGateway": "M0,-12 V12 M-12,0 H12 M-8.5,-8.5 L8.5,8.5 M8.5,-8.5 L-8.5,8.5",
}

TASKS: dict[str, str] = {
    "userTask": "M-3.4,-4.2 a3.4,3.4 0 1 0 6.8,0 a3.4,3.4 0 1 0 -6.8,0Z M-7,7.4 v-2.2 c0,-4.6 3,-5.6 7,-5.6 s7,1 7,5.6 v2.2Z",
    "manualTask": (
        "M-7.5,-1 L-3,-5.6 q1.4,-1.2 2.4,0 l-2,2.6 h9 q1.5,0.2 1.5,1.5 t-1.5,1.4 h1 q1.4,0.3 1.3,1.5 t-1.6,1.3 h-0.6"
        " q1.2,0.4 1,1.5 t-1.5,1.1 h-0.6 q0.8,0.4 0.6,1.2 t-1.4,1 H-2.6 q-4.9,-0.4 -4.9,-4Z"
    ),
    "serviceTask": _gear(),
    "scriptTask": "M-3,-7 h9 c-5,4.4 3.4,8.6 -3,14 h-9 c6.4,-5.4 -2,-9.6 3,-14Z M-3.4,-3.8 h5 M-2.6,-0.4 h5 M-2.4,3 h5",
    "sendTask": _ENVELOPE,
    "receiveTask": f"{_ENVELOPE} {_FLAP}",
    "businessRuleTask": "M-7.5,-6 h15 v12 h-15Z M-7.5,-2 h15 M-7.5,2 h15 M-2.5,-2 v8",
}

MARKERS: dict[str, str] = {
    "loop": "M-2.2,5 A5.4,5.4 0 1 1 2.6,4.8 M-2.2,5 l0.6,-4.4 M-2.2,5 l-4.2,0.2",
    "parallel": "M-4,-5.5 v11 M0,-5.5 v11 M4,-5.5 v11",
    "sequential": "M-5.5,-4 h11 M-5.5,0 h11 M-5.5,4 h11",
    "compensation": "M0,-5 v10 L-6.5,0Z M6.5,-5 v10 L0,0Z",
    "adhoc": "M-7,1.5 q3.4,-6.5 7,-1.6 q3.6,4.6 7,-1.4 v3 q-3.4,6.4 -7,1.5 q-3.6,-4.6 -7,1.4Z",
    "closed": "M-6.5,-6.5 h13 v13 h-13Z M0,-4 v8 M-4,0 h8",
    "collection": "M-4,-5 v10 M0,-5 v10 M4,-5 v10",
}
_SOLID = frozenset({"compensation", "adhoc"})


def trigger(kind: str, *, thrown: bool) -> str:
    """The sign within an event."""
    if kind == "message":
        if thrown:
            return f'<path class="fd-sign fd-filled" d="{_ENVELOPE}"/><path class="fd-sign fd-inverse" d="{_FLAP}"/>'
        return f'<path class="fd-sign" d="{_ENVELOPE} {_FLAP}"/>'
    path = TRIGGERS.get(kind)
    if path is None:
        return ""
    filled = " fd-filled" if thrown or kind == "terminate" else ""
    return f'<path class="fd-sign{filled}" d="{path}"/>'


def gateway(kind: str, *, parallel: bool, instantiates: bool) -> str:
    """The sign within a gateway."""
    if kind == "eventBasedGateway":
        rings = _circle(14) + ("" if instantiates else " " + _circle(11.5))
        return f'<path class="fd-sign" d="{rings}"/><path class="fd-sign" d="{_PLUS if parallel else _ring(5, 8)}"/>'
    path = GATEWAYS.get(kind)
    return f'<path class="fd-sign fd-thick" d="{path}"/>' if path else ""


def task(kind: str, *, instantiates: bool) -> str:
    """The sign in the corner of a task."""
    path = TASKS.get(kind)
    if path is None:
        return ""
    ring = f'<path class="fd-sign" d="{_circle(10)}"/>' if instantiates else ""
    if kind == "sendTask":
        return f'<path class="fd-sign fd-filled" d="{path}"/><path class="fd-sign fd-inverse" d="{_FLAP}"/>'
    return f'{ring}<path class="fd-sign" d="{path}"/>'


def marker(kind: str) -> str:
    """A marker at the lower edge of an activity."""
    thick = " fd-filled" if kind in _SOLID else " fd-thick" if kind in ("parallel", "sequential", "collection") else ""
    return f'<path class="fd-sign{thick}" d="{MARKERS[kind]}"/>'
