"""The nouns of identity resolution: reasons, pairs, merges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.registry.declarations import Likeness

Level = Literal["same", "review"]
State = Literal["open", "merged", "different"]
Decision = Literal["merge", "different", "later", "open"]


@dataclass(frozen=True, slots=True)
class Reason:
    """What one attribute said: ``similarity`` 0…1, ``points`` added (or taken away)."""

    attribute: str
    how: Likeness
    similarity: float
    points: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be the same, ``low`` the older. ``postponed_at``: when somebody put it off."""

    id: UUID
    type: str
    low: UUID
    high: UUID
    score: float
    level: Level
    state: State
    reasons: Sequence[Reason]
    found_at: datetime
    postponed_at: datetime | None
    decided_at: datetime | None
    decided_label: str
    note: str


@dataclass(frozen=True, slots=True)
class Merge:
    """One record made part of another. ``facts`` and ``relations``: what was believed of the merged one; relation
    ``moved_from[n]`` goes on as ``moved[n]``; ``kept_before``/``kept_after``: what was believed of the kept one, where
    attributes were taken over."""

    id: UUID
    type: str
    kept: UUID
    merged: UUID
    facts: Sequence[UUID]
    kept_before: Sequence[UUID]
    kept_after: Sequence[UUID]
    relations: Sequence[UUID]
    moved_from: Sequence[UUID]
    moved: Sequence[UUID]
    merged_at: datetime
    merged_label: str
    reason: str
    undone_at: datetime | None
    undone_label: str
    undone_reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """A finished search. ``counts``: pairs by level, merged at once, groups passed over."""

    id: UUID
    type: str
    started_at: datetime
    finished_at: datetime
    things: int
    compared: int
    counts: dict[str, int]
    by_label: str
