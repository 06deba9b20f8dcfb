"""Absences and deputies over HTTP: declared by oneself or an administrator, changed, ended, listed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, StringConstraints

from yiwang.identity.api.bodies import (
    Body,
    Limit,
    Moment,
    PersonView,
    PostView,
    Reason,
    service_of,
)
from yiwang.identity.directory import Directory
from yiwang.identity.model import AbsenceRow, StandIn
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["absences 请假与代理"])

Kind = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=100)]

_CHANGE = ("identity.sign_in_needed", "identity.forbidden", "identity.cross_site")
_DEPUTY = (
    "identity.deputy_unfit",
    "identity.own_grant",
    "identity.administrator_absence",
    "identity.absence_period",
    "identity.absence_overlaps",
)
_OPEN = (*_CHANGE, "identity.absence_missing", "identity.absence_over")


class AbsenceBody(Body):
    deputy: UUID = Field(description="Account that does the tasks meanwhile.")
    starts_at: Moment | None = Field(None, description="City time; default: now.")
    ends_at: Moment = Field(description="City time, exclusive; at most 366 days after the beginning.")
    kinds: list[Kind] = Field(
        default_factory=list, max_length=100, description="Only these definitions or case types; default: all business."
    )
    reason: Reason = Field("", description="Seen by the person, the deputy and administrators; not in the journal.")


class AbsenceChangeBody(Body):
    deputy: UUID | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    kinds: list[Kind] | None = Field(None, max_length=100)
    reason: Reason | None = None


class AbsenceView(BaseModel):
    id: UUID
    person: PersonView
    deputy: PersonView
    starts_at: datetime
    ends_at: datetime
    kinds: list[str] = Field(description="Definitions or case types to which it is limited; empty: all business.")
    reason: str
    declared_at: datetime
    acting: PersonView | None = Field(
        description="Who does the work now: the deputy, or whoever acts for one who is away too; null before, after, and"
        " where nobody does."
    )

    @classmethod
    def of(cls, row: AbsenceRow, service: IdentityService) -> AbsenceView:
        acting = service.absences.acting(row)
        return cls(
            id=row.id,
            person=_person(row.account_id, service.directory),
            deputy=_person(row.deputy_id, service.directory),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            kinds=sorted(row.kinds),
            reason=row.reason,
            declared_at=row.declared_at,
            acting=_person(acting, service.directory) if acting is not None else None,
        )


class AbsencePage(BaseModel):
    items: list[AbsenceView]
    next: UUID | None = Field(description="Give it as `after` for the next page; null at the end.")


class StandInView(BaseModel):
    """For whom one acts (代), with the posts whose tasks one therefore has."""

    person: PersonView
    posts: list[PostView]
    ends_at: datetime

    @classmethod
    def of(cls, row: StandIn, directory: Directory) -> StandInView:
        posts = [post for post_id in row.post_ids if (post := directory.post(post_id)) is not None]
        return cls(
            person=PersonView(id=row.person.id, name=row.person.name),
            posts=[PostView.of(post) for post in posts],
            ends_at=row.ends_at,
        )


class StandInList(BaseModel):
    items: list[StandInView]


def _person(account_id: UUID, directory: Directory) -> PersonView:
    person = directory.person(account_id)
    return PersonView(id=account_id, name=person.name if person is not None else "")


@router.get(
    "/absences",
    summary="Absences 请假记录",
    responses=problems("identity.sign_in_needed", "identity.forbidden", "identity.account_missing"),
)
async def page(
    request: Request,
    actor: SignedInActor,
    account: Annotated[UUID | None, Query(description="Of this account; default: one's own.")] = None,
    everyone: Annotated[bool, Query(description="Of all accounts that one may read.")] = False,
    past: Annotated[bool, Query(description="Those that are over, too.")] = False,
    after: UUID | None = None,
    limit: Limit = 50,
) -> AbsencePage:
    """Absences of an account and those in which it is the deputy, the newest first."""
    service = service_of(request)
    rows = await service.absences.page(actor, account, everyone=everyone, past=past, after=after, limit=limit)
    return AbsencePage(
        items=[AbsenceView.of(row, service) for row in rows], next=rows[-1].id if len(rows) == limit else None
    )


@router.get("/absences/standing-in", summary="For whom I act 我代理谁", responses=problems("identity.sign_in_needed"))
async def standing_in(request: Request, actor: SignedInActor) -> StandInList:
    """The people for whom one acts now in all business, with the posts whose tasks one therefore has."""
    service = service_of(request)
    return StandInList(items=[StandInView.of(row, service.directory) for row in service.absences.standing_in(actor)])


@router.post(
    "/accounts/{account_id}/absences",
    status_code=201,
    summary="Declare an absence 登记请假",
    responses=problems(*_CHANGE, "identity.account_missing", *_DEPUTY),
)
async def declare(request: Request, actor: SignedInActor, account_id: UUID, body: AbsenceBody) -> AbsenceView:
    """Say that one is away, or with `post:appoint` that somebody else is, and who does the tasks meanwhile."""
    service = service_of(request)
    row = await service.absences.declare(
        actor, account_id, body.deputy, body.ends_at, body.starts_at, kinds=body.kinds, reason=body.reason
    )
    return AbsenceView.of(row, service)


@router.patch("/absences/{absence_id}", summary="Change an absence 修改请假", responses=problems(*_OPEN, *_DEPUTY))
async def change(request: Request, actor: SignedInActor, absence_id: UUID, body: AbsenceChangeBody) -> AbsenceView:
    """Change what is given. Another deputy during an absence ends it and begins a new one, with an id of its own."""
    service = service_of(request)
    row = await service.absences.change(
        actor,
        absence_id,
        deputy_id=body.deputy,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        kinds=body.kinds,
        reason=body.reason,
    )
    return AbsenceView.of(row, service)


@router.delete("/absences/{absence_id}", summary="End an absence 销假", responses=problems(*_OPEN))
async def end(request: Request, actor: SignedInActor, absence_id: UUID) -> AbsenceView:
    """End it now; one that has not begun never will."""
    service = service_of(request)
    return AbsenceView.of(await service.absences.end(actor, absence_id), service)
