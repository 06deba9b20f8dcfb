"""HTTP routes of votes. Thin. Casting, receipts and results are open to everybody; the rest goes by the grants on ``vote``."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

import yiwang.casework.errors
import yiwang.flow.errors
import yiwang.voting.errors  # noqa: F401  # registers the codes that descriptions name, as do those before
from yiwang.casework.api.secrecy import require_own_tasks
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.voting.api_views import (
    BallotView,
    CastBody,
    CodeList,
    CodesBody,
    EnterBody,
    PaperAnswer,
    PaperBody,
    ProxyBody,
    ReceiptBody,
    ReceiptState,
    ResultList,
    RollPage,
    VoiceView,
    VoteBody,
    VoteKinds,
    VoteList,
    VoteReceiptView,
    VoteView,
    VoteWithdrawBody,
    ballot_view,
    code_view,
    kind_view,
    receipt_state,
    receipt_view,
    result_item,
    voice_view,
    vote_view,
)
from yiwang.voting.box import choices_of
from yiwang.voting.model import VoteState
from yiwang.voting.service import VotingService

router = APIRouter(prefix="/api/v1", tags=["votes 表决"], responses=problems(*BEFORE_ANY_ROUTE))

VoteId = Annotated[UUID, Path(description="The vote's id")]
_CODE = ("vote.code_wrong", "vote.too_many_tries")
_CASTING = ("vote.not_open", "vote.already_cast", "vote.ended", "vote.unknown")


# -- for everybody --------------------------------------------------------------------------------------------------------


@router.post("/votes/ballot", summary="The ballot paper 取得表决票", responses=problems(*_CODE))
async def enter(request: Request, body: EnterBody) -> BallotView:
    """By the code of the letter and the last four signs of an owner's number, or of the proxy's."""
    service = voting_of(request)
    vote, voice = await service.casting.enter(body.code, body.number)
    return ballot_view(vote, voice, service.context.clock.now())


@router.post("/votes/cast", status_code=201, summary="Cast 投票", responses=problems(*_CODE, *_CASTING))
async def cast(request: Request, body: CastBody) -> VoteReceiptView:
    """Once; what is answered is a receipt that shows later that the ballot was counted."""
    service = voting_of(request)
    return receipt_view(await service.casting.cast(body.code, body.number, choices_of(body.choices)))


@router.post("/votes/receipt", summary="Check a receipt 核对回执", responses=problems("vote.receipt_unknown"))
async def receipt(request: Request, body: ReceiptBody) -> ReceiptState:
    """Whether the ballot lies in the box, and was counted; never what it says."""
    return receipt_state(await voting_of(request).casting.receipt(body.receipt))


@router.get("/votes/results", summary="Results 表决结果")
async def results(
    request: Request,
    after: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ResultList:
    """Votes that were counted, newest first."""
    found = await voting_of(request).results(after, limit)
    return ResultList(items=[result_item(each) for each in found], after=found[-1].id if len(found) == limit else None)


# -- for offices ----------------------------------------------------------------------------------------------------------


@router.get("/votes/kinds", summary="Kinds of votes 表决种类")
async def kinds(request: Request, actor: SignedInActor) -> VoteKinds:
    """At which step of which cases votes are called, and on what by which rule."""
    return VoteKinds(items=[kind_view(each) for each in await voting_of(request).declarations()])


@router.get("/votes", summary="Votes 表决", responses=problems("identity.forbidden"))
async def votes(
    request: Request,
    actor: SignedInActor,
    state: Annotated[VoteState | None, Query()] = None,
    after: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> VoteList:
    """Within the reader's reach, newest first."""
    service = voting_of(request)
    found = await service.votes(actor, state, after, limit)
    now = service.context.clock.now()
    return VoteList(items=[vote_view(each, now) for each in found], after=found[-1].id if len(found) == limit else None)


@router.get("/votes/{vote}", summary="A vote 一次表决", responses=problems("vote.unknown"))
async def one_vote(request: Request, vote: VoteId, actor: SignedInActor) -> VoteView:
    """How many have voted, and after the end what came of it."""
    service = voting_of(request)
    found, count = await service.one(actor, vote)
    return vote_view(found, service.context.clock.now(), count)


@router.get("/cases/{case_id}/votes", summary="Votes of a case 本案的表决", responses=problems("not_found"))
async def votes_of_case(request: Request, case_id: UUID, actor: SignedInActor) -> VoteList:
    """Newest first; for whoever may read the case."""
    service = voting_of(request)
    now = service.context.clock.now()
    return VoteList(items=[vote_view(each, now) for each in await service.of_case(actor, case_id)], after=None)


@router.post(
    "/cases/{case_id}/votes",
    status_code=201,
    summary="Call a vote 发起表决",
    responses=problems(
        "not_found", "identity.forbidden", "vote.not_now", "vote.matter_unknown", "vote.question_options", "vote.time",
        "vote.nobody", "vote.roll_incomplete", "thing.unknown", "flow.task_not_yours", "flow.task_already_done",
        "flow.instance_suspended", "flow.not_allowed", "case.outcome_needs",
    ),
)  # fmt: skip
async def call(request: Request, case_id: UUID, body: VoteBody, actor: SignedInActor) -> VoteView:
    """The roll is frozen as the registry knows it now; the case's step ends."""
    service = voting_of(request)
    require_own_tasks(actor, "complete_any")
    made = await service.calling.call(actor, case_id, body.new())
    return vote_view(made, service.context.clock.now(), 0)


@router.post(
    "/votes/{vote}/withdraw",
    summary="Withdraw 撤回表决",
    responses=problems("vote.unknown", "vote.ended", "identity.forbidden"),
)
async def withdraw(request: Request, vote: VoteId, body: VoteWithdrawBody, actor: SignedInActor) -> VoteView:
    """Ballots are destroyed unread; the case goes back to where its flow says."""
    service = voting_of(request)
    return vote_view(await service.calling.withdraw(actor, vote, body.reason), service.context.clock.now())


@router.get(
    "/votes/{vote}/roll", summary="The roll 表决权人名册", responses=problems("vote.unknown", "identity.forbidden")
)
async def roll(
    request: Request,
    vote: VoteId,
    actor: SignedInActor,
    cast: Annotated[bool | None, Query(description="Only those that have voted, or have not.")] = None,
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RollPage:
    """Who may vote, and who has; owners masked."""
    _, found = await voting_of(request).roll(actor, vote, after, limit, cast=cast)
    return RollPage(items=[voice_view(each) for each in found], after=found[-1].nth if len(found) == limit else None)


@router.post(
    "/votes/{vote}/codes",
    status_code=201,
    summary="Give out codes 发放表决码",
    responses=problems("vote.unknown", "vote.ended", "vote.voice_unknown", "vote.already_cast", "identity.forbidden"),
)
async def codes(request: Request, vote: VoteId, body: CodesBody, actor: SignedInActor) -> CodeList:
    """For the letters to the owners; told once. A new code of an entry replaces its old one."""
    found = await voting_of(request).casting.give_codes(actor, vote, body.voices)
    return CodeList(items=[code_view(each) for each in found])


@router.post(
    "/votes/{vote}/proxies",
    status_code=201,
    summary="Enter a proxy 登记委托",
    responses=problems(
        "vote.unknown", "vote.ended", "vote.voice_unknown", "vote.already_cast", "vote.proxy_refused",
        "case.photo_unknown", "identity.forbidden",
    ),
)  # fmt: skip
async def proxy(request: Request, vote: VoteId, body: ProxyBody, actor: SignedInActor) -> VoiceView:
    """With the written proof; the proxy then votes with the code of the voice and the last four signs of their own number."""
    casting = voting_of(request).casting
    return voice_view(await casting.register_proxy(actor, vote, body.voice, body.name, body.number, body.claim()))


@router.post(
    "/votes/{vote}/papers",
    status_code=201,
    summary="Read a ballot on paper 录入纸质票",
    responses=problems(
        *_CASTING, "vote.voice_unknown", "vote.paper_refused", "vote.paper_differs", "identity.forbidden"
    ),
)
async def paper(request: Request, vote: VoteId, body: PaperBody, actor: SignedInActor) -> PaperAnswer:
    """The first reading waits for a second one by another clerk; the ballot is cast when both are the same."""
    done = await voting_of(request).casting.read_paper(actor, vote, body.voice, choices_of(body.choices))
    return PaperAnswer(waits=done is None, receipt=receipt_view(done) if done is not None else None)


def voting_of(request: Request) -> VotingService:
    service: VotingService = request.app.state.voting
    return service
