"""What the routes of casework answer, member by member: the OpenAPI description is made of these.

Answers are written straight from the records (:mod:`bodies`, :mod:`views`) without a second validation; the fuzzer of the
description holds both together. Times are ISO 8601 UTC, coordinates degrees CGCS2000, durations in the deadline grammar.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from yiwang.casework.model import AttachmentKind, ClassSource, State, Urgency

Colour = Literal["grey", "green", "yellow", "red", "blue"]


class Answer(BaseModel):
    """Complete: no member comes that is not described."""

    model_config = ConfigDict(extra="forbid")


class Names(Answer):
    zh: str
    en: str


class OfficeName(Answer):
    code: str
    zh: str
    en: str


class Receipt(Answer):
    """回执. `code` opens the reporter's view of the case and is told only here."""

    id: UUID
    number: str
    code: str
    status: str
    status_en: str
    class_code: str | None
    class_name: str
    class_name_en: str
    class_reason: str = Field(description="Words that spoke for the class; empty when a person chose it.")
    area: str
    head_number: str | None = Field(description="Number of the case under which this report was folded.")
    repeated: bool


class CaseItem(Answer):
    """A case as lists show it."""

    id: UUID
    number: str
    type: str
    state: State
    status: str
    status_en: str
    stage: str
    class_code: str | None
    class_name: str | None
    class_name_en: str | None
    class_system: str
    class_source: ClassSource
    standard: str | None
    channel: str
    text: str
    address: str
    lon: float | None
    lat: float | None
    area: str
    grid: str
    department: OfficeName | None
    section: OfficeName | None
    handler: str | None
    urgency: Urgency
    followers: int
    head_id: UUID | None
    reported_at: datetime
    filed_at: datetime | None
    dispatched_at: datetime | None
    handled_at: datetime | None
    checked_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None
    limit: str | None
    due_at: datetime | None
    warn_at: datetime | None
    clock: Colour
    overdue: bool
    suspended: bool
    supervised: bool
    forced: bool
    rework_count: int
    return_count: int
    extension_count: int
    reopen_count: int
    satisfaction: int | None
    source_number: str | None
    fields: dict[str, Any]


class CasePage(Answer):
    items: list[CaseItem]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")
    searched_back_to: datetime | None = Field(description="A search that stopped early has looked back so far.")


class StoryRow(Answer):
    """An entry of the case's journal."""

    seq: int
    at: datetime
    verb: str
    zh: str
    en: str
    status_en: str | None = Field(description="English words of the status in `data`.")
    actor: str
    data: dict[str, Any]


class StoryPage(Answer):
    items: list[StoryRow]
    next: int | None


class AttachmentItem(Answer):
    """A photo or document; place and time are those that its camera wrote."""

    id: UUID
    kind: AttachmentKind
    name: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    taken_at: datetime | None
    lon: float | None
    lat: float | None
    uploaded_name: str | None
    uploaded_at: datetime
    url: str
    thumbnail: str | None


class Uploaded(AttachmentItem):
    claim: str = Field(description="Goes with the id into the report or step that uses it.")


class ReporterView(Answer):
    name: str
    phone: str
    masked: bool


class OpenTask(Answer):
    id: UUID
    node: str
    stage: str
    status: str
    status_en: str
    post: str | None
    post_name: str | None
    post_name_en: str | None
    post_area: str | None
    organisation: str | None
    organisation_name: str | None
    organisation_name_en: str | None
    assignee: UUID | None
    assignee_name: str | None
    created_at: datetime
    due_at: datetime | None
    warn_at: datetime | None
    urged: int


class RequestItem(Answer):
    """A request for an extension."""

    id: UUID
    amount: str
    reason: str
    requested_name: str
    requested_at: datetime
    state: Literal["pending", "approved", "refused", "lapsed"]
    decided_name: str | None
    decision_note: str | None


class CaseTypeField(Answer):
    names: Names
    json_schema: dict[str, Any] = Field(alias="schema")
    required: bool
    show_if: dict[str, Any]
    require_if: dict[str, Any]
    calculated: bool = Field(False, description="Nobody writes it: forms show it read-only 计算字段.")


class OperationItem(Answer):
    """Something that may be done with the case, or why it may not."""

    verb: str
    zh: str
    en: str
    allowed: bool
    why_zh: str
    why_en: str
    needs: list[str]
    task_id: UUID | None
    outcome: str | None
    fields: dict[str, CaseTypeField] = Field(description="Fields that the step asks for, in `fields` of the answer.")


class CaseBrief(Answer):
    id: UUID
    number: str
    status: str
    status_en: str
    reported_at: datetime
    text: str


class StandardItem(Answer):
    id: str
    filing: str
    closing: str
    limit: str
    urgency: Urgency


class AdvisedOffice(Answer):
    """The department that the dispatch table proposes, and why."""

    department: str
    zh: str
    en: str
    limit: str | None
    reason_zh: str
    reason_en: str


class SuggestedClass(Answer):
    """A class proposed, with the words of the report that spoke for it."""

    class_code: str
    zh: str
    en: str
    source: Literal["rule", "model"]
    probability: float | None = Field(description="The model's, calibrated; null for a rule.")
    words: list[str]


class SuggestedClasses(Answer):
    """建议分类. ``sure`` false: the class is left to a person."""

    model: int = Field(description="Version of the model that was asked.")
    sure: bool
    classes: list[SuggestedClass]


class StillView(Names):
    """A step during which the handling limit stands still."""

    since: datetime


class CaseDetail(CaseItem):
    """Everything about a case."""

    type_names: Names
    class_options: list[StandardItem]
    department_kind: str | None
    reporter: ReporterView
    tasks: list[OpenTask]
    attachments: list[AttachmentItem]
    requests: list[RequestItem]
    operations: list[OperationItem]
    step_fields: dict[str, CaseTypeField] = Field(description="Fields that steps asked for and the case has.")
    folded: list[CaseBrief]
    head: CaseBrief | None
    advised: AdvisedOffice | None
    suggested: SuggestedClasses | None = Field(
        description="What rules and model said when it came; null without model."
    )
    still: list[StillView] = Field(
        description="Open steps during which the handling limit does not count, such as a hearing; `due_at` is null then."
    )


class PublicStoryRow(Answer):
    at: datetime
    zh: str
    en: str
    status: str | None
    status_en: str | None
    data: dict[str, Any]


class PublicAttachment(AttachmentItem):
    claim: str


class TaskItem(Answer):
    id: UUID
    node: str
    stage: str
    status: str
    status_en: str
    created_at: datetime
    due_at: datetime | None
    clock: Colour
    urged: int
    mine: bool = Field(description="Handed to me, rather than waiting at one of my posts.")
    case: CaseItem


class TaskPage(Answer):
    items: list[TaskItem]
    next: str | None


class StepAnswer(Answer):
    """The case after the step."""

    case_id: UUID
    number: str
    status: str
    stage: str
    state: State
    due_at: datetime | None


class Nearby(Answer):
    """An open case near a place."""

    number: str
    status: str
    status_en: str
    class_code: str | None
    class_name: str
    class_name_en: str
    metres: float
    reported_at: datetime
    reports: int


class Proposal(Answer):
    class_code: str
    class_name: str
    class_name_en: str
    words: list[str]


class Summary(Answer):
    """Counts within the reader's scope, each capped at 10,000 (read: or more)."""

    open: int
    overdue: int
    due_soon: int
    suspended: int
    reported_today: int
    closed_today: int


class CaseTypeItem(Answer):
    id: str
    names: Names
    version: int
    system: str
    tree: str
    channels: dict[str, Names]
    needs: dict[str, list[str]]
    asks: dict[str, list[str]]
    fields: dict[str, CaseTypeField]


class StandardView(Answer):
    id: str
    filing: Names
    closing: Names
    limit: str
    urgency: Urgency


class ClassItem(Answer):
    code: str
    names: Names
    kind: Literal["component", "event", "matter"]
    group: Names
    older: dict[str, str]
    department: str | None
    standards: list[StandardView]
