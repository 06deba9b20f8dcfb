"""Advice at intake 智能建议: which class, which department, within which limit, and why; the models behind it; their figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field

import yiwang.judgement.classification.errors  # noqa: F401  registers the codes named below
from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import Body, service_of
from yiwang.casework.api.schemas import Answer, OfficeName, SuggestedClass
from yiwang.casework.api.values import ClassCode, Degrees, Key, Moment
from yiwang.casework.learning import Suggested
from yiwang.casework.model import Report
from yiwang.casework.service import CaseService
from yiwang.judgement.classification.store import ModelRow
from yiwang.kernel.access import CurrentActor, SignedInActor
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.text import CleanText

router = APIRouter(tags=["advice 智能建议"])

_ordinary_period = timedelta(days=30)
Version = Annotated[int, Path(ge=1, le=1_000_000)]
Subject = Annotated[Key, Path(description="Case type")]


class AdviceBody(Body):
    """A report as far as it is written. Nothing of the reporter is asked. 尚未写完也可以查询。"""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"type": "urban-case", "text": "学校门口路灯不亮", "lon": 117.0, "lat": 39.0}]},
    )

    type: Key = Field(description="Case type, e.g. urban-case.")
    text: CleanText = Field("", max_length=4000)
    channel: Key | Literal[""] = ""
    class_code: ClassCode | None = Field(None, description="Chosen already: only the department is asked.")
    lon: Annotated[Degrees, Field(ge=-180, le=180)] | None = None
    lat: Annotated[Degrees, Field(ge=-90, le=90)] | None = None
    crs: Literal["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"] = "EPSG:4490"
    urgency: Literal["normal", "urgent"] = "normal"


class AdvisedDepartment(Answer):
    """The department proposed, why, and by what: the decision table, outcomes of such cases, or the class's own."""

    department: OfficeName
    limit: str | None = Field(description="In the deadline grammar.")
    source: Literal["table", "outcomes", "class"]
    reason_zh: str
    reason_en: str


class AdviceAnswer(Answer):
    """``class_code`` is what the report would get now; ``sure`` false: a person has to choose."""

    class_code: str | None
    sure: bool
    model: int | None = Field(description="Version of the model asked; null while none is in service.")
    area: str
    classes: list[SuggestedClass]
    department: AdvisedDepartment | None


class ModelItem(Answer):
    """A version of a case type's model, with its card."""

    subject: str
    version: int
    state: Literal["trained", "published", "retired", "withdrawn"]
    digest: str
    examples: int
    macro_f1: float
    trained_by: str
    trained_at: datetime
    published_at: datetime | None
    bytes: int
    card: dict[str, Any]


class ComparisonAnswer(Answer):
    """The new model and the one in service on the same held-out cases; macro-F1."""

    version: int
    texts: int
    new: float
    old: float | None
    current: int | None


class RolledBack(Answer):
    version: int


class WrongDispatch(Answer):
    """How often the first department was the wrong one, of the closed cases of a class."""

    class_code: str | None
    zh: str
    en: str
    closed: int
    wrong: int
    refused: int = Field(description="How often a department sent such a case back.")
    rate: float | None = Field(description="wrong / closed; null without closed cases.")
    detour_hours: float | None = Field(
        description="Mean working hours until the right department had it, of the wrong ones."
    )


@router.post(
    "/advice",
    summary="Class, department, limit and why 分类与派遣建议",
    responses=answers(AdviceAnswer, "case.type_unknown", "case.class_unknown", "case.place_outside_city"),
)
async def advice(request: Request, body: AdviceBody, actor: CurrentActor) -> Response:
    """To be asked while a report is typed; what it answers is what the report would get."""
    service = service_of(request)
    report = Report(
        type=body.type,
        channel=body.channel,
        text=body.text,
        lon=body.lon,
        lat=body.lat,
        crs=body.crs,
        class_code=body.class_code,
        urgency=body.urgency,
    )
    return json_response(_advice_json(service, body.type, service.suggest(report)))


@router.get(
    "/advice/figures",
    summary="Wrong dispatch and detours by class 误派率与绕行",
    responses=answers(list[WrongDispatch], "identity.sign_in_needed", "identity.forbidden"),
)
async def figures(
    request: Request,
    actor: SignedInActor,
    type: Annotated[Key | None, Query()] = None,
    closed_from: Annotated[
        Moment | None, Query(description="Ended at or after; default: 30 days before closed_to")
    ] = None,
    closed_to: Annotated[Moment | None, Query(description="Ended before; default: now")] = None,
) -> Response:
    """By class, most closed first, of what the reader may see."""
    actor.require("case", "read")
    service = service_of(request)
    until = closed_to or service.context.clock.now()
    since = closed_from or until - _ordinary_period
    rows = await service.learning.figures(actor, since, until, type_key=type)
    types = [service.catalogue.latest(type)] if type else service.catalogue.all()
    found: list[JsonObject] = []
    for row in rows:
        known = next((item for item in types if row.class_code in item.classes), None)
        found.append(
            {
                "class_code": row.class_code,
                "zh": known.class_name(row.class_code) if known else str(row.class_code),
                "en": known.class_name(row.class_code, "en") if known else str(row.class_code),
                "closed": row.closed,
                "wrong": row.wrong,
                "refused": row.refused,
                "rate": row.rate,
                "detour_hours": row.detour_hours,
            }
        )
    return json_response(found)


@router.get(
    "/models",
    summary="Versions of the classifier 模型版本",
    responses=answers(list[ModelItem], "identity.sign_in_needed", "identity.forbidden"),
)
async def models(
    request: Request, actor: SignedInActor, subject: Annotated[Key | None, Query(description="Case type")] = None
) -> Response:
    """Newest first, each with its card."""
    actor.require("model", "read")
    rows = await service_of(request).learning.models.models(subject)
    return json_response([_model_json(row) for row in rows])


@router.get(
    "/models/{subject}/{version}",
    summary="A model's card 模型说明卡",
    responses=answers(ModelItem, "judgement.model_unknown", "identity.sign_in_needed", "identity.forbidden"),
)
async def model(request: Request, subject: Subject, version: Version, actor: SignedInActor) -> Response:
    """What it learned from, how good it is, what it must not be used for."""
    actor.require("model", "read")
    return json_response(_model_json(await service_of(request).learning.models.card(subject, version)))


@router.post(
    "/models/{subject}/{version}/publish",
    summary="Put a model in service 发布模型",
    responses=answers(
        ComparisonAnswer,
        "judgement.model_unknown",
        "judgement.model_worse",
        "judgement.model_unreadable",
        "case.type_unknown",
        "identity.sign_in_needed",
        "identity.forbidden",
    ),
)
async def publish(request: Request, subject: Subject, version: Version, actor: SignedInActor) -> Response:
    """Refused when it is worse than the present one on the same held-out cases."""
    actor.require("model", "publish")
    found = await service_of(request).learning.publish(subject, version, actor)
    return json_response(
        {"version": version, "texts": found.texts, "new": found.new, "old": found.old, "current": found.current}
    )


@router.post(
    "/models/{subject}/rollback",
    summary="Take the model in service back 退回上一模型",
    responses=answers(
        RolledBack,
        "judgement.nothing_to_roll_back",
        "case.type_unknown",
        "identity.sign_in_needed",
        "identity.forbidden",
    ),
)
async def rollback(request: Request, subject: Subject, actor: SignedInActor) -> Response:
    """The one published before it is in service again."""
    actor.require("model", "publish")
    return json_response({"version": await service_of(request).learning.roll_back(subject, actor)})


def _model_json(row: ModelRow) -> JsonObject:
    return {
        "subject": row.subject,
        "version": row.version,
        "state": row.state,
        "digest": row.digest,
        "examples": row.examples,
        "macro_f1": row.macro_f1,
        "trained_by": row.trained_by,
        "trained_at": row.trained_at.isoformat(),
        "published_at": row.published_at.isoformat() if row.published_at else None,
        "bytes": row.bytes,
        "card": row.card,
    }


def _advice_json(service: CaseService, type_key: str, found: Suggested) -> JsonObject:
    case_type = service.catalogue.latest(type_key)
    classes: list[Json] = [
        {
            "class_code": item.code,
            "zh": case_type.class_name(item.code),
            "en": case_type.class_name(item.code, "en"),
            "source": item.source,
            "probability": item.probability,
            "words": list(item.words),
        }
        for item in found.classified.suggestions
    ]
    office = found.organisation
    department: JsonObject | None = None
    if office is not None:
        department = {
            "department": {"code": office.code, "zh": office.name_zh, "en": office.name_en},
            "limit": found.limit,
            "source": found.source,
            "reason_zh": found.reason_zh,
            "reason_en": found.reason_en,
        }
    return {
        "class_code": found.classified.code,
        "sure": found.classified.sure,
        "model": found.classified.model,
        "area": found.area,
        "classes": classes,
        "department": department,
    }
