"""SQL of requests that another post decides (延期)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Record
from yiwang.kernel.identifiers import new_id


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """A request for more time: ``amount`` is a deadline in the plain grammar."""

    id: UUID
    case_id: UUID
    amount: str
    reason: str
    requested_name: str
    requested_at: datetime
    state: str
    decided_name: str | None
    decided_at: datetime | None
    decision_note: str | None


_COLUMNS = "id, case_id, amount, reason, requested_name, requested_at, state, decided_name, decided_at, decision_note"


def _request(row: Record) -> ExtensionRequest:
    return ExtensionRequest(*row)


async def add_request(
    connection: Connection, case_id: UUID, amount: str, reason: str, actor: Actor, at: datetime
) -> UUID:
    request_id = new_id()
    await connection.execute(
        "insert into case_request (id, case_id, kind, amount, reason, requested_by, requested_name, requested_at, state)"
        " values ($1, $2, 'extension', $3, $4, $5, $6, $7, 'pending')",
        request_id,
        case_id,
        amount,
        reason,
        actor.account_id,
        actor.label,
        at,
    )
    return request_id


async def pending_request(connection: Connection, case_id: UUID) -> ExtensionRequest | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from case_request where case_id = $1 and state = 'pending' for update", case_id
    )
    return _request(row) if row else None


async def decide_request(
    connection: Connection, request_id: UUID, state: str, actor: Actor, at: datetime, note: str
) -> None:
    await connection.execute(
        "update case_request set state = $2, decided_name = $3, decided_at = $4, decision_note = $5 where id = $1",
        request_id,
        state,
        actor.label,
        at,
        note,
    )


async def requests_of(connection: Connection, case_id: UUID) -> list[ExtensionRequest]:
    rows = await connection.fetch(
        f"select {_COLUMNS} from case_request where case_id = $1 order by requested_at", case_id
    )
    return [_request(row) for row in rows]
