"""HTTP routes of matching. Thin. Times ISO 8601 with zone; scores 0 to 100."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.matching.api_views import (
    CaseMatches,
    MatchAnswerBody,
    MatchByHandBody,
    MatchEndBody,
    MatchFigures,
    MatchRoundView,
    MatchRules,
    ProposalPage,
    ProposalView,
    case_view,
    figures_view,
    proposal_view,
    rule_view,
)
from yiwang.matching.model import State
from yiwang.matching.service import MatchService

router = APIRouter(prefix="/api/v1", tags=["matching 供需匹配"], responses=problems(*BEFORE_ANY_ROUTE))

RuleId = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")]


@router.get("/matches", summary="Matching rules 匹配规则")
async def matching_rules(request: Request, actor: SignedInActor) -> MatchRules:
    """Which needs are matched with which offers, and by what."""
    return MatchRules(items=[rule_view(pack, rule) for pack, rule in await _service(request).answering.rules()])


@router.get(
    "/matches/{rule}/proposals",
    summary="Who was asked 匹配建议",
    responses=problems("match.unknown", "identity.forbidden"),
)
async def match_proposals(
    request: Request,
    rule: RuleId,
    actor: SignedInActor,
    mine: Annotated[bool, Query(description="Those that ask the reader in person")] = False,
    state: Annotated[tuple[State, ...], Query(max_length=6)] = (),
    after: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ProposalPage:
    """Newest first: within the reader's reach, or their own; each with the reasons."""
    shown = await _service(request).answering.listed(actor, rule, state, mine, after, limit)
    found = shown.proposals
    return ProposalPage(
        items=[proposal_view(shown, each) for each in found], after=found[-1].id if len(found) == limit else None
    )


@router.get(
    "/matches/{rule}/figures",
    summary="What offers did 服务统计",
    responses=problems("match.unknown", "identity.forbidden"),
)
async def match_figures(
    request: Request,
    rule: RuleId,
    actor: SignedInActor,
    since: Annotated[AwareDatetime, Query(description="Asked from then on")],
    until: Annotated[AwareDatetime, Query(description="and before then")],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MatchFigures:
    """Needs served, what was rendered (hours of service), satisfaction: of all together, and by offer."""
    return figures_view(await _service(request).answering.figures(actor, rule, since, until, limit), since, until)


@router.post(
    "/matches/{rule}/assign",
    summary="Match all that waits 批量匹配",
    responses=problems("match.unknown", "identity.forbidden"),
)
async def match_all(request: Request, rule: RuleId, actor: SignedInActor) -> MatchRoundView:
    """Everything that waits is looked at together: as many as can be, by the best scores; offers are asked."""
    done = await _service(request).assign(actor, rule)
    return MatchRoundView(needs=done.needs, asked=done.proposed, unmatched=done.unmatched)


@router.get(
    "/cases/{case_id}/matches",
    summary="Who fits a case 本案匹配",
    responses=problems("not_found", "match.unknown", "identity.forbidden"),
)
async def case_matches(
    request: Request,
    case_id: UUID,
    actor: SignedInActor,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> CaseMatches:
    """Who was asked, and while the case waits, who else fits best and why."""
    return case_view(await _service(request).answering.of_case(actor, case_id, limit))


@router.post(
    "/cases/{case_id}/matches",
    status_code=201,
    summary="Ask an offer by hand 人工指定",
    responses=problems("not_found", "match.unknown", "match.not_waiting", "match.offer_unfit", "identity.forbidden"),
)
async def ask_by_hand(request: Request, case_id: UUID, body: MatchByHandBody, actor: SignedInActor) -> ProposalView:
    """An offer that fits is asked before all others."""
    shown = await _service(request).answering.propose(actor, case_id, body.offer_id)
    return proposal_view(shown, shown.proposals[0])


@router.post(
    "/match-proposals/{proposal_id}/answer",
    summary="Accept or decline 答复",
    responses=problems(
        "match.proposal_unknown", "match.proposal_answered", "match.not_waiting", "flow.task_already_done",
        "flow.instance_suspended", "case.outcome_needs", "identity.forbidden",
    ),
)  # fmt: skip
async def answer_proposal(
    request: Request, proposal_id: UUID, body: MatchAnswerBody, actor: SignedInActor
) -> ProposalView:
    """By the person asked, or whoever answers for offers there. Accepting ends the step of waiting; after declining the next
    is asked."""
    shown = await _service(request).answering.answer(actor, proposal_id, accepted=body.accepted, reason=body.reason)
    return proposal_view(shown, shown.proposals[0])


@router.post(
    "/match-proposals/{proposal_id}/end",
    summary="What was agreed has ended 结束",
    responses=problems("match.proposal_unknown", "match.proposal_answered", "identity.forbidden"),
)
async def end_proposal(request: Request, proposal_id: UUID, body: MatchEndBody, actor: SignedInActor) -> ProposalView:
    """For needs that are things; for cases it ends with the case."""
    shown = await _service(request).answering.end(actor, proposal_id, body.amount, body.satisfaction)
    return proposal_view(shown, shown.proposals[0])


def _service(request: Request) -> MatchService:
    service: MatchService = request.app.state.matching
    return service
