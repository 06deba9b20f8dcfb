"""A process as read but not yet checked: nodes and sequence flows by id, with the faults found so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.model.graph import BoundaryTimer, Names, Node, SequenceFlow, UserTask

_T = TypeVar("_T")


@dataclass(slots=True)
class Draft:
    """``defaults``: exclusive gateway → id of its default flow, as written."""

    key: str
    line: int
    findings: Findings
    names: Names = field(default_factory=lambda: Names("", ""))
    status_done: str = ""
    status_cancelled: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, SequenceFlow] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)

    @property
    def tasks(self) -> Iterator[UserTask]:
        return (node for node in self.nodes.values() if isinstance(node, UserTask))

    @property
    def timers(self) -> Iterator[BoundaryTimer]:
        return (node for node in self.nodes.values() if isinstance(node, BoundaryTimer))

    def fault(self, code: str, item: Node | SequenceFlow, zh: str, en: str) -> None:
        self.findings.add(code, item.id, item.line, zh, en)


@dataclass(frozen=True, slots=True)
class Links:
    """Neighbours looked up once; a timer counts as a way out of the task that it is attached to."""

    outgoing: dict[str, tuple[SequenceFlow, ...]]
    incoming: dict[str, tuple[SequenceFlow, ...]]
    next: dict[str, tuple[str, ...]]
    previous: dict[str, tuple[str, ...]]


def links(draft: Draft) -> Links:
    """The neighbours of every node."""
    outgoing: dict[str, list[SequenceFlow]] = {node: [] for node in draft.nodes}
    incoming: dict[str, list[SequenceFlow]] = {node: [] for node in draft.nodes}
    following: dict[str, list[str]] = {node: [] for node in draft.nodes}
    preceding: dict[str, list[str]] = {node: [] for node in draft.nodes}
    for flow in draft.flows.values():
        outgoing[flow.source].append(flow)
        incoming[flow.target].append(flow)
        following[flow.source].append(flow.target)
        preceding[flow.target].append(flow.source)
    for timer in draft.timers:
        following[timer.task].append(timer.id)
        preceding[timer.id].append(timer.task)
    return Links(_frozen(outgoing), _frozen(incoming), _frozen(following), _frozen(preceding))


def _frozen(lists: dict[str, list[_T]]) -> dict[str, tuple[_T, ...]]:
    return {key: tuple(items) for key, items in lists.items()}
