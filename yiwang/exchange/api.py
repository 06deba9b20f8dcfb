"""HTTP routes of the resource catalogue (政务信息资源目录). Thin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from yiwang.exchange.api_views import (
    CatalogueWords,
    DutyLine,
    DutyList,
    EditBody,
    MatterBody,
    MatterView,
    MoveBody,
    NewResourceBody,
    Option,
    ResourceDetail,
    ResourcePage,
    WordsView,
    content_of,
    detail_view,
    exchange_of,
    resource_view,
)
from yiwang.exchange.catalogue import store as catalogue_store
from yiwang.exchange.catalogue.model import (
    CLASSES,
    CYCLES,
    FORMATS,
    SHARE_METHODS,
    SHARE_TYPES,
    STATES,
    Asked,
    State,
)
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems

router = APIRouter(prefix="/api/v1/exchange", tags=["exchange 数据共享交换"], responses=problems(*BEFORE_ANY_ROUTE))

ResourceId = Annotated[UUID, Path(description="The resource's id")]
_WRITING = ("resource.unknown", "resource.invalid", "resource.provider_unknown", "identity.forbidden")


def _options(table: Mapping[int, tuple[str, str]] | Mapping[str, tuple[str, str]]) -> list[Option]:
    return [Option(value=str(value), names=WordsView(zh=zh, en=en)) for value, (zh, en) in table.items()]


@router.get("/words", summary="Code tables of the catalogue 目录代码表")
async def words(request: Request, actor: SignedInActor) -> CatalogueWords:
    """The tables of the guide, and how many resources the caller sees in each state."""
    service = exchange_of(request)
    async with service.context.database.connection() as connection:
        counts = await catalogue_store.counts(connection, actor)
    return CatalogueWords(
        classes=_options(CLASSES),
        formats=_options(FORMATS),
        share_types=_options(SHARE_TYPES),
        share_methods=_options(SHARE_METHODS),
        cycles=_options(CYCLES),
        states=[Option(value=state, names=WordsView(zh=zh, en=en)) for state, (zh, en) in STATES.items()],
        counts=counts,
    )


@router.get("/duties", summary="Responsibility list 责任清单")
async def duties(request: Request, actor: SignedInActor) -> DutyList:
    """What each office has published, on which terms, and how many requests wait for it."""
    service = exchange_of(request)
    async with service.context.database.connection() as connection:
        found = await catalogue_store.duties(connection, actor)
    return DutyList(
        items=[
            DutyLine(
                provider_id=each.provider_id,
                provider_name=each.provider_name,
                published=each.published,
                unconditional=each.unconditional,
                conditional=each.conditional,
                withheld=each.withheld,
                opened=each.opened,
                waiting=each.waiting,
            )
            for each in found
        ]
    )


@router.post(
    "/matters", summary="Raise an objection or a demand 数据异议、数据需求",
    responses=problems("resource.unknown", "share.not_offered", "identity.forbidden"),
)  # fmt: skip
async def raise_matter(request: Request, actor: SignedInActor, body: MatterBody) -> MatterView:
    """A case with a deadline: an objection goes to the provider, a demand to the authority for data."""
    opened = await exchange_of(request).matters.raise_matter(actor, body.kind, body.resource, body.text)
    return MatterView(number=opened.number, case_id=opened.id, status=opened.status)


@router.get("/resources", summary="Resources 信息资源目录")
async def resources(
    request: Request,
    actor: SignedInActor,
    q: Annotated[str, Query(max_length=100, description="Words 关键词")] = "",
    state: Annotated[list[State] | None, Query(max_length=7)] = None,
    class_code: Annotated[str, Query(max_length=20, pattern="^[0-9A-Z]*$", description="Beginning of the class")] = "",
    provider: Annotated[str, Query(max_length=60, description="Code of the providing organisation")] = "",
    share_type: Annotated[int | None, Query(ge=1, le=3)] = None,
    open: bool = False,
    after: Annotated[UUID | None, Query(description="Cursor of the next page")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ResourcePage:
    """Newest first: what is published, and what the caller drafts, audits or publishes."""
    service = exchange_of(request)
    organisation = service.directory.organisation_by_code(provider) if provider else None
    if provider and organisation is None:
        return ResourcePage(items=[], after=None)
    asked = Asked(
        words=q,
        states=tuple(state or ()),
        class_code=class_code,
        provider_id=organisation.id if organisation is not None else None,
        share_type=share_type,
        open_only=open,
        after=after,
        limit=limit,
    )
    async with service.context.database.connection() as connection:
        page = await service.catalogue.listed(connection, actor, asked)
    return ResourcePage(items=[resource_view(service, each) for each in page.items], after=page.after)


@router.post("/resources", summary="Draft a resource 编制目录", responses=problems(*_WRITING))
async def create(request: Request, actor: SignedInActor, body: NewResourceBody) -> ResourceDetail:
    """A new draft; its code is given now and stays. Items that are left out are generated from the type."""
    service = exchange_of(request)
    made = await service.catalogue.create(actor, body.provider, content_of(body, service.registry))
    return await _detail(request, actor, made.id)


@router.get("/resources/{id}", summary="One resource 资源详情", responses=problems("resource.unknown"))
async def resource(request: Request, actor: SignedInActor, id: ResourceId) -> ResourceDetail:
    return await _detail(request, actor, id)


@router.put(
    "/resources/{id}", summary="Edit a resource 修改目录",
    responses=problems(*_WRITING, "resource.state", "resource.changed_meanwhile"),
)  # fmt: skip
async def edit(request: Request, actor: SignedInActor, id: ResourceId, body: EditBody) -> ResourceDetail:
    """The whole content anew, as long as it is not under audit or registered; the class and the code stay."""
    service = exchange_of(request)
    await service.catalogue.edit(actor, id, content_of(body, service.registry), body.revision)
    return await _detail(request, actor, id)


@router.post(
    "/resources/{id}/moves", summary="Take a resource on 目录办理",
    responses=problems(*_WRITING, "resource.state", "resource.note_needed"),
)  # fmt: skip
async def move(request: Request, actor: SignedInActor, id: ResourceId, body: MoveBody) -> ResourceDetail:
    """submit 提交, register 登记, return 退回, refuse 不予登记, publish 发布, withdraw 撤销 (its grants end at once)."""
    await exchange_of(request).catalogue.move(actor, id, body.verb, body.note)
    return await _detail(request, actor, id)


async def _detail(request: Request, actor: SignedInActor, id: UUID) -> ResourceDetail:
    service = exchange_of(request)
    async with service.context.database.connection() as connection:
        return detail_view(service, await service.catalogue.detail(connection, actor, id))
