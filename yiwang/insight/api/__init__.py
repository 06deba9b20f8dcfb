"""HTTP routes of insight."""

from fastapi import APIRouter

from yiwang.insight.api import appeals, boards, indicators, recomputing

router = APIRouter(prefix="/api/v1")
for part in (boards, indicators, recomputing, appeals):
    router.include_router(part.router)

__all__ = ["router"]
