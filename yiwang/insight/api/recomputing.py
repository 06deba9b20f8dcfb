"""Recomputation: asking for it and seeing how far it is. The background worker does it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from yiwang.insight.api.bodies import service_of
from yiwang.insight.errors import RecomputationUnderWay
from yiwang.insight.scoring import store
from yiwang.insight.service import InsightService
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["scores 评价"])


class CountingView(BaseModel):
    """How far the journal is counted, and how many entries of about how many a recomputation has read; null: none runs."""

    as_of: datetime | None
    recomputing: bool
    done: int | None
    of: int | None


@router.get("/scores/counting", summary="State of counting 统计进度", responses=problems())
async def counting(request: Request, actor: SignedInActor) -> CountingView:
    """Up to which moment of the city's time events are counted."""
    return await _view(service_of(request))


@router.post(
    "/scores/recompute",
    status_code=202,
    summary="Recompute 重算",
    responses=problems("insight.recomputation_under_way"),
)
async def recompute(request: Request, actor: SignedInActor) -> CountingView:
    """Make all counts anew from the journal; the boards go on showing the old ones until it is done. Grant `score:
    recompute`."""
    actor.require("score", "recompute")
    service = service_of(request)
    if not await service.rebuilding.begin():
        view = await _view(service)
        raise RecomputationUnderWay(done=view.done, of=view.of)
    return await _view(service)


async def _view(service: InsightService) -> CountingView:
    async with service.context.database.connection() as connection:
        progress = await store.progress(connection)
    running = progress.rebuild_tx is not None
    return CountingView(
        as_of=progress.as_of if progress.as_of.year > 1 else None,
        recomputing=running,
        done=progress.rebuild_done if running else None,
        of=max(progress.rebuild_of, progress.rebuild_done) if running else None,
    )
