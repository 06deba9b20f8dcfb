"""SQL of ``thing_authority``: what was asked for, who decided, until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from asyncpg import Record

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection

State = Literal["waiting", "in_force", "refused", "ended", "replaced"]

_COLUMNS = (
    "id, thing_id, fact_id, type, state, basis, until, asked_by, asked_label, asked_at, decided_by, decided_label,"
    " decided_at, note, ended_at"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """Why a record may stand in its list, until when (UTC), who asked for it and who else decided."""

    id: UUID
    thing_id: UUID
    fact_id: UUID
    type: str
    state: State
    basis: str
    until: datetime
    asked_by: UUID | None
    asked_label: str
    asked_at: datetime
    decided_by: UUID | None
    decided_label: str
    decided_at: datetime | None
    note: str
    ended_at: datetime | None


def _authority(row: Record) -> Authority:
    return Authority(*(row[name.strip()] for name in _COLUMNS.split(",")))


async def propose(
    connection: Connection,
    *,
    id: UUID,
    thing_id: UUID,
    fact_id: UUID,
    type_id: str,
    basis: str,
    until: datetime,
    actor: Actor,
    at: datetime,
) -> None:
    """A record waits for its second approver; what was decided of it before counts no more."""
    await connection.execute(
        "update thing_authority set state = 'replaced', ended_at = $2 where thing_id = $1"
        " and state in ('waiting', 'in_force')",
        thing_id,
        at,
    )
    await connection.execute(
        "insert into thing_authority (id, thing_id, fact_id, type, state, basis, until, asked_by, asked_label, asked_at)"
        " values ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8, $9)",
        id,
        thing_id,
        fact_id,
        type_id,
        basis,
        until,
        actor.account_id,
        actor.label,
        at,
    )


async def decide(connection: Connection, id: UUID, state: State, actor: Actor, note: str, at: datetime) -> None:
    await connection.execute(
        "update thing_authority set state = $2::text, decided_by = $3, decided_label = $4, note = $5,"
        " decided_at = $6::timestamptz, ended_at = case when $2::text = 'refused' then $6::timestamptz end where id = $1",
        id,
        state,
        actor.account_id,
        actor.label,
        note,
        at,
    )


async def authorities(connection: Connection, thing_ids: Sequence[UUID]) -> dict[UUID, Authority]:
    """The newest of each of these things."""
    rows = await connection.fetch(
        f"select distinct on (thing_id) {_COLUMNS} from thing_authority where thing_id = any($1)"
        " order by thing_id, asked_at desc, id desc",
        list(thing_ids),
    )
    return {row["thing_id"]: _authority(row) for row in rows}


async def end_authority(connection: Connection, thing_id: UUID, at: datetime) -> None:
    """The record was taken out of its list before its time."""
    await connection.execute(
        "update thing_authority set state = 'ended', ended_at = $2 where thing_id = $1 and state in ('waiting', 'in_force')",
        thing_id,
        at,
    )


async def take_ended(connection: Connection, now: datetime, limit: int) -> list[Authority]:
    """Those whose time is over, marked as ended; what another process is ending is passed over."""
    rows = await connection.fetch(
        "update thing_authority set state = 'ended', ended_at = until where id in (select id from thing_authority"
        " where until <= $1 and state in ('waiting', 'in_force') order by until limit $2 for update skip locked)"
        f" returning {_COLUMNS}",
        now,
        limit,
    )
    return [_authority(row) for row in rows]
