"""``POST /api/v1/observations``: a batch of readings, each taken or refused by itself, answered after the commit."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.exceptions import HTTPException

from yiwang.kernel.access import CurrentActor
from yiwang.kernel.errors import REGISTRY, FieldError, InvalidInput
from yiwang.sensing.gateways.web.callers import caller_of
from yiwang.sensing.gateways.web.intake import Report, WebIntake

most_rows = 10_000
largest_unpacked = 16 * 2**20


class UnpackedRequest(Request):
    """A request whose gzip body is unpacked, never to more than :data:`largest_unpacked` bytes."""

    async def body(self) -> bytes:
        if not hasattr(self, "_unpacked"):
            packed = await super().body()
            self._unpacked = _unpacked(packed, self.headers.get("content-encoding", "identity").strip().lower())
        return self._unpacked


def _unpacked(packed: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return packed
    if encoding not in ("gzip", "x-gzip"):
        raise HTTPException(415, f"content-encoding {encoding[:20]}: gzip")
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(packed, largest_unpacked)
    except zlib.error as error:
        raise HTTPException(400, "gzip") from error
    if unpacking.unconsumed_tail:
        raise HTTPException(413, f"{largest_unpacked // 2**20} MB")
    if not unpacking.eof or unpacking.unused_data:
        raise HTTPException(400, "gzip")
    return found


class UnpackingRoute(APIRoute):
    """Reads gzip."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def unpacked(request: Request) -> Response:
            return await handler(UnpackedRequest(request.scope, request.receive))

        return unpacked


def _problems(*codes: str) -> dict[int | str, dict[str, object]]:
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        by_status.setdefault(REGISTRY[code].status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code}` {REGISTRY[code].en}" for code in found),
            "content": {"application/problem+json": {"schema": {"type": "object", "required": ["code", "title"]}}},
        }
        for status, found in by_status.items()
    }


_REFUSALS = _problems(
    "input.unreadable", "input.invalid", "input.too_large", "input.too_many_requests", "identity.sign_in_needed",
    "identity.forbidden", "sensing.key_refused", "sensing.unavailable", "unavailable",
)  # fmt: skip

router = APIRouter(prefix="/api/v1", tags=["sensing"], route_class=UnpackingRoute, responses=_REFUSALS)


class ObservationBatch(BaseModel):
    """Readings, each ``{"metric": …, "value": …}`` with ``device`` (its code; a device itself leaves it out), ``at`` (ISO 8601
    with zone or milliseconds since 1970; left out: now) and ``quality`` (marks; left out: good)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "observations": [
                    {
                        "device": "manhole-0007",
                        "metric": "water_level",
                        "at": "2026-06-18T08:30:00+08:00",
                        "value": 0.42,
                    }
                ]
            }
        },
    )

    observations: Annotated[
        list[JsonValue], Field(min_length=1, max_length=most_rows, description="Readings 读数,逐条接收或退回")
    ]


class RefusedRow(BaseModel):
    """A row that was not taken; ``row`` counts from 0."""

    row: int
    code: str
    zh: str
    en: str


class BatchReport(BaseModel):
    """``accepted`` rows are committed: ``stored`` now, or ``known`` before because they were sent again."""

    accepted: int
    stored: int
    known: int
    refused: int
    rows: list[RefusedRow] = Field(description="The refused rows, in their order 被退回的行及原因")


Authorization = Annotated[str, Header(max_length=1024, description="Basic address:key, or Bearer yw_…")]


@router.post(
    "/observations",
    status_code=201,
    summary="Send a batch of readings 批量上报读数",
    operation_id="send-observations",
)
async def send_observations(
    request: Request, body: ObservationBatch, actor: CurrentActor, authorization: Authorization = ""
) -> BatchReport:
    """Up to 10,000 readings, gzip or not. Each is taken or refused by itself; the answer comes after the commit, so a batch
    that got no answer is sent again as it is. 422 only where not one row could be taken."""
    intake: WebIntake = request.app.state.intake
    remote = request.client.host if request.client else ""
    caller = caller_of(intake.services, intake.door, authorization, actor, remote)
    report = await intake.take(caller, body.observations)
    if not report.accepted:
        raise InvalidInput(count=len(report.refused), errors=_errors(report)[:100])
    refused = [RefusedRow(row=n, code=r.code, zh=r.zh, en=r.en) for n, r in report.refused.items()]
    return BatchReport(
        accepted=len(report.accepted), stored=report.stored, known=report.known, refused=len(refused), rows=refused
    )


def _errors(report: Report) -> list[FieldError]:
    return [
        FieldError(where=f"/observations/{number}", code=reason.code, zh=reason.zh, en=reason.en)
        for number, reason in report.refused.items()
    ]
