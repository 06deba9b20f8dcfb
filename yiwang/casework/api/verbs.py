"""Verbs on a case: 挂账, 恢复, 催办, 督办, 延期, 强制结案, 作废, 并案."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request

from yiwang.casework.api.bodies import DecisionBody, ExtensionBody, FoldBody, NoteBody, service_of
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(prefix="/cases/{case_id}", tags=["case verbs 案件操作"])
_MAY = problems(
    "not_found", "identity.forbidden", "identity.sign_in_needed", "case.operation_not_now", "flow.instance_suspended"
)


@router.post("/suspend", status_code=204, summary="Suspend 挂账", responses=_MAY)
async def suspend(request: Request, case_id: UUID, body: NoteBody, actor: SignedInActor) -> None:
    """The clocks stand still until the case is resumed. Needs a reason."""
    await service_of(request).operations.suspend(case_id, actor, body.note)


@router.post("/resume", status_code=204, summary="Resume 恢复办理", responses=_MAY)
async def resume(request: Request, case_id: UUID, body: NoteBody, actor: SignedInActor) -> None:
    """The clocks go on with what was left."""
    await service_of(request).operations.resume(case_id, actor, body.note)


@router.post("/urge", status_code=204, summary="Urge 催办", responses=_MAY)
async def urge(request: Request, case_id: UUID, body: NoteBody, actor: SignedInActor) -> None:
    """Whoever has the task sees that somebody waits."""
    await service_of(request).operations.urge(case_id, actor, body.note)


@router.post("/supervise", status_code=204, summary="Supervise 督办", responses=_MAY)
async def supervise(request: Request, case_id: UUID, body: NoteBody, actor: SignedInActor) -> None:
    """Mark the case as followed by a leader."""
    await service_of(request).operations.supervise(case_id, actor, body.note)


@router.post("/extension", status_code=204, summary="Ask for an extension 申请延期", responses=_MAY)
async def extension(request: Request, case_id: UUID, body: ExtensionBody, actor: SignedInActor) -> None:
    """Ask for more time; the dispatcher decides."""
    await service_of(request).operations.request_extension(case_id, actor, body.limit, body.note)


@router.post("/extension/decision", status_code=204, summary="Decide on the extension 审批延期", responses=_MAY)
async def decision(request: Request, case_id: UUID, body: DecisionBody, actor: SignedInActor) -> None:
    """Approve or refuse the waiting request; approval moves the handling deadline."""
    await service_of(request).operations.decide_extension(case_id, actor, body.result == "approve", body.note)


@router.post("/force-close", status_code=204, summary="Close by force 强制结案", responses=_MAY)
async def force_close(request: Request, case_id: UUID, body: NoteBody, actor: SignedInActor) -> None:
    """End the case where it stands; needs a reason."""
    await service_of(request).operations.force_close(case_id, actor, body.note)


@router.post("/void", status_code=204, summary="Void 作废", responses=_MAY)
async def void(request: Request, case_id: UUID, body: NoteBody, actor: SignedInActor) -> None:
    """The case should not have been; needs a reason."""
    await service_of(request).operations.void(case_id, actor, body.note)


@router.post("/fold", status_code=204, summary="Fold 并案", responses=_MAY)
async def fold(request: Request, case_id: UUID, body: FoldBody, actor: SignedInActor) -> None:
    """Put this case under another one that is the same matter."""
    await service_of(request).operations.fold(case_id, actor, body.head)


@router.post("/unfold", status_code=204, summary="Unfold 取消并案", responses=_MAY)
async def unfold(request: Request, case_id: UUID, body: NoteBody, actor: SignedInActor) -> None:
    """Let a folded case go its own way again; needs a reason."""
    await service_of(request).operations.unfold(case_id, actor, body.note)
