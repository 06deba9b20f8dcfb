"""What other systems send: messages, signals, and the results of work that they have fetched. Thin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from yiwang.flow.api.common import ALWAYS, AreaCode, Body, Note, Variables, Word, desk_of
from yiwang.flow.api.instances import AdvanceView, advance_view
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems


class MessageBody(Body):
    """``key`` finds the instance (correlation), as its definition says; ``variables`` are handed over to it."""

    name: Annotated[Word, Field(min_length=1)]
    key: Word = ""
    variables: Variables = Field(default_factory=dict)
    area: AreaCode = Field(default="", description="Of an instance that the message starts.")


class MessageView(AdvanceView):
    started: bool = Field(description="Whether the message has started the instance.")


class SignalBody(Body):
    name: Annotated[Word, Field(min_length=1)]
    variables: Variables = Field(default_factory=dict)


class FetchBody(Body):
    """``worker`` names who leases; the lease ends by itself after ``lease_seconds``."""

    topics: list[Word] = Field(min_length=1, max_length=50)
    worker: Annotated[Word, Field(min_length=1, max_length=100)]
    lease_seconds: int = Field(default=60, ge=1, le=3600)
    limit: int = Field(default=10, ge=1, le=100)


class WorkView(BaseModel):
    """Leased work; ``variables`` are what its instance knows."""

    id: UUID
    instance_id: UUID
    subject_kind: str
    subject_id: UUID
    node: str
    topic: str
    area: str
    variables: Variables
    failures: int
    locked_until: datetime | None


class WorkPage(BaseModel):
    items: list[WorkView]


class FinishBody(Body):
    """``error``: the code of a business error instead of a result; a boundary event may catch it."""

    worker: Annotated[Word, Field(min_length=1, max_length=100)]
    variables: Variables = Field(default_factory=dict)
    error: Annotated[Word, Field(min_length=1)] | None = None


class FailBody(Body):
    worker: Annotated[Word, Field(min_length=1, max_length=100)]
    reason: Annotated[Note, Field(min_length=1, max_length=500)]


class FailedView(BaseModel):
    again: bool = Field(description="Whether the work will be tried again.")


router = APIRouter(prefix="/api/v1/flow", tags=["flow events 流程消息"], responses=problems(*ALWAYS))


@router.post(
    "/messages",
    summary="Send a message 发送消息",
    responses=problems(
        "flow.message_unexpected", "flow.message_ambiguous", "flow.instance_suspended", "flow.variables_invalid"
    ),
)
async def message(request: Request, actor: SignedInActor, body: MessageBody) -> MessageView:
    """To the instance that waits for it, or the definition that begins with it; needs the grant message:send."""
    received = await desk_of(request).receive(body.name, body.key, actor, body.variables, body.area)
    return MessageView(**advance_view(received.answer).model_dump(), started=received.started)


@router.post(
    "/signals", status_code=202, summary="Broadcast a signal 广播信号", responses=problems("flow.variables_invalid")
)
async def signal(request: Request, actor: SignedInActor, body: SignalBody) -> None:
    """To everyone who waits for it now; delivered in the background. Needs the grant message:send."""
    await desk_of(request).broadcast(body.name, actor, body.variables)


@router.post("/work/fetch", summary="Fetch work 领取工作", responses=problems())
async def fetch(request: Request, actor: SignedInActor, body: FetchBody) -> WorkPage:
    """Lease waiting work of these topics, the oldest first; needs the grant work:do."""
    lease = timedelta(seconds=body.lease_seconds)
    found = await desk_of(request).fetch_work(actor, body.topics, body.worker, lease, body.limit)
    return WorkPage(items=[WorkView.model_validate(work, from_attributes=True) for work in found])


@router.post(
    "/work/{work_id}/finish",
    summary="Report work done 完成工作",
    responses=problems("not_found", "flow.work_not_leased", "flow.instance_suspended", "flow.variables_invalid"),
)
async def finish(request: Request, actor: SignedInActor, work_id: UUID, body: FinishBody) -> AdvanceView:
    answer = await desk_of(request).finish_work(work_id, actor, body.worker, body.variables, body.error)
    return advance_view(answer)


@router.post(
    "/work/{work_id}/fail",
    summary="Report a failure 工作失败",
    responses=problems("not_found", "flow.work_not_leased"),
)
async def fail(request: Request, actor: SignedInActor, work_id: UUID, body: FailBody) -> FailedView:
    """Tried again after a growing pause; after the last try it becomes the error ``failed``."""
    return FailedView(again=await desk_of(request).fail_work(work_id, actor, body.worker, body.reason) is None)
