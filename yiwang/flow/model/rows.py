"""The running nouns: instances, open tasks, waiting tokens, timers, finished steps, and what an act answers.

All times are aware UTC. ``area`` is an area code, ``grid`` a responsibility grid code or "".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.flow.clocks import NamedClock
from yiwang.flow.model.graph import Graph, Names
from yiwang.kernel.database import Json, JsonObject

DefinitionState = Literal["draft", "published", "retired"]
InstanceState = Literal["active", "suspended", "completed", "cancelled"]

How = Literal["done", "skipped", "sent_back", "timer", "withdrawn", "jumped", "cancelled"]
"""How a step ended: finished by a person, passed over, 退回, by its timer, withdrawn because the walk went on without
it, by an administrator's jump, or with the whole instance."""

Cause = Literal["start", "complete", "send_back", "timer", "suspend", "resume", "extend", "cancel", "jump", "reopen"]


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
    """An instance to start. ``variables`` are what the definition's conditions, posts and deadlines read."""

    instance_id: UUID
    definition: Definition
    subject_kind: str
    subject_id: UUID
    area: str
    grid: str
    variables: JsonObject


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


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A branch that waits at the parallel join ``node``; it came over ``sequence_flow``."""

    id: UUID
    instance_id: UUID
    node: str
    sequence_flow: str
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class TimerRow:
    """A boundary timer (``node``) of a task; ``wake_at`` is None while the instance is suspended."""

    id: UUID
    instance_id: UUID
    task_id: UUID
    node: str
    wake_at: datetime | None
    clock: JsonObject


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


@dataclass(frozen=True, slots=True)
class Advance:
    """What an act on an instance has changed; ``status`` and ``stage`` are what its subject shows now.

    ``finished`` is the step that the act itself ended (None at a start, jump, cancel …), ``dropped`` the steps that
    ended with it. ``timer`` is the boundary event's id when a timer was the cause. ``ended``: no open task is left;
    ``end`` is the id of the end event reached (None when cancelled). ``clocks``: all named clocks of the instance.
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


@dataclass(frozen=True, slots=True)
class InstanceStory:
    """An instance with its open tasks, waiting branches and the path walked, oldest step first."""

    instance: InstanceRow
    definition: Definition
    tasks: tuple[TaskRow, ...]
    tokens: tuple[TokenRow, ...]
    timers: tuple[TimerRow, ...]
    steps: tuple[StepRow, ...]
