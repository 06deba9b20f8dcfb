"""Requests for more time (延期申请). One that nobody answered lapses with its task; that is read, not written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.database import Connection

ExtensionState = Literal["asked", "granted", "refused", "lapsed"]

_STORED = (
    "id, instance_id, task_id, node, by_text, reason, asked_at, asked_by, asked_name, state, answered_at, answered_by,"
    " answer_note"
)
_SEEN = _STORED.replace(
    " state,",
    " case when state = 'asked' and not exists (select from flow_task t where t.id = e.task_id) then 'lapsed'"
    " else state end,",
)


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """A request for ``by_text`` more on a task; ``state`` is lapsed once the task has ended without an answer."""

    id: UUID
    instance_id: UUID
    task_id: UUID
    node: str
    by_text: str
    reason: str
    asked_at: datetime
    asked_by: UUID | None
    asked_name: str
    state: ExtensionState
    answered_at: datetime | None
    answered_by: UUID | None
    answer_note: str


async def add_extension(connection: Connection, row: ExtensionRow) -> bool:
    """Store a request; False when one waits for an answer already."""
    found = await connection.fetchval(
        f"insert into flow_extension ({_STORED}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        " on conflict (task_id) where state = 'asked' do nothing returning true",
        row.id,
        row.instance_id,
        row.task_id,
        row.node,
        row.by_text,
        row.reason,
        row.asked_at,
        row.asked_by,
        row.asked_name,
        row.state,
        row.answered_at,
        row.answered_by,
        row.answer_note,
    )
    return found is not None


async def find_extension(connection: Connection, extension_id: UUID) -> ExtensionRow | None:
    row = await connection.fetchrow(f"select {_SEEN} from flow_extension e where id = $1", extension_id)
    return None if row is None else ExtensionRow(*row)


async def answer_extension(
    connection: Connection, extension_id: UUID, state: ExtensionState, at: datetime, by: UUID | None, note: str
) -> bool:
    """Store the answer; False when there is one."""
    found = await connection.fetchval(
        "update flow_extension set state = $2, answered_at = $3, answered_by = $4, answer_note = $5"
        " where id = $1 and state = 'asked' returning true",
        extension_id,
        state,
        at,
        by,
        note,
    )
    return found is not None


async def extensions_of(connection: Connection, instance_id: UUID) -> list[ExtensionRow]:
    """Every request of an instance, oldest first."""
    rows = await connection.fetch(
        f"select {_SEEN} from flow_extension e where instance_id = $1 order by asked_at, id", instance_id
    )
    return [ExtensionRow(*row) for row in rows]
