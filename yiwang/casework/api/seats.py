"""HTTP route of seats (席位): the working state of a call centre, or of any kind of post, at this moment. Thin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import service_of
from yiwang.casework.api.schemas import Answer, OfficeName
from yiwang.casework.service import CaseService
from yiwang.casework.store.seats import Work, queues_of, work_of
from yiwang.identity.model import PostRow
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.database import JsonObject

router = APIRouter(tags=["centre 指挥"])

_most = 500
_DENIED = ("identity.sign_in_needed", "identity.forbidden")


class Seat(Answer):
    """One person at a post."""

    name: str
    post: str
    organisation: OfficeName | None
    signed_in: bool = Field(description="Whether a session of theirs is open.")
    seen_at: datetime | None = Field(description="When that session was last used.")
    waiting: int = Field(description="Tasks that they have taken.")
    overdue: int
    reported_today: int = Field(description="Cases that they have opened since the city's day began.")
    steps_today: int = Field(description="Steps that they have finished since then.")
    last_at: datetime | None = Field(description="When they did the last of these.")


class Queue(Answer):
    """What waits for whoever of an office's post takes it."""

    post: str
    organisation: OfficeName | None
    area: str
    waiting: int
    overdue: int


class Seats(Answer):
    at: datetime
    signed_in: int
    seats: list[Seat]
    queues: list[Queue]


@router.get("/boards/seats", summary="Working state of posts 席位工作状态", responses=answers(Seats, *_DENIED))
async def seats(
    request: Request,
    actor: SignedInActor,
    post: Annotated[list[str], Query(min_length=1, max_length=10, description="Kinds of post: operator")],
) -> Response:
    """Who of these posts is signed in, what waits, what each has done today, as far as `task: read` reaches."""
    actor.require("task", "read")
    service = service_of(request)
    directory, context = service.parts.directory, service.context
    now = context.clock.now()
    zone = context.calendar.hours.timezone
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found = [
        each
        for code in dict.fromkeys(post)
        for each in directory.posts(code)
        if actor.reaches("task", "read", area=_area(service, each), organisation=each.organisation_id)
    ]
    held = [(each, account) for each in found for account in directory.holders(each.id)][:_most]
    async with context.database.connection() as connection:
        work = await work_of(connection, list({account for _, account in held}), day, now)
        queues = await queues_of(connection, [each.id for each in found], now)
    rows: list[JsonObject] = []
    for each, account in held:
        person = directory.person(account)
        rows.append(_seat(person.name if person else "", each, _office(request, each), work[account]))
    return json_response(
        {
            "at": now.isoformat(),
            "signed_in": len({account for _, account in held if work[account].seen_at is not None}),
            "seats": [*rows],
            "queues": [
                {
                    "post": each.code, "organisation": _office(request, each), "area": each.area,
                    "waiting": queues.get(each.id, (0, 0))[0], "overdue": queues.get(each.id, (0, 0))[1],
                }
                for each in found
            ],
        }
    )  # fmt: skip


def _area(service: CaseService, post: PostRow) -> str:
    """The area that a post looks after: its own, or that of its office."""
    office = service.parts.directory.organisation(post.organisation_id)
    return post.area or (office.area if office else "")


def _seat(name: str, post: PostRow, office: JsonObject | None, work: Work) -> JsonObject:
    return {
        "name": name,
        "post": post.code,
        "organisation": office,
        "signed_in": work.seen_at is not None,
        "seen_at": work.seen_at.isoformat() if work.seen_at else None,
        "waiting": work.waiting,
        "overdue": work.overdue,
        "reported_today": work.reported,
        "steps_today": work.steps,
        "last_at": work.last_at.isoformat() if work.last_at else None,
    }


def _office(request: Request, post: PostRow) -> JsonObject | None:
    office = service_of(request).parts.directory.organisation(post.organisation_id)
    return {"code": office.code, "zh": office.name_zh, "en": office.name_en} if office else None
