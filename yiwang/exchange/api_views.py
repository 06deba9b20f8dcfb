"""What the routes of the exchange take and give: bodies and views. No rule stands here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from yiwang.exchange.catalogue import guide
from yiwang.exchange.catalogue.keeping import Detail, Verb
from yiwang.exchange.catalogue.model import STATES, Content, DataType, Item, Level, Resource, State
from yiwang.exchange.service import ExchangeService
from yiwang.exchange.sharing.matters import MatterKind
from yiwang.kernel.errors import FieldError
from yiwang.kernel.text import CleanLine, CleanText
from yiwang.registry.service import RegistryService


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordsView(BaseModel):
    zh: str
    en: str


class ItemView(BaseModel):
    """An item (信息项). ``data_type``: C 字符, N 数值, Y 货币, D 日期, T 日期时间, L 逻辑, B 二进制."""

    name_zh: str
    name_en: str
    data_type: DataType
    length: int
    attribute: str
    personal: bool
    sealed: bool


class ResourceView(BaseModel):
    """A resource of the catalogue. ``code``: class code, stroke, serial."""

    id: UUID
    code: str
    class_code: str
    state: State
    state_words: WordsView
    names: WordsView
    abstract: WordsView
    provider_id: int
    provider_names: WordsView
    provider: str = Field(description="Code of the providing organisation.")
    provider_code: str
    format: int
    format_detail: str
    type: str | None
    items: list[ItemView]
    share_type: int
    share_condition: str
    share_method: int
    open: bool
    open_condition: str
    cycle: int
    level: Level
    related: list[str]
    keywords: list[str]
    revision: int
    updated_at: datetime
    published_at: datetime | None


class ResourcePage(BaseModel):
    items: list[ResourceView]
    after: UUID | None


class StepView(BaseModel):
    verb: str
    before: str
    after: str
    by: str
    note: str
    at: datetime


class ResourceDetail(BaseModel):
    """``verbs``: what the caller may do with it now; ``faults``: where it falls short of the guide; ``steps``: its story."""

    resource: ResourceView
    verbs: list[str]
    faults: list[FieldError]
    steps: list[StepView]


class Option(BaseModel):
    value: str
    names: WordsView


class CatalogueWords(BaseModel):
    """The code tables of the guide, and how many resources the caller sees in each state."""

    classes: list[Option]
    formats: list[Option]
    share_types: list[Option]
    share_methods: list[Option]
    cycles: list[Option]
    states: list[Option]
    counts: dict[str, int]


class ItemBody(Body):
    name_zh: CleanLine = Field(min_length=1, max_length=100)
    name_en: CleanLine = Field("", max_length=100)
    data_type: DataType = "C"
    length: int = Field(0, ge=0, le=1_000_000)
    attribute: str = Field("", max_length=60, pattern=r"^[a-z0-9_]*$")


class ResourceBody(Body):
    """What a steward writes. Of items that belong to a type the server itself says which are personal."""

    class_code: str = Field(max_length=20, pattern=r"^[0-9A-Z]+$")
    name_zh: CleanLine = Field(min_length=2, max_length=200)
    name_en: CleanLine = Field("", max_length=200)
    abstract_zh: CleanText = Field("", max_length=2000)
    abstract_en: CleanText = Field("", max_length=2000)
    provider_code: str = Field("", max_length=60, pattern=r"^[0-9A-Za-z_-]*$", description="USCC; empty: internal code")
    format: int = Field(3, ge=1, le=7)
    format_detail: CleanLine = Field("", max_length=100)
    type: str | None = Field(None, max_length=60, pattern=r"^[a-z][a-z0-9-]*$")
    items: list[ItemBody] | None = Field(None, max_length=300, description="Left out: all attributes of the type.")
    share_type: int = Field(2, ge=1, le=3)
    share_condition: CleanText = Field("", max_length=500)
    share_method: int = Field(3, ge=1, le=3)
    open: bool = False
    open_condition: CleanText = Field("", max_length=500)
    cycle: int = Field(4, ge=1, le=7)
    level: Level = "general"
    related: list[Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Z]+/[0-9]{6}$")]] = Field(
        default_factory=list, max_length=50
    )
    keywords: list[Annotated[CleanLine, Field(max_length=40)]] = Field(default_factory=list, max_length=20)


class NewResourceBody(ResourceBody):
    provider: str = Field(max_length=60, pattern=r"^[a-z0-9][a-z0-9-]*$", description="Code of the organisation")


class EditBody(ResourceBody):
    revision: int = Field(ge=1, le=2_000_000_000, description="The revision that the writer saw.")


class MoveBody(Body):
    verb: Verb
    note: CleanLine = Field("", max_length=500)


class MatterBody(Body):
    """An objection (数据异议) to a resource, or a demand (数据需求) for data that stand in no catalogue."""

    kind: MatterKind
    resource: UUID | None = Field(None, description="The resource that an objection is about.")
    text: CleanText = Field(min_length=6, max_length=2000)


class MatterView(BaseModel):
    number: str
    case_id: UUID
    status: str


class DutyLine(BaseModel):
    """What one office answers for (责任清单): its resources by terms of sharing, and how many it has opened."""

    provider_id: int
    provider_name: str
    published: int
    unconditional: int
    conditional: int
    withheld: int
    opened: int
    waiting: int = Field(description="Requests to it that wait for an answer.")


class DutyList(BaseModel):
    items: list[DutyLine]


def exchange_of(request: Request) -> ExchangeService:
    service: ExchangeService = request.app.state.exchange
    return service


def resource_view(service: ExchangeService, found: Resource) -> ResourceView:
    zh, en = STATES[found.state]
    organisation = service.directory.organisation(found.provider_id)
    return ResourceView(
        id=found.id,
        code=found.code,
        class_code=found.class_code,
        state=found.state,
        state_words=WordsView(zh=zh, en=en),
        names=WordsView(zh=found.name_zh, en=found.name_en or found.name_zh),
        abstract=WordsView(zh=found.abstract_zh, en=found.abstract_en or found.abstract_zh),
        provider_id=found.provider_id,
        provider_names=WordsView(
            zh=organisation.name_zh if organisation is not None else found.provider_name,
            en=organisation.name_en if organisation is not None else found.provider_name,
        ),
        provider=organisation.code if organisation is not None else "",
        provider_code=found.provider_code,
        format=found.format,
        format_detail=found.format_detail,
        type=found.type,
        items=[
            ItemView(
                name_zh=item.name_zh,
                name_en=item.name_en,
                data_type=item.data_type,
                length=item.length,
                attribute=item.attribute,
                personal=item.personal,
                sealed=item.sealed,
            )
            for item in found.items
        ],
        share_type=found.share_type,
        share_condition=found.share_condition,
        share_method=found.share_method,
        open=found.open,
        open_condition=found.open_condition,
        cycle=found.cycle,
        level=found.level,
        related=list(found.related),
        keywords=list(found.keywords),
        revision=found.revision,
        updated_at=found.updated_at,
        published_at=found.published_at,
    )


def detail_view(service: ExchangeService, detail: Detail) -> ResourceDetail:
    return ResourceDetail(
        resource=resource_view(service, detail.resource),
        verbs=list(detail.verbs),
        faults=detail.faults,
        steps=[
            StepView(verb=step.verb, before=step.before, after=step.after, by=step.by, note=step.note, at=step.at)
            for step in detail.steps
        ],
    )


def content_of(body: ResourceBody, registry: RegistryService) -> Content:
    """The body as content; items that were left out are those of the type."""
    kind = next((each for each in registry.types.all() if each.id == body.type), None)
    if body.items is not None:
        items = tuple(
            Item(each.name_zh, each.name_en or each.name_zh, each.data_type, each.length, each.attribute)
            for each in body.items
        )
    else:
        items = guide.items_of(kind.declaration) if kind is not None else ()
    return Content(
        class_code=body.class_code,
        name_zh=body.name_zh,
        name_en=body.name_en,
        abstract_zh=body.abstract_zh,
        abstract_en=body.abstract_en,
        provider_code=body.provider_code,
        format=body.format,
        format_detail=body.format_detail,
        type=body.type,
        items=items,
        share_type=body.share_type,
        share_condition=body.share_condition,
        share_method=body.share_method,
        open=body.open,
        open_condition=body.open_condition,
        cycle=body.cycle,
        level=body.level,
        related=tuple(body.related),
        keywords=tuple(body.keywords),
    )
