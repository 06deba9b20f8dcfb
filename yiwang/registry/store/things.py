"""Things themselves and their natural keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection


async def insert_thing(connection: Connection, id: UUID, type_id: str, at: datetime) -> None:
    await connection.execute("insert into thing (id, type, created_at) values ($1, $2, $3)", id, type_id, at)


async def lock_thing(connection: Connection, id: UUID) -> tuple[str, UUID | None] | None:
    """Its type and what it was merged into; nobody else changes it until the transaction ends. None: there is none."""
    row = await connection.fetchrow("select type, merged_into from thing where id = $1 for update", id)
    return None if row is None else (row["type"], row["merged_into"])


async def type_of(connection: Connection, id: UUID) -> tuple[str, UUID | None] | None:
    row = await connection.fetchrow("select type, merged_into from thing where id = $1", id)
    return None if row is None else (row["type"], row["merged_into"])


async def things_of_keys(connection: Connection, type_id: str, keys: Mapping[str, str]) -> dict[str, UUID]:
    """Which thing each natural key names, for those that are known."""
    rows = await connection.fetch(
        "select k.name, k.thing_id from thing_key k join unnest($2::text[], $3::text[]) as w (name, key)"
        " on k.type = $1 and k.name = w.name and k.key = w.key",
        type_id,
        list(keys),
        list(keys.values()),
    )
    return {row["name"]: row["thing_id"] for row in rows}


async def insert_keys(connection: Connection, type_id: str, keys: Mapping[str, str], thing_id: UUID) -> None:
    """Raises asyncpg.UniqueViolationError when another transaction was faster."""
    await connection.execute(
        "insert into thing_key (type, name, key, thing_id) select $1, w.name, w.key, $4"
        " from unnest($2::text[], $3::text[]) as w (name, key)",
        type_id,
        list(keys),
        list(keys.values()),
        thing_id,
    )
