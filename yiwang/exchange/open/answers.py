"""How the doors of open data answer: with an ETag, kept for a while by whoever passes it on, readable from other sites.

What a signed-in reader sees by their own grants is kept by nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response

from yiwang.kernel.access import Actor

JSON = "application/json"
_seconds = 60
PUBLIC = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Content-Crs, X-File-Rows, X-File-SHA256",
    "cross-origin-resource-policy": "cross-origin",
}
"""Headers by which pages of other sites may read what is open; the browser sends them nobody's session."""

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "As the caller has it already 未改变"}}


def content(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """The documented 200 and 304 of a door that answers in these media types."""
    schemas = {each: {"schema": {"type": "object"} if "json" in each else {"type": "string"}} for each in media_types}
    return {200: {"description": "Found 数据", "content": schemas}, **NOT_MODIFIED}


def answered(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    actor: Actor | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The body, or 304 where the caller has it. ``actor``: whose grants decided what stands in it, if any."""
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    private = actor is not None and actor.kind != "anonymous"
    given = {
        "etag": etag,
        "cache-control": "private, no-cache" if private else f"public, max-age={_seconds}",
        "vary": "authorization, cookie, accept-language",
        **({} if private else PUBLIC),
        **(headers or {}),
    }
    if etag in [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=given)
    return Response(body, media_type=media_type, headers=given)


def json_answer(
    request: Request,
    value: object,
    *,
    media_type: str = JSON,
    actor: Actor | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The value as JSON, answered as :func:`answered` does."""
    return answered(request, orjson.dumps(value), media_type, actor=actor, headers=headers)


def base_of(request: Request) -> str:
    """The address of this server as the caller wrote it, without a stroke at the end."""
    return str(request.base_url).rstrip("/")
