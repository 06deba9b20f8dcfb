"""Tasks of flows that are their own subject: my list, and what can be done with one. Thin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from yiwang.flow.acts import OfficeAct, Verb
from yiwang.flow.api.common import ALWAYS, Body, Limit, NamesView, Note, Variables, Word, desk_of
from yiwang.flow.api.instances import AdvanceView, OpenTaskView, advance_view, task_view
from yiwang.flow.desk import Options
from yiwang.flow.legality import Reason
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import InvalidInput
from yiwang.kernel.refusals import problems

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


class CompleteBody(Body):
    """``outcome`` is one of the step's; ``variables`` are kept by the instance."""

    outcome: Annotated[Word, Field(min_length=1)]
    note: Note = ""
    variables: Variables = Field(default_factory=dict)


class ActBody(Body):
    """An office operation. ``people``: whom to ask or to delegate to; ``node``: where to send back; ``outcome`` and
    ``variables``: one's own answer, with 后加签; ``limit``: a deadline of those who are added, or how much more time."""

    verb: Verb
    people: list[UUID] = Field(default_factory=list, max_length=200)
    note: Note = ""
    node: Word = ""
    outcome: Word = ""
    limit: Annotated[Word, Field(max_length=40)] | None = Field(default=None, description="2工作日, 4工作时, 24小时 …")
    variables: Variables = Field(default_factory=dict)

    def act(self) -> OfficeAct:
        return OfficeAct(
            self.verb, tuple(self.people), self.note, self.node, self.outcome, self.limit, dict(self.variables)
        )


class ReasonBody(Body):
    reason: Note = ""


class AnswerBody(Body):
    granted: bool
    note: Note = ""


class OptionView(BaseModel):
    """An operation; ``why_not`` is null where it is allowed now."""

    operation: str
    allowed: bool
    why_not: NamesView | None


class ReturnableView(BaseModel):
    """A step to which the task might go back; ``why_not`` is null where it can."""

    node: str
    names: NamesView
    done_by: str
    done_at: datetime
    why_not: NamesView | None


class OptionsView(BaseModel):
    operations: list[OptionView]
    returnable: list[ReturnableView]


class AssignBody(Body):
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
    "/tasks/{task_id}/acts",
    summary="Office operations 退回、加签、减签、委派、收回、延期申请",
    responses=problems(
        *_REFUSED, "flow.step_not_reachable", "flow.not_allowed", "flow.outcome_unknown", "flow.round_too_large"
    ),
)
async def act(request: Request, actor: SignedInActor, task_id: UUID, body: ActBody) -> AdvanceView | None:
    """What is allowed when, and why not: docs/reference/office-operations.md. Null for a request for more time."""
    answer = await desk_of(request).act(task_id, actor, body.act())
    return None if answer is None else advance_view(answer)


@router.get("/tasks/{task_id}/options", summary="What can be done 可办操作", responses=problems(*_REFUSED))
async def options(request: Request, actor: SignedInActor, task_id: UUID) -> OptionsView:
    """Every operation with the reason where it is not allowed now, and the steps to which the task might go back."""
    return options_view(await desk_of(request).options(task_id, actor))


@router.post(
    "/steps/{step_id}/recall",
    summary="Take back 撤回",
    responses=problems("not_found", "flow.not_allowed", "flow.subject_elsewhere", "flow.instance_suspended"),
)
async def recall(request: Request, actor: SignedInActor, step_id: UUID, body: ReasonBody) -> AdvanceView:
    """A step that one has finished, as long as nothing that followed from it was touched."""
    return advance_view(await desk_of(request).recall(step_id, actor, body.reason))


@router.post(
    "/extensions/{extension_id}/answer",
    summary="Answer a request for more time 延期审批",
    responses=problems("not_found", "flow.not_allowed", "flow.task_already_done", "flow.task_not_yours"),
)
async def answer_extension(request: Request, actor: SignedInActor, extension_id: UUID, body: AnswerBody) -> AdvanceView:
    """By a leader over whoever asked, or with the grant task:extend; never by themselves."""
    return advance_view(await desk_of(request).answer_extension(extension_id, actor, body.granted, body.note))


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


def options_view(found: Options) -> OptionsView:
    return OptionsView(
        operations=[
            OptionView(operation=operation, allowed=reason is None, why_not=_words(reason))
            for operation, reason in found.operations.items()
        ],
        returnable=[
            ReturnableView(
                node=step.node,
                names=NamesView(zh=step.names.zh, en=step.names.en),
                done_by=step.done_by,
                done_at=step.done_at,
                why_not=_words(step.reason),
            )
            for step in found.returnable
        ],
    )


def _words(reason: Reason | None) -> NamesView | None:
    return None if reason is None else NamesView(zh=reason.zh, en=reason.en)
