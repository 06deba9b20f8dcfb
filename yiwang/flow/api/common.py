"""What the routes of flow share: how they name refusals, find the services, and read paths and pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import BaseModel

from yiwang.flow.desk import FlowDesk
from yiwang.flow.service import FlowService
from yiwang.kernel.errors import REGISTRY

KEY = "[A-Za-z_][A-Za-z0-9_.-]{0,99}"

Key = Annotated[str, Path(pattern=f"^{KEY}$", description="流程标识 process id")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="版本号")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]

ALWAYS = ("input.unreadable", "identity.forbidden", "input.too_large", "input.too_many_requests", "unavailable")


class NamesView(BaseModel):
    zh: str
    en: str


def problems(*codes: str) -> dict[int | str, dict[str, object]]:
    """The ``responses`` of a route that may refuse with these codes."""
    by_status: dict[int | str, list[str]] = {}
    for code in ("input.invalid", "identity.sign_in_needed", *codes):
        by_status.setdefault(REGISTRY[code].status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code}` {REGISTRY[code].en}" for code in found),
            "content": {"application/problem+json": {"schema": {"type": "object", "required": ["code", "title"]}}},
        }
        for status, found in by_status.items()
    }


def service_of(request: Request) -> FlowService:
    service: FlowService = request.app.state.flow
    return service


def desk_of(request: Request) -> FlowDesk:
    return FlowDesk(service_of(request))
