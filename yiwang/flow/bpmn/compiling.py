"""A checked draft becomes the immutable graph that the walk uses."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from yiwang.flow.bpmn.checks import waits
from yiwang.flow.bpmn.draft import Draft, links
from yiwang.flow.bpmn.structure import Scopes
from yiwang.flow.model.graph import (
    BoundaryTimer,
    ExclusiveGateway,
    Graph,
    Node,
    ParallelGateway,
    SequenceFlow,
    StartEvent,
    UserTask,
    task_variables,
)


def compile_graph(draft: Draft, scopes: Scopes) -> Graph:
    """The graph of a draft without faults."""
    nodes = _nodes(draft, scopes)
    forks = any(isinstance(node, ParallelGateway) and len(node.outgoing) > 1 for node in nodes.values())
    timers = list(draft.timers)
    start = next(node for node in nodes.values() if isinstance(node, StartEvent))
    return Graph(
        key=draft.key,
        names=draft.names,
        status_done=draft.status_done,
        status_cancelled=draft.status_cancelled,
        start=start,
        nodes=MappingProxyType(nodes),
        flow_scopes=MappingProxyType(dict(scopes.flows)),
        clocks=frozenset(clock.name for task in draft.tasks for clock in task.clock_starts),
        concurrent=forks or any(not timer.interrupting for timer in timers),
        timed=bool(timers),
        start_variables=_start_variables(start, nodes),
    )


def _nodes(draft: Draft, scopes: Scopes) -> dict[str, Node]:
    around = links(draft)
    flows = {flow.id: replace(flow, scope=scopes.flows[flow.id]) for flow in draft.flows.values()}
    laid: dict[str, Node] = {}
    timers: dict[str, list[BoundaryTimer]] = {}
    # Timers first: a task holds those that are attached to it.
    for node in sorted(draft.nodes.values(), key=lambda node: not isinstance(node, BoundaryTimer)):
        done = replace(
            node,
            outgoing=tuple(flows[flow.id] for flow in around.outgoing[node.id]),
            incoming=tuple(flow.id for flow in around.incoming[node.id]),
            scope=scopes.nodes[node.id],
        )
        match done:
            case BoundaryTimer():
                timers.setdefault(done.task, []).append(done)
            case UserTask():
                done = replace(done, timers=tuple(timers.get(done.id, ())))
            case ExclusiveGateway():
                done = replace(done, default=_default(done.outgoing, draft.defaults.get(done.id)))
        laid[done.id] = done
    return {node_id: laid[node_id] for node_id in draft.nodes}


def _default(outgoing: tuple[SequenceFlow, ...], name: str | None) -> SequenceFlow:
    """The declared default flow; a gateway that only merges has one way on, which is it."""
    return next((flow for flow in outgoing if flow.id == name), outgoing[0])


def _start_variables(start: StartEvent, nodes: dict[str, Node]) -> tuple[str, ...]:
    """The variables that decide where an instance first waits, who gets it and until when."""
    found: set[str] = set()
    seen, pending = {start.id}, [start.id]
    while pending:
        node = nodes[pending.pop()]
        if isinstance(node, UserTask):
            found |= task_variables(node)
        if waits(node):
            continue
        for flow in node.outgoing:
            found.update(flow.condition.variables if flow.condition else ())
            if flow.target not in seen:
                seen.add(flow.target)
                pending.append(flow.target)
    return tuple(sorted(found))
