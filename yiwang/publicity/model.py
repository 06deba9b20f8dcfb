"""The nouns of publicity as typed records. Times are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.database import JsonObject

PUBLICATION = "publication"
"""Kind of the grants: ``read`` issues before and after, ``propose``, ``approve`` (and refuse), ``withdraw``."""
ANOMALY = "anomaly"
"""Kind of the grants: ``read`` rules and findings, ``run`` a rule now, ``set_aside`` a finding."""

PUBLICATION_VERBS = frozenset({"read", "propose", "approve", "withdraw"})
ANOMALY_VERBS = frozenset({"read", "run", "set_aside"})

IssueState = Literal["proposed", "running", "ended", "withdrawn", "refused"]
FindingState = Literal["open", "cleared", "set_aside"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of a publication. ``columns``: name, names and words of values, as they were when it was proposed."""

    id: UUID
    publication: str
    state: IssueState
    title: str
    note: str
    area: str
    organisation_id: int | None
    columns: list[JsonObject]
    row_count: int
    proposed_at: datetime
    proposed_by: UUID | None
    proposed_label: str
    decided_at: datetime | None
    decided_label: str
    reason: str
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class PublicRow:
    """A row as everybody sees it: ``shown`` is masked. ``own``: keyed digest by which its person finds it."""

    id: UUID
    issue_id: UUID
    nth: int
    thing_id: UUID | None
    case_id: UUID | None
    area: str
    at: datetime | None
    shown: JsonObject


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that is about to be kept."""

    thing_id: UUID | None
    case_id: UUID | None
    area: str
    at: datetime | None
    shown: JsonObject
    terms: tuple[str, ...]
    own: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found in one run: ``key`` tells the same finding again, ``things`` are records that show it, of ``count``."""

    key: str
    things: tuple[UUID, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, as it is kept."""

    id: UUID
    rule: str
    key: str
    state: FindingState
    things: list[UUID]
    area: str
    organisation_id: int | None
    reason_zh: str
    reason_en: str
    found_at: datetime
    cleared_at: datetime | None
    case_id: UUID | None
    case_number: str
    fault: str
    set_aside_at: datetime | None
    set_aside_label: str
    set_aside_reason: str


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule with its figures and its last run (None: it has not run)."""

    rule: str
    open: int
    cleared: int
    set_aside: int
    ran_at: datetime | None
    seconds: float | None
    fault: str
