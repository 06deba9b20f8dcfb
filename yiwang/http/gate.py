"""The gate: one pure-ASGI wrapper around the whole application, passed by every request once on the way in and out.

It gives the request its id and its actor, refuses what is too large, too frequent or sent from another site, adds the
security headers, counts, and logs a sample. Reading the actor is lazy: only a request that carries a token or a session
costs a look-up, and paths that nobody signs in for (health, static files) never do.
"""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yiwang.http.challenge import HEADER, Challenge
from yiwang.http.limits import AddressLimit
from yiwang.http.problems import problem_response
from yiwang.http.proxies import Proxies
from yiwang.identity.requests import refuse_other_sites, session_cookie
from yiwang.kernel import logs, metrics
from yiwang.kernel.access import ANONYMOUS, Actor
from yiwang.kernel.errors import Problem, TooLarge, TooManyRequests
from yiwang.kernel.settings import Settings

log = logs.get("http")

ActorOf = Callable[[str | None, str | None, str], Awaitable[Actor]]
"""(token, session, address) → actor. Raises a Problem for a token or session that does not hold any more."""

_UNSIGNED = ("/static/", "/app/", "/healthz", "/readyz")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WITH_OWN_LIMIT = ("/api/v1/observations", "/api/sensorthings/")
"""Doors of devices: many stand behind one address, and the door counts them itself."""
_OPEN_DATA = ("/opendata/", "/ogc/", "/api/3/", "/api/action/")
"""Doors of open data: reading only, also by POST, with a limit of their own."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_slow_seconds = 1.0
_logged_share = 0.02

_SECURITY_HEADERS = [
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": (
            "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
            " frame-ancestors 'none'"
        ),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
    }.items()
]


@dataclass(slots=True)
class _Exchange:
    """One request and its answer, as far as the gate cares."""

    scope: Scope
    headers: Headers
    request_id: str
    address: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    received: int = 0


class Gate:
    """Wraps ``app``; ``actor_of`` is identity's answer to who a token or session is."""

    def __init__(self, app: ASGIApp, settings: Settings, actor_of: ActorOf) -> None:
        self._app = app
        self._actor_of = actor_of
        self._request_limit = settings.request_limit
        self._upload_limit = settings.upload_limit + settings.request_limit
        self._public_posts = AddressLimit(settings.public_reports_per_minute)
        self._open_data = AddressLimit(settings.open_data_per_minute)
        self._challenge = Challenge(settings.public_reports_per_minute)
        self._proxies = Proxies(settings.proxy_networks)
        self._routes: dict[object, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        exchange = _Exchange(scope, headers, _request_id(headers), self._proxies.enter(scope, headers))
        state = scope.setdefault("state", {})
        state["request_id"] = exchange.request_id
        answer = self._answering(exchange, send)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=exchange.request_id)
        try:
            state["actor"] = ANONYMOUS
            state["actor"] = await self._actor(exchange)
            limit = self._check(exchange, state["actor"])
        except Problem as problem:
            await problem_response(scope, problem)(scope, receive, answer)
        else:
            await self._pass(exchange, _bounded(exchange, receive, limit), answer)
        self._record(exchange)

    async def _pass(self, exchange: _Exchange, receive: Receive, answer: Send) -> None:
        try:
            await self._app(exchange.scope, receive, answer)
        except Exception:  # the outermost boundary: the answer has been sent, what is left is to tell the operator
            log.exception("request failed", method=exchange.scope["method"], path=exchange.scope["path"])

    async def _actor(self, exchange: _Exchange) -> Actor:
        if exchange.scope["path"].startswith(_UNSIGNED):
            return ANONYMOUS
        scheme, _, token = exchange.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return await self._actor_of(token.strip(), None, exchange.address)
        session = cookie_parser(exchange.headers.get("cookie", "")).get(session_cookie)
        if session:
            if exchange.scope["method"] not in _SAFE:
                refuse_other_sites(Request(exchange.scope))
            return await self._actor_of(None, session, exchange.address)
        return Actor(kind="anonymous", address=exchange.address)

    def _check(self, exchange: _Exchange, actor: Actor) -> int:
        """Refuse by size and frequency; returns how many bytes the body may have."""
        scope = exchange.scope
        upload = exchange.headers.get("content-type", "").startswith("multipart/form-data")
        limit = self._upload_limit if upload else self._request_limit
        length = exchange.headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > limit:
            raise TooLarge(limit=_size(limit), size=_size(int(length)))
        if actor.kind == "anonymous" and scope["path"].startswith(_OPEN_DATA):
            wait = self._open_data.take(exchange.address)
            if wait:
                raise TooManyRequests(seconds=wait)
        elif (
            actor.kind == "anonymous" and scope["method"] not in _SAFE and not scope["path"].startswith(_WITH_OWN_LIMIT)
        ):
            wait = self._public_posts.take(exchange.address)
            if wait:
                raise TooManyRequests(seconds=wait)
            self._challenge.check(exchange.address, scope["path"], exchange.headers.get(HEADER, ""))
        return limit

    def _answering(self, exchange: _Exchange, send: Send) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = list(message.get("headers", ()))
                given = {name.lower() for name, _ in headers}
                headers += [item for item in _SECURITY_HEADERS if item[0] not in given]
                if b"cache-control" not in given and exchange.scope["path"].startswith("/api/"):
                    headers.append((b"cache-control", b"no-store"))
                headers.append((b"x-request-id", exchange.request_id.encode()))
                message["headers"] = headers
            await send(message)

        return answer

    def _record(self, exchange: _Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        scope, status = exchange.scope, exchange.status
        route = self._route(scope)
        metrics.requests.labels(scope["method"], route, str(status)).inc()
        if not route.startswith("/api/v1/live"):
            metrics.request_seconds.labels(scope["method"], route).observe(seconds)
        if status >= 500 or seconds > _slow_seconds or random.random() < _logged_share:  # noqa: S311  # a sample
            actor = scope["state"].get("actor", ANONYMOUS)
            log.info(
                "request",
                method=scope["method"],
                route=route,
                path=scope["path"],
                status=status,
                milliseconds=round(seconds * 1000, 1),
                actor=str(actor.account_id or actor.kind),
            )

    def _route(self, scope: Scope) -> str:
        """The template of the path, one per endpoint: a label must not grow with the ids in it."""
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return "unmatched"
        found = self._routes.get(endpoint)
        if found is None:
            found = scope["path"]
            for name, value in scope.get("path_params", {}).items():
                found = found.replace(f"/{value}", f"/{{{name}}}", 1) if value else found
            self._routes[endpoint] = found
        return found


def _bounded(exchange: _Exchange, receive: Receive, limit: int) -> Receive:
    """``receive`` that stops a body without a declared length (chunked) at ``limit`` bytes."""

    async def bounded() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            exchange.received += len(message.get("body", b""))
            if exchange.received > limit:
                raise HTTPException(413, _size(limit))  # the one kind of error that body readers let through
        return message

    return bounded


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.0f} kB"
