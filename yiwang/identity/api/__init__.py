"""HTTP routes of identity under ``/api/v1``: session, tokens, organisations, posts, accounts, roles. Thin: the rules are in
the services."""

from __future__ import annotations

from fastapi import APIRouter

from yiwang.identity.api import accounts, directory, session, tokens

router = APIRouter(prefix="/api/v1")
router.include_router(session.router)
router.include_router(tokens.router)
router.include_router(directory.router)
router.include_router(accounts.router)
