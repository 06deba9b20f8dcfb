"""Definitions with their drawings: read, drafted, published. Thin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, Field

from yiwang.flow.api.common import ALWAYS, KEY, Key, Limit, NamesView, Version, service_of
from yiwang.flow.model import Definition, UserTask
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import FieldError, NotFound
from yiwang.kernel.refusals import problems

Drawing = Annotated[
    bytes, Body(media_type="application/xml", min_length=1, max_length=2 * 2**20, description="BPMN 2.0, UTF-8")
]
XML = "application/xml"


class OutcomeView(BaseModel):
    """A way to finish a step; ``needs`` are the data that must be given with it."""

    id: str
    names: NamesView
    needs: list[str]


class StepView(BaseModel):
    """A step as drawn."""

    node: str
    names: NamesView
    stage: str
    status: str
    post: str
    deadline: str | None = Field(description="Deadline text, =variable, or clock:name of a shared clock.")
    outcomes: list[OutcomeView]


class HeadView(BaseModel):
    """A version of a definition."""

    id: UUID
    key: str
    version: int
    state: Literal["draft", "published", "retired"]
    names: NamesView
    digest: str = Field(description="SHA-256 of the file")
    created_at: datetime
    published_at: datetime | None


class HeadPage(BaseModel):
    items: list[HeadView]
    next: str | None = Field(description="Cursor of the next page (`after`).")


class VersionView(HeadView):
    """A version with its drawing; ``steps`` is empty for a draft that has faults."""

    xml: str
    steps: list[StepView]


class DraftView(BaseModel):
    """A saved draft with what still keeps it from being published; ``where`` is ``:line#element``."""

    definition: HeadView
    findings: list[FieldError]


router = APIRouter(
    prefix="/api/v1",
    tags=["flow 流程"],
    responses=problems(*ALWAYS),
)


@router.get("/definitions", summary="List flow definitions 流程定义列表", responses=problems())
async def list_definitions(
    request: Request,
    actor: SignedInActor,
    key: Annotated[str | None, Query(pattern=f"^{KEY}$", description="All versions of this one.")] = None,
    after: Annotated[str, Query(pattern=f"^({KEY}/[0-9]{{1,9}})?$", description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> HeadPage:
    """Published definitions by key; with ``key`` every version of one. Drafts for those who may edit them."""
    name, _, version = after.rpartition("/")
    async with service_of(request).context.database.connection() as connection:
        rows = await service_of(request).list_definitions(
            connection, key=key, after=(name, int(version or 0)), drafts=_may_edit(actor), limit=limit
        )
    last = f"{rows[-1].key}/{rows[-1].version}" if len(rows) == limit else None
    return HeadPage(items=[_head(row) for row in rows], next=last)


@router.get("/definitions/{key}", summary="Published definition 现行流程", responses=problems("not_found"))
async def published_definition(request: Request, actor: SignedInActor, key: Key) -> VersionView:
    """The published version with its drawing and steps."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        definition = await service.latest(connection, key)
        row = await service.version(connection, key, definition.version)
    return _version(row, definition)


@router.get(
    "/definitions/{key}/versions/{version}",
    summary="A version of a definition 流程版本",
    response_model=VersionView,
    responses={200: {"content": {XML: {"schema": {"type": "string"}}}}, **problems("not_found")},
)
async def definition_version(
    request: Request, actor: SignedInActor, key: Key, version: Version
) -> VersionView | Response:
    """As JSON, or with ``Accept: application/xml`` the BPMN file as it was written. Drafts only for those who may edit."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        row = await service.version(connection, key, version)
        if row.state == "draft" and not _may_edit(actor):
            raise NotFound(what="流程版本")
        if XML in request.headers.get("accept", ""):
            return Response(row.xml, media_type=XML)
        definition = None if row.state == "draft" else await service.definition(connection, row.id)
    return _version(row, definition)


@router.put(
    "/definitions/{key}/draft",
    summary="Save a draft 保存草稿",
    responses=problems("identity.forbidden", "flow.unreadable"),
)
async def save_draft(request: Request, actor: SignedInActor, key: Key, xml: Drawing) -> DraftView:
    """Keep a drawing as the draft of ``key``; its faults are listed, not refused."""
    if not _may_edit(actor):
        actor.require("definition", "edit")
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        drafted = await service.save_draft(connection, key, xml, actor, service.context.clock.now())
    return DraftView(
        definition=_head(drafted.definition), findings=[finding.field_error() for finding in drafted.findings]
    )


@router.post(
    "/definitions/{key}/publish",
    summary="Publish the draft 发布草稿",
    responses=problems("identity.forbidden", "flow.draft_missing", "flow.refused"),
)
async def publish(request: Request, actor: SignedInActor, key: Key) -> HeadView:
    """The draft becomes the published version: new instances start with it, running ones keep theirs."""
    actor.require("definition", "publish")
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        definition = await service.publish_draft(connection, key, actor, service.context.clock.now())
        row = await service.version(connection, key, definition.version)
    return _head(row)


def _may_edit(actor: Actor) -> bool:
    return actor.may("definition", "edit") or actor.may("definition", "publish")


def _head(row: DefinitionRow) -> HeadView:
    return HeadView(
        id=row.id,
        key=row.key,
        version=row.version,
        state=row.state,
        names=NamesView(zh=row.names.zh, en=row.names.en),
        digest=row.digest,
        created_at=row.created_at,
        published_at=row.published_at,
    )


def _version(row: DefinitionRow, definition: Definition | None) -> VersionView:
    steps = [] if definition is None else [_step(task) for task in definition.graph.tasks]
    return VersionView(**_head(row).model_dump(), xml=row.xml, steps=steps)


def _step(task: UserTask) -> StepView:
    outcomes = [
        OutcomeView(id=item.id, names=NamesView(zh=item.names.zh, en=item.names.en), needs=list(item.needs))
        for item in task.outcomes.values()
    ]
    return StepView(
        node=task.id,
        names=NamesView(zh=task.names.zh, en=task.names.en),
        stage=task.stage,
        status=task.status,
        post=task.who.post,
        deadline=_deadline(task),
        outcomes=outcomes,
    )


def _deadline(task: UserTask) -> str | None:
    if task.deadline is None:
        return None
    if task.deadline.limit is None:
        return f"clock:{task.deadline.clock}"
    return task.deadline.limit.text or f"={task.deadline.limit.variable}"
