"""Trends over HTTP: series with forecast, interval and error; alarms. Always within the reader's scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

import yiwang.identity.errors
import yiwang.insight.trends.errors  # noqa: F401  # registers the codes that descriptions name, as does identity's
from yiwang.casework.api.bodies import service_of
from yiwang.casework.api.values import ClassCode, Key
from yiwang.casework.service import CaseService
from yiwang.insight.trends.service import MOST_DAYS, MOST_SERIES, Trend, Trends, TrendService
from yiwang.insight.trends.store import Alarm
from yiwang.insight.trends.trial import Score
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.refusals import problems

router = APIRouter(prefix="/api/v1/trends", tags=["trends 趋势预测"])

Area = Annotated[str, Query(pattern=r"^[0-9A-Z]{1,20}$")]


class Answer(BaseModel):
    """Complete: no member comes that is not described."""

    model_config = ConfigDict(extra="forbid")


class ForecastError(Answer):
    """How far off such forecasts were. MASE below `naive_mase` is better than repeating the last week."""

    mase: float
    naive_mase: float
    rmsse: float
    naive_rmsse: float
    covered: float = Field(description="Share of days that fell into the interval.")
    days: int = Field(description="Days that were judged.")


class PastDay(Answer):
    """A day that is over: cases that came, and what was expected of it the day before."""

    day: date
    cases: int
    expected: float
    low: int
    high: int


class ComingDay(Answer):
    day: date
    expected: float
    median: int
    low: int
    high: int


class SeriesAnswer(Answer):
    key: str = Field(description="Class code or area code; empty for all together, or where none is known.")
    zh: str
    en: str
    cases: int
    history: list[PastDay]
    forecast: list[ComingDay]
    error: ForecastError | None = Field(description="None where too few cases came to judge.")


class TrendsAnswer(Answer):
    """趋势:历史、预测、区间与误差。"""

    by: Literal["class", "area", "all"]
    interval: float = Field(description="The share of days that the interval is made to hold.")
    origins: int = Field(description="How often the forecast was tried on the past.")
    overall: ForecastError | None
    total: SeriesAnswer
    series: list[SeriesAnswer]


class AlarmAnswer(Answer):
    """异常:a day on which far more or fewer cases came than was to be expected. Empty class: all classes."""

    id: UUID
    day: date
    class_code: str
    class_zh: str
    class_en: str
    area: str
    kind: Literal["more", "fewer"]
    zh: str
    en: str
    cases: int
    expected: float
    low: int
    high: int
    chance: float = Field(description="Probability of a count so far off, were nothing the matter.")
    raised_at: datetime


class AlarmPage(Answer):
    items: list[AlarmAnswer]
    next: str | None


def _answers(model: object, *codes: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}, **problems("identity.sign_in_needed", "identity.forbidden", *codes)}


@router.get("", summary="Trends and forecast 趋势与预测", responses=_answers(TrendsAnswer, "trends.too_few_days"))
async def trends(
    request: Request,
    actor: SignedInActor,
    by: Literal["class", "area", "all"] = "all",
    type: Annotated[Key | None, Query()] = None,
    class_code: Annotated[ClassCode | None, Query()] = None,
    area: Area | None = None,
    days: Annotated[int, Query(ge=56, le=MOST_DAYS)] = 365,
    horizon: Annotated[int, Query(ge=1, le=60)] = 14,
    limit: Annotated[int, Query(ge=1, le=MOST_SERIES)] = 12,
) -> Response:
    """Cases a day in the places that the reader may see, what was expected of them, and what is to be expected.

    The working calendar of the city tells holidays. Today is not over and does not count.
    """
    service = trends_of(request)
    found = await service.trends(
        actor, by=by, type_key=type, class_code=class_code, area=area, days=days, horizon=horizon, limit=limit
    )
    return _response(_trends_json(service_of(request), found, by))


@router.get("/alarms", summary="Days out of the ordinary 异常日", responses=_answers(AlarmPage))
async def alarms(
    request: Request,
    actor: SignedInActor,
    after: Annotated[str | None, Query(max_length=60, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Newest day first; only of places that the reader may see."""
    found = await trends_of(request).alarms(actor, before=_cursor(after), limit=limit)
    last = found[-1] if len(found) == limit else None
    return _response(
        {
            "items": [_alarm_json(service_of(request), item) for item in found],
            "next": f"{last.day.isoformat()}_{last.id}" if last else None,
        }
    )


def trends_of(request: Request) -> TrendService:
    """The trends of this process."""
    service: TrendService = request.app.state.trends
    return service


def _trends_json(cases: CaseService, found: Trends, by: str) -> dict[str, object]:
    scores = found.trial.scores
    return {
        "by": by,
        "interval": found.trial.share,
        "origins": len(found.trial.origins),
        "overall": _score_json(found.trial.overall),
        "total": _series_json(cases, found, found.total, "all", found.score),
        "series": []
        if by == "all"
        else [_series_json(cases, found, item, by, score) for item, score in zip(found.series, scores, strict=True)],
    }


def _series_json(cases: CaseService, found: Trends, trend: Trend, by: str, score: Score | None) -> dict[str, object]:
    past, ahead = trend.back.interval(found.trial.share), trend.ahead.interval(found.trial.share)
    zh, en = _names(cases, by, trend.key, found.names)
    return {
        "key": trend.key,
        "zh": zh,
        "en": en,
        "cases": int(trend.counts.sum()),
        "history": [
            {
                "day": found.on(place).isoformat(),
                "cases": int(trend.counts[place]),
                "expected": round(float(trend.back.mean[place]), 2),
                "low": int(past.low[place]),
                "high": int(past.high[place]),
            }
            for place in range(found.seen)
        ],
        "forecast": [
            {
                "day": found.on(found.seen + step).isoformat(),
                "expected": round(float(trend.ahead.mean[step]), 2),
                "median": int(ahead.median[step]),
                "low": int(ahead.low[step]),
                "high": int(ahead.high[step]),
            }
            for step in range(found.horizon)
        ],
        "error": _score_json(score),
    }


def _names(cases: CaseService, by: str, key: str, areas: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    if by == "class" and key:
        for case_type in cases.catalogue.all():
            if key in case_type.classes:
                return case_type.class_name(key), case_type.class_name(key, "en")
        return key, key
    if by == "area" and key:
        return areas.get(key, (key, key))
    return ("全部", "All") if by == "all" else ("未知", "Unknown")


def _score_json(score: Score | None) -> dict[str, object] | None:
    if score is None:
        return None
    return {
        "mase": round(score.mase, 4),
        "naive_mase": round(score.naive_mase, 4),
        "rmsse": round(score.rmsse, 4),
        "naive_rmsse": round(score.naive_rmsse, 4),
        "covered": round(score.covered, 4),
        "days": score.days,
    }


def _alarm_json(cases: CaseService, item: Alarm) -> dict[str, object]:
    zh, en = _names(cases, "class", item.class_code, {}) if item.class_code else ("全部分类", "All classes")
    far_zh, far_en = ("远多于", "far more than") if item.kind == "more" else ("远少于", "far fewer than")
    return {
        "id": str(item.id),
        "day": item.day.isoformat(),
        "class_code": item.class_code,
        "class_zh": zh,
        "class_en": en,
        "area": item.area,
        "kind": item.kind,
        "zh": f"{zh}:{item.day} 收到 {item.cases} 件,{far_zh}预计的 {item.expected:.0f} 件",
        "en": f"{en}: {item.cases} cases on {item.day}, {far_en} the {item.expected:.0f} to be expected",
        "cases": item.cases,
        "expected": round(item.expected, 2),
        "low": int(item.low),
        "high": int(item.high),
        "chance": item.chance,
        "raised_at": item.raised_at.isoformat(),
    }


def _cursor(text: str | None) -> tuple[date, UUID] | None:
    if text is None:
        return None
    day, _, key = text.partition("_")
    try:
        return date.fromisoformat(day), UUID(key)
    except ValueError as error:
        fault = FieldError(
            where="query:after", code="input.cursor", zh="翻页标记无效,请从第一页开始", en="not a page key; start anew"
        )
        raise InvalidInput(errors=[fault], count=1) from error


def _response(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
