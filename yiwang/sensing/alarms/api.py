"""Alarms over HTTP: list, board, one with its story and curve, and what people do with them. Within the reader's scope.

Times are ISO 8601 with zone, coordinates degrees, longitude first, values in the unit of the metric.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

import yiwang.identity.errors
import yiwang.sensing.alarms.errors
import yiwang.sensing.errors  # noqa: F401  # registers the codes that descriptions name, as do the two above
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.sensing.alarms import lists
from yiwang.sensing.alarms.lists import Which
from yiwang.sensing.alarms.model import OPEN, SEVERITY_NAMES, STATE_NAMES, Alarm
from yiwang.sensing.alarms.schemas import (
    Acknowledge,
    AlarmPage,
    AlarmView,
    Board,
    Close,
    Done,
    NoteBody,
    Shelve,
    Unshelve,
)
from yiwang.sensing.alarms.service import Refused, verb_names
from yiwang.sensing.rules.compiling import severity_named
from yiwang.sensing.rules.declarations import SeverityName
from yiwang.sensing.rules.model import Severity
from yiwang.sensing.service import Sensing

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms 报警"], responses=problems(*BEFORE_ANY_ROUTE))

_DAMAGED = "sensing.lake_damaged"
AreaCode = Annotated[str, Query(max_length=20, pattern=r"^[0-9A-Z]*$", description="Only in this area 区划")]
StateFilter = Literal["open", "raised", "acknowledged", "cleared", "closed", "all"]


def _answers(model: object, *codes: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}, **problems("identity.forbidden", "unavailable", *codes)}


@router.get("", summary="Alarms 报警列表", responses=_answers(AlarmPage))
async def alarms(
    request: Request,
    actor: SignedInActor,
    state: Annotated[StateFilter, Query(description="`open`: raised or acknowledged 未结")] = "open",
    severity: Annotated[SeverityName | None, Query(description="At least so grave 级别不低于")] = None,
    rule: Annotated[str | None, Query(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")] = None,
    device: Annotated[str | None, Query(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")] = None,
    area: AreaCode = "",
    parent: Annotated[UUID | None, Query(description="Those folded into this one 被它合并的")] = None,
    case: Annotated[UUID | None, Query(description="Those of this case 此案件的")] = None,
    shelved: Annotated[bool | None, Query(description="Only those (not) put aside 是否搁置")] = None,
    bbox: Annotated[
        str | None, Query(max_length=100, description="West,south,east,north in degrees 西,南,东,北")
    ] = None,
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
    after: Annotated[str | None, Query(max_length=200, pattern="^[A-Za-z0-9_=-]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Newest first; folded ones stand in the list of their parent, their device or their case."""
    actor.require("alarm", "read")
    sensing = sensing_of(request)
    found_device = None
    if device is not None:
        known = sensing.directory.by_code(device)
        found_device = known.id if known is not None else -1
    which = Which(
        states=OPEN if state == "open" else () if state == "all" else (state,),
        least=int(severity_named(severity)) if severity else 0,
        rule=rule,
        device=found_device,
        area=area,
        parent=parent,
        case=case,
        shelved=shelved,
        bbox=_box(bbox),
        since=since,
        until=until,
    )
    async with sensing.context.database.connection() as connection:
        found = await lists.listed(connection, actor, which, before=_unpack(after), limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return _json(
        {
            "items": [alarm_json(sensing, one) for one in page],
            "next": _pack(page[-1]) if more else None,
        }
    )


@router.get("/board", summary="What is open now 报警看板", responses=_answers(Board))
async def board(request: Request, actor: SignedInActor, area: AreaCode = "") -> Response:
    """Counts of open alarms and the ten gravest that are not put aside."""
    actor.require("alarm", "read")
    sensing = sensing_of(request)
    async with sensing.context.database.connection() as connection:
        counted = await lists.counts(connection, actor, area)
        gravest = await lists.gravest(connection, actor, Which(states=OPEN, area=area, shelved=False), limit=10)
    return _json(
        {
            "total": sum(one.count for one in counted),
            "counts": [
                {
                    "severity": SEVERITY_NAMES[Severity(one.severity)][1],
                    "state": one.state,
                    "rule": one.rule,
                    "shelved": one.shelved,
                    "count": one.count,
                }
                for one in counted
            ],
            "gravest": [alarm_json(sensing, one) for one in gravest],
        }
    )


@router.get("/{alarm_id}", summary="One alarm 一条报警", responses=_answers(AlarmView, "alarm.unknown", _DAMAGED))
async def alarm(request: Request, alarm_id: UUID, actor: SignedInActor) -> Response:
    """An alarm with what happened to it and the curve around it."""
    sensing = sensing_of(request)
    found = await sensing.alarms.one(actor, alarm_id)
    story = await sensing.alarms.story(actor, alarm_id)
    drawn = await sensing.alarms.curves(found)
    reach: dict[str, bool] = {
        verb: actor.reaches("alarm", verb, area=found.area, organisation=found.organisation_id)
        for verb in ("acknowledge", "shelve", "close")
    }
    may = [
        verb
        for verb, allowed in (
            ("acknowledge", reach["acknowledge"] and found.state == "raised"),
            ("shelve", reach["shelve"] and found.open and found.shelved_until is None),
            ("unshelve", reach["shelve"] and found.open and found.shelved_until is not None),
            ("close", reach["close"] and found.open),
            ("note", reach["acknowledge"]),
        )
        if allowed
    ]
    return _json(
        {
            "alarm": alarm_json(sensing, found),
            "story": [
                {
                    "at": row.entry.at,
                    "verb": row.entry.verb,
                    "zh": verb_names(row.entry.verb)[0],
                    "en": verb_names(row.entry.verb)[1],
                    "by": row.entry.actor_name,
                    "note": row.entry.data.get("note"),
                    "data": row.entry.data,
                }
                for row in story
            ],
            "curves": [
                {
                    "metric": curve.metric,
                    "unit": curve.unit,
                    "points": [{"at": at, "value": value} for at, value in curve.points],
                }
                for curve in drawn
            ],
            "may": may,
        }
    )


@router.post("/acknowledge", summary="Acknowledge 确认", responses=_answers(Done))
async def acknowledge(request: Request, body: Acknowledge, actor: SignedInActor) -> Response:
    """Somebody has seen these alarms; acknowledging again changes nothing."""
    return _done(*await sensing_of(request).alarms.acknowledge(actor, body.ids, body.note))


@router.post("/close", summary="Close 关闭", responses=_answers(Done))
async def close(request: Request, body: Close, actor: SignedInActor) -> Response:
    """End these alarms with a reason. One that is still over the limit comes again only after it was normal, or graver."""
    return _done(*await sensing_of(request).alarms.close(actor, body.ids, body.reason))


@router.post("/shelve", summary="Put aside 搁置", responses=_answers(Done, "alarm.shelf_not_usable"))
async def shelve(request: Request, body: Shelve, actor: SignedInActor) -> Response:
    """Put the sources of these alarms aside until a time; they come back by themselves."""
    return _done(*await sensing_of(request).alarms.shelve(actor, body.ids, body.until, body.reason))


@router.post("/unshelve", summary="Take off the shelf 结束搁置", responses=_answers(Done))
async def unshelve(request: Request, body: Unshelve, actor: SignedInActor) -> Response:
    """Take these alarms off the shelf before its time."""
    return _done(*await sensing_of(request).alarms.unshelve(actor, body.ids))


@router.post(
    "/{alarm_id}/notes", summary="Note 备注", status_code=204, responses=problems("alarm.unknown", "identity.forbidden")
)
async def note(request: Request, alarm_id: UUID, body: NoteBody, actor: SignedInActor) -> Response:
    """Write something down for those who come after."""
    await sensing_of(request).alarms.note(actor, alarm_id, body.text)
    return Response(status_code=204)


def sensing_of(request: Request) -> Sensing:
    sensing: Sensing = request.app.state.sensing
    return sensing


def alarm_json(sensing: Sensing, one: Alarm) -> JsonObject:
    """An alarm as the API shows it."""
    device = sensing.directory.device(one.device_id) if one.device_id is not None else None
    metric = sensing.directory.metric_by_id(one.metric_id) if one.metric_id is not None else None
    severity = SEVERITY_NAMES[Severity(one.severity)]
    state = STATE_NAMES[one.state]
    return {
        "id": str(one.id),
        "rule": one.rule,
        "names": one.names,
        "kind": one.kind,
        "device": device.code if device else None,
        "device_names": {"zh": device.name_zh, "en": device.name_en} if device else None,
        "metric": metric.code if metric else None,
        "unit": metric.unit if metric else "",
        "area": one.area,
        "lon": one.lon,
        "lat": one.lat,
        "severity": severity[1],
        "severity_names": {"zh": severity[0], "en": severity[1]},
        "state": one.state,
        "state_names": {"zh": state[0], "en": state[1]},
        "began_at": one.began_at.isoformat(),
        "raised_at": one.raised_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
        "acknowledged_at": _time(one.acknowledged_at),
        "acknowledged_by": one.acknowledged_label,
        "cleared_at": _time(one.cleared_at),
        "closed_at": _time(one.closed_at),
        "closed_by": one.closed_label,
        "over": one.over,
        "value": one.value,
        "peak": one.peak,
        "limit": one.limit_value,
        "folded_into": str(one.folded_into) if one.folded_into else None,
        "children": one.children,
        "case_id": str(one.case_id) if one.case_id else None,
        "case_number": one.case_number,
        "shelved_until": _time(one.shelved_until),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _done(done: list[UUID], refused: list[Refused]) -> Response:
    return _json(
        {
            "done": [str(one) for one in done],
            "refused": [
                {
                    "id": str(one.id),
                    "code": one.problem.code,
                    "zh": one.problem.message("zh"),
                    "en": one.problem.message("en"),
                }
                for one in refused
            ],
        }
    )


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def _pack(last: Alarm) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([last.raised_at, str(last.id)])).decode()


def _unpack(after: str | None) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    try:
        at, alarm_id = orjson.loads(base64.urlsafe_b64decode(after.encode()))
        moment, found = datetime.fromisoformat(at), UUID(alarm_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise _no_page() from error
    if moment.tzinfo is None:
        raise _no_page()
    return moment, found


def _no_page() -> InvalidInput:
    return _wrong("/after", "翻页标记无效,请从第一页重新开始", "this is no page marker; begin again")


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise _wrong("/bbox", "应为“西,南,东,北”四个度数", "give west,south,east,north in degrees") from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _wrong("/bbox", "范围不对:西小于东、南小于北", "west lies west of east, south below north")
    return west, south, east, north


def _wrong(where: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError(where=where, code="input.invalid", zh=zh, en=en)], count=1)
