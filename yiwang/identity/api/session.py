"""Signing in and out over HTTP, who one is, and one's own password."""

from __future__ import annotations

from collections import defaultdict

from fastapi import APIRouter, Request, Response

from yiwang.identity.api.bodies import (
    NamesView,
    OrganisationView,
    OwnPostView,
    PasswordBody,
    PersonView,
    RoleNameView,
    SessionView,
    SignInBody,
    grant_views,
    service_of,
)
from yiwang.identity.requests import address_of, refuse_other_sites, session_cookie
from yiwang.identity.service.core import longest_session
from yiwang.kernel.access import Actor, CurrentActor, SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["session 登录"])


@router.post(
    "/session",
    summary="Sign in 登录",
    responses=problems(
        "identity.sign_in_refused",
        "identity.sign_in_locked",
        "identity.account_closed",
        "identity.cross_site",
        "input.too_many_requests",
    ),
)
async def sign_in(request: Request, response: Response, body: SignInBody) -> SessionView:
    """Sign in with login and password; sets the cookie ``yiwang_session``."""
    refuse_other_sites(request)
    service = service_of(request)
    agent = request.headers.get("user-agent", "")
    signed_in = await service.sign_in(body.login, body.password.get_secret_value(), address_of(request), agent)
    response.set_cookie(
        session_cookie,
        signed_in.token,
        max_age=int(longest_session.total_seconds()),  # the server ends an unused one much earlier
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    response.headers["cache-control"] = "no-store"
    return await _view(request, signed_in.actor)


@router.get("/session", summary="Who am I 我是谁", responses=problems("identity.sign_in_needed"))
async def who_am_i(request: Request, response: Response, actor: SignedInActor) -> SessionView:
    """The account, posts, roles and grants behind this session or token."""
    response.headers["cache-control"] = "no-store"
    return await _view(request, actor)


@router.delete("/session", status_code=204, summary="Sign out 退出", responses=problems("identity.cross_site"))
async def sign_out(request: Request, response: Response, actor: CurrentActor) -> None:
    """End this session in every process at once; repeating it does no harm."""
    await service_of(request).sign_out(actor)
    response.delete_cookie(session_cookie, path="/", httponly=True, samesite="lax")


@router.put(
    "/session/password",
    status_code=204,
    summary="Change own password 修改密码",
    responses=problems(
        "identity.sign_in_needed",
        "identity.person_needed",
        "identity.password_wrong",
        "identity.password_weak",
        "identity.sign_in_locked",
        "identity.cross_site",
        "input.too_many_requests",
    ),
)
async def change_password(request: Request, actor: SignedInActor, body: PasswordBody) -> None:
    """Change one's own password; one's other sessions end."""
    present, new = body.present.get_secret_value(), body.new.get_secret_value()
    await service_of(request).accounts.change_password(actor, present, new)


async def _view(request: Request, actor: Actor) -> SessionView:
    service = service_of(request)
    own = await service.accounts.own(actor)
    session = await service.sessions.session(actor)
    place = service.directory.organisation(actor.organisation_id) if actor.organisation_id is not None else None
    posts = [post for post_id in actor.posts if (post := service.directory.post(post_id)) is not None]
    held = set(service.directory.posts_held(own.account.id))
    absent: dict[int, list[PersonView]] = defaultdict(list)
    for one in service.absences.standing_in(actor):
        for post_id in set(one.post_ids) - held:
            absent[post_id].append(PersonView(id=one.person.id, name=one.person.name))
    return SessionView(
        kind="token" if actor.kind == "token" else "person",
        account=own.account.id,
        login=own.account.login,
        name=own.account.name,
        organisation=OrganisationView.of(place) if place is not None else None,
        posts=[OwnPostView.of(post, absent.get(post.id, [])) for post in posts],
        roles=[RoleNameView(code=role.code, names=NamesView(zh=role.name_zh, en=role.name_en)) for role in own.roles],
        grants=grant_views(actor),
        must_change_password=own.account.must_change,
        expires_at=session.expires_at if session is not None else None,
    )
