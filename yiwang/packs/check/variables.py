"""Whether every flow variable that a step cannot do without has been set on every way that leads to the step.

A limit that nobody set stops a running case in the middle, so it is found here: definite assignment over the graph.
"""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.flow.conditions import outcomes_named
from yiwang.flow.model import Graph, SequenceFlow, UserTask

SETS = {"department": frozenset({"department", "limit"}), "limit": frozenset({"limit"})}
"""What casework sets in a flow when a need is met: a department brings its limit."""


def unset_variables(graph: Graph, known: frozenset[str]) -> Iterator[tuple[UserTask, str, str]]:
    """(step, variable, step from which a way comes that does not set it) for limits of steps, clocks and timers.

    ``known`` are set from the start.
    """
    reaching = _settled(graph, known)
    for task in graph.tasks:
        needed = _limits(task)
        for name in sorted(needed - reaching[task.id]):
            yield task, name, _culprit(graph, task.id, name, reaching)


def _limits(task: UserTask) -> frozenset[str]:
    values = [task.deadline.limit if task.deadline else None]
    values += [start.limit for start in task.clock_starts]
    values += [timer.after for timer in task.timers]
    return frozenset(value.variable for value in values if value is not None and value.variable is not None)


def _settled(graph: Graph, known: frozenset[str]) -> dict[str, frozenset[str]]:
    """For each node the variables that are set on every way to it; a greatest fixed point."""
    everything = known | frozenset(graph.variables) | frozenset(name for names in SETS.values() for name in names)
    reaching = dict.fromkeys(graph.nodes, everything)
    reaching[graph.start.id] = known
    changed = True
    while changed:
        changed = False
        for node_id in graph.nodes:
            for edge, names in _leaving(graph, node_id, reaching):
                met = reaching[edge.target] & names
                if edge.target != graph.start.id and met != reaching[edge.target]:
                    reaching[edge.target] = met
                    changed = True
    return reaching


def _leaving(
    graph: Graph, node_id: str, reaching: dict[str, frozenset[str]]
) -> Iterator[tuple[SequenceFlow, frozenset[str]]]:
    """The sequence flows that leave a node, with the variables that are set on them."""
    node = graph.nodes[node_id]
    sources = [graph.nodes[name] for edge in graph.nodes.values() for name in [edge.id] if _leads(graph, name, node_id)]
    for edge in node.outgoing:
        if isinstance(node, UserTask):
            # A gateway behind it tells the outcomes apart; what all of them set is what a plain way has.
            yield edge, reaching[node_id] | _set_by(node, frozenset(node.outcomes))
            continue
        before = [source for source in sources if isinstance(source, UserTask)]
        taken = _outcomes_on(edge, node.outgoing)
        if len(before) == len(sources) and before:
            ways = [reaching[task.id] | _set_by(task, _chosen(task, taken, edge, node.outgoing)) for task in before]
            yield edge, frozenset.intersection(*ways) | _guarded(edge)
        else:
            yield edge, reaching[node_id] | _guarded(edge)
    if isinstance(node, UserTask):
        for timer in node.timers:
            for edge in timer.outgoing:
                yield edge, reaching[node_id]


def _leads(graph: Graph, source: str, target: str) -> bool:
    return any(edge.target == target for edge in graph.nodes[source].outgoing)


def _set_by(task: UserTask, outcomes: frozenset[str]) -> frozenset[str]:
    """What every one of these outcomes sets."""
    found = [
        frozenset(name for need in task.outcomes[outcome].needs for name in SETS.get(need, ())) for outcome in outcomes
    ]
    return frozenset.intersection(*found) if found else frozenset()


def _outcomes_on(edge: SequenceFlow, siblings: tuple[SequenceFlow, ...]) -> frozenset[str] | None:
    """The outcomes that a gateway's flow names; None for its default flow, which takes what no other names."""
    del siblings
    return outcomes_named(edge.condition.text) if edge.condition and edge.condition.uses_outcome else None


def _chosen(
    task: UserTask, taken: frozenset[str] | None, edge: SequenceFlow, siblings: tuple[SequenceFlow, ...]
) -> frozenset[str]:
    outcomes = frozenset(task.outcomes)
    if taken is not None:
        return (taken & outcomes) or outcomes
    if edge.condition is not None:
        return outcomes
    elsewhere = frozenset(
        name
        for other in siblings
        if other is not edge and other.condition is not None and other.condition.uses_outcome
        for name in outcomes_named(other.condition.text)
    )
    return (outcomes - elsewhere) or outcomes


def _guarded(edge: SequenceFlow) -> frozenset[str]:
    """A condition that asks for a variable has it."""
    return frozenset(edge.condition.variables) if edge.condition else frozenset()


def _culprit(graph: Graph, target: str, name: str, reaching: dict[str, frozenset[str]]) -> str:
    """The nearest step before ``target`` that can be reached without the variable."""
    waiting, seen = [target], {target}
    while waiting:
        node_id = waiting.pop(0)
        for source in graph.nodes.values():
            if source.id not in seen and _leads(graph, source.id, node_id) and name not in reaching[source.id]:
                if isinstance(source, UserTask):
                    return source.id
                seen.add(source.id)
                waiting.append(source.id)
    return graph.start.id
