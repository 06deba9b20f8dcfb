"""The nouns of matching as typed records. Times are aware UTC, coordinates degrees (longitude, latitude; CGCS2000), scores 0 to
100, distances metres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.database import JsonObject

KIND = "match"
"""Kind of the grants: ``read`` proposals and figures · ``answer`` for offers · ``propose`` by hand, match a whole batch."""

GRANTS = frozenset({"read", "answer", "propose"})

State = Literal["open", "accepted", "refused", "expired", "withdrawn", "done"]
NeedKind = Literal["case", "thing"]


@dataclass(frozen=True, slots=True)
class Need:
    """What asks. ``values``: fields of the case, or attributes of the thing; ``asked``: offers that were asked before."""

    id: UUID
    values: JsonObject
    lon: float | None = None
    lat: float | None = None
    area: str = ""
    number: str = ""
    task_id: UUID | None = None
    asked: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered. ``used`` of ``capacity`` is taken; ``marks`` is the sum of ``marked`` marks of 1 to 5."""

    id: UUID
    values: JsonObject
    area: str
    organisation_id: int | None
    lon: float | None
    lat: float | None
    capacity: int
    used: int = 0
    marks: float = 0.0
    marked: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that fits a need: ``terms`` by id, each 0 to 1; ``metres`` None where a place is missing."""

    offer: Offer
    place: int
    score: float
    metres: float | None
    terms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An offer that was asked for a need, and what came of it. ``explained``: worth of each term, metres, rank."""

    id: UUID
    rule: str
    need_kind: NeedKind
    need_id: UUID
    task_id: UUID | None
    number: str
    offer_id: UUID
    account_id: UUID | None
    area: str
    organisation_id: int | None
    score: float
    explained: JsonObject
    by_hand: bool
    state: State
    proposed_at: datetime
    proposed_by: str
    answer_by: datetime
    answered_at: datetime | None = None
    answered_by: str = ""
    reason: str = ""
    amount: float | None = None
    satisfaction: int | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferFigures:
    """What an offer was asked for and did in a time."""

    offer_id: UUID
    asked: int
    accepted: int
    refused: int
    expired: int
    done: int
    amount: float
    satisfaction: float | None


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of matching did."""

    needs: int = 0
    proposed: int = 0
    unmatched: int = 0
    more: bool = False
    proposals: tuple[Proposal, ...] = field(default=())
