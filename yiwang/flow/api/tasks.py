"""Tasks of flows that are their own subject: my list, and what can be done with one. Thin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from yiwang.flow.api.common import ALWAYS, Limit, desk_of, problems
from yiwang.flow.api.instances import AdvanceView, OpenTaskView, Variables, advance_view, task_view
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import InvalidInput

_REFUSED = (
    "not_found",
    "flow.task_already_done",
    "flow.task_not_yours",
    "flow.instance_suspended",
    "flow.subject_elsewhere",
)


class OwnTaskView(OpenTaskView):
    instance_id: UUID
    area: str


class TaskPage(BaseModel):
    items: list[OwnTaskView]
    next: str | None = Field(description="Cursor of the next page (`after`).")


class CompleteBody(BaseModel):
    """``outcome`` is one of the step's; ``variables`` are kept by the instance."""

    outcome: str = Field(min_length=1, max_length=100)
    note: str = Field(default="", max_length=4000)
    variables: Variables = Field(default_factory=dict)


class SendBackBody(BaseModel):
    """``node``: a step that was walked."""

    node: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=2000)


class AssignBody(BaseModel):
    """A person or a post, exactly one."""

    person_id: UUID | None = None
    post_id: int | None = Field(default=None, ge=1, le=2**31 - 1)


router = APIRouter(prefix="/api/v1/flow", tags=["flow tasks 流程任务"], responses=problems(*ALWAYS))


@router.get("/tasks", summary="My flow tasks 我的流程任务", responses=problems())
async def tasks(
    request: Request,
    actor: SignedInActor,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
) -> TaskPage:
    """In my posts' queues and with me, the most pressing first; tasks without a deadline come last."""
    found = await desk_of(request).tasks(actor, after=_read_cursor(after), limit=limit)
    last = found[-1] if len(found) == limit else None
    return TaskPage(
        items=[OwnTaskView.model_validate(task, from_attributes=True) for task in found],
        next=None if last is None else f"{last.due_at.isoformat() if last.due_at else 'infinity'}/{last.id}",
    )


@router.post(
    "/tasks/{task_id}/complete",
    summary="Finish a task 办理",
    responses=problems(
        *_REFUSED,
        "flow.outcome_unknown",
        "flow.variables_invalid",
        "flow.condition_failed",
        "flow.nobody_for_step",
        "flow.limit_unknown",
    ),
)
async def complete(request: Request, actor: SignedInActor, task_id: UUID, body: CompleteBody) -> AdvanceView:
    """When somebody was faster, the answer says who and when."""
    return advance_view(await desk_of(request).complete(task_id, actor, body.outcome, body.note, body.variables))


@router.post(
    "/tasks/{task_id}/send-back",
    summary="Send back 退回",
    responses=problems(*_REFUSED, "flow.step_not_reachable"),
)
async def send_back(request: Request, actor: SignedInActor, task_id: UUID, body: SendBackBody) -> AdvanceView:
    """To a step that was walked."""
    return advance_view(await desk_of(request).send_back(task_id, actor, body.node, body.reason))


@router.post("/tasks/{task_id}/claim", summary="Claim 签收", responses=problems(*_REFUSED, "flow.task_taken"))
async def claim(request: Request, actor: SignedInActor, task_id: UUID) -> OpenTaskView:
    return task_view(await desk_of(request).claim(task_id, actor))


@router.post(
    "/tasks/{task_id}/release", summary="Give back 退回岗位", responses=problems(*_REFUSED, "flow.task_not_claimed")
)
async def release(request: Request, actor: SignedInActor, task_id: UUID) -> OpenTaskView:
    return task_view(await desk_of(request).release(task_id, actor))


@router.post("/tasks/{task_id}/assign", summary="Hand on 转办", responses=problems(*_REFUSED))
async def assign(request: Request, actor: SignedInActor, task_id: UUID, body: AssignBody) -> OpenTaskView:
    if (body.person_id is None) == (body.post_id is None):
        raise InvalidInput(count=1)
    return task_view(await desk_of(request).assign(task_id, actor, body.person_id, body.post_id))


def _read_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if text is None:
        return None
    when, _, last = text.partition("/")
    try:
        due = datetime.max.replace(tzinfo=UTC) if when == "infinity" else datetime.fromisoformat(when)
        found = due, UUID(last)
    except ValueError as error:
        raise InvalidInput(count=1) from error
    if due.tzinfo is None:
        raise InvalidInput(count=1)
    return found
