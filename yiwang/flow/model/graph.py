"""A process as compiled: an immutable graph of nodes with everything the walk needs looked up beforehand.

A graph exists only when every check has passed (``yiwang.flow.bpmn``), so the walk trusts it: each node is reachable
and reaches an end, no path runs in a circle without waiting, and parallel branches are nested blocks (fork and join).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yiwang.flow.model.nodes import (
    Activity,
    CallActivity,
    CatchEvent,
    DecisionTask,
    ExclusiveGateway,
    InclusiveGateway,
    Node,
    ReceiveTask,
    SendTask,
    ServiceTask,
    StartEvent,
    ThrowEvent,
    UserTask,
)
from yiwang.flow.model.settings import Assignment, Condition, Names, Scope, Trigger, Value, Who


@dataclass(frozen=True, slots=True)
class Graph:
    """A checked process. ``start_variables``: those on which the walk from the start to its first waits depends."""

    key: str
    names: Names
    status_done: str
    status_cancelled: str
    start: StartEvent
    nodes: Mapping[str, Node]
    flow_scopes: Mapping[str, Scope]
    """The branches of a token on each sequence flow."""
    clocks: frozenset[str] = frozenset()
    """The named clocks that its steps start."""
    concurrent: bool = False
    """Whether an instance can stand at more than one place, or within a sub-process, a round or a call."""
    timed: bool = False
    """Whether anything in it has a timer."""
    waiting: bool = False
    """Whether anything in it waits for a message, a signal, a condition or a worker."""
    conditional: bool = False
    """Whether anything in it waits for a condition."""
    start_variables: tuple[str, ...] = ()
    starts: tuple[StartEvent, ...] = ()
    """The other starts of the process: by message, signal, timer or condition."""
    events: tuple[str, ...] = ()
    """The event sub-processes of the process itself."""
    remembered: frozenset[str] = frozenset()
    """Steps whose last handler another step asks for (办理过的人)."""
    asks_starter: bool = False
    """Whether anything in it asks who started the instance."""
    asks_agreed: bool = False
    """Whether a rule finishes steps for those who have agreed before (自动同意)."""
    calls: frozenset[str] = frozenset()
    """Keys of the definitions that it calls."""
    decisions: frozenset[str] = frozenset()
    """Keys of the decision tables that it asks."""
    links: Mapping[str, str] | None = None

    def task(self, node_id: str) -> UserTask:
        """The user task of that id. Raises: KeyError."""
        node = self.nodes[node_id]
        if not isinstance(node, UserTask):
            raise KeyError(node_id)
        return node

    @property
    def tasks(self) -> tuple[UserTask, ...]:
        return tuple(node for node in self.nodes.values() if isinstance(node, UserTask))

    @property
    def posts(self) -> frozenset[str]:
        """Kinds of post that the steps name; ``yiwang check`` holds them against the city's organisations."""
        return frozenset(task.who.post for task in self.tasks if task.who.post)

    @property
    def variables(self) -> frozenset[str]:
        """Every flow variable that the definition reads."""
        found: set[str] = set()
        for node in self.nodes.values():
            found |= node_variables(node)
        return frozenset(found)


def task_variables(task: UserTask) -> frozenset[str]:
    """The flow variables on which entering the task depends."""
    values = [task.deadline.limit if task.deadline else None, *_of_who(task.who)]
    values += [value for start in task.clock_starts for value in (start.limit, start.again)]
    found = _named(values)
    for overtime in task.overtimes:
        found |= _named([overtime.after, overtime.every, *(_of_who(overtime.who) if overtime.who else ())])
    for event in task.boundary:
        found |= _of_trigger(event.trigger)
    for condition in (task.who.expression, *(auto.when for auto in task.autos)):
        found |= _of_condition(condition) - {"assignee"}
    if task.who.step or task.who.apart:
        found.add("by")
    found |= {name[1:] for name in task.who.apart if name.startswith("=")}
    if any(auto.same for auto in task.autos):
        found |= {"starter", "agreed"}
    return frozenset(found | _of_multi(task))


def node_variables(node: Node) -> frozenset[str]:
    """The flow variables that the node and the flows that leave it read."""
    found = {name for flow in node.outgoing if flow.condition for name in flow.condition.variables}
    match node:
        case UserTask():
            return task_variables(node) | found
        case ServiceTask():
            found |= _of_assignments(node.sets)
        case CallActivity():
            found |= _of_assignments(node.inputs)
        case SendTask() | ReceiveTask() | CatchEvent():
            found |= _of_trigger(node.trigger)
        case ThrowEvent() if node.trigger:
            found |= _of_trigger(node.trigger)
        case DecisionTask() | ExclusiveGateway() | InclusiveGateway():
            pass
    if isinstance(node, Activity):
        found |= _of_multi(node)
        for event in node.boundary:
            found |= _of_trigger(event.trigger)
    return frozenset(found)


def _of_who(who: Who) -> tuple[Value | None, ...]:
    return who.organisation, who.area, who.person, who.manager


def _named(values: Iterable[Value | None]) -> set[str]:
    return {value.variable for value in values if value is not None and value.variable is not None}


def _of_condition(condition: Condition | None) -> set[str]:
    return set(condition.variables) if condition is not None else set()


def _of_assignments(assignments: Iterable[Assignment]) -> set[str]:
    return {name for assignment in assignments for name in assignment.expression.variables}


def _of_trigger(trigger: Trigger) -> set[str]:
    return _named([trigger.key, trigger.after, trigger.at, trigger.every]) | _of_condition(trigger.condition)


def _of_multi(node: Activity) -> set[str]:
    multi = node.multi
    if multi is None:
        return set()
    found = _named([multi.people, multi.items, multi.times, multi.sign.need if multi.sign else None])
    return found | (_of_condition(multi.until) - {"total", "done", "open", "tally"})
