"""HTTP routes of flow: definitions with their drawings, drafts, publishing, and where an instance stands. Thin.

Tasks are listed by the engine that owns their subject (casework), because a list shows the subject with them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel, Field

from yiwang.flow.model import Definition, InstanceStory, StepRow, TaskRow, UserTask
from yiwang.flow.service import FlowService
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import REGISTRY, FieldError, NotFound

_KEY = "[A-Za-z_][A-Za-z0-9_.-]{0,99}"

Key = Annotated[str, Path(pattern=f"^{_KEY}$", description="流程标识 process id")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="版本号")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Drawing = Annotated[
    bytes, Body(media_type="application/xml", min_length=1, max_length=2 * 2**20, description="BPMN 2.0, UTF-8")
]
XML = "application/xml"


def _problems(*codes: str) -> dict[int | str, dict[str, object]]:
    """The ``responses`` of a route that may refuse with these codes."""
    by_status: dict[int | str, list[str]] = {}
    for code in ("input.invalid", "identity.sign_in_needed", *codes):
        by_status.setdefault(REGISTRY[code].status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code}` {REGISTRY[code].en}" for code in found),
            "content": {"application/problem+json": {"schema": {"type": "object", "required": ["code", "title"]}}},
        }
        for status, found in by_status.items()
    }


class NamesView(BaseModel):
    zh: str
    en: str


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


class OpenTaskView(BaseModel):
    id: UUID
    node: str
    stage: str
    status: str
    post_id: int | None
    organisation_id: int | None
    assignee_id: UUID | None
    created_at: datetime
    due_at: datetime | None
    warn_at: datetime | None
    paused_at: datetime | None
    urged: int


class FinishedStepView(BaseModel):
    """A step of the path walked; ``used_seconds`` are working seconds where the step's limit counts working time."""

    id: UUID
    node: str
    stage: str
    how: Literal["done", "skipped", "sent_back", "timer", "withdrawn", "jumped", "cancelled"]
    outcome: str | None
    actor_name: str
    note: str
    created_at: datetime
    done_at: datetime
    due_at: datetime | None
    used_seconds: float
    overdue: bool


class WaitingView(BaseModel):
    """A parallel branch that waits at a join."""

    node: str
    sequence_flow: str
    arrived_at: datetime


class InstanceView(BaseModel):
    """Where an instance stands, and how it came there (at most the newest 1,000 steps, oldest first)."""

    id: UUID
    definition_id: UUID
    key: str
    version: int
    subject_kind: str
    subject_id: UUID
    state: Literal["active", "suspended", "completed", "cancelled"]
    started_at: datetime
    ended_at: datetime | None
    suspended_at: datetime | None
    tasks: list[OpenTaskView]
    waiting: list[WaitingView]
    path: list[FinishedStepView]


router = APIRouter(
    prefix="/api/v1",
    tags=["flow 流程"],
    responses=_problems(
        "input.unreadable", "identity.forbidden", "input.too_large", "input.too_many_requests", "unavailable"
    ),
)


@router.get("/definitions", summary="List flow definitions 流程定义列表", responses=_problems())
async def list_definitions(
    request: Request,
    actor: SignedInActor,
    key: Annotated[str | None, Query(pattern=f"^{_KEY}$", description="All versions of this one.")] = None,
    after: Annotated[str, Query(pattern=f"^({_KEY}/[0-9]{{1,9}})?$", description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> HeadPage:
    """Published definitions by key; with ``key`` every version of one. Drafts for those who may edit them."""
    name, _, version = after.rpartition("/")
    async with _service(request).context.database.connection() as connection:
        rows = await _service(request).list_definitions(
            connection, key=key, after=(name, int(version or 0)), drafts=_may_edit(actor), limit=limit
        )
    last = f"{rows[-1].key}/{rows[-1].version}" if len(rows) == limit else None
    return HeadPage(items=[_head(row) for row in rows], next=last)


@router.get("/definitions/{key}", summary="Published definition 现行流程", responses=_problems("not_found"))
async def published_definition(request: Request, actor: SignedInActor, key: Key) -> VersionView:
    """The published version with its drawing and steps."""
    service = _service(request)
    async with service.context.database.connection() as connection:
        definition = await service.latest(connection, key)
        row = await service.version(connection, key, definition.version)
    return _version(row, definition)


@router.get(
    "/definitions/{key}/versions/{version}",
    summary="A version of a definition 流程版本",
    response_model=VersionView,
    responses={200: {"content": {XML: {"schema": {"type": "string"}}}}, **_problems("not_found")},
)
async def definition_version(
    request: Request, actor: SignedInActor, key: Key, version: Version
) -> VersionView | Response:
    """As JSON, or with ``Accept: application/xml`` the BPMN file as it was written. Drafts only for those who may edit."""
    service = _service(request)
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
    responses=_problems("identity.forbidden", "flow.unreadable"),
)
async def save_draft(request: Request, actor: SignedInActor, key: Key, xml: Drawing) -> DraftView:
    """Keep a drawing as the draft of ``key``; its faults are listed, not refused."""
    if not _may_edit(actor):
        actor.require("definition", "edit")
    service = _service(request)
    async with service.context.database.transaction() as connection:
        drafted = await service.save_draft(connection, key, xml, actor, service.context.clock.now())
    return DraftView(
        definition=_head(drafted.definition), findings=[finding.field_error() for finding in drafted.findings]
    )


@router.post(
    "/definitions/{key}/publish",
    summary="Publish the draft 发布草稿",
    responses=_problems("identity.forbidden", "flow.draft_missing", "flow.refused"),
)
async def publish(request: Request, actor: SignedInActor, key: Key) -> HeadView:
    """The draft becomes the published version: new instances start with it, running ones keep theirs."""
    actor.require("definition", "publish")
    service = _service(request)
    async with service.context.database.transaction() as connection:
        definition = await service.publish_draft(connection, key, actor, service.context.clock.now())
        row = await service.version(connection, key, definition.version)
    return _head(row)


@router.get("/instances/{instance_id}", summary="Where an instance stands 流程进度", responses=_problems("not_found"))
async def instance(request: Request, actor: SignedInActor, instance_id: UUID) -> InstanceView:
    """State, open tasks and the path walked; for those who read all of its subject's area or have a part in it."""
    service = _service(request)
    async with service.context.database.connection() as connection:
        story = await service.story(connection, instance_id)
    if not may_see(actor, story):
        raise NotFound(what="流程")
    return _instance(story)


def may_see(actor: Actor, story: InstanceStory) -> bool:
    """Whether the actor may read subjects in this place whosever they are, or has or had a task of the instance.

    Which organisation a subject belongs to is for the engine that owns it to know: a grant limited to organisations
    reaches nothing here.
    """
    found = story.instance
    if actor.account_id is not None and (actor.kind != "token" or actor.posts):  # a token may be made without tasks
        if any(task.post_id in actor.posts or task.assignee_id == actor.account_id for task in story.tasks):
            return True
        if any(step.actor_id == actor.account_id for step in story.steps):
            return True
    return any(
        actor.reaches(kind, "read", area=found.area, organisation=None, grid=found.grid)
        for kind in (found.subject_kind, "instance")
    )


def _service(request: Request) -> FlowService:
    service: FlowService = request.app.state.flow
    return service


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


def _task(task: TaskRow) -> OpenTaskView:
    return OpenTaskView.model_validate(task, from_attributes=True)


def _finished(step: StepRow) -> FinishedStepView:
    return FinishedStepView.model_validate(step, from_attributes=True)


def _instance(story: InstanceStory) -> InstanceView:
    found = story.instance
    return InstanceView(
        id=found.id,
        definition_id=found.definition_id,
        key=story.definition.key,
        version=story.definition.version,
        subject_kind=found.subject_kind,
        subject_id=found.subject_id,
        state=found.state,
        started_at=found.started_at,
        ended_at=found.ended_at,
        suspended_at=found.suspended_at,
        tasks=[_task(task) for task in story.tasks],
        waiting=[WaitingView.model_validate(token, from_attributes=True) for token in story.tokens],
        path=[_finished(step) for step in story.steps],
    )
