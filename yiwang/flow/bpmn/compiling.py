"""A checked draft becomes the immutable graph that the walk uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from yiwang.flow.bpmn.checks.circles import may_pass
from yiwang.flow.bpmn.checks.mentions import steps_asked
from yiwang.flow.bpmn.draft import Container, Draft, Neighbours, containers, neighbours
from yiwang.flow.bpmn.structure import Scopes
from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    DecisionTask,
    EventGateway,
    ExclusiveGateway,
    Graph,
    InclusiveGateway,
    Node,
    ReceiveTask,
    SequenceFlow,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    Trigger,
    UserTask,
)
from yiwang.flow.model.graph import node_variables


def compile_graph(draft: Draft, scopes: Scopes) -> Graph:
    """The graph of a draft without faults."""
    around = neighbours(draft)
    held = {container.id: container for container in containers(draft)}
    nodes = _Compiler(draft, scopes, around, held).nodes()
    starts = [node for node in nodes.values() if isinstance(node, StartEvent) and not node.container]
    start = next((start for start in starts if start.trigger is None), starts[0])
    events = tuple(process.id for process in held[""].event_processes)
    awaited = tuple(_awaited(nodes))
    kinds = {trigger.kind for trigger in awaited}
    workers = any(isinstance(node, ServiceTask) and node.topic for node in nodes.values())
    return Graph(
        key=draft.key,
        names=draft.names,
        status_done=draft.status_done,
        status_cancelled=draft.status_cancelled,
        start=start,
        nodes=MappingProxyType(nodes),
        flow_scopes=MappingProxyType(dict(scopes.flows)),
        clocks=frozenset(clock.name for task in draft.tasks for clock in task.clock_starts),
        concurrent=any(_spreads(node, around) for node in nodes.values()),
        timed="timer" in kinds or any(task.overtimes for task in draft.tasks),
        waiting=workers or bool(kinds & {"message", "signal", "condition"}),
        conditional="condition" in kinds,
        start_variables=_start_variables(start, events, nodes, around),
        starts=tuple(other for other in starts if other.trigger is not None),
        events=events,
        remembered=frozenset().union(*(steps_asked(task) for task in draft.tasks)),
        asks_agreed=any(auto.same == "earlier" for task in draft.tasks for auto in task.autos),
        asks_starter=any("starter" in node_variables(node) for node in nodes.values()),
        calls=frozenset(node.called for node in nodes.values() if isinstance(node, CallActivity)),
        decisions=frozenset(node.decision for node in nodes.values() if isinstance(node, DecisionTask)),
        links=MappingProxyType(_links(nodes)),
    )


class _Compiler:
    """Fills in what the drawing says by neighbourhood."""

    def __init__(self, draft: Draft, scopes: Scopes, around: Neighbours, held: Mapping[str, Container]) -> None:
        self.draft, self.scopes, self.around, self.held = draft, scopes, around, held
        self.flows = {flow.id: replace(flow, scope=scopes.flows[flow.id]) for flow in draft.flows.values()}
        self.laid: dict[str, Node] = {}

    def nodes(self) -> dict[str, Node]:
        """Every node, in the order of the file."""
        # Boundary events first: an activity holds those that are attached to it.
        for node in sorted(self.draft.nodes.values(), key=lambda node: not isinstance(node, BoundaryEvent)):
            self.laid[node.id] = self._filled(
                replace(
                    node,
                    outgoing=tuple(self.flows[flow.id] for flow in self.around.outgoing[node.id]),
                    incoming=tuple(flow.id for flow in self.around.incoming[node.id]),
                    scope=self.scopes.nodes[node.id],
                )
            )
        return {node_id: self.laid[node_id] for node_id in self.draft.nodes}

    def _filled(self, node: Node) -> Node:
        match node:
            case Activity():
                return self._activity(node)
            case ExclusiveGateway():
                return replace(node, default=self._default(node) or node.outgoing[0])
            case InclusiveGateway():
                alone = node.outgoing[0] if len(node.outgoing) == 1 else None
                return replace(node, default=self._default(node) or alone)
            case ThrowEvent():
                return replace(node, target=self.around.leaps.get(node.id, ""))
            case _:
                return node

    def _default(self, node: Node) -> SequenceFlow | None:
        """The declared default flow; a gateway that only merges has one way on, which is it."""
        name = self.draft.defaults.get(node.id)
        return next((flow for flow in node.outgoing if flow.id == name), None)

    def _activity(self, node: Activity) -> Activity:
        edge = self.around.edge.get(node.id, ())
        boundary = [self.laid[event.id] for event in edge if event.trigger.kind != "compensation"]
        undone = [event for event in edge if event.trigger.kind == "compensation"]
        node = replace(
            node,
            boundary=tuple(event for event in boundary if isinstance(event, BoundaryEvent)),
            compensation=self.draft.handler(undone[0]) if undone else "",
        )
        if isinstance(node, SubProcess):
            container = self.held[node.id]
            inner = tuple(process.id for process in container.event_processes)
            return replace(node, start=container.starts[0].id, events=inner)
        return node


def _spreads(node: Node, around: Neighbours) -> bool:
    """Whether an instance can stand at more than one place, or within something, because of the node."""
    match node:
        case BoundaryEvent():
            return not node.interrupting or node.trigger.kind == "compensation"
        case SubProcess() | CallActivity():
            return True
        case Activity():
            return node.multi is not None
        case _:
            return around.forks(node)


def _awaited(nodes: Mapping[str, Node]) -> Iterator[Trigger]:
    """What instances wait for; the starts of the process itself are not awaited by any instance."""
    for node in nodes.values():
        match node:
            case CatchEvent() | BoundaryEvent() | ReceiveTask():
                yield node.trigger
            case StartEvent() if node.container and node.trigger is not None:
                yield node.trigger
            case _:
                pass


def _links(nodes: Mapping[str, Node]) -> dict[str, str]:
    return {
        node.trigger.name: node.id
        for node in nodes.values()
        if isinstance(node, CatchEvent) and node.trigger.kind == "link"
    }


def _start_variables(
    start: StartEvent, events: tuple[str, ...], nodes: Mapping[str, Node], around: Neighbours
) -> tuple[str, ...]:
    """The variables that decide where an instance first waits, who gets it and until when."""
    found: set[str] = set()
    seen: set[str] = set()
    pending = [start.id, *events]
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        node = nodes[name]
        found |= node_variables(node) | _of_start(node)
        pending += _entered_with(node, nodes)
        if not _rests(node):
            pending += around.next[name]
    return tuple(sorted(found))


def _of_start(node: Node) -> set[str]:
    """What the start of an event sub-process waits for, which is settled as its scope begins."""
    if not isinstance(node, StartEvent) or node.trigger is None or not node.container:
        return set()
    trigger = node.trigger
    values = (trigger.key, trigger.after, trigger.at, trigger.every)
    named = {value.variable for value in values if value is not None and value.variable is not None}
    return named | set(trigger.condition.variables if trigger.condition is not None else ())


def _entered_with(node: Node, nodes: Mapping[str, Node]) -> tuple[str, ...]:
    """Nodes that the walk looks at as it enters this one."""
    match node:
        case SubProcess():
            return (node.start, *node.events)
        case EventGateway():
            return tuple(flow.target for flow in node.outgoing)
        case Activity():
            return tuple(event.id for event in node.boundary)
        case _:
            return ()


def _rests(node: Node) -> bool:
    """Whether the walk goes no further from here for certain; a condition may hold as soon as it is asked."""
    match node:
        case UserTask():
            return not may_pass(node)
        case ReceiveTask():
            return node.multi is None
        case ServiceTask():
            return bool(node.topic) and node.multi is None
        case CatchEvent():
            return node.trigger.kind in ("timer", "message", "signal")
        case BoundaryEvent():
            return node.trigger.kind in ("timer", "message", "signal")
        case StartEvent() if node.container:
            return node.trigger is not None and node.trigger.kind in ("timer", "message", "signal")
        case _:
            return False
