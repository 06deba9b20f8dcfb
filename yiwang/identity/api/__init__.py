"""HTTP routes of identity under ``/api/v1``: session, tokens, organisations, posts, accounts, roles, absences. Thin: the
rules are in the services."""

from __future__ import annotations

from fastapi import APIRouter

from yiwang.identity.api import absences, accounts, directory, session, tokens
from yiwang.kernel.refusals import problems

# What may be refused before a route is reached, whatever the route.
_ANYWHERE = problems(
    "input.unreadable",
    "identity.token_invalid",
    "identity.cross_site",
    "input.too_large",
    "input.too_many_requests",
    "unavailable",
)

router = APIRouter(prefix="/api/v1", responses=_ANYWHERE)
router.include_router(session.router)
router.include_router(tokens.router)
router.include_router(directory.router)
router.include_router(accounts.router)
router.include_router(absences.router)
