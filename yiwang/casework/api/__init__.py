"""HTTP routes of casework, thin: bodies are checked here, everything else is the service's."""

from fastapi import APIRouter

from yiwang.casework.api import (
    advice,
    attachments,
    boards,
    cases,
    likeness,
    office,
    seats,
    tasks,
    tiles,
    topics,
    types,
    verbs,
)
from yiwang.kernel.refusals import problems

# What the gate may refuse before a route is reached, whatever the route.
_ANYWHERE = problems(
    "input.unreadable",
    "identity.token_invalid",
    "identity.cross_site",
    "input.too_large",
    "input.too_many_requests",
    "input.proof_needed",
    "unavailable",
)

router = APIRouter(prefix="/api/v1", responses=_ANYWHERE)
for part in (
    tasks,
    likeness,
    cases,
    verbs,
    office,
    attachments,
    types,
    tiles,
    boards,
    seats,
    topics,
    advice,
):  # the busiest first
    router.include_router(part.router)

__all__ = ["router"]
