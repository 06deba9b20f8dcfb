"""My tasks, and finishing, claiming, handing on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import ReassignBody, StepBody, service_of
from yiwang.casework.api.cases import read_loose_cursor, write_cursor
from yiwang.casework.api.schemas import StepAnswer, TaskPage
from yiwang.casework.api.secrecy import reader_of, require_own_tasks, secret_task
from yiwang.casework.api.values import Word
from yiwang.casework.api.views import task_json
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["tasks 任务"])
_HAND = problems(
    "case.receiver_elsewhere",
    "flow.task_already_done",
    "flow.task_taken",
    "flow.task_not_yours",
    "identity.sign_in_needed",
    "not_found",
)


@router.get("/tasks", summary="My tasks 我的任务", responses=answers(TaskPage, "identity.sign_in_needed"))
async def tasks(
    request: Request,
    actor: SignedInActor,
    stage: Annotated[Word | None, Query()] = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Tasks of my posts and those handed to me, the most pressing first."""
    service = service_of(request)
    rows = await service.reading.tasks(reader_of(actor), stage=stage, after=read_loose_cursor(after), limit=limit)
    return json_response(
        {
            "items": [task_json(service, item) for item in rows],
            "next": write_cursor(rows[-1].due_at, rows[-1].id) if len(rows) == limit else None,
        }
    )


@router.post(
    "/tasks/{task_id}/complete",
    summary="Finish a step 办结本步",
    responses=answers(
        StepAnswer,
        "case.outcome_needs",
        "case.class_unknown",
        "case.standard_unknown",
        "case.department_unknown",
        "case.section_not_of_department",
        "case.photo_unknown",
        "flow.outcome_unknown",
        "flow.task_already_done",
        "flow.task_not_yours",
        "flow.instance_suspended",
        "identity.sign_in_needed",
        "not_found",
    ),
)
async def complete(request: Request, task_id: UUID, body: StepBody, actor: SignedInActor) -> Response:
    """Finish a task with one of its outcomes. When somebody was faster, the answer says who and when."""
    service = service_of(request)
    async with secret_task(service, task_id, actor):
        require_own_tasks(actor, "complete_any")
        result = await service.finishing.complete(task_id, actor, body.given())
    return json_response(
        {
            "case_id": str(result.case_id),
            "number": result.number,
            "status": result.status,
            "stage": result.stage,
            "state": result.state,
            "due_at": result.due_at.isoformat() if result.due_at else None,
        }
    )


@router.post("/tasks/{task_id}/claim", status_code=204, summary="Claim 签收", responses=_HAND)
async def claim(request: Request, task_id: UUID, actor: SignedInActor) -> None:
    """Take a task out of its post's queue for oneself."""
    service = service_of(request)
    async with secret_task(service, task_id, actor):
        require_own_tasks(actor, "complete_any")
        await service.handing_on.claim(task_id, actor)


@router.post("/tasks/{task_id}/reassign", status_code=204, summary="Hand on 转派", responses=_HAND)
async def reassign(request: Request, task_id: UUID, body: ReassignBody, actor: SignedInActor) -> None:
    """Hand a task to another person of the same post or organisation."""
    service = service_of(request)
    async with secret_task(service, task_id, actor):
        require_own_tasks(actor, "assign")
        await service.handing_on.reassign(task_id, actor, body.person, body.note)
