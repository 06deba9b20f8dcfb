"""HTTP routes of the registry. Thin.

Times are ISO 8601 with zone; geometry is GeoJSON, CGCS2000 degrees, longitude first. ``valid_at`` asks what was true then,
``known_at`` what was known then; without them: now.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine, CleanText
from yiwang.registry import store
from yiwang.registry.model import Asked, Draft, Fact
from yiwang.registry.service import RegistryService
from yiwang.registry.store import Authority
from yiwang.registry.views import (
    AuthorityView,
    Body,
    FactList,
    FactView,
    KnownAt,
    Purpose,
    RecordedView,
    RelationList,
    ThingId,
    ThingPage,
    TypeId,
    TypeList,
    TypeView,
    ValidAt,
    authority_view,
    fact_view,
    filter_of,
    numbers,
    recorded_view,
    relation_view,
    service_of,
    type_view,
)

router = APIRouter(prefix="/api/v1", tags=["things 登记"], responses=problems(*BEFORE_ANY_ROUTE))

_RECORDING = (
    "thing.type_unknown",
    "thing.unknown",
    "thing.attributes_invalid",
    "thing.geometry_invalid",
    "thing.key_taken",
    "thing.period_impossible",
    "thing.changed_meanwhile",
    "thing.merged",
)


class RecordBody(Body):
    """What shall be recorded as true from ``valid_from`` (left out: now) until ``valid_until`` (left out: further on)."""

    attributes: dict[Annotated[str, Field(max_length=60)], JsonValue] = Field(max_length=200)
    geometry: dict[str, JsonValue] | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    expected: UUID | None = Field(None, description="The fact that the writer saw; another one since then is told.")
    keep: list[Annotated[str, Field(max_length=60)]] = Field(
        default_factory=list,
        max_length=200,
        description="Attributes that stay as recorded: the writer saw them masked.",
    )
    reason: CleanText = Field("", max_length=500)


class EndBody(Body):
    at: AwareDatetime | None = None
    reason: CleanText = Field("", max_length=500)


class RelateBody(Body):
    relation: str = Field(max_length=60)
    to: UUID
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class DecideBody(Body):
    """The decision of the second person about the entry as they saw it."""

    fact: UUID = Field(description="The fact that they saw.")
    approve: bool
    note: CleanText = Field("", max_length=500)


class CodeBody(Body):
    holder: Literal["self", "family"] = Field(description="Who is given it: the person, or a relative whom they named.")
    instead: bool = Field(False, description="Whether all codes given before end.")


class CodeView(BaseModel):
    code: str


class PurposeBody(Body):
    purpose: CleanLine = Field(max_length=200, description="What the personal data are read for 用途")


@router.get("/types", summary="Types of things 登记类型", responses=problems())
async def types(request: Request, actor: SignedInActor) -> TypeList:
    """All types that are declared, with what forms and lists need."""
    return TypeList(items=[type_view(kind) for kind in service_of(request).types.all()])


@router.get("/types/{type}", summary="One type 登记类型", responses=problems("thing.type_unknown"))
async def one_type(request: Request, type: TypeId, actor: SignedInActor) -> TypeView:
    return type_view(service_of(request).types.type(type))


@router.get(
    "/things/{type}",
    summary="Things of a type 登记列表",
    responses=problems("thing.type_unknown", "thing.filter_unknown", "thing.purpose_needed"),
)
async def things(
    request: Request,
    type: TypeId,
    actor: SignedInActor,
    q: Annotated[str, Query(max_length=100, description="Words 关键词")] = "",
    where: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Query(max_length=10, description="Exact filters `attribute:value` 筛选"),
    ] = None,
    area: Annotated[str, Query(max_length=20, pattern="^[0-9]*$", description="Area code 区划")] = "",
    bbox: Annotated[str | None, Query(max_length=100, description="west,south,east,north in degrees")] = None,
    near: Annotated[str | None, Query(max_length=100, description="longitude,latitude,metres")] = None,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    purpose: Purpose = "",
    standing: Annotated[
        Literal["", "waiting", "in_force"],
        Query(description="Of a list with second approval: how entries stand 核准状态"),
    ] = "",
    after: Annotated[UUID | None, Query(description="Cursor of the next page")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ThingPage:
    """Newest first, page by page, within the caller's reach."""
    filters = dict(filter_of(each) for each in where or [])
    box = numbers("bbox", bbox, 4)
    place = numbers("near", near, 3)
    asked = Asked(
        filters=filters,
        words=q,
        area=area,
        bbox=(box[0], box[1], box[2], box[3]) if box else None,
        near=(place[0], place[1], place[2]) if place else None,
        valid_at=valid_at,
        known_at=known_at,
        after=after,
        limit=limit,
        standing=standing,
    )
    service = service_of(request)
    async with _reading(service, type) as connection:
        page = await service.reading.things(connection, actor, type, asked, purpose=purpose)
        standings = await _standings(service, connection, type, page.items)
    return ThingPage(items=[fact_view(fact, standings.get(fact.thing_id)) for fact in page.items], after=page.after)


@router.post("/things/{type}", summary="Record a thing 登记", responses=problems(*_RECORDING))
async def record(request: Request, type: TypeId, actor: SignedInActor, body: RecordBody) -> RecordedView:
    """A thing that its natural keys name already gets the new fact; otherwise it is a new thing."""
    return await _record(request, type, None, actor, body)


@router.get(
    "/things/{type}/{id}",
    summary="One thing 登记详情",
    responses=problems("thing.type_unknown", "thing.unknown", "thing.merged", "thing.purpose_needed"),
)
async def thing(
    request: Request,
    type: TypeId,
    id: ThingId,
    actor: SignedInActor,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    purpose: Purpose = "",
) -> FactView:
    """What was true at ``valid_at`` as known at ``known_at``."""
    service = service_of(request)
    async with _reading(service, type) as connection:
        fact = await service.reading.thing(
            connection, actor, type, id, valid_at=valid_at, known_at=known_at, purpose=purpose
        )
        return fact_view(fact, (await _standings(service, connection, type, [fact])).get(id))


@router.put("/things/{type}/{id}", summary="Record a change 变更", responses=problems(*_RECORDING))
async def change(request: Request, type: TypeId, id: ThingId, actor: SignedInActor, body: RecordBody) -> RecordedView:
    """The whole new content of a thing from a moment on (a change), or of a past period (a correction)."""
    return await _record(request, type, id, actor, body)


@router.post(
    "/things/{type}/{id}/end", summary="End a thing 注销", status_code=204,
    responses=problems("thing.unknown", "thing.merged", "thing.period_impossible"),
)  # fmt: skip
async def end(request: Request, type: TypeId, id: ThingId, actor: SignedInActor, body: EndBody) -> None:
    """The thing is no more from that moment on; its history stays."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        await service.recording.end(connection, actor, id, at=body.at, reason=body.reason)


@router.get(
    "/things/{type}/{id}/history",
    summary="History 历史",
    responses=problems("thing.type_unknown", "thing.unknown", "thing.merged", "thing.purpose_needed"),
)
async def history(request: Request, type: TypeId, id: ThingId, actor: SignedInActor, purpose: Purpose = "") -> FactList:
    """All that was ever believed of it, the newest record first."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        found = await service.reading.history(connection, actor, type, id, purpose=purpose)
    return FactList(items=[fact_view(fact) for fact in found])


@router.get(
    "/things/{type}/{id}/relations",
    summary="Relations 关系",
    responses=problems("thing.type_unknown", "thing.unknown", "thing.merged", "thing.purpose_needed"),
)
async def relations(
    request: Request,
    type: TypeId,
    id: ThingId,
    actor: SignedInActor,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    purpose: Purpose = "",
) -> RelationList:
    service = service_of(request)
    async with service.context.database.connection() as connection:
        found = await service.reading.relations(
            connection, actor, type, id, valid_at=valid_at, known_at=known_at, purpose=purpose
        )
    return RelationList(items=[relation_view(each) for each in found])


@router.post(
    "/things/{type}/{id}/relations", summary="Relate 建立关系",
    responses=problems(
        "thing.unknown", "thing.merged", "thing.relation_unknown", "thing.relation_refused", "thing.period_impossible"
    ),
)  # fmt: skip
async def relate(
    request: Request, type: TypeId, id: ThingId, actor: SignedInActor, body: RelateBody
) -> dict[str, UUID]:
    """One thing belongs to another, with dates."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        made = await service.recording.relate(
            connection, actor, id, body.relation, body.to, valid_from=body.valid_from, valid_until=body.valid_until
        )
    return {"id": made}


@router.post(
    "/relations/{id}/end", summary="End a relation 结束关系", status_code=204, responses=problems("thing.unknown")
)
async def unrelate(request: Request, id: ThingId, actor: SignedInActor, body: EndBody) -> None:
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        await service.recording.unrelate(connection, actor, id, at=body.at)


@router.post(
    "/things/{type}/{id}/unmasked", summary="Read unmasked 查看原文",
    responses=problems("thing.type_unknown", "thing.unknown", "thing.merged", "thing.purpose_needed"),
)  # fmt: skip
async def unmasked(request: Request, type: TypeId, id: ThingId, actor: SignedInActor, body: PurposeBody) -> FactView:
    """The record with its personal values; who read them, when and for what stands in the journal."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        return fact_view(await service.reading.unmasked(connection, actor, type, id, body.purpose))


@router.post(
    "/things/{type}/{id}/authority", summary="Approve or refuse an entry 核准",
    responses=problems(
        "thing.type_unknown", "thing.unknown", "thing.nothing_waiting", "thing.same_person", "thing.changed_meanwhile"
    ),
)  # fmt: skip
async def decide(request: Request, type: TypeId, id: ThingId, actor: SignedInActor, body: DecideBody) -> AuthorityView:
    """A second person puts an entry of a list in force until its end date, or refuses it; never who recorded it."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        decided = await service.authorities.decide(
            connection, actor, type, id, body.fact, approve=body.approve, note=body.note
        )
    return authority_view(decided)


@router.post(
    "/things/{type}/{id}/codes", summary="Give a code to the person concerned 发放查询码",
    responses=problems("thing.type_unknown", "thing.unknown", "thing.nothing_told"),
)  # fmt: skip
async def give_code(request: Request, type: TypeId, id: ThingId, actor: SignedInActor, body: CodeBody) -> CodeView:
    """A code by which the person, or the family, sees what is kept and who read it. Codes given before end where asked; a
    code is told once, only its digest is kept."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        code = await service.telling.give(connection, actor, type, id, body.holder, instead=body.instead)
    return CodeView(code=code)


def _reading(service: RegistryService, type_id: str) -> AbstractAsyncContextManager[Connection]:
    """Reading a list with second approval is itself written down."""
    database = service.context.database
    return database.transaction() if service.types.type(type_id).declaration.authority else database.connection()


async def _standings(
    service: RegistryService, connection: Connection, type_id: str, facts: Sequence[Fact]
) -> dict[UUID, Authority]:
    if service.types.type(type_id).declaration.authority is None or not facts:
        return {}
    return await store.authorities(connection, [fact.thing_id for fact in facts])


async def _record(
    request: Request, type_id: str, id: UUID | None, actor: SignedInActor, body: RecordBody
) -> RecordedView:
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        kept: JsonObject = {}
        if id is not None and body.keep:
            kept = await service.reading.kept(connection, actor, type_id, id, body.keep, body.valid_from)
        draft = Draft({**kept, **body.attributes}, body.geometry, reason=body.reason)
        made = await service.recording.record(
            connection, actor, type_id, draft, thing_id=id, valid_from=body.valid_from, valid_until=body.valid_until,
            expected=body.expected,
        )  # fmt: skip
    return recorded_view(made)
