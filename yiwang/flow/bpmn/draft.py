"""A process as read but not yet checked: nodes and sequence flows by id, with the faults found so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CatchEvent,
    EndEvent,
    InclusiveGateway,
    Names,
    Node,
    ParallelGateway,
    SequenceFlow,
    StartEvent,
    SubProcess,
    ThrowEvent,
    UserTask,
    Who,
)

_T = TypeVar("_T")


class Association(NamedTuple):
    source: str
    target: str


@dataclass(slots=True)
class Draft:
    """``defaults``: gateway → id of its default flow, as written. ``lanes``: node → who may do what stands in its lane.

    Nodes of all sub-processes are here too; each names its ``container``. What the drawing says by neighbourhood (links,
    compensation, starts of sub-processes) is filled in by compiling.
    """

    key: str
    line: int
    findings: Findings
    names: Names = field(default_factory=lambda: Names("", ""))
    status_done: str = ""
    status_cancelled: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, SequenceFlow] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    lanes: dict[str, Who] = field(default_factory=dict)
    associations: list[Association] = field(default_factory=list)

    @property
    def tasks(self) -> Iterator[UserTask]:
        return (node for node in self.nodes.values() if isinstance(node, UserTask))

    @property
    def boundaries(self) -> Iterator[BoundaryEvent]:
        return (node for node in self.nodes.values() if isinstance(node, BoundaryEvent))

    @property
    def sub_processes(self) -> Iterator[SubProcess]:
        return (node for node in self.nodes.values() if isinstance(node, SubProcess))

    def fault(self, code: str, item: Node | SequenceFlow, zh: str, en: str) -> None:
        self.findings.add(code, item.id, item.line, zh, en)

    def handler(self, event: BoundaryEvent) -> str:
        """The activity that a compensation boundary event is associated with; "" when there is none."""
        for source, target in self.associations:
            other = target if source == event.id else source if target == event.id else ""
            if isinstance(self.nodes.get(other), Activity):
                return other
        return ""


@dataclass(frozen=True, slots=True)
class Container:
    """The process (``id`` "") or one of its sub-processes, with what stands directly in it."""

    id: str
    nodes: tuple[Node, ...]

    @property
    def starts(self) -> tuple[StartEvent, ...]:
        return tuple(node for node in self.nodes if isinstance(node, StartEvent))

    @property
    def ends(self) -> tuple[EndEvent, ...]:
        return tuple(node for node in self.nodes if isinstance(node, EndEvent))

    @property
    def event_processes(self) -> tuple[SubProcess, ...]:
        return tuple(node for node in self.nodes if isinstance(node, SubProcess) and node.event)


def containers(draft: Draft) -> tuple[Container, ...]:
    """The process first, then its sub-processes as they were read."""
    held: dict[str, list[Node]] = {"": []}
    held.update((process.id, []) for process in draft.sub_processes)
    for node in draft.nodes.values():
        held[node.container].append(node)
    return tuple(Container(name, tuple(nodes)) for name, nodes in held.items())


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Looked up once. ``next`` and ``previous`` also lead from an activity to the events on its edge, and over links.

    ``edge``: the boundary events of each activity; ``leaps``: from a link that is thrown to where it lands.
    """

    outgoing: Mapping[str, tuple[SequenceFlow, ...]]
    incoming: Mapping[str, tuple[SequenceFlow, ...]]
    next: Mapping[str, tuple[str, ...]]
    previous: Mapping[str, tuple[str, ...]]
    edge: Mapping[str, tuple[BoundaryEvent, ...]]
    leaps: Mapping[str, str]

    def forks(self, node: Node) -> bool:
        """Whether the node opens a block of branches."""
        return isinstance(node, ParallelGateway | InclusiveGateway) and len(self.outgoing[node.id]) > 1

    def joins(self, node: Node) -> bool:
        """Whether the node closes a block of branches."""
        return isinstance(node, ParallelGateway | InclusiveGateway) and len(self.incoming[node.id]) > 1


def neighbours(draft: Draft) -> Neighbours:
    """The neighbours of every node."""
    outgoing: dict[str, list[SequenceFlow]] = {node: [] for node in draft.nodes}
    incoming: dict[str, list[SequenceFlow]] = {node: [] for node in draft.nodes}
    following: dict[str, list[str]] = {node: [] for node in draft.nodes}
    preceding: dict[str, list[str]] = {node: [] for node in draft.nodes}
    edge: dict[str, list[BoundaryEvent]] = {}
    for flow in draft.flows.values():
        outgoing[flow.source].append(flow)
        incoming[flow.target].append(flow)
        following[flow.source].append(flow.target)
        preceding[flow.target].append(flow.source)
    for event in draft.boundaries:
        edge.setdefault(event.attached, []).append(event)
        if event.trigger.kind != "compensation":
            following[event.attached].append(event.id)
            preceding[event.id].append(event.attached)
    leaps = _leaps(draft)
    for source, target in leaps.items():
        following[source].append(target)
        preceding[target].append(source)
    return Neighbours(
        _frozen(outgoing), _frozen(incoming), _frozen(following), _frozen(preceding), _frozen(edge), leaps
    )


def _leaps(draft: Draft) -> dict[str, str]:
    landings = {
        (node.container, node.trigger.name): node.id
        for node in draft.nodes.values()
        if isinstance(node, CatchEvent) and node.trigger.kind == "link"
    }
    found: dict[str, str] = {}
    for node in draft.nodes.values():
        if isinstance(node, ThrowEvent) and node.trigger is not None and node.trigger.kind == "link":
            landing = landings.get((node.container, node.trigger.name))
            if landing is not None:
                found[node.id] = landing
    return found


def _frozen(lists: dict[str, list[_T]]) -> dict[str, tuple[_T, ...]]:
    return {key: tuple(items) for key, items in lists.items()}
