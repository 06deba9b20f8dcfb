"""HTTP routes of publicity: what everybody sees of publications, how they are issued, anomaly rules and findings. Thin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from yiwang.casework.model import Reporter
from yiwang.kernel.access import CurrentActor, SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.publicity import store
from yiwang.publicity.api_views import (
    AnomalyRan,
    AnomalyRuleList,
    ApprovalBody,
    AreaCode,
    FindingPage,
    FindingView,
    IssueBody,
    IssueList,
    IssueView,
    Names,
    OwnRowList,
    OwnRowsBody,
    OwnRowView,
    PublicationList,
    PublicationView,
    PublicRowPage,
    QuestionedRow,
    QuestionReceipt,
    ReasonBody,
    RowQuestionBody,
    StaffIssueView,
    finding_view,
    issue_view,
    row_view,
    rule_view,
    staff_issue_view,
    words_view,
)
from yiwang.publicity.issues import Proposal
from yiwang.publicity.model import Issue
from yiwang.publicity.service import PublicityService

router = APIRouter(prefix="/api/v1", tags=["publicity 公示与异常"], responses=problems(*BEFORE_ANY_ROUTE))

PublicationId = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")]
Words = Annotated[str, Query(max_length=100)]
AreaQuery = Annotated[AreaCode, Query(description="Beginning of the division code.")]
Since = Annotated[date | None, Query(description="First day of the rows' own date.")]
Until = Annotated[date | None, Query(description="Last day of it.")]
AfterRow = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]


# -- what everybody sees --------------------------------------------------------------------------------------------------


@router.get("/public/publicity", summary="What is public now 公示公开")
async def public_issues(
    request: Request,
    publication: Annotated[str, Query(max_length=60, pattern=r"^([a-z][a-z0-9-]*)?$")] = "",
    area: AreaQuery = "",
) -> IssueList:
    """Issues whose time is not over, the newest first; of an area also those of what lies above and below it."""
    service = _service(request)
    found = await service.public.running(publication, area)
    declared = await service.public.declarations()
    names = await _names(service, (issue.area for issue in found))
    return IssueList(items=[issue_view(service, declared, issue, names) for issue in found])


@router.get("/public/publicity/{issue_id}", summary="One issue 一期公示", responses=problems("publicity.issue_unknown"))
async def public_issue(request: Request, issue_id: UUID) -> IssueView:
    """An issue that is public now."""
    service = _service(request)
    issue = await service.public.public_issue(issue_id)
    return issue_view(service, await service.public.declarations(), issue, await _names(service, [issue.area]))


@router.get(
    "/public/publicity/{issue_id}/rows",
    summary="Its rows 公示内容",
    responses=problems("publicity.issue_unknown"),
)
async def public_rows(
    request: Request,
    issue_id: UUID,
    area: AreaQuery = "",
    words: Words = "",
    since: Since = None,
    until: Until = None,
    after: AfterRow = 0,
    limit: Limit = 50,
) -> PublicRowPage:
    """Rows by area, words and date. What is masked is not searched."""
    service = _service(request)
    issue = await service.public.public_issue(issue_id)
    return await _rows(service, issue, area, words, since, until, after, limit)


@router.post("/public/own-rows", summary="What concerns me 本人查询")
async def own_rows(request: Request, body: OwnRowsBody) -> OwnRowList:
    """Rows of who has this name and whose identity number ends so, both exact; of nobody else, and none by guessing a part."""
    service = _service(request)
    found = await service.public.own(body.name, body.digits)
    declared = await service.public.declarations()
    names = await _names(service, [code for issue, row in found for code in (issue.area, row.area)])
    return OwnRowList(
        items=[
            OwnRowView(issue=issue_view(service, declared, issue, names), row=row_view(row, names))
            for issue, row in found
        ]
    )


@router.post(
    "/public/publicity-questions",
    status_code=201,
    summary="Ask about a row 对公示提问",
    responses=problems(
        "publicity.row_unknown", "publicity.no_questions", "case.report_refused", "case.channel_not_yours"
    ),
)
async def ask(request: Request, body: RowQuestionBody, actor: CurrentActor) -> QuestionReceipt:
    """The question becomes a case with the row attached; number and code follow it."""
    service = _service(request)
    asked = await service.public.ask(body.row, actor, body.text, Reporter(body.name, body.phone))
    return QuestionReceipt(number=asked.number, code=asked.code, status=asked.status)


# -- issuing --------------------------------------------------------------------------------------------------------------


@router.get("/publications", summary="Publications 公示事项", responses=problems("identity.forbidden"))
async def publications(request: Request, actor: SignedInActor) -> PublicationList:
    """What is published, each with its last issues in any state."""
    service = _service(request)
    found = await service.issues.overview(actor)
    declared = await service.public.declarations()
    names = await _names(service, [issue.area for _, issues in found for issue in issues])
    return PublicationList(
        items=[
            PublicationView(
                id=each.id, names=words_view(each.names), about=words_view(each.about) if each.about else None,
                type=each.source.type, case_type=each.source.case, dated=each.dated is not None, stands=each.stands,
                approver=each.approver, issues=[staff_issue_view(service, declared, issue, names) for issue in issues],
            )
            for each, issues in found
        ]
    )  # fmt: skip


@router.post(
    "/publications/{publication}/issues",
    status_code=201,
    summary="Propose an issue 拟制公示",
    responses=problems(
        "publicity.unknown", "publicity.nothing_to_publish", "publicity.too_much", "publicity.not_dated",
        "thing.type_unknown", "identity.forbidden",
    ),
)  # fmt: skip
async def propose(
    request: Request, publication: PublicationId, body: IssueBody, actor: SignedInActor
) -> StaffIssueView:
    """Take the rows over, masked, and put them before the approver."""
    wanted = Proposal(body.title, body.area, body.since, body.until, body.note)
    return await _staff(request, await _service(request).issues.propose(actor, publication, wanted))


@router.get(
    "/publicity-issues/{issue_id}",
    summary="An issue in any state 公示详情",
    responses=problems("publicity.issue_unknown", "identity.forbidden"),
)
async def staff_issue(request: Request, issue_id: UUID, actor: SignedInActor) -> StaffIssueView:
    """For who proposes and approves."""
    return await _staff(request, await _service(request).issues.issue(actor, issue_id))


@router.get(
    "/publicity-issues/{issue_id}/rows",
    summary="Its rows before approval 审前预览",
    responses=problems("publicity.issue_unknown", "identity.forbidden"),
)
async def staff_rows(
    request: Request, issue_id: UUID, actor: SignedInActor, words: Words = "", after: AfterRow = 0, limit: Limit = 50
) -> PublicRowPage:
    """Exactly what everybody will see."""
    service = _service(request)
    issue = await service.issues.issue(actor, issue_id)
    return await _rows(service, issue, "", words, None, None, after, limit)


@router.post(
    "/publicity-issues/{issue_id}/approve",
    summary="Approve 批准公示",
    responses=problems(
        "publicity.issue_unknown", "publicity.not_now", "publicity.own_proposal", "publicity.not_approver",
        "identity.forbidden",
    ),
)  # fmt: skip
async def approve(request: Request, issue_id: UUID, body: ApprovalBody, actor: SignedInActor) -> StaffIssueView:
    """From now on it is public, for as long as declared."""
    return await _staff(request, await _service(request).issues.approve(actor, issue_id, body.note))


@router.post(
    "/publicity-issues/{issue_id}/refuse",
    summary="Refuse 退回公示",
    responses=problems(
        "publicity.issue_unknown", "publicity.not_now", "publicity.own_proposal", "publicity.not_approver",
        "identity.forbidden",
    ),
)  # fmt: skip
async def refuse(request: Request, issue_id: UUID, body: ReasonBody, actor: SignedInActor) -> StaffIssueView:
    """It is not made public; the reason is told."""
    return await _staff(request, await _service(request).issues.refuse(actor, issue_id, body.reason))


@router.post(
    "/publicity-issues/{issue_id}/withdraw",
    summary="Withdraw 撤下公示",
    responses=problems("publicity.issue_unknown", "publicity.not_now", "identity.forbidden"),
)
async def withdraw(request: Request, issue_id: UUID, body: ReasonBody, actor: SignedInActor) -> StaffIssueView:
    """It is no longer public from now on."""
    return await _staff(request, await _service(request).issues.withdraw(actor, issue_id, body.reason))


@router.get(
    "/cases/{case_id}/published-row",
    summary="What a question is about 所问公示内容",
    responses=problems("not_found"),
)
async def published_row(request: Request, case_id: UUID, actor: SignedInActor) -> QuestionedRow:
    """The row attached to a case that began as a question about it."""
    service = _service(request)
    issue, row = await service.issues.row_of_question(actor, case_id)
    names = await _names(service, [issue.area, row.area])
    declared = await service.public.declarations()
    return QuestionedRow(issue=staff_issue_view(service, declared, issue, names), row=row_view(row, names))


# -- anomalies ------------------------------------------------------------------------------------------------------------


@router.get("/anomalies", summary="Anomaly rules 异常规则", responses=problems("identity.forbidden"))
async def anomalies(request: Request, actor: SignedInActor) -> AnomalyRuleList:
    """Every rule with its figures and its last run."""
    found = await _service(request).anomalies.rules(actor)
    return AnomalyRuleList(items=[rule_view(rule, state) for rule, state in found])


@router.post(
    "/anomalies/{rule}/run",
    summary="Run a rule now 立即排查",
    responses=problems("anomaly.unknown", "anomaly.too_slow", "identity.forbidden"),
)
async def run(request: Request, rule: PublicationId, actor: SignedInActor) -> AnomalyRan:
    """Rules run by themselves when records change and every night; this does not wait."""
    ran = await _service(request).anomalies.run_now(actor, rule)
    return AnomalyRan(found=ran.found, new=ran.new, cleared=ran.cleared, seconds=ran.seconds)


@router.get(
    "/anomalies/{rule}/findings",
    summary="What a rule found 异常清单",
    responses=problems("anomaly.unknown", "identity.forbidden"),
)
async def findings(
    request: Request,
    rule: PublicationId,
    actor: SignedInActor,
    state: Annotated[Literal["", "open", "cleared", "set_aside"], Query()] = "",
    after: Annotated[UUID | None, Query()] = None,
    limit: Limit = 50,
) -> FindingPage:
    """Findings with their records, masked, and the cases that they opened; the newest first."""
    service = _service(request)
    found, more = await service.anomalies.findings(actor, rule, state=state, after=after, limit=limit)
    facts = await service.anomalies.facts(actor, found)
    declared = await service.anomalies.rule(rule)
    names = await _names(service, (finding.area for finding in found))
    return FindingPage(items=[finding_view(declared, finding, facts, names) for finding in found], after=more)


@router.post(
    "/anomaly-findings/{finding_id}/set-aside",
    summary="Set a finding aside 排除异常",
    responses=problems("anomaly.finding_unknown", "anomaly.not_open", "identity.forbidden"),
)
async def set_aside(request: Request, finding_id: UUID, body: ReasonBody, actor: SignedInActor) -> FindingView:
    """It is explained; it is not found again while the records stay as they are."""
    service = _service(request)
    finding = await service.anomalies.set_aside(actor, finding_id, body.reason)
    facts = await service.anomalies.facts(actor, [finding])
    names = await _names(service, [finding.area])
    return finding_view(await service.anomalies.rule(finding.rule), finding, facts, names)


# -- common ---------------------------------------------------------------------------------------------------------------


async def _rows(
    service: PublicityService,
    issue: Issue,
    area: str,
    words: str,
    since: date | None,
    until: date | None,
    after: int,
    limit: int,
) -> PublicRowPage:
    rows, more = await service.public.rows(
        issue, area=area, words=words, since=since, until=until, after=after, limit=limit
    )
    names = await _names(service, (row.area for row in rows))
    return PublicRowPage(items=[row_view(row, names) for row in rows], after=more)


async def _staff(request: Request, issue: Issue) -> StaffIssueView:
    service = _service(request)
    names = await _names(service, [issue.area])
    return staff_issue_view(service, await service.public.declarations(), issue, names)


async def _names(service: PublicityService, codes: Iterable[str]) -> Names:
    async with service.context.database.connection() as connection:
        return await store.area_names(connection, list(codes))


def _service(request: Request) -> PublicityService:
    service: PublicityService = request.app.state.publicity
    return service
