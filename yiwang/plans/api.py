"""HTTP routes of plans, breakdowns and sheets. Thin. Times ISO 8601 with zone; percent 0 to 100."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime

from yiwang.casework.api.bodies import service_of
from yiwang.casework.api.secrecy import require_own_tasks, secret_task
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.plans.api_views import (
    BreakdownBody,
    BreakdownKind,
    BreakdownKinds,
    BreakdownView,
    FiguresView,
    FilledSheets,
    OfficeFiguresView,
    PartView,
    PlanCardView,
    PlanList,
    PlanTaskPage,
    PlanTaskView,
    PlanView,
    ProgressBody,
    ProgressList,
    ProgressView,
    SheetBody,
    SheetFiguresView,
    SheetFilledAnswer,
    SheetList,
    SheetOfficeView,
    breakdown_view,
    filled_view,
    office_view,
    outcome_view,
    part_view,
    plan_view,
    sheet_view,
    words_view,
)
from yiwang.plans.model import NewPart
from yiwang.plans.service import PlanService

router = APIRouter(prefix="/api/v1", tags=["plans 计划与任务分解"], responses=problems(*BEFORE_ANY_ROUTE))

PlanId = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")]
PeriodKey = Annotated[str, Path(max_length=10, pattern=r"^[0-9]{4}(-[0-9]{2}|-W[0-9]{2}|-Q[1-4]|-H[12])?$")]


# -- plans ----------------------------------------------------------------------------------------------------------------


@router.get("/plans", summary="Plans 计划", responses=problems("identity.forbidden"))
async def plans(request: Request, actor: SignedInActor) -> PlanList:
    """Work that comes by period, each plan with its newest period."""
    return PlanList(items=[plan_view(each) for each in await _service(request).periodic.all(actor)])


@router.get("/plans/{plan}", summary="A plan 一项计划", responses=problems("plan.unknown", "identity.forbidden"))
async def one_plan(request: Request, plan: PlanId, actor: SignedInActor) -> PlanView:
    """A plan with its last twelve periods."""
    return plan_view(await _service(request).periodic.one(actor, plan))


@router.get(
    "/plans/{plan}/periods/{period}/tasks",
    summary="What a period opened 本期任务",
    responses=problems("plan.unknown", "identity.forbidden"),
)
async def plan_tasks(
    request: Request,
    plan: PlanId,
    period: PeriodKey,
    actor: SignedInActor,
    after: Annotated[str, Query(max_length=60, pattern=r"^[a-z0-9-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> PlanTaskPage:
    """Each object with its case, within the reader's reach."""
    service = _service(request)
    rows = await service.periodic.tasks(actor, plan, period, after, limit)
    return PlanTaskPage(
        items=[
            PlanTaskView(
                object=row.object, title=row.title, organisation=office_view(service, row.organisation_id),
                case_id=row.case_id, number=row.case_number, status=row.status, due_at=row.due_at,
                status_en=service.status_word(row.type, row.status),
                closed_at=row.closed_at, late=row.late, fault=row.fault,
            )
            for row in rows
        ],
        after=rows[-1].object if len(rows) == limit else None,
    )  # fmt: skip


# -- breakdowns -----------------------------------------------------------------------------------------------------------


@router.get("/breakdowns", summary="Ways of breaking cases down 任务分解方式")
async def breakdowns(request: Request, actor: SignedInActor) -> BreakdownKinds:
    """Which cases can be broken down, at which step, and which cards their tasks may be shown."""
    found = await _service(request).breakdowns.declarations()
    return BreakdownKinds(
        items=[
            BreakdownKind(
                id=each.id, names=words_view(each.names), parent_type=each.parent.type, child_type=each.child.type,
                node=each.parent.node, outcome=each.parent.outcome, wait=each.parent.wait, settled=each.parent.settled,
                progress_every=each.progress.every if each.progress else None,
                cards=[
                    PlanCardView(id=card.id, names=words_view(card.names), colour=card.colour) for card in each.cards
                ],
            )
            for each in found
        ]
    )  # fmt: skip


@router.get(
    "/breakdowns/{kind}/figures",
    summary="Tasks by office 各单位任务统计",
    responses=problems("plan.breakdown_unknown", "identity.forbidden"),
)
async def figures(
    request: Request,
    kind: PlanId,
    actor: SignedInActor,
    since: Annotated[AwareDatetime, Query(description="Tasks given out from then on")],
    until: Annotated[AwareDatetime, Query(description="and before then")],
) -> FiguresView:
    """What each office did with the tasks that it was given: done, in time, late, cards, score; best first."""
    service = _service(request)
    declared, found = await service.breakdowns.figures(actor, kind, since, until)
    return FiguresView(
        kind=declared.id,
        names=words_view(declared.names),
        since=since,
        until=until,
        items=[
            OfficeFiguresView(
                organisation=office_view(service, each.organisation_id), tasks=each.tasks, done=each.done,
                in_time=each.in_time, late=each.late, missed=each.missed, percent=each.percent, cards=each.cards,
                score=each.score,
            )
            for each in found
        ],
    )  # fmt: skip


@router.post(
    "/cases/{case_id}/breakdown",
    status_code=201,
    summary="Break a case down 分解任务",
    responses=problems(
        "not_found", "plan.breakdown_not_now", "plan.office_unknown", "deadline.unreadable", "deadline.out_of_range",
        "flow.task_not_yours", "flow.task_already_done", "flow.instance_suspended", "flow.not_allowed",
        "case.outcome_needs", "identity.forbidden",
    ),
)  # fmt: skip
async def divide(request: Request, case_id: UUID, body: BreakdownBody, actor: SignedInActor) -> BreakdownView:
    """A case for each task, with its own office and limit; the step of breaking down ends."""
    service = _service(request)
    parts = [NewPart(part.title, part.text, part.organisation, part.limit, part.weight) for part in body.parts]
    require_own_tasks(actor, "complete_any")
    found = await service.breakdowns.divide(actor, case_id, parts, body.note)
    return breakdown_view(service, found)


@router.get(
    "/cases/{case_id}/breakdown", summary="The parts of a case 分解的任务", responses=problems("plan.breakdown_unknown")
)
async def breakdown(request: Request, case_id: UUID, actor: SignedInActor) -> BreakdownView:
    """How the tasks of a case stand."""
    service = _service(request)
    return breakdown_view(service, await service.breakdowns.breakdown(actor, case_id))


@router.post(
    "/cases/{case_id}/progress",
    status_code=201,
    summary="Report progress 报送进展",
    responses=problems("plan.breakdown_unknown", "plan.part_ended", "identity.forbidden"),
)
async def report_progress(request: Request, case_id: UUID, body: ProgressBody, actor: SignedInActor) -> PartView:
    """For the period that runs now; a second report in it takes the place of the first."""
    service = _service(request)
    return part_view(service, await service.breakdowns.report(actor, case_id, body.percent, body.text))


@router.get(
    "/cases/{case_id}/progress", summary="Reports of progress 进展情况", responses=problems("plan.breakdown_unknown")
)
async def progress(request: Request, case_id: UUID, actor: SignedInActor) -> ProgressList:
    """Reports of a task, given and owed, oldest first."""
    service = _service(request)
    part, reports = await service.breakdowns.reports(actor, case_id)
    return ProgressList(
        parent=part.parent_id,
        part=part_view(service, part),
        reports=[
            ProgressView(
                period=each.period, due_at=each.due_at, given_at=each.given_at, given_by=each.given_by,
                percent=each.percent, text=each.text,
            )
            for each in reports
        ],
    )  # fmt: skip


# -- sheets ---------------------------------------------------------------------------------------------------------------


@router.get("/sheets", summary="Scoring sheets 评分表")
async def sheets(request: Request, actor: SignedInActor) -> SheetList:
    """All sheets, with the step that each belongs to."""
    return SheetList(items=[sheet_view(each) for each in await _service(request).sheets.declarations()])


@router.get(
    "/sheets/{sheet}/figures",
    summary="Ranking by a sheet 评分排名",
    responses=problems("plan.sheet_unknown", "identity.forbidden"),
)
async def sheet_figures(
    request: Request,
    sheet: PlanId,
    actor: SignedInActor,
    since: Annotated[AwareDatetime, Query(description="Filled in from then on")],
    until: Annotated[AwareDatetime, Query(description="and before then")],
) -> SheetFiguresView:
    """The offices that cases are about, by their average on the sheet; best first."""
    service = _service(request)
    declared, found = await service.sheets.figures(actor, sheet, since, until)
    return SheetFiguresView(
        sheet=declared.id,
        names=words_view(declared.names),
        since=since,
        until=until,
        items=[
            SheetOfficeView(
                organisation=office_view(service, each.organisation_id), rank=each.rank, filled=each.filled,
                average=each.average, lowest=each.lowest, verdicts=each.verdicts,
            )
            for each in found
        ],
    )  # fmt: skip


@router.post(
    "/sheets/{sheet}/answers",
    status_code=201,
    summary="Fill a sheet in 填写评分表",
    responses=problems(
        "not_found", "plan.sheet_unknown", "plan.sheet_elsewhere", "case.photo_unknown", "case.outcome_needs",
        "flow.outcome_unknown", "flow.task_already_done", "flow.task_not_yours", "flow.instance_suspended",
        "flow.not_allowed", "identity.forbidden",
    ),
)  # fmt: skip
async def fill(request: Request, sheet: PlanId, body: SheetBody, actor: SignedInActor) -> SheetFilledAnswer:
    """Answers become a total and a verdict, which stand in the case; its step ends."""
    answers = {name: answer.given() for name, answer in body.answers.items()}
    async with secret_task(service_of(request), body.task_id, actor):
        require_own_tasks(actor, "complete_any")
        result, step = await _service(request).sheets.fill(
            actor, sheet, body.task_id, body.outcome, answers, body.note, body.fields
        )
    return SheetFilledAnswer(result=outcome_view(result), case_id=step.case_id, status=step.status)


@router.get("/cases/{case_id}/sheets", summary="Sheets of a case 本案评分表", responses=problems("not_found"))
async def sheets_of_case(request: Request, case_id: UUID, actor: SignedInActor) -> FilledSheets:
    """What was filled in, with the sheet as it was then."""
    found = await _service(request).sheets.of_case(actor, case_id)
    return FilledSheets(
        items=[
            filled_view(each)
            for each in found
        ]
    )  # fmt: skip


def _service(request: Request) -> PlanService:
    service: PlanService = request.app.state.plans
    return service
