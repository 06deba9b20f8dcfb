"""HTTP routes of hot issues (热点问题) and of the quality of answers (答复质量). Thin."""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import case_json, service_of
from yiwang.casework.api.schemas import Answer, CaseItem
from yiwang.judgement.extraction.service import Extraction
from yiwang.judgement.hot_issues.store import LivingIssue
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput

router = APIRouter(tags=["hot issues 热点问题"])

_DENIED = ("identity.sign_in_needed", "identity.forbidden")
_ONE = ("hot_issue.unknown", *_DENIED)
After = Annotated[
    str | None, Query(max_length=200, pattern="^[A-Za-z0-9_=-]*$", description="`next` of the page before")
]
Limit = Annotated[int, Query(ge=1, le=100)]


class HotIssue(Answer):
    """One real matter that several reports tell 热点问题. ``heat`` counts people, and clicks by their square root."""

    id: UUID
    title: str
    places: list[str] = Field(description="Names of places that most of its reports tell.")
    words: list[str] = Field(description="Words that mark it.")
    area: str = Field(description="What the areas of its reports have in common.")
    class_code: str | None = Field(description="The class of most of its cases.")
    lon: float | None
    lat: float | None
    began_at: datetime
    last_at: datetime
    letters: int = Field(description="Reports.")
    people: int = Field(description="Different people who reported; unknown callers count as one each.")
    support: int
    against: int
    heat: float
    closeness: float = Field(description="Mean likeness of two of its reports, 0–1.")
    week: int = Field(description="Reports of the last seven days.")
    week_before: int
    tendency: Literal["rising", "steady", "fading", "over"]
    sudden_at: datetime | None = Field(description="When it was last told as sudden 突发.")


class HotIssuePage(Answer):
    issues: list[HotIssue]
    next: str | None


class HotIssueCases(Answer):
    cases: list[CaseItem]
    next: str | None


class Count(Answer):
    since: date = Field(description="The day, or the first day of the month.")
    letters: int


class HotIssueHistory(Answer):
    """How an issue rose and faded."""

    months: list[Count]
    days: list[Count] = Field(description="The last ninety days; days without a report are left out.")


class QualityReason(Answer):
    part: Literal["completeness", "relevance", "delay"]
    good: bool
    zh: str
    en: str
    words: str = Field(description="The words of the answer that show it.")


class ReplyQuality(Answer):
    """Advice to those who ring back, never a verdict. Scores from 0 to 100."""

    answer: str
    at: datetime
    by: str
    total: float
    completeness: float
    relevance: float
    delay: float | None
    reasons: list[QualityReason]


class MaybeReplyQuality(Answer):
    quality: ReplyQuality | None = Field(description="Null while no office has answered.")


class SuggestedPlace(Answer):
    """A place that the words of a case name; a person decides."""

    lon: float = Field(description="Degrees, CGCS2000.")
    lat: float
    name: str = Field(description="As the gazetteer writes it.")
    id: str
    words: str = Field(description="As the text writes it.")
    zh: str
    en: str


class MaybePlace(Answer):
    suggestion: SuggestedPlace | None


@router.get(
    "/hot-issues", summary="Hot issues 热点问题", responses=answers(HotIssuePage, *_DENIED), response_class=Response
)
async def hot_issues(
    request: Request,
    actor: SignedInActor,
    area: Annotated[str, Query(max_length=15, pattern="^[0-9]*$", description="Only in this area.")] = "",
    days: Annotated[int, Query(ge=1, le=366, description="With a report in so many days.")] = 30,
    sudden: Annotated[bool, Query(description="Only those told as sudden in these days.")] = False,
    after: After = None,
    limit: Limit = 20,
) -> Response:
    """Matters that many report, the hottest first: those whose whole area you may read cases of."""
    found = await service_of(request).topics.hottest(
        actor, area=area, days=days, sudden=sudden, after=_heat_key(after), limit=limit + 1
    )
    page = found[:limit]
    more = len(found) > limit
    return json_response(
        {
            "issues": [issue_json(issue) for issue in page],
            "next": _pack([page[-1].heat, str(page[-1].id)]) if more else None,
        }
    )


@router.get("/hot-issues/{issue_id}", summary="One hot issue 一个热点", responses=answers(HotIssue, *_ONE))
async def hot_issue(request: Request, issue_id: UUID, actor: SignedInActor) -> Response:
    """An issue with its figures of today."""
    return json_response(issue_json(await service_of(request).topics.one(actor, issue_id)))


@router.get("/hot-issues/{issue_id}/cases", summary="Its cases 热点的案件", responses=answers(HotIssueCases, *_ONE))
async def hot_issue_cases(
    request: Request, issue_id: UUID, actor: SignedInActor, after: After = None, limit: Limit = 20
) -> Response:
    """The cases behind an issue that you may read, newest first."""
    service = service_of(request)
    found = await service.topics.cases(actor, issue_id, before=_time_key(after), limit=limit + 1)
    now = service.context.clock.now()
    page = found[:limit]
    more = len(found) > limit
    last = page[-1] if page else None
    return json_response(
        {
            "cases": [case_json(service, case, now) for case in page],
            "next": _pack([last.reported_at.isoformat(), str(last.id)]) if more and last else None,
        }
    )


@router.get(
    "/hot-issues/{issue_id}/history", summary="Rise and fade 热度变化", responses=answers(HotIssueHistory, *_ONE)
)
async def hot_issue_history(request: Request, issue_id: UUID, actor: SignedInActor) -> Response:
    """Reports by month since it began, and by day."""
    found = await service_of(request).topics.history(actor, issue_id)
    return json_response(
        {
            "months": [{"since": month.isoformat(), "letters": count} for month, count in found.months],
            "days": [{"since": day.isoformat(), "letters": count} for day, count in found.days],
        }
    )


@router.get(
    "/cases/{case_id}/reply-quality",
    summary="Quality of the answer 答复质量",
    responses=answers(MaybeReplyQuality, "not_found", *_DENIED),
)
async def reply_quality(request: Request, case_id: UUID, actor: SignedInActor) -> Response:
    """How complete, to the point and prompt the office's newest answer is, with what speaks for it."""
    found = await service_of(request).topics.answer(actor, case_id)
    if found is None:
        return json_response({"quality": None})
    quality = found.quality
    return json_response(
        {
            "quality": {
                "answer": found.text,
                "at": found.at.isoformat(),
                "by": found.by,
                "total": round(quality.total, 1),
                "completeness": round(quality.completeness, 1),
                "relevance": round(quality.relevance, 1),
                "delay": None if quality.delay is None else round(quality.delay, 1),
                "reasons": [
                    {"part": r.part, "good": r.good, "zh": r.zh, "en": r.en, "words": r.words} for r in quality.reasons
                ],
            }
        }
    )


@router.get(
    "/cases/{case_id}/place-suggestion",
    summary="Where its words say it is 文字中的位置",
    responses=answers(MaybePlace, "not_found", *_DENIED),
)
async def place_suggestion(request: Request, case_id: UUID, actor: SignedInActor) -> Response:
    """For a case without a point: the place that its text and address name, with the words that say so. Null where the case
    has a point or the city knows no such name. It is shown to a person and never written by the system."""
    case = (await service_of(request).reading.view(case_id, actor)).case
    if case.lon is not None:
        return json_response({"suggestion": None})
    reader: Extraction = request.app.state.services.extraction
    found = (await reader.read(case.text, address=case.address)).suggested
    if found is None or found.place is None:
        return json_response({"suggestion": None})
    place = found.place
    return json_response(
        {
            "suggestion": {
                "lon": place.longitude,
                "lat": place.latitude,
                "name": place.name,
                "id": place.id,
                "words": found.name,
                "zh": f"按文中“{found.name}”在地名库中找到:{place.name}",
                "en": f"“{found.name}” in the text, found in the gazetteer: {place.name}",
            }
        }
    )


def issue_json(issue: LivingIssue) -> JsonObject:
    """An issue as the API shows it."""
    return {
        "id": str(issue.id),
        "title": issue.title,
        "places": list(issue.places),
        "words": list(issue.words),
        "area": issue.area,
        "class_code": issue.class_code,
        "lon": issue.lon,
        "lat": issue.lat,
        "began_at": issue.began_at.isoformat(),
        "last_at": issue.last_at.isoformat(),
        "letters": issue.letters,
        "people": issue.people,
        "support": issue.support,
        "against": issue.against,
        "heat": round(issue.heat, 2),
        "closeness": round(issue.closeness, 3),
        "week": issue.week,
        "week_before": issue.week_before,
        "tendency": issue.tendency,
        "sudden_at": issue.alarmed_at.isoformat() if issue.alarmed_at else None,
    }


def _pack(key: list[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode()


def _unpack(after: str) -> tuple[object, UUID]:
    try:
        first, second = orjson.loads(base64.urlsafe_b64decode(after.encode()))
        return first, UUID(second)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise _not_a_page() from error


def _heat_key(after: str | None) -> tuple[float, UUID] | None:
    if not after:
        return None
    heat, issue_id = _unpack(after)
    if not isinstance(heat, int | float):
        raise _not_a_page()
    return float(heat), issue_id


def _time_key(after: str | None) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    at, case_id = _unpack(after)
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError as error:
        raise _not_a_page() from error
    if moment.tzinfo is None:
        raise _not_a_page()
    return moment, case_id


def _not_a_page() -> InvalidInput:
    fault = FieldError(
        where="/after",
        code="input.page",
        zh="翻页标记无效,请从第一页重新开始",
        en="this is no page marker; begin again from the first page",
    )
    return InvalidInput(errors=[fault], count=1)
