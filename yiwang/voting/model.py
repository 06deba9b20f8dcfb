"""The nouns of votes as typed records. Times are aware UTC; weights are square metres times 100, whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.database import JsonObject
from yiwang.voting.declarations import VoteDeclaration

KIND = "vote"
"""Kind of the grants: ``read`` votes; ``start`` (call, withdraw); ``manage`` (roll, codes, proxies); ``record`` (paper)."""
GRANTS = frozenset({"read", "start", "manage", "record"})

VoteState = Literal["called", "counted", "withdrawn"]
CastHow = Literal["code", "proxy", "paper"]
Choices = Mapping[str, tuple[str, ...]]
"""By the question's number ("1"): the options chosen; none of them: abstained."""

FOR, AGAINST = "for", "against"
APPROVAL = ((FOR, "同意", "For"), (AGAINST, "不同意", "Against"))
"""The options of a question that only asks whether one agrees. Who chooses none abstains (弃权)."""


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question. ``options`` empty: whether one agrees; ``seats``: how many options may be chosen, and carried."""

    matter: str
    title: str
    options: tuple[Option, ...] = ()
    seats: int = 1

    @property
    def offered(self) -> tuple[Option, ...]:
        """The options as they stand on the ballot."""
        return self.options or tuple(Option(id, zh) for id, zh, _ in APPROVAL)


@dataclass(frozen=True, slots=True)
class NewVote:
    """What is needed to call a vote."""

    title: str
    scope: UUID
    questions: tuple[Question, ...]
    opens_at: datetime
    closes_at: datetime
    secret: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote that was called; ``result`` as :func:`yiwang.voting.counting.result_of`, None before it was counted."""

    id: UUID
    declared: VoteDeclaration
    case_id: UUID
    case_number: str
    scope_id: UUID
    scope_title: str
    area: str
    organisation_id: int | None
    title: str
    secret: bool
    questions: tuple[Question, ...]
    voices: int
    houses: int
    weight: int
    called_at: datetime
    called_by: str
    opens_at: datetime
    closes_at: datetime
    state: VoteState
    ended_at: datetime | None
    reason: str
    result: JsonObject | None

    def open_at(self, now: datetime) -> bool:
        return self.state == "called" and self.opens_at <= now < self.closes_at


@dataclass(frozen=True, slots=True)
class House:
    """A house of the electorate with the things that own it; ``owners``: (thing, name, last four signs)."""

    id: UUID
    title: str
    weight: int
    owners: tuple[tuple[UUID, str, str], ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """An entry of the roll: one ballot. ``owners``: keyed digests; ``owner_names`` masked; ``code`` whether it has one."""

    id: UUID
    vote_id: UUID
    nth: int
    title: str
    houses: int
    owners: tuple[str, ...]
    owner_names: str
    weight: int
    coded_at: datetime | None
    tries: int
    tried_at: datetime | None
    proxy: str | None
    proxy_name: str
    cast_at: datetime | None
    cast_how: str
    choices: JsonObject | None
    read_label: str
    """Who has read its ballot on paper once; "" where none waits for a second reader."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """What lies in the box, opened. ``voice``: of an open vote only."""

    choices: Choices
    weight: int
    how: CastHow
    voice: UUID | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a voter is given: shows that the ballot lies in the box, never what it says."""

    code: str
    title: str
    cast_at: datetime
