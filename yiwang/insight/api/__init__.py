"""HTTP routes of insight."""

from fastapi import APIRouter

from yiwang.insight.api import appeals, boards, indicators, recomputing
from yiwang.kernel.refusals import problems

_ALWAYS = problems(
    "identity.forbidden",
    "identity.sign_in_needed",
    "identity.token_invalid",
    "identity.cross_site",
    "input.unreadable",
    "input.too_large",
    "input.too_many_requests",
    "unavailable",
)

router = APIRouter(prefix="/api/v1", responses=_ALWAYS)
for part in (boards, indicators, recomputing, appeals):
    router.include_router(part.router)

__all__ = ["router"]
