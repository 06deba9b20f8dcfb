"""Where instances stand; starting and steering those that are their own subject. Thin.

Tasks of cases are listed and finished by casework, because a list shows the case with them; this room serves flows that
are nobody else's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from yiwang.flow.api.common import (
    ALWAYS,
    KEY,
    AreaCode,
    Body,
    Key,
    Limit,
    Note,
    Variables,
    Word,
    desk_of,
    service_of,
)
from yiwang.flow.model import (
    Advance,
    How,
    InstanceRow,
    InstanceStory,
    ScopeKind,
    StepRow,
    TaskKind,
    TaskRow,
    TokenKind,
    WaitKind,
)
from yiwang.flow.service import FlowService
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import InvalidInput, NotFound
from yiwang.kernel.refusals import problems

State = Literal["active", "suspended", "completed", "cancelled"]


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
    kind: TaskKind = Field(description="step, or added to one: before, after, delegated")
    held: bool = Field(description="Waits for the tasks added to it; in nobody's queue.")
    of_task: UUID | None
    scope_id: UUID | None
    definition_id: UUID | None = Field(description="Of the called definition; null: the instance's own.")


class FinishedStepView(BaseModel):
    """A step of the path walked; ``used_seconds`` are working seconds where the step's limit counts working time."""

    id: UUID
    node: str
    stage: str
    how: How
    kind: TaskKind
    definition_id: UUID | None = Field(description="Of the called definition; null: the instance's own.")
    scope_id: UUID | None
    outcome: str | None
    actor_name: str
    note: str
    created_at: datetime
    done_at: datetime
    due_at: datetime | None
    used_seconds: float
    overdue: bool


class WaitingView(BaseModel):
    """What waits without being a task: a branch at a join, an event, a message, a worker."""

    node: str
    sequence_flow: str
    arrived_at: datetime
    kind: TokenKind
    scope_id: UUID | None


class ScopeView(BaseModel):
    """An open sub-process, round of several people, or call."""

    id: UUID
    parent_id: UUID | None
    node: str
    kind: ScopeKind
    total: int
    done: int
    tally: dict[str, int]
    opened_at: datetime


class AwaitedView(BaseModel):
    """A message, signal, condition or worker that somebody waits for."""

    holder_id: UUID
    node: str
    kind: WaitKind
    name: str
    key: str


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
    scopes: list[ScopeView]
    awaited: list[AwaitedView]
    path: list[FinishedStepView]


class InstanceHead(BaseModel):
    """An instance in a list."""

    id: UUID
    definition_id: UUID
    state: State
    area: str
    started_at: datetime
    ended_at: datetime | None
    suspended_at: datetime | None


class InstancePage(BaseModel):
    items: list[InstanceHead]
    next: str | None = Field(description="Cursor of the next page (`after`).")


class AdvanceView(BaseModel):
    """What an act has changed: the status now, new tasks, whether it is over and how."""

    instance_id: UUID
    state: State
    status: str
    stage: str
    ended: bool
    end: str | None
    error: str | None = Field(description="The code of an error that nothing caught.")
    tasks: list[OpenTaskView]


class StartBody(Body):
    """``variables`` are what the definition's conditions, people and deadlines read."""

    variables: Variables = Field(default_factory=dict)
    area: AreaCode = Field(default="", description="Area code of the place that it concerns.")


class ManageBody(Body):
    """``node``: the step for jump and reopen."""

    reason: Annotated[Note, Field(min_length=1)]
    node: Word = ""


class CopyBody(Body):
    people: list[UUID] = Field(min_length=1, max_length=200)
    note: Note = ""


class UrgeBody(Body):
    note: Note = ""


class CountView(BaseModel):
    count: int


class CopyView(BaseModel):
    """A copy for information; ``node`` is the step at which it was sent, "" for the whole."""

    id: UUID
    instance_id: UUID
    subject_kind: str
    subject_id: UUID
    node: str
    by_name: str
    note: str
    created_at: datetime
    read_at: datetime | None


class CopyPage(BaseModel):
    items: list[CopyView]
    next: str | None = Field(description="Cursor of the next page (`after`).")


class ExtensionView(BaseModel):
    """A request for ``by_text`` more time on a task."""

    id: UUID
    task_id: UUID
    node: str
    by_text: str
    reason: str
    asked_at: datetime
    asked_name: str
    state: Literal["asked", "granted", "refused", "lapsed"]
    answered_at: datetime | None
    answer_note: str


router = APIRouter(prefix="/api/v1", tags=["flow 流程"], responses=problems(*ALWAYS))


@router.post(
    "/definitions/{key}/instances",
    status_code=201,
    summary="Start an instance 发起流程",
    responses=problems("not_found", "flow.variables_invalid", "flow.nobody_for_step", "flow.condition_failed"),
)
async def start(request: Request, actor: SignedInActor, key: Key, body: StartBody) -> AdvanceView:
    """Start the published version as its own subject; needs the grant instance:start for the area."""
    answer = await desk_of(request).start(key, actor, body.variables, body.area)
    return advance_view(answer)


@router.get("/instances", summary="List instances 流程实例列表", responses=problems())
async def instances(
    request: Request,
    actor: SignedInActor,
    key: Annotated[str | None, Query(pattern=f"^{KEY}$")] = None,
    state: State | None = None,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
) -> InstancePage:
    """Instances that are their own subject, the newest first: those in one's area, and those one had a part in."""
    cursor = _read_cursor(after)
    found = await desk_of(request).instances(actor, key=key, state=state, after=cursor, limit=limit)
    last = found[-1] if len(found) == limit else None
    return InstancePage(
        items=[InstanceHead.model_validate(row, from_attributes=True) for row in found],
        next=None if last is None else _cursor(last),
    )


@router.get("/instances/{instance_id}", summary="Where an instance stands 流程进度", responses=problems("not_found"))
async def instance(request: Request, actor: SignedInActor, instance_id: UUID) -> InstanceView:
    """State, open tasks and the path walked; for those who read all of its subject's area or have a part in it."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        story = await service.story(connection, instance_id)
        if not may_see(actor, story) and not await _by_copy(service, connection, story, actor):
            raise NotFound(what="流程")
    return instance_view(story)


async def _by_copy(service: FlowService, connection: Connection, story: InstanceStory, actor: Actor) -> bool:
    """A copy (抄送) lets one read a flow that is its own subject."""
    own = story.instance.subject_kind == "flow"
    return own and await service.reads_by_copy(connection, story.instance.id, actor)


async def _require_seen(request: Request, actor: Actor, instance_id: UUID) -> None:
    """Raises NotFound unless the instance is its own subject and the actor may read it."""
    story = await desk_of(request).story(instance_id)
    if story.instance.subject_kind != "flow" or not may_see(actor, story):
        raise NotFound(what="流程")


@router.post("/instances/{instance_id}/copies", summary="Send copies 抄送", responses=problems("not_found"))
async def copy(request: Request, actor: SignedInActor, instance_id: UUID, body: CopyBody) -> CountView:
    """For those who may read the instance; whoever gets one may read it, too."""
    await _require_seen(request, actor, instance_id)
    return CountView(count=await desk_of(request).copy(instance_id, actor, body.people, body.note))


@router.post(
    "/instances/{instance_id}/urge",
    status_code=204,
    summary="Urge 催办",
    responses=problems("not_found", "flow.instance_ended", "flow.not_allowed"),
)
async def urge(request: Request, actor: SignedInActor, instance_id: UUID, body: UrgeBody) -> None:
    """Whoever has its open tasks sees by whom and when."""
    await _require_seen(request, actor, instance_id)
    await desk_of(request).urge(instance_id, actor, body.note)


@router.get(
    "/instances/{instance_id}/extensions", summary="Requests for more time 延期申请", responses=problems("not_found")
)
async def extensions(request: Request, actor: SignedInActor, instance_id: UUID) -> list[ExtensionView]:
    await _require_seen(request, actor, instance_id)
    found = await desk_of(request).extensions(instance_id)
    return [ExtensionView.model_validate(row, from_attributes=True) for row in found]


@router.get("/flow/copies", summary="My copies 抄送我的", responses=problems())
async def copies(
    request: Request,
    actor: SignedInActor,
    unread: bool = False,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
) -> CopyPage:
    """The newest first."""
    cursor = _read_cursor(after)
    found = await desk_of(request).copies(actor, after=cursor, unread=unread, limit=limit)
    last = found[-1] if len(found) == limit else None
    return CopyPage(
        items=[CopyView.model_validate(row, from_attributes=True) for row in found],
        next=None if last is None else f"{last.created_at.isoformat()}/{last.id}",
    )


@router.post("/flow/copies/{copy_id}/read", summary="Mark a copy as read 已阅", responses=problems("not_found"))
async def read_copy(request: Request, actor: SignedInActor, copy_id: UUID) -> CopyView:
    return CopyView.model_validate(await desk_of(request).read_copy(copy_id, actor), from_attributes=True)


def may_see(actor: Actor, story: InstanceStory) -> bool:
    """Whether the actor may read subjects in this place whosever they are, or has or had a task of the instance.

    Which organisation a subject belongs to is for the engine that owns it to know: a grant limited to organisations
    reaches nothing here.
    """
    found = story.instance
    if actor.tasks_of is not None:  # a token may be made without tasks
        if any(task.post_id in actor.posts or task.assignee_id == actor.account_id for task in story.tasks):
            return True
        if any(step.actor_id == actor.account_id for step in story.steps):
            return True
    return any(
        actor.reaches(kind, "read", area=found.area, organisation=None, grid=found.grid)
        for kind in (found.subject_kind, "instance")
    )


@router.post(
    "/instances/{instance_id}/{verb}",
    summary="Steer an instance 挂账、恢复、作废、跳转、重新打开",
    responses=problems(
        "not_found",
        "flow.instance_suspended",
        "flow.instance_not_suspended",
        "flow.instance_ended",
        "flow.instance_not_ended",
        "flow.step_not_reachable",
    ),
)
async def manage(
    request: Request,
    actor: SignedInActor,
    instance_id: UUID,
    verb: Literal["suspend", "resume", "cancel", "jump", "reopen"],
    body: ManageBody,
) -> AdvanceView:
    """Needs the grant instance:manage for its area."""
    return advance_view(await desk_of(request).manage(instance_id, actor, verb, body.reason, body.node))


def task_view(task: TaskRow) -> OpenTaskView:
    return OpenTaskView.model_validate(task, from_attributes=True)


def _finished(step: StepRow) -> FinishedStepView:
    return FinishedStepView.model_validate(step, from_attributes=True)


def instance_view(story: InstanceStory) -> InstanceView:
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
        tasks=[task_view(task) for task in story.tasks],
        waiting=[WaitingView.model_validate(token, from_attributes=True) for token in story.tokens],
        scopes=[ScopeView.model_validate(scope, from_attributes=True) for scope in story.scopes],
        awaited=[AwaitedView.model_validate(wait, from_attributes=True) for wait in story.waits],
        path=[_finished(step) for step in story.steps],
    )


def advance_view(answer: Advance) -> AdvanceView:
    return AdvanceView(
        instance_id=answer.instance_id,
        state=answer.state,
        status=answer.status,
        stage=answer.stage,
        ended=answer.ended,
        end=answer.end,
        error=answer.error,
        tasks=[task_view(task) for task in answer.new_tasks],
    )


def _cursor(row: InstanceRow) -> str:
    return f"{row.started_at.isoformat()}/{row.id}"


def _read_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if text is None:
        return None
    when, _, last = text.partition("/")
    try:
        found = datetime.fromisoformat(when), UUID(last)
    except ValueError as error:
        raise InvalidInput(count=1) from error
    if found[0].tzinfo is None:
        raise InvalidInput(count=1)
    return found
