"""A process as compiled: an immutable graph of nodes with everything the walk needs looked up beforehand.

A graph exists only when every check has passed (``yiwang.flow.bpmn``), so the walk trusts it: each node is reachable
and reaches an end, no path runs in a circle without waiting, and parallel branches are nested blocks (fork and join).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cel

from yiwang.kernel.database import Json

Empty = Literal["administrator", "skip", "stop"]
"""What happens when nobody may take a step: the administrator gets it, it is passed over, or the act is refused."""


class Branch(NamedTuple):
    """A branch of a block: ``block`` is the parallel gateway or non-interrupting timer, ``flow`` leaves it."""

    block: str
    flow: str


Scope = tuple[Branch, ...]
"""The branches in which a token is, outermost first; () on the main path. Each scope holds at most one token."""


@dataclass(frozen=True, slots=True)
class Names:
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Value:
    """A word of an extension attribute: literal text, or with ``=name`` the flow variable of that name."""

    text: str = ""
    variable: str | None = None

    def of(self, variables: Mapping[str, Json]) -> Json:
        """The literal text, or the variable's value (None where it is not set)."""
        return self.text if self.variable is None else variables.get(self.variable)


@dataclass(frozen=True, slots=True)
class Condition:
    """A CEL condition of a sequence flow. ``variables``: the names in it, without ``outcome``."""

    text: str
    program: cel.Program
    variables: tuple[str, ...]
    uses_outcome: bool


@dataclass(frozen=True, slots=True)
class SequenceFlow:
    """``scope`` is that of a token travelling on it."""

    id: str
    source: str
    target: str
    line: int
    condition: Condition | None = None
    scope: Scope = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way to finish a step. ``needs``: what must be given with it; the caller (casework) checks that."""

    id: str
    names: Names
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Who:
    """Who may take a step (办理人规则): a person, or else the post of that kind in the organisation or for the area."""

    post: str
    organisation: Value | None
    area: Value | None
    person: Value | None
    empty: Empty


@dataclass(frozen=True, slots=True)
class StepDeadline:
    """How long a step may take: a deadline text, or the instance's clock of that name."""

    limit: Value | None
    clock: str | None


@dataclass(frozen=True, slots=True)
class ClockStart:
    """Entering the step starts the named clock. One that runs, runs on; one that stopped does as ``again`` says."""

    name: str
    limit: Value
    warn: Value
    again: Value


@dataclass(frozen=True, slots=True)
class ClockStop:
    """Leaving the step stops the named clock, if ``on`` is empty or holds the outcome."""

    name: str
    on: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    id: str
    names: Names
    line: int
    outgoing: tuple[SequenceFlow, ...] = ()
    incoming: tuple[str, ...] = ()
    scope: Scope = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartEvent(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class EndEvent(Node):
    """``stage`` and ``status`` are what the instance shows once it has ended here; "" for the process's own words."""

    terminate: bool = False
    stage: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryTimer(Node):
    """A timer on a user task; ``after`` counts from the task's start."""

    task: str
    interrupting: bool
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTask(Node):
    stage: str
    status: str
    deadline: StepDeadline | None
    warn: Value
    """The share of the limit after which it warns: a number, or a variable that holds one."""
    who: Who
    outcomes: Mapping[str, Outcome]
    clock_starts: tuple[ClockStart, ...] = ()
    clock_stops: tuple[ClockStop, ...] = ()
    timers: tuple[BoundaryTimer, ...] = ()

    @property
    def first_outcome(self) -> str:
        """The ordinary way onward; a step that is passed over leaves by it."""
        return next(iter(self.outcomes))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusiveGateway(Node):
    default: SequenceFlow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelGateway(Node):
    pass


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
    """Whether an instance can have more than one token."""
    timed: bool = False
    """Whether any task has a boundary timer."""
    start_variables: tuple[str, ...] = ()

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
            found.update(name for flow in node.outgoing if flow.condition for name in flow.condition.variables)
            if isinstance(node, UserTask):
                found.update(task_variables(node))
        return frozenset(found)


def task_variables(task: UserTask) -> frozenset[str]:
    """The flow variables on which entering the task depends."""
    values = [task.who.organisation, task.who.area, task.who.person, task.deadline.limit if task.deadline else None]
    values += [value for start in task.clock_starts for value in (start.limit, start.again)]
    values += [timer.after for timer in task.timers]
    return frozenset(value.variable for value in values if value is not None and value.variable is not None)
