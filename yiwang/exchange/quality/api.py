"""HTTP routes of quality. Thin. Scores are 0 to 100; times of runs are city time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from yiwang.exchange.quality.model import DIMENSIONS, Dispatched, RuleCount, RuleShown, Run, score_of
from yiwang.exchange.quality.service import QualityService
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanText

router = APIRouter(prefix="/api/v1/exchange/quality", tags=["quality 数据质量"], responses=problems(*BEFORE_ANY_ROUTE))

TypeId = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$", description="Type of the thing 登记类型")]
RuleId = Annotated[str, Query(max_length=80, pattern=r"^[a-z0-9-]*$", description="Only records that break this rule")]
_most_sources = 2**31 - 1


class QualityWords(BaseModel):
    zh: str
    en: str


class QualityRunView(BaseModel):
    """A check: ``waiting``, ``running``, ``finished`` or ``given_up`` (the type is gone); ``judged`` records so far."""

    id: UUID
    type: str
    state: str
    at: datetime
    judged: int
    by: str
    nightly: bool


class QualityTypeView(BaseModel):
    """A type on the board; ``score`` None: not checked yet, or nothing of it within reach. ``dimensions``: score of each."""

    type: str
    names: QualityWords
    score: float | None
    before: float | None
    dimensions: dict[str, float | None]
    sources: int
    failed: int
    run: QualityRunView | None
    under_way: QualityRunView | None


class QualityBoard(BaseModel):
    items: list[QualityTypeView]
    may_run: bool


class QualityRuleView(BaseModel):
    """A rule and how it was kept. ``declared`` false: it follows from the type's declaration."""

    id: str
    names: QualityWords
    dimension: str
    weight: float
    declared: bool
    judged: int
    failed: int


class QualitySourceView(BaseModel):
    """What one source scored; ``failed`` by rule. ``organisation`` 0: records of no organisation."""

    organisation: int
    names: QualityWords
    score: float | None
    judged: int
    failed: dict[str, int]


class QualityPoint(BaseModel):
    at: datetime
    score: float | None


class QualityDispatchView(BaseModel):
    """Defects that were sent to their source as a case; ``rule`` empty: of all rules."""

    id: UUID
    organisation: int
    names: QualityWords
    rule: str
    failed: int
    case_id: UUID
    number: str
    at: datetime
    by: str


class QualityDetail(BaseModel):
    """All about the quality of one type."""

    type: str
    names: QualityWords
    score: float | None
    run: QualityRunView
    under_way: QualityRunView | None
    rules: list[QualityRuleView]
    sources: list[QualitySourceView]
    trend: list[QualityPoint]
    dispatched: list[QualityDispatchView]
    may_run: bool


class QualityDefectView(BaseModel):
    """A record that breaks rules; its title is masked where personal."""

    id: UUID
    title: str
    organisation: int
    names: QualityWords
    area: str
    rules: list[str]
    weight: float


class QualityDefectPage(BaseModel):
    """``after``: the cursor of the next page."""

    items: list[QualityDefectView]
    after: str | None


class QualityDispatchBody(BaseModel):
    """``rule`` empty: all that the last check found of the source."""

    model_config = ConfigDict(extra="forbid")

    organisation: int = Field(ge=1, le=_most_sources)
    rule: str = Field("", max_length=80, pattern=r"^[a-z0-9-]*$")
    note: CleanText = Field("", max_length=500)


@router.get("", summary="Quality of all types 数据质量", responses=problems("identity.forbidden"))
async def board(request: Request, actor: SignedInActor) -> QualityBoard:
    """Every type with the score of its last check, as far as the reader reaches."""
    service = _service(request)
    items = []
    for each in await service.board(actor):
        rules = each.run.rules if each.run else ()
        items.append(
            QualityTypeView(
                type=each.type,
                names=_type_words(service, each.type),
                score=each.score,
                before=each.before,
                dimensions=_dimensions(each.counts, rules),
                sources=len({count.organisation_id for count in each.counts}),
                failed=sum(count.failed for count in each.counts),
                run=_run(each.run) if each.run else None,
                under_way=_run(each.under_way) if each.under_way else None,
            )
        )
    return QualityBoard(items=items, may_run=actor.may("quality", "run"))


@router.get(
    "/{type}",
    summary="Quality of a type 一类数据的质量",
    responses=problems("thing.type_unknown", "quality.not_judged", "identity.forbidden"),
)
async def type_quality(request: Request, type: TypeId, actor: SignedInActor) -> QualityDetail:
    """Rules, sources, trend, and what was sent to sources."""
    service = _service(request)
    found = await service.type_quality(actor, type)
    run = found.run
    by_source: dict[int, list[RuleCount]] = {}
    for count in found.counts:
        by_source.setdefault(count.organisation_id, []).append(count)
    sources = [
        QualitySourceView(
            organisation=source,
            names=_source_words(service, source),
            score=score_of(counts, run.rules),
            judged=max(count.judged for count in counts),
            failed={count.rule: count.failed for count in counts if count.failed},
        )
        for source, counts in by_source.items()
    ]
    return QualityDetail(
        type=type,
        names=_type_words(service, type),
        score=score_of(found.counts, run.rules),
        run=_run(run),
        under_way=_run(found.under_way) if found.under_way else None,
        rules=[
            QualityRuleView(
                id=rule.id,
                names=QualityWords(zh=rule.zh, en=rule.en),
                dimension=rule.dimension,
                weight=rule.weight,
                declared=rule.declared,
                judged=sum(count.judged for count in found.counts if count.rule == rule.id),
                failed=sum(count.failed for count in found.counts if count.rule == rule.id),
            )
            for rule in run.rules
        ],
        sources=sorted(sources, key=lambda each: (100 if each.score is None else each.score, each.organisation)),
        trend=[QualityPoint(at=before.at, score=score) for before, score in found.trend],
        dispatched=[_dispatch(service, each) for each in found.dispatched],
        may_run=actor.may("quality", "run"),
    )


@router.get(
    "/{type}/defects",
    summary="The worst records 问题数据",
    responses=problems("thing.type_unknown", "quality.not_judged", "quality.rule_unknown", "identity.forbidden"),
)
async def defects(
    request: Request,
    type: TypeId,
    actor: SignedInActor,
    organisation: Annotated[int | None, Query(ge=0, le=_most_sources, description="Only of this source")] = None,
    rule: RuleId = "",
    after: Annotated[
        str, Query(max_length=80, pattern=r"^([0-9]{1,9}(\.[0-9]{1,9})?_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> QualityDefectPage:
    """Records that break rules, the gravest first; only those that the reader may read."""
    service = _service(request)
    weight, _, thing = after.partition("_")
    behind = (float(weight), UUID(thing)) if after else None
    found = await service.worst(actor, type, source=organisation, rule=rule, after=behind, limit=limit)
    last = found[-1].defect if len(found) == limit else None
    return QualityDefectPage(
        items=[
            QualityDefectView(
                id=each.defect.thing_id,
                title=each.fact.title,
                organisation=each.defect.organisation_id,
                names=_source_words(service, each.defect.organisation_id),
                area=each.defect.area,
                rules=list(each.defect.rules),
                weight=each.defect.weight,
            )
            for each in found
        ],
        after=f"{last.weight}_{last.thing_id}" if last else None,
    )


@router.post(
    "/{type}/runs",
    status_code=202,
    summary="Check now 立即检查",
    responses=problems("thing.type_unknown", "quality.not_judged", "identity.forbidden"),
)
async def begin(request: Request, type: TypeId, actor: SignedInActor) -> QualityRunView:
    """Ask for a check of all records of the type; one that is under way already is answered."""
    return _run(await _service(request).begin(actor, type))


@router.post(
    "/{type}/dispatches",
    status_code=201,
    summary="Send defects to their source 派发问题",
    responses=problems(
        "thing.type_unknown", "quality.not_judged", "quality.rule_unknown", "quality.source_unknown",
        "quality.nothing_to_dispatch", "quality.case_type_missing", "identity.forbidden",
    ),
)  # fmt: skip
async def dispatch(
    request: Request, type: TypeId, actor: SignedInActor, body: QualityDispatchBody
) -> QualityDispatchView:
    """A case for the source with what the last check found; sent once a check, asked again it is told again."""
    service = _service(request)
    return _dispatch(service, await service.dispatch(actor, type, body.organisation, body.rule, body.note))


def _service(request: Request) -> QualityService:
    service: QualityService = request.app.state.quality
    return service


def _run(run: Run) -> QualityRunView:
    return QualityRunView(
        id=run.id, type=run.type, state=run.state, at=run.at, judged=run.judged, by=run.asked_label,
        nightly=run.night is not None,
    )  # fmt: skip


def _dimensions(counts: list[RuleCount], rules: tuple[RuleShown, ...]) -> dict[str, float | None]:
    found = {name: tuple(rule for rule in rules if rule.dimension == name) for name in DIMENSIONS}
    return {name: score_of(counts, some) for name, some in found.items() if some}


def _dispatch(service: QualityService, sent: Dispatched) -> QualityDispatchView:
    return QualityDispatchView(
        id=sent.id, organisation=sent.organisation_id, names=_source_words(service, sent.organisation_id),
        rule=sent.rule, failed=sent.failed, case_id=sent.case_id, number=sent.case_number, at=sent.at, by=sent.by_label,
    )  # fmt: skip


def _type_words(service: QualityService, type_id: str) -> QualityWords:
    return QualityWords(**service.registry.types.type(type_id).declaration.names.model_dump())


def _source_words(service: QualityService, organisation_id: int) -> QualityWords:
    return QualityWords(**service.source_names(organisation_id))
