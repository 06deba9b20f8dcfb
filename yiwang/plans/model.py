"""The nouns of plans as typed records. Times are aware UTC, coordinates degrees (longitude, latitude; CGCS2000)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import JsonObject

KIND = "plan"
"""Kind of the grants: ``read`` plans, tasks and statistics; ``report`` progress."""


@dataclass(frozen=True, slots=True)
class PlanObject:
    """What a plan opens a case for. ``key`` orders the objects of a period and is theirs in every period."""

    key: str
    title: str
    area: str
    organisation_id: int | None
    lon: float | None = None
    lat: float | None = None
    fields: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPart:
    """A task into which a case is broken down; ``organisation`` is a code, ``limit`` of the plain grammar."""

    title: str
    text: str
    organisation: str
    limit: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a case and how it stands. ``late``: handled, or still open, after its deadline."""

    child_id: UUID
    number: str
    parent_id: UUID
    nth: int
    title: str
    organisation_id: int
    area: str
    weight: float
    percent: int
    card: str
    missed: int
    created_at: datetime
    ended_at: datetime | None
    state: str
    status: str
    due_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    filed_at: datetime
    urged: int
    type: str = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A case that was broken down, with its parts in their order."""

    parent_id: UUID
    number: str
    declared: str
    status: str
    divided_at: datetime
    divided_by: str
    percent: float
    settled_at: datetime | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """What an office reported for a period; ``text`` empty and ``given_at`` None: it is still owed, or was not given."""

    period: str
    due_at: datetime
    given_at: datetime | None
    given_by: str
    percent: int | None
    text: str


@dataclass(frozen=True, slots=True)
class OfficeFigures:
    """What an office did with the tasks of a time; ``cards`` shown by id; ``score`` None without a declared rule."""

    organisation_id: int
    tasks: int
    done: int
    in_time: int
    late: int
    missed: int
    percent: float
    cards: dict[str, int]
    score: float | None
