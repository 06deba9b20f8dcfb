"""SQL of ``thing_code`` and of what was read of one thing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.registry.store.keeping import PersonalRead


async def insert_code(
    connection: Connection, digest: bytes, thing_id: UUID, holder: str, actor: Actor, at: datetime
) -> None:
    await connection.execute(
        "insert into thing_code (digest, thing_id, holder, given_by, given_label, given_at) values ($1, $2, $3, $4, $5, $6)",
        digest,
        thing_id,
        holder,
        actor.account_id,
        actor.label,
        at,
    )


async def end_codes(connection: Connection, thing_id: UUID, at: datetime) -> None:
    """No code of the thing is valid any more."""
    await connection.execute(
        "update thing_code set ended_at = $2 where thing_id = $1 and ended_at is null", thing_id, at
    )


async def thing_of_code(connection: Connection, digest: bytes) -> UUID | None:
    """The thing of a valid code."""
    found: UUID | None = await connection.fetchval(
        "select thing_id from thing_code where digest = $1 and ended_at is null", digest
    )
    return found


async def reads_of_thing(connection: Connection, thing_id: UUID, *, limit: int) -> list[PersonalRead]:
    """Who was shown what is personal of a thing, the newest first."""
    rows = await connection.fetch(
        "select r.at, t.type, r.organisation_id, r.post_ids, r.purpose from thing_read r join thing t on t.id = r.thing_id"
        " where r.thing_id = $1 order by r.at desc limit $2",
        thing_id,
        limit,
    )
    return [
        PersonalRead(row["at"], row["type"], row["organisation_id"], tuple(row["post_ids"]), row["purpose"])
        for row in rows
    ]
