"""Copies for information (抄送): whom, by whom, whether read. A copy gives no access by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection

_COLUMNS = "id, instance_id, subject_kind, subject_id, node, account_id, by_id, by_name, note, created_at, read_at"


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A copy of an instance for a person; ``node`` is the step at which it was sent, "" for the whole."""

    id: UUID
    instance_id: UUID
    subject_kind: str
    subject_id: UUID
    node: str
    account_id: UUID
    by_id: UUID | None
    by_name: str
    note: str
    created_at: datetime
    read_at: datetime | None


async def add_copies(connection: Connection, rows: Sequence[CopyRow]) -> list[CopyRow]:
    """Store copies; one that a person has already for that step is sent anew: unread, with the new words."""
    stored = await connection.fetch(
        f"insert into flow_copy ({_COLUMNS}) select i.id, $2, $3, $4, $5, i.account_id, $7, $8, $9, $10, null"
        " from unnest($1::uuid[], $6::uuid[]) as i (id, account_id)"
        " on conflict (instance_id, account_id, node) do update set by_id = excluded.by_id, by_name = excluded.by_name,"
        f" note = excluded.note, created_at = excluded.created_at, read_at = null returning {_COLUMNS}",
        [row.id for row in rows],
        rows[0].instance_id,
        rows[0].subject_kind,
        rows[0].subject_id,
        rows[0].node,
        [row.account_id for row in rows],
        rows[0].by_id,
        rows[0].by_name,
        rows[0].note,
        rows[0].created_at,
    )
    return [CopyRow(*row) for row in stored]


async def list_copies(
    connection: Connection, account_id: UUID, *, after: tuple[datetime, UUID] | None, unread: bool, limit: int
) -> list[CopyRow]:
    """A person's copies, the newest first; ``after`` is the key (created_at, id) of the last one of the page before."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from flow_copy where account_id = $1"
        " and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid)) and (not $4 or read_at is null)"
        " order by created_at desc, id desc limit $5",
        account_id,
        after[0] if after else None,
        after[1] if after else None,
        unread,
        limit,
    )
    return [CopyRow(*row) for row in rows]


async def copies_of(connection: Connection, instance_id: UUID) -> list[CopyRow]:
    """Everybody to whom an instance was copied, oldest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from flow_copy where instance_id = $1 order by created_at, id", instance_id
    )
    return [CopyRow(*row) for row in rows]


async def read_copy(connection: Connection, copy_id: UUID, account_id: UUID, at: datetime) -> CopyRow | None:
    """Mark a person's copy as read, keeping when that was first; None when it is not theirs."""
    row = await connection.fetchrow(
        f"update flow_copy set read_at = coalesce(read_at, $3) where id = $1 and account_id = $2 returning {_COLUMNS}",
        copy_id,
        account_id,
        at,
    )
    return None if row is None else CopyRow(*row)


async def count_unread(connection: Connection, account_id: UUID) -> int:
    found: int = await connection.fetchval(
        "select count(*) from flow_copy where account_id = $1 and read_at is null", account_id
    )
    return found


async def has_copy(connection: Connection, instance_id: UUID, account_id: UUID) -> bool:
    found: bool = await connection.fetchval(
        "select exists (select from flow_copy where instance_id = $1 and account_id = $2)", instance_id, account_id
    )
    return found
