"""Have we heard it before? 同件识别: the likeliest cases for what has been typed so far, and for a case that is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import Body, service_of
from yiwang.casework.api.schemas import Answer
from yiwang.casework.api.secrecy import reader_of
from yiwang.casework.api.values import ClassCode, Degrees
from yiwang.casework.likeness import Alike, Asked
from yiwang.casework.model import State
from yiwang.casework.service import CaseService
from yiwang.geo.coordinates import to_cgcs2000
from yiwang.judgement.likeness.evidence import Feature
from yiwang.kernel.access import Actor, CurrentActor, SignedInActor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.text import CleanLine, CleanText

router = APIRouter(tags=["cases 案件"])

Reference = Literal["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"]


class AlikeBody(Body):
    """A report as far as it is written. 尚未写完的上报也可以查询。"""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"text": "学校门口路灯不亮", "lon": 117.0005, "lat": 39.0005}]},
    )

    text: CleanText = Field("", max_length=4000)
    class_code: ClassCode | None = None
    lon: Annotated[Degrees, Field(ge=-180, le=180)] | None = None
    lat: Annotated[Degrees, Field(ge=-85, le=85)] | None = None
    crs: Reference = "EPSG:4490"
    address: CleanLine = Field("", max_length=300)
    phone: str = Field(
        "",
        max_length=20,
        pattern=r"^\+?[0-9 -]*$",
        description="The caller's number, to see what they reported before. Counts only for seats that may read callers.",
    )
    days: int = Field(30, ge=1, le=90, description="How far back.")
    limit: int = Field(10, ge=1, le=50)


class AlikeReason(Answer):
    """One feature: bits of evidence for (above 0) or against, its own measure, and words."""

    feature: Feature
    bits: float
    value: float = Field(description="text: 0–1, place: metres, time: hours, others: 1 the same, 0 not.")
    zh: str
    en: str


class AlikeCase(Answer):
    """A case that may be the same matter. Its words and id are shown to those who may read it."""

    id: UUID | None
    number: str
    type: str
    state: State
    status: str
    status_en: str
    class_code: str | None
    class_name: str
    class_name_en: str
    text: str | None
    address: str | None
    metres: float | None
    hours: float
    reported_at: datetime
    closed_at: datetime | None
    reports: int = Field(description="How many reported it, the first one included.")
    probability: float
    same: bool = Field(description="Likelier the same matter than not.")
    foldable: bool = Field(description="Still open, so that a report can be folded under it.")
    reasons: list[AlikeReason]


@router.post(
    "/cases/alike",
    summary="Heard before? 是否已有同件",
    responses=answers(list[AlikeCase], "case.search_too_broad"),
)
async def alike(request: Request, body: AlikeBody, actor: CurrentActor) -> Response:
    """Cases that this report may repeat, the likeliest first, each with what speaks for it. To be asked while it is typed.

    Without the right to read cases: open ones near the place given, without their words.
    """
    return await _answer(service_of(request), body, actor)


@router.get(
    "/cases/alike",
    summary="Heard before? 是否已有同件",
    responses=answers(list[AlikeCase], "case.search_too_broad"),
)
async def alike_query(
    request: Request,
    actor: CurrentActor,
    text: Annotated[CleanText, Query(max_length=1000)] = "",
    class_code: Annotated[ClassCode | None, Query()] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)] = None,
    lat: Annotated[float | None, Query(ge=-85, le=85, allow_inf_nan=False)] = None,
    crs: Reference = "EPSG:4490",
    address: Annotated[CleanLine, Query(max_length=300)] = "",
    days: Annotated[int, Query(ge=1, le=90)] = 30,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """The same question as a query; a caller's number has no place in an address, so that it is not taken here."""
    body = AlikeBody(
        text=text, class_code=class_code, lon=lon, lat=lat, crs=crs, address=address, phone="", days=days, limit=limit
    )
    return await _answer(service_of(request), body, actor)


@router.get(
    "/cases/{case_id}/alike",
    summary="Same matter as? 本案的同件",
    responses=answers(list[AlikeCase], "not_found", "identity.sign_in_needed", "case.search_too_broad"),
)
async def alike_case(
    request: Request, case_id: UUID, actor: SignedInActor, limit: Annotated[int, Query(ge=1, le=50)] = 10
) -> Response:
    """What an existing case may be folded under (`POST …/fold` with its number), the likeliest first."""
    service = service_of(request)
    found = await service.likeness.alike_case(case_id, reader_of(actor), limit=limit)
    return json_response([_json(service, item) for item in found])


async def _answer(service: CaseService, body: AlikeBody, actor: Actor) -> Response:
    if (body.lon is None) != (body.lat is None):
        fault = FieldError(
            where="/lat", code="input.missing", zh="经度和纬度要一起填写", en="give lon and lat together"
        )
        raise InvalidInput(errors=[fault], count=1)
    lon, lat = body.lon, body.lat
    if lon is not None and lat is not None:
        lon, lat = to_cgcs2000(lon, lat, body.crs)
    asked = Asked(
        text=body.text,
        at=service.context.clock.now(),
        class_code=body.class_code,
        lon=lon,
        lat=lat,
        address=body.address,
        phone=body.phone,
        window=timedelta(days=body.days),
    )
    found = await service.likeness.alike(asked, actor, limit=body.limit)
    return json_response([_json(service, item) for item in found])


def _json(service: CaseService, item: Alike) -> JsonObject:
    case = item.case
    case_type = service.catalogue.latest(case.type)
    return {
        "id": str(case.id) if case.readable else None,
        "number": case.number,
        "type": case.type,
        "state": case.state,
        "status": case.status,
        "status_en": case_type.status_word(case.status),
        "class_code": case.class_code,
        "class_name": case_type.class_name(case.class_code),
        "class_name_en": case_type.class_name(case.class_code, "en"),
        "text": case.text if case.readable else None,
        "address": case.address if case.readable else None,
        "metres": item.metres,
        "hours": item.hours,
        "reported_at": case.reported_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "reports": case.followers + 1,
        "probability": round(item.likeness.probability, 4),
        "same": item.same,
        "foldable": item.foldable,
        "reasons": [
            {"feature": reason.feature, "bits": reason.bits, "value": reason.value, "zh": reason.zh, "en": reason.en}
            for reason in item.likeness.reasons
        ],
    }
