"""Flow variables: which a definition sets itself, and whether every one that a step cannot do without has been set before.

A limit that nobody set stops a running case in the middle, so it is found here: definite assignment over the graph.
"""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.flow.conditions import outcomes_named
from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    DecisionTask,
    EndEvent,
    ExclusiveGateway,
    Graph,
    InclusiveGateway,
    Node,
    ParallelGateway,
    ReceiveTask,
    SequenceFlow,
    ServiceTask,
    StartEvent,
    SubProcess,
    UserTask,
)

SETS = {"department": frozenset({"department", "limit"}), "limit": frozenset({"limit"})}
"""What casework sets in a flow when a need of an outcome is met: a department brings its limit."""
_ENGINE = frozenset({"starter", "by", "agreed"})


def variables_set(graph: Graph) -> frozenset[str]:
    """Every variable that the definition itself, or the engine for it, gives a value somewhere."""
    found = set(_ENGINE)
    for node in graph.nodes.values():
        found |= _set_at(node)
        if isinstance(node, Activity) and node.multi is not None:
            found.add(node.multi.item)
    return frozenset(found)


def takes_any(graph: Graph) -> bool:
    """Whether something brings variables that only running shows: a message, a worker, a table that names its outputs."""
    for node in graph.nodes.values():
        match node:
            case ReceiveTask():
                return True
            case ServiceTask() if node.topic:
                return True
            case DecisionTask() if not node.into:
                return True
            case CatchEvent() | BoundaryEvent() | StartEvent() if node.trigger and node.trigger.kind == "message":
                return True
            case _:
                pass
    return False


def _set_at(node: Node) -> frozenset[str]:
    """What the node sets by the drawing alone."""
    match node:
        case ServiceTask():
            return frozenset(item.variable for item in node.sets)
        case CallActivity():
            return frozenset(item.variable for item in node.outputs)
        case DecisionTask():
            return frozenset(node.into.values())
        case UserTask():
            return frozenset(item.id for item in node.fields)
        case _:
            return frozenset()


def unset_variables(graph: Graph, known: frozenset[str]) -> Iterator[tuple[UserTask, str, str]]:
    """(step, variable, step by which one comes without it) for the limits of steps, clocks and timers.

    ``known`` are set from the start.
    """
    ways = _Ways(graph, known)
    ways.settle()
    for task in graph.tasks:
        for name in sorted(_limits(task) - ways.at[task.id]):
            yield task, name, ways.culprit(task, name)


def _limits(task: UserTask) -> frozenset[str]:
    values = [task.deadline.limit if task.deadline else None]
    values += [start.limit for start in task.clock_starts]
    values += [event.trigger.after for event in task.boundary]
    values += [value for overtime in task.overtimes for value in (overtime.after, overtime.every)]
    return frozenset(value.variable for value in values if value is not None and value.variable is not None)


class _Ways:
    """``at``: by node, the variables that are set on every way to it; found as a greatest fixed point."""

    def __init__(self, graph: Graph, known: frozenset[str]) -> None:
        self._graph, self._known = graph, known
        self._flows = {flow.id: flow for node in graph.nodes.values() for flow in node.outgoing}
        everything = known.union(graph.variables, variables_set(graph), *SETS.values())
        self.at = dict.fromkeys(graph.nodes, everything)
        self._origins = {node.id: origin for node in graph.nodes.values() if (origin := self._origin(node)) is not None}
        self._ends: dict[str, list[str]] = {}
        for node in graph.nodes.values():
            if isinstance(node, EndEvent) and not (node.trigger is not None and node.trigger.kind == "error"):
                self._ends.setdefault(node.container, []).append(node.id)

    def settle(self) -> None:
        changed = True
        while changed:
            changed = False
            for node in self._graph.nodes.values():
                found = self._reaching(node)
                changed = changed or found != self.at[node.id]
                self.at[node.id] = found

    def culprit(self, task: UserTask, name: str) -> str:
        """The step from which the nearest way without the variable comes; the start where there is none."""
        waiting: list[Node] = [task]
        seen = {task.id}
        while waiting:
            for flow in self._into(waiting.pop(0)):
                source, there = self._graph.nodes[flow.source], self._along(flow)
                if source.id in seen or there is None or name in there:
                    continue
                if isinstance(source, UserTask):
                    return source.id
                seen.add(source.id)
                waiting.append(source)
        return self._graph.start.id

    def _into(self, node: Node) -> list[SequenceFlow]:
        """The flows by which a token comes to the node; to the start of a sub-process those that lead to that."""
        around = self._graph.nodes.get(node.container)
        if isinstance(node, StartEvent) and isinstance(around, SubProcess):
            node = around
        return [self._flows[flow_id] for flow_id in node.incoming]

    def _origin(self, node: Node) -> tuple[str, ...] | None:
        """The nodes whose variables this one begins with, where no flow leads to it; () for what is known at the start."""
        nodes = self._graph.nodes
        match node:
            case BoundaryEvent():
                return (node.attached,)
            case StartEvent():
                return (node.container,) if node.container else ()
            case SubProcess() if node.event:
                return (node.container,) if node.container else ()
            case CatchEvent() if node.trigger.kind == "link":
                return tuple(other.id for other in nodes.values() if getattr(other, "target", "") == node.id)
            case Activity() if node.for_compensation:
                undone = (other for other in nodes.values() if isinstance(other, Activity))
                return tuple(other.id for other in undone if other.compensation == node.id)
            case _:
                return None

    def _reaching(self, node: Node) -> frozenset[str]:
        origins = self._origins.get(node.id)
        if origins is not None:
            return frozenset.intersection(*(self.at[name] for name in origins)) if origins else self._known
        ways = [way for flow in self._into(node) if (way := self._along(flow)) is not None]
        if not ways:
            return self.at[node.id]
        # A join goes on when all branches have arrived, so it has what any of them set.
        return frozenset.union(*ways) if isinstance(node, ParallelGateway) else frozenset.intersection(*ways)

    def _along(self, flow: SequenceFlow) -> frozenset[str] | None:
        """What is set on a sequence flow; a condition that asks for a variable has it. None: nothing comes this way."""
        source = self._graph.nodes[flow.source]
        asked = frozenset(flow.condition.variables) if flow.condition else frozenset()
        if isinstance(source, UserTask):
            return self._after(source, frozenset(source.outcomes)) | asked
        if not isinstance(source, ExclusiveGateway | InclusiveGateway | ParallelGateway):
            return self._behind(source)
        ways: list[frozenset[str]] = []
        for before in self._into(source):
            task = self._graph.nodes[before.source]
            if isinstance(task, UserTask):
                outcomes = _taken(task, flow, source.outgoing)
                if outcomes:
                    ways.append(self._after(task, outcomes) | asked)
            else:
                ways.append(self.at[source.id] | asked)
        return frozenset.intersection(*ways) if ways else None

    def _behind(self, node: Node) -> frozenset[str]:
        """What is set behind a node that neither branches nor is for people."""
        found = self.at[node.id] | _set_at(node)
        if isinstance(node, SubProcess) and self._ends.get(node.id):
            found |= frozenset.intersection(*(self.at[name] for name in self._ends[node.id]))
        return found

    def _after(self, task: UserTask, outcomes: frozenset[str]) -> frozenset[str]:
        """What is set behind the task; what it cannot do without was there, or the case has stopped before."""
        return self.at[task.id] | _set_by(task, outcomes) | _limits(task)


def _set_by(task: UserTask, outcomes: frozenset[str]) -> frozenset[str]:
    """What every one of these outcomes sets."""
    found = [
        frozenset(name for need in task.outcomes[outcome].needs for name in SETS.get(need, ())) for outcome in outcomes
    ]
    return frozenset.intersection(*found) if found else frozenset()


def _taken(task: UserTask, flow: SequenceFlow, siblings: tuple[SequenceFlow, ...]) -> frozenset[str]:
    """The outcomes of the task that go along this flow of the gateway behind it."""
    outcomes = frozenset(task.outcomes)
    if flow.condition is not None:
        return outcomes & outcomes_named(flow.condition.text) if flow.condition.uses_outcome else outcomes
    elsewhere = frozenset(
        name
        for other in siblings
        if other.id != flow.id and other.condition is not None and not other.condition.variables
        for name in outcomes_named(other.condition.text)
    )
    return outcomes - elsewhere
