"""What routes answer beside success, for the OpenAPI description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response

import yiwang.casework.errors  # registers the codes that descriptions name, as do the next three
import yiwang.flow.errors
import yiwang.geo.errors
import yiwang.identity.errors  # noqa: F401
from yiwang.kernel.refusals import problems


def json_response(content: object, status: int = 200) -> Response:
    """JSON by orjson, without a second validation of what the service made."""
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")


def answers(model: object, *codes: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that answers ``model`` as JSON, or may refuse with these codes."""
    return {status: {"model": model}, **problems(*codes)}


_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "zh", "en"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "zh": {"type": "string"},
        "en": {"type": "string"},
        "data": {"type": "object"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
