"""What a route may refuse, for its OpenAPI description: problem codes become documented responses by status."""

from __future__ import annotations

from typing import Any

from yiwang.kernel.errors import REGISTRY

MEDIA_TYPE = "application/problem+json"

_PROBLEM: dict[str, Any] = {
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

BEFORE_ANY_ROUTE = (
    "input.invalid",
    "input.unreadable",
    "identity.sign_in_needed",
    "identity.forbidden",
    "identity.token_invalid",
    "identity.cross_site",
    "input.too_large",
    "input.too_many_requests",
    "unavailable",
)
"""What may be refused before a route is reached, whatever the route: a token that does not hold, for one."""


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may refuse with these codes, or, as any route may, of wrong
    fields or a token that does not hold."""
    by_status: dict[int | str, list[str]] = {}
    for code in dict.fromkeys(("input.invalid", "identity.sign_in_needed", *codes)):
        by_status.setdefault(REGISTRY[code].status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code}` {REGISTRY[code].en}" for code in found),
            "content": {MEDIA_TYPE: {"schema": _PROBLEM}},
        }
        for status, found in by_status.items()
    }
