"""Appeals against being counted as late: asking, reviewing, deciding. Thin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from yiwang.insight.api.bodies import Body, Note, service_of
from yiwang.insight.appeals import Appeal
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems
from yiwang.kernel.text import CleanText

router = APIRouter(tags=["appeals 超时申诉"])
_REFUSED = ("insight.appeal_not_now", "not_found")


class AppealBody(Body):
    """Why being late was not the department's doing."""

    reason: Note


class ReviewBody(Body):
    """``result``: support passes it on to intake."""

    result: Literal["support", "refuse"]
    note: Annotated[CleanText, Field(max_length=2000)] = ""


class DecisionBody(Body):
    """``result``: approve exempts the late round from all statistics."""

    result: Literal["approve", "refuse"]
    note: Annotated[CleanText, Field(max_length=2000)] = ""


class AppealView(BaseModel):
    """An appeal with what was said at each stage."""

    case_id: UUID
    number: str
    reason: str
    state: Literal["pending", "reviewed", "approved", "refused"]
    requested_name: str
    requested_at: datetime
    reviewed_name: str | None
    reviewed_at: datetime | None
    review_note: str | None
    decided_name: str | None
    decided_at: datetime | None
    decision_note: str | None


class AppealPage(BaseModel):
    items: list[AppealView]


@router.get("/appeals", summary="Open appeals 待办申诉", responses=problems())
async def appeals(
    request: Request, actor: SignedInActor, limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> AppealPage:
    """Appeals that wait for a review or a decision, of cases that the caller may read; the oldest first."""
    found = await service_of(request).appeals.open_ones(actor, limit=limit)
    return AppealPage(items=[_view(one) for one in found])


@router.get("/cases/{case_id}/appeal", summary="Appeal of a case 本案申诉", responses=problems("not_found"))
async def appeal(request: Request, case_id: UUID, actor: SignedInActor) -> AppealView | None:
    """Null where there is none."""
    found = await service_of(request).appeals.of_case(case_id, actor)
    return None if found is None else _view(found)


@router.post("/cases/{case_id}/appeal", status_code=201, summary="Appeal 申诉", responses=problems(*_REFUSED))
async def request_(request: Request, case_id: UUID, body: AppealBody, actor: SignedInActor) -> AppealView:
    """Only for a closed case that was handled late, once. Grant `case: appeal`."""
    return _view(await service_of(request).appeals.request(case_id, actor, body.reason))


@router.post("/cases/{case_id}/appeal/review", summary="Review 申诉初审", responses=problems(*_REFUSED))
async def review(request: Request, case_id: UUID, body: ReviewBody, actor: SignedInActor) -> AppealView:
    """By dispatch. Grant `case: review_appeal`."""
    service = service_of(request)
    return _view(await service.appeals.review(case_id, actor, support=body.result == "support", note=body.note))


@router.post("/cases/{case_id}/appeal/decide", summary="Decide 申诉终审", responses=problems(*_REFUSED))
async def decide(request: Request, case_id: UUID, body: DecisionBody, actor: SignedInActor) -> AppealView:
    """By intake; approved, the late round is exempt. Grant `case: decide_appeal`."""
    service = service_of(request)
    return _view(await service.appeals.decide(case_id, actor, approve=body.result == "approve", note=body.note))


def _view(one: Appeal) -> AppealView:
    return AppealView(
        case_id=one.case_id, number=one.number, reason=one.reason, state=one.state, requested_name=one.requested_name,
        requested_at=one.requested_at, reviewed_name=one.reviewed_name, reviewed_at=one.reviewed_at,
        review_note=one.review_note, decided_name=one.decided_name, decided_at=one.decided_at,
        decision_note=one.decision_note,
    )  # fmt: skip
