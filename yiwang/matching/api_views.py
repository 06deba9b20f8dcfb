"""What the routes of matching take and answer. Scores 0 to 100, worth of terms 0 to 1, distances metres."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from yiwang.kernel.text import CleanText
from yiwang.matching.answering import STATE_WORDS, Figures, Shown
from yiwang.matching.declarations import MatchDeclaration, Words
from yiwang.matching.model import Candidate, Proposal, State


class MatchWords(BaseModel):
    zh: str
    en: str


class MatchTermView(BaseModel):
    """A term of a rule; ``must`` is the least that it has to be worth."""

    id: str
    names: MatchWords
    kind: str
    weight: float
    must: float


class MatchRuleView(BaseModel):
    """A rule: which cases (or things) need what is offered by things of a type."""

    id: str
    names: MatchWords
    pack: str
    need_case: str | None
    need_type: str | None
    node: str | None
    offer_type: str
    radius: int | None
    ask: int
    answer_within: str
    terms: list[MatchTermView]


class MatchRules(BaseModel):
    items: list[MatchRuleView]


class TermWorth(BaseModel):
    """Why: what a term is worth here, and how many of the 100 points it gave."""

    id: str
    names: MatchWords
    worth: float
    points: float


class ProposalView(BaseModel):
    """An offer that was asked. ``offer`` is what it is called, masked; ``amount`` and ``satisfaction`` once it is done."""

    id: UUID
    rule: str
    number: str
    need_kind: str
    need_id: UUID
    offer_id: UUID
    offer: str
    score: float
    metres: int | None
    why: list[TermWorth]
    by_hand: bool
    state: State
    state_words: MatchWords
    proposed_at: datetime
    proposed_by: str
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str
    reason: str
    amount: float | None
    satisfaction: int | None


class ProposalPage(BaseModel):
    items: list[ProposalView]
    after: UUID | None


class CandidateView(BaseModel):
    """An offer that fits, with the reasons."""

    offer_id: UUID
    offer: str
    score: float
    metres: int | None
    used: int
    capacity: int
    why: list[TermWorth]


class CaseMatches(BaseModel):
    """``waiting``: whether the case waits for an offer now; only then there are candidates."""

    rule: str
    names: MatchWords
    waiting: bool
    proposals: list[ProposalView]
    candidates: list[CandidateView]


class MatchAnswerBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accepted: bool
    reason: CleanText = Field("", max_length=500)


class MatchByHandBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    offer_id: UUID


class MatchEndBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: float | None = Field(None, ge=0, le=1_000_000, allow_inf_nan=False)
    satisfaction: int | None = Field(None, ge=1, le=5)


class MatchRoundView(BaseModel):
    """What matching a whole batch came to."""

    needs: int
    asked: int
    unmatched: int


class OfferFiguresRow(BaseModel):
    """What an offer was asked in the time and did; ``amount`` is what was rendered, e.g. hours."""

    offer_id: UUID
    offer: str
    asked: int
    accepted: int
    refused: int
    expired: int
    done: int
    amount: float
    satisfaction: float | None


class MatchFigures(BaseModel):
    """Sums over all offers within the reader's reach, then the offers, most rendered first."""

    rule: str
    names: MatchWords
    since: datetime
    until: datetime
    served: int
    serving: int
    amount: float
    satisfaction: float | None
    items: list[OfferFiguresRow]


def words_view(words: Words) -> MatchWords:
    return MatchWords(zh=words.zh, en=words.en)


def rule_view(pack: str, rule: MatchDeclaration) -> MatchRuleView:
    return MatchRuleView(
        id=rule.id, names=words_view(rule.names), pack=pack, need_case=rule.needs.case, need_type=rule.needs.type,
        node=rule.needs.node, offer_type=rule.offers.type, radius=rule.radius, ask=rule.ask,
        answer_within=rule.answer_within,
        terms=[
            MatchTermView(id=each.id, names=words_view(each.names), kind=each.kind, weight=each.weight, must=each.must)
            for each in rule.terms
        ],
    )  # fmt: skip


def _why(rule: MatchDeclaration, worth: dict[str, float]) -> list[TermWorth]:
    whole = sum(term.weight for term in rule.terms)
    return [
        TermWorth(
            id=term.id, names=words_view(term.names), worth=worth[term.id],
            points=round(100 * term.weight * worth[term.id] / whole, 2),
        )
        for term in rule.terms
        if term.id in worth
    ]  # fmt: skip


def proposal_view(shown: Shown, each: Proposal) -> ProposalView:
    zh, en = STATE_WORDS[each.state]
    terms, metres = each.explained.get("terms"), each.explained.get("metres")
    worth = {
        name: float(value)
        for name, value in (terms.items() if isinstance(terms, dict) else ())
        if isinstance(value, int | float)
    }
    return ProposalView(
        id=each.id, rule=each.rule, number=each.number, need_kind=each.need_kind, need_id=each.need_id,
        offer_id=each.offer_id, offer=shown.titles.get(each.offer_id, ""), score=round(each.score, 2),
        metres=metres if isinstance(metres, int) else None, why=_why(shown.rule, worth), by_hand=each.by_hand,
        state=each.state, state_words=MatchWords(zh=zh, en=en), proposed_at=each.proposed_at,
        proposed_by=each.proposed_by, answer_by=each.answer_by, answered_at=each.answered_at,
        answered_by=each.answered_by, reason=each.reason, amount=each.amount, satisfaction=each.satisfaction,
    )  # fmt: skip


def candidate_view(shown: Shown, each: Candidate) -> CandidateView:
    return CandidateView(
        offer_id=each.offer.id, offer=shown.titles.get(each.offer.id, ""), score=each.score,
        metres=None if each.metres is None else round(each.metres), used=each.offer.used, capacity=each.offer.capacity,
        why=_why(shown.rule, dict(each.terms)),
    )  # fmt: skip


def case_view(shown: Shown) -> CaseMatches:
    return CaseMatches(
        rule=shown.rule.id, names=words_view(shown.rule.names), waiting=shown.waiting,
        proposals=[proposal_view(shown, each) for each in shown.proposals],
        candidates=[candidate_view(shown, each) for each in shown.candidates],
    )  # fmt: skip


def figures_view(found: Figures, since: datetime, until: datetime) -> MatchFigures:
    return MatchFigures(
        rule=found.rule.id, names=words_view(found.rule.names), since=since, until=until, served=found.served,
        serving=found.serving, amount=round(found.amount, 2), satisfaction=_mean(found.satisfaction),
        items=[
            OfferFiguresRow(
                offer_id=each.offer_id, offer=found.titles.get(each.offer_id, ""), asked=each.asked,
                accepted=each.accepted, refused=each.refused, expired=each.expired, done=each.done,
                amount=round(each.amount, 2), satisfaction=_mean(each.satisfaction),
            )
            for each in found.offers
        ],
    )  # fmt: skip


def _mean(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
