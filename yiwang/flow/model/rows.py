"""The running nouns: instances, open tasks, waiting tokens, scopes, timers, waits, finished steps, and what an act answers.

All times are aware UTC. ``area`` is an area code, ``grid`` a responsibility grid code or "".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.flow.clocks import NamedClock
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.settings import Names
from yiwang.kernel.database import Json, JsonObject

DefinitionState = Literal["draft", "published", "retired"]
InstanceState = Literal["active", "suspended", "completed", "cancelled"]

How = Literal[
    "done", "auto", "skipped", "sent_back", "recalled", "timer", "event", "withdrawn", "jumped", "cancelled", "moved"
]
"""How a step ended: finished by a person, by a rule (自动同意, 超时), passed over, 退回, taken back by the one before (撤回),
by its timer or another event, withdrawn because the walk went on without it, by an administrator's jump, with the whole
instance, or moved to another version."""

Cause = Literal[
    "start",
    "complete",
    "send_back",
    "recall",
    "timer",
    "event",
    "work",
    "suspend",
    "resume",
    "extend",
    "sign",
    "cancel",
    "jump",
    "reopen",
    "migrate",
    "calendar",
]

TaskKind = Literal["step", "before", "after", "delegated"]
"""A step of the flow; or added to one: 前加签, 后加签, 委派. An added task does not move the walk."""

TokenKind = Literal["join", "event", "receive", "gateway", "work", "done"]
"""What a token waits for: the other branches of a join, an intermediate event, a message, the first event behind a
gateway, a worker. ``done``: a finished activity that can still be compensated, or an end reached whose words the instance
shows once nothing runs beside it any more."""

ScopeKind = Literal["sub", "event", "multi", "call", "undo"]
"""A sub-process, an event sub-process, the round of a multi-instance activity, a called definition, a compensation."""

WaitKind = Literal["message", "signal", "condition", "work"]
ThrownKind = Literal["message", "signal"]


@dataclass(frozen=True, slots=True)
class Definition:
    """A version of a process; a running instance keeps the one it started with."""

    id: UUID
    key: str
    version: int
    state: DefinitionState
    names: Names
    digest: str
    graph: Graph
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Start:
    """An instance to start. ``variables`` are what the definition's conditions, posts and deadlines read.

    ``node``: one of the definition's other starts (message, signal, timer); "" for the plain one.
    """

    instance_id: UUID
    definition: Definition
    subject_kind: str
    subject_id: UUID
    area: str
    grid: str
    variables: JsonObject
    node: str = ""


@dataclass(frozen=True, slots=True)
class InstanceRow:
    id: UUID
    definition_id: UUID
    subject_kind: str
    subject_id: UUID
    area: str
    grid: str
    state: InstanceState
    variables: Mapping[str, Json]
    clocks: JsonObject
    started_at: datetime
    ended_at: datetime | None
    suspended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """An open task, in one queue: ``post_id``'s or ``assignee_id``'s. ``home_post_id``: the post it was taken from.

    ``due_at`` and ``warn_at`` are None without a deadline and while the instance is suspended (``paused_at``).
    ``scope_id``: the sub-process, round or call it is in; ``definition_id``: of the called definition whose ``node`` it
    is, None for the instance's own. ``of_task``: the task to which it was added. ``held``: it waits for the tasks added
    to it and is in nobody's queue; ``origin`` keeps whose it was (``queue``), for whom a deputy does it (``for``), and
    where it goes straight back to when done (``back``), and for which element of a round it is (``item``).
    """

    id: UUID
    instance_id: UUID
    node: str
    subject_kind: str
    subject_id: UUID
    area: str
    grid: str
    post_id: int | None
    organisation_id: int | None
    assignee_id: UUID | None
    home_post_id: int | None
    stage: str
    status: str
    created_at: datetime
    due_at: datetime | None
    warn_at: datetime | None
    clock: JsonObject
    paused_at: datetime | None
    urged: int
    priority: int
    scope_id: UUID | None = None
    definition_id: UUID | None = None
    kind: TaskKind = "step"
    of_task: UUID | None = None
    held: bool = False
    origin: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Something that waits at ``node`` without being a task; a branch at a join came over ``sequence_flow``, else ""."""

    id: UUID
    instance_id: UUID
    node: str
    sequence_flow: str
    arrived_at: datetime
    kind: TokenKind = "join"
    scope_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """An open sub-process, round, call or compensation, within ``parent_id`` (None: the instance itself).

    ``node`` belongs to the parent's definition; ``definition_id`` is the called one's for a call. A round counts its
    instances: ``total``, ``done``, ``tally`` (outcome → count), ``rest`` (``next``: the elements not begun yet).
    ``variables`` are its own: the element of one instance, or all variables of a call.
    """

    id: UUID
    instance_id: UUID
    parent_id: UUID | None
    node: str
    kind: ScopeKind
    definition_id: UUID | None
    total: int
    done: int
    tally: JsonObject
    rest: JsonObject
    variables: JsonObject
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class TimerRow:
    """A timer (``node``: the event, or an overtime rule) of ``holder_id``: a task, token, scope, or the instance.

    ``wake_at`` is None while the instance is suspended; ``left_count``: how often it still fires after the next time, -1
    without end.
    """

    id: UUID
    instance_id: UUID
    holder_id: UUID
    node: str
    wake_at: datetime | None
    clock: JsonObject
    left_count: int = 0


@dataclass(frozen=True, slots=True)
class WaitRow:
    """What ``holder_id`` (as for timers) waits for: a message or signal (``name``, ``key``), a condition, a topic's worker."""

    id: UUID
    instance_id: UUID
    holder_id: UUID
    node: str
    kind: WaitKind
    name: str
    key: str
    area: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StepRow:
    """A finished step. ``used_seconds``, without pauses, are of its limit's kind: working or clock seconds."""

    id: UUID
    instance_id: UUID
    node: str
    how: How
    subject_kind: str
    subject_id: UUID
    area: str
    stage: str
    post_id: int | None
    organisation_id: int | None
    assignee_id: UUID | None
    actor_id: UUID | None
    actor_name: str
    outcome: str | None
    note: str
    created_at: datetime
    done_at: datetime
    due_at: datetime | None
    used_seconds: float
    overdue: bool
    scope_id: UUID | None = None
    definition_id: UUID | None = None
    kind: TaskKind = "step"


@dataclass(frozen=True, slots=True)
class Thrown:
    """A message or signal that the walk threw, to be delivered after the commit.

    ``own`` are the variables of the rounds and the call within which it was thrown; in a call (``called``) the instance's
    own are not seen.
    """

    kind: ThrownKind
    name: str
    key: str
    own: Mapping[str, Json] = field(default_factory=dict)
    called: bool = False

    def data(self, variables: Mapping[str, Json]) -> JsonObject:
        """What it carries, ``variables`` being the instance's; who started and who did what stays with the thrower."""
        seen = dict(self.own) if self.called else {**variables, **self.own}
        return {name: value for name, value in seen.items() if name not in ("starter", "by", "agreed")}


@dataclass(frozen=True, slots=True)
class Advance:
    """What an act on an instance has changed; ``status`` and ``stage`` are what its subject shows now.

    ``finished`` is the step that the act itself ended (None at a start, jump, cancel …), ``dropped`` the steps that
    ended with it. ``timer`` is the event's id when a timer or another event was the cause. ``ended``: nothing is open any
    more; ``end`` is the id of the end event reached (None when cancelled); ``error`` the code of an error that nothing
    caught. ``clocks``: all named clocks of the instance.
    """

    cause: Cause
    instance_id: UUID
    definition_id: UUID
    subject_kind: str
    subject_id: UUID
    state: InstanceState
    status: str
    stage: str
    ended: bool
    end: str | None
    new_tasks: tuple[TaskRow, ...]
    finished: StepRow | None
    dropped: tuple[StepRow, ...]
    timer: str | None
    clocks: Mapping[str, NamedClock]
    variables: Mapping[str, Json]
    thrown: tuple[Thrown, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class InstanceStory:
    """An instance with its open tasks, waiting branches and the path walked, oldest step first."""

    instance: InstanceRow
    definition: Definition
    tasks: tuple[TaskRow, ...]
    tokens: tuple[TokenRow, ...]
    timers: tuple[TimerRow, ...]
    steps: tuple[StepRow, ...]
    scopes: tuple[ScopeRow, ...] = ()
    waits: tuple[WaitRow, ...] = ()
