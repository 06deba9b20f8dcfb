"""SQL of published case types."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection, JsonObject


async def newest_case_types(connection: Connection) -> list[tuple[str, int]]:
    rows = await connection.fetch("select key, max(version) as version from case_type group by key order by key")
    return [(row["key"], row["version"]) for row in rows]


async def case_type_version(connection: Connection, key: str, version: int) -> tuple[JsonObject, UUID]:
    row = await connection.fetchrow(
        "select body, definition_id from case_type where key = $1 and version = $2", key, version
    )
    if row is None:
        raise LookupError(f"case type {key} has no version {version}")
    return row["body"], row["definition_id"]


async def case_types_on(connection: Connection, key: str, definition_id: UUID) -> list[int]:
    """The versions of a case type that run on a version of its flow, the newest first."""
    rows = await connection.fetch(
        "select version from case_type where key = $1 and definition_id = $2 order by version desc", key, definition_id
    )
    return [row["version"] for row in rows]


async def add_case_type(
    connection: Connection, key: str, digest: str, body: JsonObject, definition_id: UUID, at: datetime
) -> tuple[int, bool]:
    """The next version of ``key``, unless the newest has the same digest: then that one, and False."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('case_type'), hashtext($1))", key)
    last = await connection.fetchrow(
        "select version, digest from case_type where key = $1 order by version desc limit 1", key
    )
    if last is not None and last["digest"] == digest:
        return last["version"], False
    version = last["version"] + 1 if last else 1
    await connection.execute(
        "insert into case_type (key, version, digest, body, definition_id, published_at) values ($1,$2,$3,$4,$5,$6)",
        key,
        version,
        digest,
        body,
        definition_id,
        at,
    )
    return version, True
