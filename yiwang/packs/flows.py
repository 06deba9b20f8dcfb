"""Flow files of a pack: read by flow's own reader, whose remarks become findings with file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.errors import FlowUnreadable
from yiwang.flow.model import Graph
from yiwang.packs.findings import Finding, Findings, Place, shown
from yiwang.packs.source import read_text


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A BPMN file. ``graph`` is None where flow refuses it; ``key`` is the id of its process."""

    path: Path
    key: str
    xml: str
    graph: Graph | None

    @property
    def file(self) -> str:
        return shown(self.path)

    def place(self, element: str = "") -> Place:
        """Where the element stands."""
        node = self.graph.nodes.get(element) if self.graph else None
        return Place(self.file, node.line if node else 1)


def read_flow(path: Path, findings: Findings) -> FlowFile | None:
    """Read one file; None when it cannot be read at all. Flow's remarks keep their codes, after ``flow.``."""
    text = read_text(path, findings)
    if text is None:
        return None
    try:
        reading = read_bpmn(text)
    except FlowUnreadable as problem:
        findings.add(Place(shown(path)), "flow.unreadable", zh=problem.data["reason_zh"], en=problem.data["reason_en"])
        return None
    findings.extend(
        Finding(
            shown(path),
            max(item.line, 1),
            1,
            f"flow.{item.code}",
            _sentence(item.element, ":", item.zh, "。"),
            _sentence(item.element, ": ", item.en, "."),
        )
        for item in reading.findings
    )
    return FlowFile(path, reading.key, text, reading.graph) if reading.key else None


def _sentence(element: str, colon: str, words: str, stop: str) -> str:
    return (f"{element}{colon}{words}" if element else words).rstrip(stop) + stop
