"""SQL of what is learned from cases: closed cases as examples, and the advice stored beside a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection, JsonObject


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """What a closed case teaches; ``reported_at`` is UTC. Nothing of the reporter is read."""

    number: str
    text: str
    class_code: str
    channel: str
    area: str
    reported_at: datetime


async def closed_cases(connection: Connection, type_key: str, limit: int) -> list[ClosedCase]:
    """The newest closed cases of a type with a text and a class; those folded under another are left out."""
    rows = await connection.fetch(
        "select number, text, class_code, channel, area, reported_at from case_file"
        " where closed_at is not null and type = $1 and state = 'closed' and class_code is not null and text <> ''"
        " order by closed_at desc limit $2",
        type_key,
        limit,
    )
    return [ClosedCase(**dict(row)) for row in rows]


async def advice_of(connection: Connection, case_id: UUID) -> JsonObject | None:
    """What rules and model said of the case when it came; None where no model was asked."""
    found: JsonObject | None = await connection.fetchval("select body from case_advice where case_id = $1", case_id)
    return found
