"""What the routes of sharing take and give: bodies and views. No rule stands here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from yiwang.exchange.api_views import Body, WordsView
from yiwang.exchange.catalogue.model import Resource
from yiwang.exchange.service import ExchangeService
from yiwang.exchange.sharing.asking import RequestDetail
from yiwang.exchange.sharing.model import Delivery, DroppedFile, RequestState, ShareGrant, StatementLine, Wanted
from yiwang.kernel.access import Actor
from yiwang.kernel.text import CleanLine, CleanText

Name = Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]


class WantedView(BaseModel):
    purpose: str
    items: list[str]
    plain: list[str]
    filters: dict[str, str]
    within: str
    delivery: Delivery
    quota: int
    until: datetime


class NamedItem(BaseModel):
    attribute: str
    names: WordsView
    personal: bool


class ShareResourceView(BaseModel):
    """The resource that a request or grant is about."""

    id: UUID
    code: str
    names: WordsView
    provider: WordsView
    share_type: int
    share_condition: str
    items: list[NamedItem]


class TaskView(BaseModel):
    """The step that waits, and whether it is the caller's."""

    id: UUID
    status: str
    due_at: datetime | None
    mine: bool


class RequestView(BaseModel):
    id: UUID
    resource: ShareResourceView
    consumer: WordsView
    wanted: WantedView
    state: RequestState
    case_id: UUID | None
    case_number: str
    asked_by: str
    asked_at: datetime
    decided_at: datetime | None
    note: str
    grant_id: UUID | None
    task: TaskView | None


class RequestPage(BaseModel):
    items: list[RequestView]
    after: UUID | None


class GrantView(BaseModel):
    """A grant. ``key_id``: public number of its key, None before one was made; ``mine``: the caller's office consumes it."""

    id: UUID
    request_id: UUID
    resource: ShareResourceView
    consumer: WordsView
    wanted: WantedView
    state: Literal["active", "expired", "revoked"]
    since: datetime
    key_id: str | None
    key_made_at: datetime | None
    view_name: str
    revoked_at: datetime | None
    revoked_by: str
    revoked_why: str
    address: str = Field(description="Path of the interface, for deliveries by interface.")
    mine: bool
    provided: bool


class GrantPage(BaseModel):
    items: list[GrantView]
    after: UUID | None


class UseView(BaseModel):
    day: date
    requests: int
    refused: int
    rows: int
    bytes: int


class GrantDetailView(BaseModel):
    grant: GrantView
    uses: list[UseView]


class KeyView(BaseModel):
    """Shown once: nobody can read the secret again."""

    key_id: str
    secret: str
    algorithms: list[str]


class DatabaseViewView(BaseModel):
    """Shown once: the role's password is kept nowhere."""

    schema_name: str
    view: str
    role: str
    password: str
    columns: list[str]


class FileView(BaseModel):
    id: UUID
    name: str
    format: str
    rows: int
    bytes: int
    sha256: str
    sm3: str
    by: str
    at: datetime


class FileList(BaseModel):
    items: list[FileView]


class StatementLineView(BaseModel):
    provider: WordsView
    consumer: WordsView
    resource_code: str
    resource_name: str
    grant_id: UUID
    delivery: Delivery
    days: int
    requests: int
    refused: int
    rows: int
    bytes: int


class StatementView(BaseModel):
    """A monthly statement (对账单)."""

    month: str
    items: list[StatementLineView]


class DataRow(BaseModel):
    id: UUID
    area: str
    values: dict[str, JsonValue]


class DataPage(BaseModel):
    items: list[DataRow]
    after: UUID | None


class AskBody(Body):
    """A request for sharing. ``plain``: personal items that are needed unmasked."""

    resource: UUID
    purpose: CleanText = Field(max_length=1000)
    items: list[Name] = Field(max_length=200)
    plain: list[Name] = Field(default_factory=list, max_length=50)
    filters: dict[Name, Annotated[CleanLine, Field(max_length=200)]] = Field(default_factory=dict, max_length=10)
    within: str = Field("", max_length=20, pattern=r"^[0-9]*$", description="Area code 区划")
    delivery: Delivery = "api"
    quota: int = Field(1000, ge=1, le=1_000_000, description="Requests a day")
    until: AwareDatetime


class DecideBody(Body):
    approve: bool
    note: CleanLine = Field("", max_length=500)


class NoteBody(Body):
    note: CleanLine = Field("", max_length=500)


class KeyBody(Body):
    public_key: str = Field("", max_length=130, pattern=r"^[0-9A-Fa-f]*$", description="SM2 key, hex 04‖X‖Y")


class DropBody(Body):
    format: Literal["csv", "json"] = "csv"


def words_of(service: ExchangeService, organisation_id: int, name: str) -> WordsView:
    found = service.directory.organisation(organisation_id)
    return WordsView(zh=found.name_zh, en=found.name_en) if found is not None else WordsView(zh=name, en=name)


def _resource(service: ExchangeService, found: Resource) -> ShareResourceView:
    return ShareResourceView(
        id=found.id,
        code=found.code,
        names=WordsView(zh=found.name_zh, en=found.name_en or found.name_zh),
        provider=words_of(service, found.provider_id, found.provider_name),
        share_type=found.share_type,
        share_condition=found.share_condition,
        items=[
            NamedItem(
                attribute=item.attribute,
                names=WordsView(zh=item.name_zh, en=item.name_en or item.name_zh),
                personal=item.personal or item.sealed,
            )
            for item in found.items
        ],
    )


def _wanted(wanted: Wanted) -> WantedView:
    return WantedView(
        purpose=wanted.purpose,
        items=list(wanted.items),
        plain=list(wanted.plain),
        filters=dict(wanted.filters),
        within=wanted.within,
        delivery=wanted.delivery,
        quota=wanted.quota,
        until=wanted.until,
    )


def request_view(service: ExchangeService, detail: RequestDetail) -> RequestView:
    asked, task = detail.request, detail.task
    return RequestView(
        id=asked.id,
        resource=_resource(service, detail.resource),
        consumer=words_of(service, asked.consumer_id, asked.consumer_name),
        wanted=_wanted(asked.wanted),
        state=asked.state,
        case_id=asked.case_id,
        case_number=asked.case_number,
        asked_by=asked.asked_label,
        asked_at=asked.asked_at,
        decided_at=asked.decided_at,
        note=asked.note,
        grant_id=detail.grant_id,
        task=None if task is None else TaskView(id=task.id, status=task.status, due_at=task.due_at, mine=detail.mine),
    )


def grant_view(service: ExchangeService, actor: Actor, grant: ShareGrant, resource: Resource) -> GrantView:
    return GrantView(
        id=grant.id,
        request_id=grant.request_id,
        resource=_resource(service, resource),
        consumer=words_of(service, grant.consumer_id, grant.consumer_name),
        wanted=_wanted(grant.wanted),
        state=grant.state(service.context.clock.now()),
        since=grant.since,
        key_id=grant.key_id,
        key_made_at=grant.key_made_at,
        view_name=grant.view_name,
        revoked_at=grant.revoked_at,
        revoked_by=grant.revoked_label,
        revoked_why=grant.revoked_why,
        address=f"/api/v1/exchange/data/{grant.id}" if grant.wanted.delivery == "api" else "",
        mine=actor.reaches("share", "request", area=grant.area, organisation=grant.consumer_id),
        provided=actor.reaches("share", "revoke", area=grant.area, organisation=grant.provider_id),
    )


def file_view(file: DroppedFile) -> FileView:
    return FileView(
        id=file.id,
        name=file.name,
        format=file.format,
        rows=file.rows,
        bytes=file.bytes,
        sha256=file.sha256,
        sm3=file.sm3,
        by=file.by,
        at=file.at,
    )


def statement_line(service: ExchangeService, line: StatementLine) -> StatementLineView:
    return StatementLineView(
        provider=words_of(service, line.provider_id, ""),
        consumer=words_of(service, line.consumer_id, line.consumer_name),
        resource_code=line.resource_code,
        resource_name=line.resource_name,
        grant_id=line.grant_id,
        delivery=line.delivery,
        days=line.days,
        requests=line.requests,
        refused=line.refused,
        rows=line.rows,
        bytes=line.bytes,
    )
