"""HTTP routes of looking: drawings as SVG, heat, bottlenecks, event logs. Thin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from yiwang.flow.api.common import ALWAYS, Key, service_of
from yiwang.flow.api.instances import may_see
from yiwang.flow.look.heat import Clock, Figure, StepReport, bottlenecks, heat_map
from yiwang.flow.look.service import FlowLook, LogFormat, LogRequest, rendered
from yiwang.flow.look.svg import Language
from yiwang.flow.model import InstanceStory, Names
from yiwang.flow.store.heat import Selection, Spread
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound
from yiwang.kernel.refusals import problems

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="版本号; without it the published one.")]
AnyVersion = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="版本号; without it all versions together.")]
Words = Annotated[Literal["zh", "en"], Query(alias="lang", description="Language of the words.")]
Since = Annotated[AwareDatetime | None, Query(alias="from", description="By default 30 days before `to`.")]
Until = Annotated[AwareDatetime | None, Query(alias="to", description="Exclusive; by default the city's now.")]
Area = Annotated[str, Query(pattern="^[0-9]{0,20}$", description="Only in this area (code) and below it.")]
By = Annotated[Clock, Query(description="elapsed: by the clock; used: as the step's limit counts.")]
Shown = Annotated[Figure, Query(description="Which figure gives the colour.")]

_earliest_year, _latest_year = 1970, 2200

SVG = "image/svg+xml"
XES = "application/xml"
CSV = "text/csv"
# The picture is styled by itself and must not run or fetch anything, wherever it is opened.
SVG_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}

SubjectReader = Callable[[Actor, UUID], Awaitable[bool]]
"""(actor, subject id) → whether the actor may read it. ``app.state.subject_readers`` holds one for each kind of subject
whose engine knows more than flow does (to whom a case belongs)."""


def _picture(*codes: str) -> dict[int | str, dict[str, object]]:
    return {
        200: {"content": {SVG: {"schema": {"type": "string"}}}, "description": "SVG"},
        **problems("not_found", *codes),
    }


class SpreadView(BaseModel):
    """Seconds; null where nobody has left the step."""

    total: float
    mean: float | None
    median: float | None
    p90: float | None


class StepFiguresView(BaseModel):
    """How a step went in the period. See the guide “How to read a heat map” for what each figure means."""

    node: str
    zh: str
    en: str
    visits: int = Field(description="Visits that ended in the period by the step's own doing.")
    cases: int = Field(description="Cases that these visits belong to.")
    elapsed: SpreadView = Field(description="By the clock.")
    used: SpreadView = Field(
        description="As the step's limit counts: working seconds, or clock seconds, without pauses."
    )
    overdue: int
    overdue_share: float | None
    returned: int = Field(description="Sent back 退回.")
    return_share: float | None
    repeat_share: float | None = Field(
        description="Of the visits, those that were not their case's first in the period."
    )
    skipped: int = Field(description="Passed over; not among the visits.")
    cut_off: int = Field(description="Ended from outside (withdrawn, jumped, cancelled); not among the visits.")
    open: int = Field(description="Waiting now.")
    open_overdue: int
    open_seconds: float = Field(description="How long these have waited together so far.")
    waiting_seconds: float = Field(
        description="All waiting: elapsed.total + open_seconds. Bottlenecks are ordered by it."
    )
    drawn: bool = Field(description="Whether this version of the flow has the step.")


class FiguresView(BaseModel):
    """The steps of a definition; ``version`` is null when all versions are taken together."""

    model_config = {"populate_by_name": True}

    key: str
    version: int | None
    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    area: str
    steps: list[StepFiguresView]


router = APIRouter(prefix="/api/v1", tags=["flow 流程"], responses=problems(*ALWAYS))


@router.get(
    "/definitions/{key}/drawing.svg",
    summary="Drawing of a definition 流程图",
    response_class=Response,
    responses=_picture("flow.drawing_too_large"),
)
async def drawing_svg(
    request: Request, actor: SignedInActor, key: Key, version: Version = None, lang: Words = "zh"
) -> Response:
    """The diagram in BPMN notation, from the file or laid out. Drafts only for those who may edit."""
    look = _look(request)
    drafts = actor.may("definition", "edit") or actor.may("definition", "publish")
    async with look.flow.context.database.connection() as connection:
        _, drawing = await look.drawing(connection, key, version, drafts=drafts)
    return _svg(await rendered(drawing, lang))


@router.get(
    "/definitions/{key}/heat.svg",
    summary="Heat map of a definition 热力图",
    response_class=Response,
    responses=_picture("identity.forbidden", "flow.drawing_too_large"),
)
async def heat_svg(
    request: Request,
    actor: SignedInActor,
    key: Key,
    version: AnyVersion = None,
    since: Since = None,
    until: Until = None,
    area: Area = "",
    by: By = "elapsed",
    figure: Shown = "mean",
    lang: Words = "zh",
) -> Response:
    """The diagram with each step coloured by how long cases wait there."""
    look, wanted = _look(request), _selection(request, key, version, since, until, area)
    async with look.flow.context.database.connection() as connection:
        _, drawing = await look.drawing(connection, key, version)
        found = await look.figures(connection, actor, wanted)
    return _svg(await rendered(drawing, lang, heat_map(drawing, found, lang, by, figure)))


@router.get(
    "/definitions/{key}/heat",
    summary="Figures of each step 各环节用时",
    responses=problems("not_found", "identity.forbidden"),
)
async def heat(
    request: Request,
    actor: SignedInActor,
    key: Key,
    version: AnyVersion = None,
    since: Since = None,
    until: Until = None,
    area: Area = "",
) -> FiguresView:
    """Count, waiting, shares of each step, in the order of the drawing."""
    found = await _reports(request, actor, _selection(request, key, version, since, until, area))
    order = {step.node: place for place, step in enumerate(found.steps)}
    return found.model_copy(update={"steps": sorted(found.steps, key=lambda step: (not step.drawn, order[step.node]))})


@router.get(
    "/definitions/{key}/bottlenecks",
    summary="Bottlenecks of a definition 瓶颈环节",
    responses=problems("not_found", "identity.forbidden"),
)
async def list_bottlenecks(
    request: Request,
    actor: SignedInActor,
    key: Key,
    version: AnyVersion = None,
    since: Since = None,
    until: Until = None,
    area: Area = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> FiguresView:
    """The steps by all waiting at them, the longest first."""
    found = await _reports(request, actor, _selection(request, key, version, since, until, area))
    steps = sorted(found.steps, key=lambda step: (-step.waiting_seconds, step.node))
    return found.model_copy(update={"steps": steps[:limit]})


@router.get(
    "/definitions/{key}/eventlog.xes",
    summary="Event log in XES 事件日志",
    response_class=StreamingResponse,
    responses={200: {"content": {XES: {"schema": {"type": "string"}}}}, **problems("not_found", "identity.forbidden")},
)
async def eventlog_xes(
    request: Request,
    actor: SignedInActor,
    key: Key,
    version: AnyVersion = None,
    since: Since = None,
    until: Until = None,
    area: Area = "",
    people: Annotated[bool, Query(description="Persons as resources: only for auditors, and journalled.")] = False,
    lang: Words = "zh",
) -> StreamingResponse:
    """XES 1.0 (IEEE 1849) of the cases that started in the period, for process mining."""
    wanted = _log(request, key, version, since, until, area, "xes", people=people)
    return await _stream(request, actor, wanted, lang)


@router.get(
    "/definitions/{key}/eventlog.csv",
    summary="Event log as CSV 事件日志(表格)",
    response_class=StreamingResponse,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, **problems("not_found", "identity.forbidden")},
)
async def eventlog_csv(
    request: Request,
    actor: SignedInActor,
    key: Key,
    version: AnyVersion = None,
    since: Since = None,
    until: Until = None,
    area: Area = "",
    people: Annotated[bool, Query(description="Persons as resources: only for auditors, and journalled.")] = False,
    lang: Words = "zh",
) -> StreamingResponse:
    """One line for each finished step of the cases that started in the period."""
    wanted = _log(request, key, version, since, until, area, "csv", people=people)
    return await _stream(request, actor, wanted, lang)


@router.get(
    "/instances/{instance_id}/drawing.svg",
    summary="Where an instance stands, drawn 流程进度图",
    response_class=Response,
    responses=_picture("flow.drawing_too_large"),
)
async def instance_svg(request: Request, actor: SignedInActor, instance_id: UUID, lang: Words = "zh") -> Response:
    """The diagram of the instance's own version with the path walked and the steps that wait, for those who may read it."""
    look = _look(request)
    async with look.flow.context.database.connection() as connection:
        story = await look.flow.story(connection, instance_id)
        if not await readable(request, actor, story):
            raise NotFound(what="流程")
        return _svg(await look.standing(connection, story, lang))


async def readable(request: Request, actor: Actor, story: InstanceStory) -> bool:
    """Whether the actor may see the instance: by place or part in it, or because its subject's engine lets them read it."""
    if may_see(actor, story):
        return True
    readers: Mapping[str, SubjectReader] = getattr(request.app.state, "subject_readers", {})
    reader = readers.get(story.instance.subject_kind)
    return reader is not None and await reader(actor, story.instance.subject_id)


def _look(request: Request) -> FlowLook:
    return FlowLook(service_of(request))


def _selection(
    request: Request, key: str, version: int | None, since: datetime | None, until: datetime | None, area: str
) -> Selection:
    start, end = _period(request, since, until)
    return Selection(key, version, start, end, area)


def _log(
    request: Request,
    key: str,
    version: int | None,
    since: datetime | None,
    until: datetime | None,
    area: str,
    format: LogFormat,
    *,
    people: bool,
) -> LogRequest:
    start, end = _period(request, since, until)
    return LogRequest(key, version, start, end, area, format, people)


def _period(request: Request, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """The period in UTC; times that no city has lived through are refused."""
    for name, moment in (("from", since), ("to", until)):
        if moment is not None and not _earliest_year <= moment.year <= _latest_year:
            words = Names(
                f"应在 {_earliest_year} 至 {_latest_year} 年之间", f"must lie in {_earliest_year}–{_latest_year}"
            )
            wrong = FieldError(where=name, code="out_of_range", zh=words.zh, en=words.en)
            raise InvalidInput(count=1, errors=[wrong])
    start, end = _look(request).period(since, until)
    return start.astimezone(UTC), end.astimezone(UTC)


async def _stream(request: Request, actor: Actor, wanted: LogRequest, language: Language) -> StreamingResponse:
    pieces = await _look(request).log(wanted, actor, language)
    name = f"{wanted.key}-{wanted.since:%Y%m%d}-{wanted.until:%Y%m%d}.{wanted.format}"
    return StreamingResponse(
        pieces,
        media_type=XES if wanted.format == "xes" else CSV,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _reports(request: Request, actor: Actor, wanted: Selection) -> FiguresView:
    look = _look(request)
    async with look.flow.context.database.connection() as connection:
        plan = await look.plan(connection, wanted.key, wanted.version)
        found = bottlenecks(plan, await look.figures(connection, actor, wanted))
    places = {node: place for place, node in enumerate(plan.nodes)}
    found.sort(key=lambda report: (places.get(report.figures.node, len(places)), report.figures.node))
    return FiguresView(
        key=wanted.key,
        version=wanted.version,
        since=wanted.since,
        until=wanted.until,
        area=wanted.area,
        steps=[_step(report) for report in found],
    )


def _step(report: StepReport) -> StepFiguresView:
    found = report.figures
    return StepFiguresView(
        node=found.node,
        zh=report.names.zh,
        en=report.names.en,
        visits=found.visits,
        cases=found.cases,
        elapsed=_spread(found.elapsed),
        used=_spread(found.used),
        overdue=found.overdue,
        overdue_share=found.overdue_share,
        returned=found.returned,
        return_share=found.return_share,
        repeat_share=found.repeat_share,
        skipped=found.skipped,
        cut_off=found.cut_off,
        open=found.open,
        open_overdue=found.open_overdue,
        open_seconds=found.open_seconds,
        waiting_seconds=found.waiting,
        drawn=report.drawn,
    )


def _spread(found: Spread) -> SpreadView:
    return SpreadView(total=found.total, mean=found.mean, median=found.median, p90=found.p90)


def _svg(content: str) -> Response:
    return Response(content, media_type=SVG, headers=SVG_HEADERS)
