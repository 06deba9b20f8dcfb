"""Office operations on a case's task: what can be done and why not, doing it, and taking a finished step back. Thin."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request

from yiwang.casework.api.bodies import service_of
from yiwang.casework.api.secrecy import require_own_tasks, secret_task
from yiwang.flow.api.instances import AdvanceView, advance_view
from yiwang.flow.api.tasks import ActBody, OptionsView, ReasonBody, options_view
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["tasks 任务"])
_REFUSED = (
    "case.receiver_elsewhere",
    "flow.not_allowed",
    "flow.task_already_done",
    "flow.task_not_yours",
    "flow.instance_suspended",
    "identity.sign_in_needed",
    "not_found",
)


@router.get("/tasks/{task_id}/options", summary="What can be done 可办操作", responses=problems(*_REFUSED))
async def options(request: Request, task_id: UUID, actor: SignedInActor) -> OptionsView:
    """Every office operation, with the reason where it is not allowed now, and the steps to which the task might go back."""
    service = service_of(request)
    async with secret_task(service, task_id, actor):
        return options_view(await service.office.options(task_id, actor))


@router.post(
    "/tasks/{task_id}/acts",
    summary="Office operations 退回、加签、减签、委派、收回",
    responses=problems(
        *_REFUSED, "flow.step_not_reachable", "flow.outcome_unknown", "flow.round_too_large", "case.operation_not_now"
    ),
)
async def act(request: Request, task_id: UUID, body: ActBody, actor: SignedInActor) -> AdvanceView | None:
    """What is allowed when: docs/reference/office-operations.md. Null for what changes nothing yet."""
    service = service_of(request)
    async with secret_task(service, task_id, actor):
        require_own_tasks(actor, "complete_any")
        answer = await service.office.act(task_id, actor, body.act())
    return None if answer is None else advance_view(answer)


@router.post("/steps/{step_id}/recall", summary="Take back 撤回", responses=problems(*_REFUSED))
async def recall(request: Request, step_id: UUID, body: ReasonBody, actor: SignedInActor) -> AdvanceView:
    """A step that one has finished, as long as nothing that followed from it was touched."""
    service = service_of(request)
    async with secret_task(service, step_id, actor):
        require_own_tasks(actor, "complete_any")
        answer = await service.office.recall(step_id, actor, body.reason)
    return advance_view(answer)
