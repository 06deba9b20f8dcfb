"""API tokens over HTTP."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from yiwang.identity.api.bodies import (
    Limit,
    NewTokenView,
    TokenBody,
    TokenPage,
    TokenView,
    service_of,
)
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["tokens 令牌"])


@router.post(
    "/tokens",
    status_code=201,
    summary="Make a token 生成令牌",
    responses=problems(
        "identity.sign_in_needed",
        "identity.person_needed",
        "identity.token_too_wide",
        "identity.tokens_too_many",
        "identity.cross_site",
    ),
)
async def create(request: Request, response: Response, actor: SignedInActor, body: TokenBody) -> NewTokenView:
    """Make a token for a program; its text is in this answer and nowhere else."""
    grants = [grant.limit() for grant in body.grants]
    row, token = await service_of(request).tokens.create(
        actor, body.name, grants, timedelta(days=body.days), in_posts=body.in_posts
    )
    response.headers["cache-control"] = "no-store"
    return NewTokenView(token=token, details=TokenView.of(row))


@router.get(
    "/tokens",
    summary="List tokens 令牌列表",
    responses=problems("identity.sign_in_needed", "identity.person_needed", "identity.forbidden"),
)
async def page(
    request: Request,
    actor: SignedInActor,
    account: UUID | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> TokenPage:
    """One's own tokens that still work, or those of ``account`` for the security administrator."""
    rows = await service_of(request).tokens.page(actor, account, after=after, limit=limit)
    return TokenPage(items=[TokenView.of(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


@router.delete(
    "/tokens/{token_id}",
    status_code=204,
    summary="Revoke a token 撤销令牌",
    responses=problems("identity.sign_in_needed", "identity.token_missing", "identity.cross_site"),
)
async def revoke(request: Request, actor: SignedInActor, token_id: UUID) -> None:
    """End a token in every process at once."""
    await service_of(request).tokens.revoke(actor, token_id)
