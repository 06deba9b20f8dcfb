"""Whether every flow variable that a step cannot do without has been set on every way that leads to the step.

A limit that nobody set stops a running case in the middle, so it is found here: definite assignment over the graph.
"""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.flow.conditions import outcomes_named
from yiwang.flow.model import BoundaryEvent, Graph, Node, ParallelGateway, SequenceFlow, UserTask

SETS = {"department": frozenset({"department", "limit"}), "limit": frozenset({"limit"})}
"""What casework sets in a flow when a need of an outcome is met: a department brings its limit."""


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
    return frozenset(value.variable for value in values if value is not None and value.variable is not None)


class _Ways:
    """``at``: by node, the variables that are set on every way to it; found as a greatest fixed point."""

    def __init__(self, graph: Graph, known: frozenset[str]) -> None:
        self._graph, self._known = graph, known
        self._flows = {flow.id: flow for node in graph.nodes.values() for flow in node.outgoing}
        everything = known.union(graph.variables, *SETS.values())
        self.at = dict.fromkeys(graph.nodes, everything)

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
                source = self._graph.nodes[flow.source]
                if source.id in seen or name in (self._along(flow) or {name}):
                    continue
                if isinstance(source, UserTask):
                    return source.id
                seen.add(source.id)
                waiting.append(source)
        return self._graph.start.id

    def _into(self, node: Node) -> list[SequenceFlow]:
        return [self._flows[flow_id] for flow_id in node.incoming]

    def _reaching(self, node: Node) -> frozenset[str]:
        if node.id == self._graph.start.id:
            return self._known
        if isinstance(node, BoundaryEvent):
            return self.at[node.attached]
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
        ways: list[frozenset[str]] = []
        for before in self._into(source):
            task = self._graph.nodes[before.source]
            if isinstance(task, UserTask):
                outcomes = _taken(task, flow, source.outgoing)
                if outcomes:
                    ways.append(self._after(task, outcomes) | asked)
            else:
                ways.append(self.at[source.id] | asked)
        if not self._into(source):
            return self.at[source.id] | asked
        return frozenset.intersection(*ways) if ways else None

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
