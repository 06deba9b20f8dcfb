"""HTTP routes of the command centre: open cases counted for boards, and any past hour told again (回放). Thin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import service_of
from yiwang.casework.api.schemas import Answer, OfficeName
from yiwang.casework.api.secrecy import reader_of
from yiwang.casework.api.values import Moment
from yiwang.casework.notes import VERBS
from yiwang.casework.service import CaseService
from yiwang.casework.store.counts import CountRow
from yiwang.casework.store.counts import counts as count_by
from yiwang.casework.store.replay import MOST_STANDING, EventRow, StandingRow
from yiwang.casework.store.replay import events as events_of
from yiwang.casework.store.replay import standing as standing_at
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput

router = APIRouter(tags=["centre 指挥"])

LONGEST = timedelta(hours=24)
_DENIED = ("identity.sign_in_needed", "identity.forbidden")


class CountItem(Answer):
    """Open cases of one value, by the colour of their clock; the colours add up to `open`."""

    key: str | None = Field(description="The value, as a filter of the list of cases takes it; null: without one.")
    zh: str
    en: str
    open: int
    red: int
    yellow: int
    green: int
    blue: int
    grey: int


class Counts(Answer):
    items: list[CountItem]
    more: bool = Field(description="There are more open cases than were counted: read “or more”.")


class StandingItem(Answer):
    """An open case as it stood."""

    id: UUID
    number: str
    type: str
    class_code: str | None
    class_name: str
    class_name_en: str
    lon: float | None
    lat: float | None
    area: str
    grid: str
    department: OfficeName | None
    reported_at: datetime
    status: str
    status_en: str
    due: datetime | None = Field(description="The handling deadline that held then.")
    warn: datetime | None = Field(description="From when on it counts as due soon, where that is still known.")
    suspended: bool


class Standing(Answer):
    at: datetime
    items: list[StandingItem]
    more: bool = Field(description="More cases were open; the newest are here.")


class PastEvent(Answer):
    """What happened to a case."""

    at: datetime
    verb: str
    zh: str
    en: str
    id: UUID
    number: str
    type: str
    class_code: str | None
    class_name: str
    class_name_en: str
    lon: float | None
    lat: float | None
    area: str
    grid: str
    department: OfficeName | None
    status: str
    status_en: str
    due: datetime | None = Field(description="The handling deadline from now on; only meaningful with `timed`.")
    timed: bool = Field(description="Whether this event said anew what the deadline is.")
    closed: bool = Field(description="Whether the case was no longer open after it.")


class Past(Answer):
    items: list[PastEvent]
    next: str | None = Field(description="`after` of the next page; null at the end of the period.")


@router.get("/boards/open-cases", summary="Open cases counted 在办案件统计", responses=answers(Counts, *_DENIED))
async def open_cases(
    request: Request,
    actor: SignedInActor,
    by: Annotated[
        Literal["status", "type", "channel", "class", "department", "street", "community", "grid"],
        Query(description="What to count by; `class` by its first two characters."),
    ],
) -> Response:
    """Open cases within the reader's scope by one property and the colour of their clock, the most first."""
    actor.require("case", "read")
    service = service_of(request)
    async with service.context.database.connection() as connection:
        rows, more = await count_by(connection, actor, by, service.context.clock.now())
    return json_response({"items": [_count(service, by, row) for row in rows], "more": more})


@router.get(
    "/replay/standing",
    summary="How the cases stood at a moment 某一时刻的在办案件",
    responses=answers(Standing, *_DENIED),
)
async def standing(request: Request, actor: SignedInActor, at: Annotated[Moment, Query()]) -> Response:
    """The cases that were open at a past moment, within what the reader may read today; at most 5,000, the newest first.

    Status, deadline and suspension are those of then, as the journal tells them; place and class are today's."""
    reader = reader_of(actor)
    reader.require("case", "read")
    service = service_of(request)
    async with service.context.database.connection() as connection:
        rows = await standing_at(connection, reader, at)
    return json_response(
        {
            "at": at.isoformat(),
            "items": [_standing(service, row) for row in rows[:MOST_STANDING]],
            "more": len(rows) > MOST_STANDING,
        }
    )


@router.get(
    "/replay/events",
    summary="What happened in a period 时段回放",
    responses=answers(Past, *_DENIED),
)
async def events(
    request: Request,
    actor: SignedInActor,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to", description="Exclusive; at most 24 hours after `from`.")],
    after: Annotated[str | None, Query(pattern=r"^[0-9TZ:.+-]{20,40}_[0-9]{1,18}$", description="`next`")] = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 1000,
) -> Response:
    """What the journal tells of the cases that the reader may read today, in the order in which it happened."""
    reader = reader_of(actor)
    reader.require("case", "read")
    if not timedelta(0) < until - since <= LONGEST:
        raise InvalidInput(count=1, errors=[_period()])
    service = service_of(request)
    async with service.context.database.connection() as connection:
        rows = await events_of(connection, reader, since, until, after=_cursor(after), limit=limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    last = f"{rows[-1].at.isoformat()}_{rows[-1].seq}" if more else None
    return json_response({"items": [_event(service, row) for row in rows], "next": last})


def _period() -> FieldError:
    return FieldError(
        where="query:to",
        code="input.period",
        zh="时段应在 24 小时以内,且止晚于起",
        en="the period must end after it begins and last at most 24 hours",
    )


def _cursor(text: str | None) -> tuple[datetime, int] | None:
    if text is None:
        return None
    at, _, seq = text.rpartition("_")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        wrong = FieldError(where="query:after", code="input.cursor", zh="翻页标记无效", en="not a page key; start anew")
        raise InvalidInput(count=1, errors=[wrong])
    return moment, int(seq)


def _count(service: CaseService, by: str, row: CountRow) -> JsonObject:
    key, zh, en = _named(service, by, row)
    return {
        "key": key,
        "zh": zh,
        "en": en,
        "open": row.open,
        "red": row.red,
        "yellow": row.yellow,
        "green": row.green,
        "blue": row.blue,
        "grey": row.grey,
    }


def _named(service: CaseService, by: str, row: CountRow) -> tuple[str | None, str, str]:
    """The value as a filter takes it, and its names; areas and grids are named by geo, so here by their code."""
    if not row.key:
        return None, "未定", "none yet"
    case_types = {item.declaration.id: item for item in service.catalogue.all()}
    declared = case_types.get(row.type)
    match by:
        case "department":
            found = service.parts.directory.organisation(int(row.key))
            return (found.code, found.name_zh, found.name_en) if found else (row.key, row.key, row.key)
        case "status":
            return row.key, row.key, service.catalogue.status_word(row.type, row.key)
        case "type" if declared:
            names = declared.declaration.names
            return row.key, names.zh, names.en
        case "channel" if declared and row.key in declared.declaration.channels:
            names = declared.declaration.channels[row.key].names
            return row.key, names.zh, names.en
        case "class" if declared:
            one = next((item for item in declared.tree.classes if item.code.startswith(row.key)), None)
            return (row.key, one.group.zh, one.group.en) if one else (row.key, row.key, row.key)
        case _:
            return row.key, row.key, row.key


def _office(service: CaseService, organisation_id: int | None) -> JsonObject | None:
    found = service.parts.directory.organisation(organisation_id) if organisation_id else None
    return {"code": found.code, "zh": found.name_zh, "en": found.name_en} if found else None


def _about(service: CaseService, row: StandingRow | EventRow, status: str) -> JsonObject:
    case_type = next((item for item in service.catalogue.all() if item.declaration.id == row.type), None)
    return {
        "id": str(row.id),
        "number": row.number,
        "type": row.type,
        "class_code": row.class_code,
        "class_name": case_type.class_name(row.class_code) if case_type else row.class_code or "",
        "class_name_en": case_type.class_name(row.class_code, "en") if case_type else row.class_code or "",
        "lon": row.lon,
        "lat": row.lat,
        "area": row.area,
        "grid": row.grid,
        "department": _office(service, row.department_id),
        "status": status,
        "status_en": service.catalogue.status_word(row.type, status),
    }


def _standing(service: CaseService, row: StandingRow) -> JsonObject:
    return {
        **_about(service, row, row.status),
        "reported_at": row.reported_at.isoformat(),
        "due": row.due,
        "warn": row.warn_at.isoformat() if row.warn_at else None,
        "suspended": row.suspended,
    }


def _event(service: CaseService, row: EventRow) -> JsonObject:
    zh, en = VERBS.get(row.verb, (row.verb, row.verb))
    status, due = row.data.get("status"), row.data.get("due")
    return {
        **_about(service, row, status if isinstance(status, str) else ""),
        "at": row.at.isoformat(),
        "verb": row.verb,
        "zh": zh,
        "en": en,
        "due": due if isinstance(due, str) else None,
        "timed": "due" in row.data,
        "closed": row.closed,
    }
