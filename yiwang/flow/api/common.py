"""What the routes of flow share: how they name refusals, find the services, and read paths and pages."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import Path, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError

from yiwang.flow.desk import FlowDesk
from yiwang.flow.service import FlowService
from yiwang.kernel.text import CleanText

KEY = "[A-Za-z_][A-Za-z0-9_.-]{0,99}"

Key = Annotated[str, Path(pattern=f"^{KEY}$", description="流程标识 process id")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="版本号")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]

Note = Annotated[CleanText, Field(max_length=2000)]
Word = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A name, a key, a code: anything on one line."""
AreaCode = Annotated[str, StringConstraints(max_length=20, pattern=r"^[0-9]*$")]


def _storable(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse what the database cannot keep: NUL characters, halves of characters."""
    try:
        told = orjson.dumps(value)
    except (TypeError, ValueError) as error:
        raise PydanticCustomError("json_invalid", "不能保存的内容 | it cannot be stored") from error
    if b"\\u0000" in told:
        raise PydanticCustomError("json_invalid", "含有空字符 | it holds NUL characters")
    return value


Variables = Annotated[dict[str, JsonValue], Field(max_length=200), AfterValidator(_storable)]


class Body(BaseModel):
    """What a request brings; a member that is not known is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")


ALWAYS = ("input.unreadable", "identity.forbidden", "input.too_large", "input.too_many_requests", "unavailable")


class NamesView(BaseModel):
    zh: str
    en: str


def service_of(request: Request) -> FlowService:
    service: FlowService = request.app.state.flow
    return service


def desk_of(request: Request) -> FlowDesk:
    return FlowDesk(service_of(request))
