"""Accounts over HTTP: made, listed within scope, changed, appointed, granted."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from yiwang.identity.api.bodies import (
    AccountBody,
    AccountChangeBody,
    AccountDetailView,
    AccountPage,
    AccountView,
    AppointmentBody,
    AppointmentView,
    Limit,
    NewAccountView,
    PostView,
    ReasonBody,
    RoleGrantBody,
    RoleGrantView,
    service_of,
)
from yiwang.identity.model import AccountState
from yiwang.identity.store.accounts import Page
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems
from yiwang.kernel.text import CleanLine

router = APIRouter(prefix="/accounts", tags=["accounts 账号"])

_CHANGE = ("identity.sign_in_needed", "identity.forbidden", "identity.cross_site", "identity.account_missing")
_STATE = (*_CHANGE, "identity.account_state", "identity.administrator_protected")


@router.get("", summary="List accounts 账号列表", responses=problems("identity.sign_in_needed", "identity.forbidden"))
async def page(
    request: Request,
    actor: SignedInActor,
    q: Annotated[CleanLine, Query(max_length=60, description="Beginning of login or name.")] = "",
    organisation: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="This one and those below it.")] = None,
    state: AccountState | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> AccountPage:
    """Accounts within one's scope, oldest first."""
    service = service_of(request)
    within = tuple(service.directory.subtree(organisation)) if organisation is not None else None
    rows = await service.accounts.page(actor, Page(after, limit, q, within, state))
    return AccountPage(items=[AccountView.of(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


@router.post(
    "",
    status_code=201,
    summary="Make an account 新建账号",
    responses=problems(
        "identity.sign_in_needed",
        "identity.forbidden",
        "identity.cross_site",
        "identity.login_taken",
        "identity.organisation_missing",
    ),
)
async def create(request: Request, response: Response, actor: SignedInActor, body: AccountBody) -> NewAccountView:
    """Make an account; the answer holds its one-time password, shown this once."""
    created = await service_of(request).accounts.create(actor, body.login, body.name, body.organisation)
    response.headers["cache-control"] = "no-store"
    return NewAccountView(account=AccountView.of(created.account), password=created.password)


@router.get(
    "/{account_id}",
    summary="Look an account up 查看账号",
    responses=problems("identity.sign_in_needed", "identity.account_missing"),
)
async def detail(request: Request, actor: SignedInActor, account_id: UUID) -> AccountDetailView:
    """An account with its posts and roles; one's own always."""
    service = service_of(request)
    return AccountDetailView.of(await service.accounts.detail(actor, account_id), service.directory)


@router.patch(
    "/{account_id}",
    summary="Rename or move 改名、调动",
    responses=problems(*_CHANGE, "identity.administrator_protected", "identity.organisation_missing"),
)
async def update(request: Request, actor: SignedInActor, account_id: UUID, body: AccountChangeBody) -> AccountView:
    """Change a person's name or organisation."""
    row = await service_of(request).accounts.update(actor, account_id, body.name, body.organisation)
    return AccountView.of(row)


@router.post("/{account_id}/lock", summary="Lock 锁定", responses=problems(*_STATE))
async def lock(request: Request, actor: SignedInActor, account_id: UUID, body: ReasonBody) -> AccountView:
    """Keep somebody out; their sessions end at once."""
    return AccountView.of(await service_of(request).accounts.lock(actor, account_id, body.reason))


@router.post("/{account_id}/unlock", summary="Unlock 解锁", responses=problems(*_STATE))
async def unlock(request: Request, actor: SignedInActor, account_id: UUID, body: ReasonBody) -> AccountView:
    """Let somebody in again, after a lock or too many failed sign-ins."""
    return AccountView.of(await service_of(request).accounts.unlock(actor, account_id, body.reason))


@router.post("/{account_id}/disable", summary="Disable 停用", responses=problems(*_STATE))
async def disable(request: Request, actor: SignedInActor, account_id: UUID, body: ReasonBody) -> AccountView:
    """Close an account; its history stays."""
    return AccountView.of(await service_of(request).accounts.disable(actor, account_id, body.reason))


@router.post("/{account_id}/restore", summary="Restore 恢复", responses=problems(*_STATE))
async def restore(request: Request, actor: SignedInActor, account_id: UUID, body: ReasonBody) -> AccountView:
    """Open a disabled account again."""
    return AccountView.of(await service_of(request).accounts.restore(actor, account_id, body.reason))


@router.post(
    "/{account_id}/password",
    summary="Reset the password 重置密码",
    responses=problems(*_CHANGE, "identity.administrator_protected"),
)
async def reset_password(
    request: Request, response: Response, actor: SignedInActor, account_id: UUID
) -> NewAccountView:
    """Give a one-time password; sessions and tokens end at once."""
    reset = await service_of(request).accounts.reset_password(actor, account_id)
    response.headers["cache-control"] = "no-store"
    return NewAccountView(account=AccountView.of(reset.account), password=reset.password)


@router.post(
    "/{account_id}/appointments",
    status_code=201,
    summary="Appoint to a post 任命",
    responses=problems(
        *_CHANGE,
        "identity.own_grant",
        "identity.post_missing",
        "identity.period",
        "identity.appointment_exists",
        "identity.classes_collide",
    ),
)
async def appoint(request: Request, actor: SignedInActor, account_id: UUID, body: AppointmentBody) -> AppointmentView:
    """Let somebody hold a post."""
    service = service_of(request)
    row = await service.holdings.appoint(actor, account_id, body.post, body.starts_at, body.ends_at)
    post = service.directory.post(row.post_id)
    return AppointmentView(
        post=PostView.of(post) if post is not None else None,
        post_id=row.post_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


@router.delete(
    "/{account_id}/appointments/{post_id}",
    status_code=204,
    summary="Dismiss from a post 免职",
    responses=problems(*_CHANGE, "identity.post_missing", "identity.holding_missing"),
)
async def dismiss(
    request: Request,
    actor: SignedInActor,
    account_id: UUID,
    post_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> None:
    """End somebody's holding of a post now."""
    await service_of(request).holdings.dismiss(actor, account_id, post_id)


@router.post(
    "/{account_id}/roles",
    status_code=201,
    summary="Grant a role 授予角色",
    responses=problems(
        *_CHANGE,
        "identity.own_grant",
        "identity.role_unknown",
        "identity.organisation_missing",
        "identity.role_grant_exists",
        "identity.classes_collide",
    ),
)
async def grant(request: Request, actor: SignedInActor, account_id: UUID, body: RoleGrantBody) -> RoleGrantView:
    """Give a role directly."""
    row = await service_of(request).holdings.grant(actor, account_id, body.role, body.area, body.organisation)
    return RoleGrantView(
        id=row.id, role=row.role_code, area=row.area, organisation=row.organisation_id, granted_at=row.granted_at
    )


@router.delete(
    "/{account_id}/roles/{grant_id}",
    status_code=204,
    summary="Revoke a role 撤销角色",
    responses=problems(*_CHANGE, "identity.holding_missing"),
)
async def revoke(request: Request, actor: SignedInActor, account_id: UUID, grant_id: UUID) -> None:
    """Take a directly given role away at once."""
    await service_of(request).holdings.revoke(actor, account_id, grant_id)
