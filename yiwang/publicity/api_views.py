"""What the routes of publicity take and answer. Times ISO 8601 with zone; areas by division code and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from yiwang.casework.api.values import Fields
from yiwang.kernel.text import CleanLine, CleanText
from yiwang.publicity.declarations import AnomalyDeclaration, PublicationDeclaration
from yiwang.publicity.model import Finding, FindingState, Issue, IssueState, PublicRow, RuleState
from yiwang.publicity.service import PublicityService
from yiwang.registry.model import Fact

AreaCode = Annotated[str, Field(pattern=r"^([0-9]{2,15})?$", max_length=15)]
Names = dict[str, tuple[str, str]]


class PublicityWords(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    zh: str
    en: str


class PublicityColumn(BaseModel):
    """A heading; ``words``: what coded values mean."""

    name: str
    names: PublicityWords
    unit: str
    words: dict[str, PublicityWords]


class IssueView(BaseModel):
    """An issue. ``own``: how many last characters of the identity number find one's own rows; null: they cannot be found.
    ``asks``: whether a question about a row can be asked. ``ends_at`` null: until the next one."""

    id: UUID
    publication: str
    names: PublicityWords
    about: PublicityWords | None
    title: str
    state: IssueState
    area: str
    area_names: PublicityWords | None
    office: PublicityWords | None
    rows: int
    columns: list[PublicityColumn]
    starts_at: datetime | None
    ends_at: datetime | None
    asks: bool
    own: int | None


class StaffIssueView(IssueView):
    """An issue with who proposed and who decided."""

    note: str
    proposed_at: datetime
    proposed_by: str
    decided_at: datetime | None
    decided_by: str
    reason: str


class PublicRowView(BaseModel):
    """A row; ``values`` by column, masked."""

    id: UUID
    nth: int
    area: str
    area_names: PublicityWords | None
    at: datetime | None
    values: dict[str, JsonValue]


class IssueList(BaseModel):
    items: list[IssueView]


class PublicRowPage(BaseModel):
    items: list[PublicRowView]
    after: int | None


class OwnRowView(BaseModel):
    issue: IssueView
    row: PublicRowView


class OwnRowList(BaseModel):
    items: list[OwnRowView]


class PublicityBody(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OwnRowsBody(PublicityBody):
    """Own name and the last characters of one's identity number."""

    name: CleanLine = Field(min_length=1, max_length=50)
    digits: str = Field(min_length=4, max_length=18, pattern=r"^[0-9]*[0-9Xx]$")


class RowQuestionBody(PublicityBody):
    """A question about a row, and who asks it."""

    row: UUID
    text: CleanText = Field(min_length=4, max_length=1000)
    name: CleanLine = Field("", max_length=60)
    phone: str = Field("", max_length=20, pattern=r"^\+?[0-9 -]*$")


class QuestionReceipt(BaseModel):
    """The case that a question became; ``code`` opens it together with the number and is told only here."""

    number: str
    code: str
    status: str


class IssueBody(PublicityBody):
    """What an issue shall hold: records of an area (empty: everywhere within reach), dated from ``since`` to ``until``."""

    title: CleanLine = Field(min_length=2, max_length=100)
    area: AreaCode = ""
    since: date | None = None
    until: date | None = None
    note: CleanText = Field("", max_length=1000)


class ApprovalBody(PublicityBody):
    note: CleanText = Field("", max_length=1000)


class ReasonBody(PublicityBody):
    reason: CleanText = Field(min_length=2, max_length=1000)


class PublicationView(BaseModel):
    """A publication with its last issues, the newest first."""

    id: str
    names: PublicityWords
    about: PublicityWords | None
    type: str | None
    case_type: str | None
    dated: bool
    stands: str | None
    approver: str
    issues: list[StaffIssueView]


class PublicationList(BaseModel):
    items: list[PublicationView]


class QuestionedRow(BaseModel):
    """What a case asks about."""

    issue: StaffIssueView
    row: PublicRowView


class AnomalyRuleView(BaseModel):
    """A rule; figures are of findings within the reader's reach. ``fault``: why it could not run."""

    id: str
    names: PublicityWords
    about: PublicityWords | None
    type: str
    severity: Literal["hint", "warning", "grave"]
    opens: str | None
    open: int
    cleared: int
    set_aside: int
    ran_at: datetime | None
    seconds: float | None
    fault: str


class AnomalyRuleList(BaseModel):
    items: list[AnomalyRuleView]


class AnomalyRan(BaseModel):
    """What a run came to; ``seconds`` of machine time."""

    found: int
    new: int
    cleared: int
    seconds: float


class FoundRecord(BaseModel):
    """A record that shows a finding; title and attributes are left out where the reader may not see it."""

    id: UUID
    type: str
    title: str
    attributes: Fields


class FindingView(BaseModel):
    id: UUID
    rule: str
    names: PublicityWords
    severity: Literal["hint", "warning", "grave"]
    state: FindingState
    area: str
    area_names: PublicityWords | None
    reason: PublicityWords
    records: list[FoundRecord]
    found_at: datetime
    cleared_at: datetime | None
    case_id: UUID | None
    case_number: str
    fault: str
    set_aside_at: datetime | None
    set_aside_by: str
    set_aside_reason: str


class FindingPage(BaseModel):
    items: list[FindingView]
    after: UUID | None


def words_view(words: object) -> PublicityWords:
    return PublicityWords.model_validate(words, from_attributes=True)


def named(names: Names, code: str) -> PublicityWords | None:
    found = names.get(code)
    return PublicityWords(zh=found[0], en=found[1]) if found else None


def issue_view(
    service: PublicityService, declared: Mapping[str, PublicationDeclaration], issue: Issue, names: Names
) -> IssueView:
    return IssueView.model_validate(_issue(service, declared, issue, names))


def staff_issue_view(
    service: PublicityService, declared: Mapping[str, PublicationDeclaration], issue: Issue, names: Names
) -> StaffIssueView:
    return StaffIssueView.model_validate(
        {
            **_issue(service, declared, issue, names),
            "note": issue.note, "proposed_at": issue.proposed_at, "proposed_by": issue.proposed_label,
            "decided_at": issue.decided_at, "decided_by": issue.decided_label, "reason": issue.reason,
        }
    )  # fmt: skip


def _issue(
    service: PublicityService, declared: Mapping[str, PublicationDeclaration], issue: Issue, names: Names
) -> dict[str, object]:
    publication = declared[issue.publication]
    office = service.directory.organisation(issue.organisation_id) if issue.organisation_id is not None else None
    return {
        "id": issue.id, "publication": issue.publication, "names": words_view(publication.names),
        "about": words_view(publication.about) if publication.about else None, "title": issue.title,
        "state": issue.state, "area": issue.area, "area_names": named(names, issue.area),
        "office": PublicityWords(zh=office.name_zh, en=office.name_en) if office else None, "rows": issue.row_count,
        "columns": issue.columns, "starts_at": issue.starts_at, "ends_at": issue.ends_at,
        "asks": publication.asks is not None, "own": publication.own.last if publication.own else None,
    }  # fmt: skip


def row_view(row: PublicRow, names: Names) -> PublicRowView:
    return PublicRowView(
        id=row.id, nth=row.nth, area=row.area, area_names=named(names, row.area), at=row.at,
        values=dict(row.shown),
    )  # fmt: skip


def rule_view(rule: AnomalyDeclaration, state: RuleState) -> AnomalyRuleView:
    return AnomalyRuleView(
        id=rule.id, names=words_view(rule.names), about=words_view(rule.about) if rule.about else None, type=rule.type,
        severity=rule.severity, opens=rule.opens.case if rule.opens else None, open=state.open, cleared=state.cleared,
        set_aside=state.set_aside, ran_at=state.ran_at, seconds=state.seconds, fault=state.fault,
    )  # fmt: skip


def finding_view(rule: AnomalyDeclaration, finding: Finding, facts: Mapping[UUID, Fact], names: Names) -> FindingView:
    return FindingView(
        id=finding.id, rule=finding.rule, names=words_view(rule.names), severity=rule.severity, state=finding.state,
        area=finding.area, area_names=named(names, finding.area),
        reason=PublicityWords(zh=finding.reason_zh, en=finding.reason_en), records=_records(finding.things, facts),
        found_at=finding.found_at, cleared_at=finding.cleared_at, case_id=finding.case_id,
        case_number=finding.case_number, fault=finding.fault, set_aside_at=finding.set_aside_at,
        set_aside_by=finding.set_aside_label, set_aside_reason=finding.set_aside_reason,
    )  # fmt: skip


def _records(ids: Sequence[UUID], facts: Mapping[UUID, Fact]) -> list[FoundRecord]:
    return [
        FoundRecord(id=id, type=fact.type, title=fact.title, attributes=fact.attributes)
        if (fact := facts.get(id)) is not None
        else FoundRecord(id=id, type="", title="", attributes={})
        for id in ids
    ]
