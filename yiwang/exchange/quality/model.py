"""The nouns of quality: runs, rules as judged, scores, defects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.database import JsonObject

KIND = "quality"
"""The kind of the grants: ``read`` sees scores and defects, ``run`` judges anew and sends defects to their source."""

Dimension = Literal["complete", "unique", "valid", "consistent", "timely", "referential"]
DIMENSIONS: tuple[Dimension, ...] = ("complete", "unique", "valid", "consistent", "timely", "referential")
NO_SOURCE = 0
"""The organisation's number of records that belong to none."""
STREET = 9
"""Scores are kept by areas of so many digits at most: districts, streets and towns."""


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule as a run judged by it. ``weight`` is its part in the score."""

    id: str
    zh: str
    en: str
    dimension: Dimension
    weight: float
    declared: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One check of all records of a type, as they were believed at ``at`` (city time); ``judged`` records so far.
    ``night``: the day whose nightly check it is. ``begun_at`` and ``finished_at`` are real time."""

    id: UUID
    type: str
    rules: tuple[RuleShown, ...]
    state: str
    night: date | None
    at: datetime
    asked_label: str
    after_thing: UUID | None
    judged: int
    begun_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many records of a source a rule could judge, and how many broke it."""

    organisation_id: int
    rule: str
    judged: int
    failed: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a check reads it; ``digests``: of the values that nobody else may have, by rule."""

    thing_id: UUID
    type_version: int
    attributes: JsonObject
    area: str
    organisation_id: int
    recorded_from: datetime
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class Defect:
    """A record that breaks rules; ``weight`` is the sum of their weights."""

    thing_id: UUID
    organisation_id: int
    area: str
    rules: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Defects that were sent to their source as a case. ``rule`` empty: all rules. ``area``: of the source."""

    id: UUID
    run_id: UUID
    type: str
    organisation_id: int
    area: str
    rule: str
    failed: int
    case_id: UUID
    case_number: str
    at: datetime
    by_label: str


def score_of(counts: list[RuleCount], rules: tuple[RuleShown, ...]) -> float | None:
    """0 to 100: of all that the rules could judge, the part that held, each rule by its weight; None: nothing judged."""
    weights = {rule.id: rule.weight for rule in rules}
    judged = sum(weights.get(count.rule, 0) * count.judged for count in counts)
    failed = sum(weights.get(count.rule, 0) * count.failed for count in counts)
    return round(100 * (judged - failed) / judged, 2) if judged else None
