"""Reporting, listing and reading cases."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request, Response

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import (
    AddBody,
    FollowBody,
    RateBody,
    ReopenBody,
    ReportBody,
    case_json,
    opened_json,
    service_of,
)
from yiwang.casework.api.public_schemas import PublicCase
from yiwang.casework.api.schemas import (
    CaseDetail,
    CasePage,
    Nearby,
    Proposal,
    Receipt,
    StoryPage,
    Summary,
)
from yiwang.casework.api.secrecy import reader_of
from yiwang.casework.api.values import ClassCode, Key, Moment, Number, Word, in_reach
from yiwang.casework.api.views import public_json, row_json, view_json
from yiwang.casework.errors import RepeatedDifferently
from yiwang.casework.model import CaseFile, Opened
from yiwang.casework.service import CaseService
from yiwang.casework.store import CaseFilter
from yiwang.kernel.access import Actor, CurrentActor, SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.text import CleanLine

router = APIRouter(tags=["cases 案件"])

Text = Annotated[str | None, Query(max_length=100)]
_LIKE_A_NUMBER = re.compile(r"[A-Za-z]{1,20}[-0-9A-Za-z]*[0-9]{4,40}")
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=8, max_length=100, pattern=r"^[!-~]+$", description="Repeat a request safely: same key, same case."
    ),
]


@router.post(
    "/cases",
    status_code=201,
    summary="Report 上报",
    responses={
        200: {"model": Receipt, "description": "Repeated: the first receipt again"},
        **answers(
            Receipt,
            "case.type_unknown",
            "case.type_retired",
            "case.channel_unknown",
            "case.channel_not_yours",
            "case.report_refused",
            "case.class_unknown",
            "case.place_outside_city",
            "case.time_impossible",
            "case.photo_unknown",
            "case.repeated_differently",
            "identity.sign_in_needed",
            "identity.forbidden",
            status=201,
        ),
    },
)
async def report(
    request: Request, body: ReportBody, actor: CurrentActor, idempotency_key: IdempotencyKey = None
) -> Response:
    """Open a case from a report, or fold it under the open case that it repeats. Answers the receipt once it is durable.

    A repeated `Idempotency-Key` or `source_number` answers 200 with the first receipt, if the report is the same.
    """
    service = service_of(request)
    key = f"{actor.account_id or 'public'}:{idempotency_key}" if idempotency_key else None
    opened = await service.report(body.report(key), actor)
    if opened.repeated:
        await _require_same(service, body, opened)
    return json_response(opened_json(service, opened, body.type), 200 if opened.repeated else 201)


async def _require_same(service: CaseService, body: ReportBody, opened: Opened) -> None:
    """The receipt opens the case to its reporter, so that only who knows the first report is given it again.

    Raises:
        RepeatedDifferently: the key or source number belongs to another report.
    """
    first = (await service.reading.follow(opened.number, opened.code)).case
    if (body.type, body.channel, body.text, body.address) != (first.type, first.channel, first.text, first.address):
        raise RepeatedDifferently()


@router.get(
    "/cases",
    summary="List or search cases 案件列表",
    responses=answers(
        CasePage, "case.search_too_short", "case.search_too_broad", "identity.sign_in_needed", "identity.forbidden"
    ),
)
async def cases(
    request: Request,
    actor: SignedInActor,
    q: Text = None,
    number: Annotated[Number | None, Query()] = None,
    state: Literal["open", "closed", "void", "not_accepted", "folded"] | None = None,
    status: Annotated[Word | None, Query()] = None,
    stage: Annotated[Word | None, Query()] = None,
    type: Annotated[Key | None, Query()] = None,
    class_code: Annotated[ClassCode | None, Query()] = None,
    area: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{1,20}$")] = None,
    department: Annotated[Word | None, Query()] = None,
    channel: Annotated[Key | None, Query()] = None,
    urgency: Literal["normal", "urgent"] | None = None,
    clock: Literal["red", "yellow", "green", "blue", "grey"] | None = None,
    head_id: UUID | None = None,
    reported_from: Annotated[Moment | None, Query()] = None,
    reported_to: Annotated[Moment | None, Query()] = None,
    closed_from: Annotated[Moment | None, Query()] = None,
    without: Annotated[Literal["department", "class"] | None, Query(description="Those that have none yet")] = None,
    grid: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{1,20}$", description="Responsibility grid")] = None,
    box: Annotated[
        str | None, Query(pattern=r"^-?[0-9.]+(,-?[0-9.]+){3}$", max_length=100, description="west,south,east,north")
    ] = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Cases within the reader's scope, newest first. `q` searches text, address, class in Chinese or English words,
    or is the number of a case."""
    service = service_of(request)
    actor.require("case", "read")
    found = service.parts.directory.organisation_by_code(department) if department else None
    if department and found is None:
        return json_response({"items": [], "next": None, "searched_back_to": None})
    wanted = CaseFilter(
        state=state,
        status=status,
        stage=stage,
        type=type,
        class_code=class_code,
        area=area,
        department_id=found.id if found else None,
        channel=channel,
        urgency=urgency,
        clock=clock,
        head_id=head_id,
        number=number,
        reported_from=reported_from,
        reported_to=reported_to,
        closed_from=closed_from,
        without=without,
        grid=grid,
        box=_box(box),
        before=read_cursor(after),
    )
    rows, searched_back_to = await _looked_up(service, actor, q, wanted, limit)
    now = service.context.clock.now()
    more = rows and (len(rows) == limit)
    return json_response(
        {
            "items": [case_json(service, case, now) for case in rows],
            "next": write_cursor(rows[-1].reported_at, rows[-1].id) if more else None,
            "searched_back_to": searched_back_to.isoformat() if searched_back_to and not more else None,
        }
    )


async def _looked_up(
    service: CaseService, actor: Actor, q: str | None, wanted: CaseFilter, limit: int
) -> tuple[list[CaseFile], datetime | None]:
    """The page asked for, and how far back the search went where it stopped; what is typed may be a case's number."""
    if not q:
        return await service.reading.cases(actor, wanted, limit=limit), None
    if wanted.number is None and _LIKE_A_NUMBER.fullmatch(q.strip()):
        named = await service.reading.cases(actor, replace(wanted, number=q.strip().upper()), limit=limit)
        if named:
            return named, None
    return await service.reading.search(actor, q, wanted, limit=limit)


@router.get(
    "/cases/summary", summary="Counts 计数", responses=answers(Summary, "identity.sign_in_needed", "identity.forbidden")
)
async def summary(request: Request, actor: SignedInActor) -> Response:
    """Counts within the reader's scope, each capped at 10,000 (read: or more)."""
    actor.require("case", "read")
    return json_response(await service_of(request).reading.summary(actor))


@router.get(
    "/cases/duplicates",
    summary="Reported already? 附近同类案件",
    responses=answers(list[Nearby], "case.type_unknown"),
)
async def duplicates(
    request: Request,
    type: Annotated[Key, Query()],
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-85, le=85, allow_inf_nan=False)],
    class_code: Annotated[ClassCode | None, Query()] = None,
) -> Response:
    """Open cases near a place, so that one may join instead of reporting again. Shows no personal data."""
    service = service_of(request)
    found = await service.reading.duplicates(type, class_code, lon, lat)
    case_type = service.catalogue.latest(type)
    near = [
        {
            "number": case.number,
            "status": case.status,
            "status_en": case_type.status_word(case.status),
            "class_code": case.class_code,
            "class_name": case_type.class_name(case.class_code),
            "class_name_en": case_type.class_name(case.class_code, "en"),
            "metres": round(distance, 1),
            "reported_at": case.reported_at,
            "reports": case.followers + 1,
        }
        for case, distance in found
    ]
    return json_response(near)


@router.get(
    "/cases/suggest",
    summary="Which class? 分类建议",
    responses=answers(list[Proposal], "case.type_unknown"),
)
async def suggest(
    request: Request, type: Annotated[Key, Query()], text: Annotated[str, Query(min_length=1, max_length=4000)]
) -> Response:
    """Classes that the text speaks for, best first, with the words that spoke."""
    case_type = service_of(request).catalogue.latest(type)
    proposals = [
        {
            "class_code": item.code,
            "class_name": case_type.class_name(item.code),
            "class_name_en": case_type.class_name(item.code, "en"),
            "words": list(item.words),
        }
        for item in case_type.words.propose(text)
    ]
    return json_response(proposals)


@router.post(
    "/cases/follow",
    summary="Follow by number and code 查询进度",
    responses=answers(PublicCase, "case.follow_code_wrong"),
)
async def follow(request: Request, body: FollowBody) -> Response:
    """The reporter's view of a case."""
    service = service_of(request)
    view = await service.reading.follow(body.number, body.code)
    return json_response(public_json(service, view))


@router.post(
    "/cases/reopen",
    summary="Not fixed 重新办理",
    responses=answers(PublicCase, "case.follow_code_wrong", "case.operation_not_now"),
)
async def reopen(request: Request, body: ReopenBody, actor: CurrentActor) -> Response:
    """The reporter says that the matter is not solved; the case goes back to work."""
    service = service_of(request)
    await service.operations.reopen(body.number, body.code, actor, body.note)
    return json_response(public_json(service, await service.reading.follow(body.number, body.code)))


@router.post(
    "/cases/rate",
    summary="Rate 评价",
    responses=answers(PublicCase, "case.follow_code_wrong", "case.operation_not_now"),
)
async def rate(request: Request, body: RateBody, actor: CurrentActor) -> Response:
    """The reporter's judgement of a closed case, 1 to 5."""
    service = service_of(request)
    await service.operations.rate(body.number, body.code, actor, body.satisfaction, body.note)
    return json_response(public_json(service, await service.reading.follow(body.number, body.code)))


@router.post(
    "/cases/add",
    summary="Tell more 补充情况",
    responses=answers(PublicCase, "case.follow_code_wrong", "case.operation_not_now"),
)
async def add(request: Request, body: AddBody, actor: CurrentActor) -> Response:
    """The reporter adds to an open case."""
    service = service_of(request)
    await service.operations.add(body.number, body.code, actor, body.note)
    return json_response(public_json(service, await service.reading.follow(body.number, body.code)))


@router.get(
    "/cases/{case_id}",
    summary="One case 案件详情",
    responses=answers(CaseDetail, "not_found", "identity.sign_in_needed"),
)
async def case(
    request: Request,
    case_id: UUID,
    actor: SignedInActor,
    purpose: Annotated[
        CleanLine, Query(max_length=200, description="Why the reporter's name and phone are needed; journalled.")
    ] = "",
) -> Response:
    """Everything about a case, with the operations that are possible now and why the others are not."""
    service = service_of(request)
    reader = reader_of(actor)
    if purpose and reader is not actor:  # the journal names the account, so the limits are asked for apart
        async with service.context.database.connection() as connection:
            await service.reading.readable(connection, case_id, reader)
    view = await service.reading.view(case_id, actor if purpose else reader, purpose=purpose)
    return json_response(view_json(service, view))


@router.get(
    "/cases/{case_id}/story",
    summary="Its story 办理经过",
    responses=answers(StoryPage, "not_found", "identity.sign_in_needed"),
)
async def story(
    request: Request,
    case_id: UUID,
    actor: SignedInActor,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Response:
    """The journal of the case in order; page on with `after` = the last `seq`."""
    service = service_of(request)
    rows = await service.reading.story(case_id, reader_of(actor), after=after, limit=limit)
    return json_response(
        {"items": [row_json(service, row) for row in rows], "next": rows[-1].seq if len(rows) == limit else None}
    )


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = 1.0, 1.0, 0.0, 0.0
    if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
        raise InvalidInput(
            errors=[
                FieldError(
                    where="query:box", code="input.box", zh="范围应为 西,南,东,北", en="give west,south,east,north"
                )
            ],
            count=1,
        )
    return west, south, east, north


def write_cursor(at: datetime | None, row_id: UUID) -> str:
    """An opaque page key."""
    return base64.urlsafe_b64encode(orjson.dumps([at.isoformat() if at else None, str(row_id)])).decode()


def read_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    """The page key of a list that is ordered by a time that is never missing."""
    found = read_loose_cursor(text)
    if found is None:
        return None
    at, row_id = found
    if at is None:
        raise _bad_cursor()
    return at, row_id


def read_loose_cursor(text: str | None) -> tuple[datetime | None, UUID] | None:
    """The page key of a list whose time may be missing."""
    if text is None:
        return None
    try:
        at, row_id = orjson.loads(base64.urlsafe_b64decode(text.encode()))
        when = datetime.fromisoformat(at) if at is not None else None
        if when is not None and (when.tzinfo is None or not in_reach(when)):
            raise _bad_cursor()
        return when, UUID(row_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise _bad_cursor() from error


def _bad_cursor() -> InvalidInput:
    return InvalidInput(
        errors=[
            FieldError(
                where="query:after",
                code="input.cursor",
                zh="翻页标记无效,请从第一页开始",
                en="not a page key; start anew",
            )
        ],
        count=1,
    )
