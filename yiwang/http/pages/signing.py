"""Signing in and out on pages, and one's own password. In a demo city every account is one click away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from yiwang.http.city import CityInfo, kinds_of_post
from yiwang.http.language import language_of
from yiwang.http.pages.rendering import actor_of, render
from yiwang.identity.model import SignedIn
from yiwang.identity.requests import address_of, refuse_other_sites, session_cookie
from yiwang.identity.service import IdentityService
from yiwang.identity.service.core import longest_session
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Problem, SignInNeeded
from yiwang.packs.model.city import DemoAccount

router = APIRouter()


@router.get("/sign-in")
async def form(request: Request, next: Annotated[str, Query(max_length=500)] = "") -> Response:
    """The sign-in page."""
    return _form(request, next, "", None)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    demo: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Sign in and go on to where one wanted to go, or to one's own work."""
    refuse_other_sites(request)
    identity: IdentityService = request.app.state.identity
    if demo and request.app.state.context.settings.demo:
        login, password = demo, request.app.state.city.demo_password
    try:
        signed_in = await identity.sign_in(login, password, address_of(request), request.headers.get("user-agent", ""))
    except Problem as problem:
        return _form(request, next, login, problem)
    response = RedirectResponse(_after(signed_in, next), 303)
    response.set_cookie(
        session_cookie,
        signed_in.token,
        max_age=int(longest_session.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session and return to the first page."""
    identity: IdentityService = request.app.state.identity
    await identity.sign_out(actor_of(request))
    response = RedirectResponse("/plain/", 303)
    response.delete_cookie(session_cookie, path="/", httponly=True, samesite="lax")
    return response


@router.get("/account")
async def account(request: Request) -> Response:
    """One's own account: posts, roles, password."""
    actor = actor_of(request)
    if actor.kind == "anonymous":
        raise SignInNeeded()
    identity: IdentityService = request.app.state.identity
    own = await identity.accounts.own(actor)
    posts = [post for post_id in actor.posts if (post := identity.directory.post(post_id)) is not None]
    place = identity.directory.organisation(actor.organisation_id) if actor.organisation_id else None
    language = language_of(request.scope)
    return render(
        request,
        "account.html",
        login=own.account.login,
        must_change=own.account.must_change,
        organisation=place.name(language) if place else "",
        posts=[f"{post.name(language)} {post.area}".strip() for post in posts],
        roles=[role.name_zh if language == "zh" else role.name_en for role in own.roles],
    )


def landing(actor: Actor) -> str:
    """Where somebody's work is."""
    if actor.posts:
        return "/plain/desk"
    if actor.may("case", "read"):
        return "/plain/desk/cases"
    return "/plain/desk/journal" if actor.may("journal", "read") else "/plain/account"


def _after(signed_in: SignedIn, wanted: str) -> str:
    if signed_in.session.must_change:
        return "/plain/account"
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted
    return wanted if local else landing(signed_in.actor)


def _form(request: Request, wanted: str, login: str, problem: Problem | None) -> Response:
    language = language_of(request.scope)
    city: CityInfo = request.app.state.city
    demo = request.app.state.context.settings.demo
    shown = city.one_of_each_kind if demo else []
    others = [item for item in city.demo_accounts if item not in shown] if demo else []
    identity: IdentityService = request.app.state.identity

    def card(item: DemoAccount) -> dict[str, str]:
        office = identity.directory.organisation_by_code(item.organisation)
        names = [
            found[0].name(language) if (found := identity.directory.posts(kind)) else kind
            for kind in kinds_of_post(item)
        ]
        return {
            "login": item.login,
            "name": item.name,
            "office": office.name(language) if office else item.organisation,
            "work": (("、" if language == "zh" else ", ").join([*names, *item.roles])),
        }

    return render(
        request,
        "sign_in.html",
        status=problem.status if problem else 200,
        next=wanted,
        login=login,
        problem=problem.message(language) if problem else None,
        people=[card(item) for item in shown],
        others=[card(item) for item in others],
    )
