"""What can happen to an instance, where it stands, and what the walk answers. Pure records.

A :data:`Ref` names a thing of the instance: a stored row by its id, one that this walk makes by a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from uuid import UUID

from yiwang.flow.assignment import Queue
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import EndEvent, UserTask
from yiwang.flow.model.rows import ScopeKind, Thrown, TokenKind, WaitKind
from yiwang.flow.model.settings import Overtime, Trigger, Value
from yiwang.kernel.database import Json, JsonObject

Ref: TypeAlias = UUID | int


class Assigner(Protocol):
    """Who gets a new task. May raise, which refuses the whole act."""

    def queue(self, task: UserTask, variables: Mapping[str, Json]) -> Queue | None:
        """The queue of a step; None passes it over."""
        ...

    def people(self, task: UserTask, variables: Mapping[str, Json]) -> Sequence[Queue]:
        """The queues of a step that several people do, one each."""
        ...

    def person(self, account_id: UUID) -> Queue | None:
        """The queue of one person; None when he is no longer in service."""
        ...


class Called(Protocol):
    """A definition that can be called."""

    @property
    def id(self) -> UUID: ...
    @property
    def graph(self) -> Graph: ...


class Surroundings(Protocol):
    """What the walk asks about the world; everything was read before it begins."""

    @property
    def assign(self) -> Assigner: ...

    def called(self, key: str) -> Called:
        """The newest published version of a definition that this one calls."""
        ...

    def graph(self, definition_id: UUID) -> Graph:
        """The graph of a definition that is being called."""
        ...

    def decide(self, key: str, variables: Mapping[str, Json]) -> Mapping[str, Json]:
        """The outputs of a decision table."""
        ...


@dataclass(frozen=True, slots=True)
class TaskAt:
    """An open task: its step, its scope, and the task to which it was added (加签, 委派), if any."""

    node: str
    scope: UUID | None = None
    of_task: UUID | None = None
    back: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class TokenAt:
    node: str
    flow: str = ""
    kind: TokenKind = "join"
    scope: UUID | None = None


@dataclass(frozen=True, slots=True)
class ScopeAt:
    node: str
    kind: ScopeKind
    parent: UUID | None = None
    definition_id: UUID | None = None
    total: int = 0
    done: int = 0
    tally: Mapping[str, int] = field(default_factory=dict)
    rest: Sequence[Json] = ()
    variables: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """Where an instance stands: open tasks, tokens and scopes by id; what waits for a condition (holder, event)."""

    tasks: Mapping[UUID, TaskAt] = field(default_factory=dict)
    tokens: Mapping[UUID, TokenAt] = field(default_factory=dict)
    scopes: Mapping[UUID, ScopeAt] = field(default_factory=dict)
    conditions: Mapping[UUID, tuple[UUID | None, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Started:
    """The instance begins, at its plain start or at another one."""

    node: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """A task was finished. ``by``: who did it, for steps whose handler another step asks for."""

    task_id: UUID
    outcome: str
    variables: Mapping[str, Json] = field(default_factory=dict)
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Triggered:
    """A timer, message, signal or condition reached ``holder``: a task, token, scope, or None for the instance itself."""

    holder: UUID | None
    node: str
    variables: Mapping[str, Json] = field(default_factory=dict)
    wait: UUID | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """A worker has done the work of a token; ``error`` is the code of a business error instead."""

    token_id: UUID
    variables: Mapping[str, Json] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SentBack:
    """A task was sent back (退回) to a step that the instance has walked; ``queue``: whoever did that step, if still there."""

    task_id: UUID
    node: str
    queue: Queue | None = None
    straight: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """Whoever finished ``node`` takes it back (撤回): what that opened (``gone``) is withdrawn and the step is with him again.

    In a round that goes on, ``outcome`` is the answer that no longer counts, ``rest`` those whose turn comes once more.
    """

    node: str
    scope: UUID | None
    gone: Sequence[UUID]
    queue: Queue
    outcome: str | None = None
    rest: Sequence[Queue] = ()


@dataclass(frozen=True, slots=True)
class Jumped:
    """An administrator set the instance on a node (跳转, 重新打开, 强制结案 on an end event); all else is withdrawn."""

    node: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The instance was given up (作废)."""


@dataclass(frozen=True, slots=True)
class Joined:
    """People were added to a round (加签 to a 会签), or one that is still open was taken out (减签: ``out``)."""

    scope_id: UUID
    queues: Sequence[Queue] = ()
    out: UUID | None = None


Event: TypeAlias = Started | Completed | Triggered | Worked | SentBack | Recalled | Jumped | Cancelled | Joined


@dataclass(slots=True)
class NewTask:
    """``back``: where it goes straight to when done; ``scope`` and the graph that ``node`` is of come with it.

    ``element``: of a round over elements that for which it is done, by its variable.
    """

    node: UserTask
    queue: Queue
    scope: Ref | None
    definition_id: UUID | None
    variables: Mapping[str, Json]
    back: JsonObject | None = None
    element: JsonObject | None = None


@dataclass(slots=True)
class PassedTask:
    """A step that ended as it began: passed over (skipped), or finished by a rule (auto)."""

    node: UserTask
    outcome: str
    how: str
    scope: Ref | None
    definition_id: UUID | None
    queue: Queue | None = None


@dataclass(slots=True)
class NewToken:
    node: str
    flow: str
    kind: TokenKind
    scope: Ref | None


@dataclass(slots=True)
class ScopeState:
    """A scope while the walk works on it; also a row to write when it is new or has changed."""

    node: str
    kind: ScopeKind
    parent: Ref | None
    definition_id: UUID | None = None
    total: int = 0
    done: int = 0
    tally: dict[str, int] = field(default_factory=dict)
    rest: list[Json] = field(default_factory=list)
    variables: dict[str, Json] = field(default_factory=dict)
    changed: bool = False


@dataclass(frozen=True, slots=True)
class NewTimer:
    """``node``: the event, or an overtime rule. ``name`` is the step's or event's, for messages about its limit."""

    holder: Ref | None
    node: str
    name: str
    after: Value | None
    at: Value | None
    every: Value | None
    times: int
    variables: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class NewWait:
    holder: Ref | None
    node: str
    kind: WaitKind
    name: str
    key: str


@dataclass(slots=True)
class Delta:
    """What the walk changes. ``left``: the task that the event itself ended; ``dropped``: tasks withdrawn with it.

    ``entered``, ``waiting``, ``opened`` are new tasks, tokens and scopes by their numbers; ``joined`` and ``closed`` the
    stored tokens and scopes that are gone; ``changed`` stored scopes that count on. Timers and waits of whatever is gone
    go with it; ``fired`` names waits that are used up though their holder stays, ``released`` events that no longer reach their
    holder. ``sets`` are changed variables of the
    instance, ``stops`` clocks to stop.
    """

    left: UUID | None = None
    left_node: UserTask | None = None
    dropped: list[UUID] = field(default_factory=list)
    entered: dict[int, NewTask] = field(default_factory=dict)
    passed: list[PassedTask] = field(default_factory=list)
    waiting: dict[int, NewToken] = field(default_factory=dict)
    joined: list[UUID] = field(default_factory=list)
    opened: dict[int, ScopeState] = field(default_factory=dict)
    closed: list[UUID] = field(default_factory=list)
    changed: dict[UUID, ScopeState] = field(default_factory=dict)
    timers: list[NewTimer] = field(default_factory=list)
    waits: list[NewWait] = field(default_factory=list)
    fired: list[UUID] = field(default_factory=list)
    released: list[tuple[Ref | None, str]] = field(default_factory=list)
    thrown: list[Thrown] = field(default_factory=list)
    sets: dict[str, Json] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)
    end: EndEvent | None = None
    error: str | None = None
    ended: bool = False


def timer_of(trigger: Trigger, holder: Ref | None, node: str, name: str, variables: Mapping[str, Json]) -> NewTimer:
    """The timer that an event with this trigger sets."""
    return NewTimer(holder, node, name, trigger.after, trigger.at, trigger.every, trigger.times, variables)


def overtime_timer(overtime: Overtime, holder: Ref, name: str, variables: Mapping[str, Json]) -> NewTimer:
    """The timer of an overtime rule; a reminder goes on as long as the task is open."""
    times = -1 if overtime.every else 0
    return NewTimer(holder, overtime.id, name, overtime.after, None, overtime.every, times, variables)
