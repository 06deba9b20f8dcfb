"""Where facts come from, and the declared types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from yiwang.kernel.database import Connection, JsonObject
from yiwang.registry.model import Source


async def insert_source(
    connection: Connection,
    kind: str,
    name: str,
    digest: str,
    organisation_id: int | None,
    detail: JsonObject,
    at: datetime,
) -> int:
    number: int = await connection.fetchval(
        "insert into thing_source (kind, name, digest, organisation_id, detail, at) values ($1, $2, $3, $4, $5, $6)"
        " returning id",
        kind,
        name,
        digest,
        organisation_id,
        detail,
        at,
    )
    return number


async def sources(connection: Connection, ids: Iterable[int]) -> dict[int, Source]:
    rows = await connection.fetch(
        "select id, kind, name, digest, organisation_id, at from thing_source where id = any($1)", list(set(ids))
    )
    return {
        row["id"]: Source(row["id"], row["kind"], row["name"], row["digest"], row["organisation_id"], row["at"])
        for row in rows
    }


async def has_source(connection: Connection, kind: str, digest: str) -> bool:
    found: bool = await connection.fetchval(
        "select exists (select from thing_source where kind = $1 and digest = $2)", kind, digest
    )
    return found


async def published_types(connection: Connection) -> list[tuple[str, str, JsonObject, str]]:
    """(id, pack, declaration, digest) of every published type."""
    rows = await connection.fetch(
        "select id, pack, declaration, digest from thing_type where state = 'published' order by id"
    )
    return [(row["id"], row["pack"], row["declaration"], row["digest"]) for row in rows]


async def highest_version(connection: Connection, type_id: str) -> tuple[int, str] | None:
    """The published version and its digest."""
    row = await connection.fetchrow(
        "select version, digest from thing_type where id = $1 and state = 'published'", type_id
    )
    return None if row is None else (row["version"], row["digest"])


async def publish_type(
    connection: Connection, type_id: str, version: int, pack: str, declaration: JsonObject, digest: str, at: datetime
) -> None:
    """Make this the published version; the one before is retired. The same version again takes the new words."""
    await connection.execute(
        "update thing_type set state = 'retired' where id = $1 and state = 'published' and version <> $2",
        type_id,
        version,
    )
    await connection.execute(
        "insert into thing_type (id, version, pack, state, declaration, digest, published_at)"
        " values ($1, $2, $3, 'published', $4, $5, $6) on conflict (id, version) do update"
        " set pack = excluded.pack, state = 'published', declaration = excluded.declaration, digest = excluded.digest,"
        " published_at = excluded.published_at",
        type_id,
        version,
        pack,
        declaration,
        digest,
        at,
    )


async def retire_types(connection: Connection, keep: Sequence[str]) -> list[str]:
    """Types that no pack declares any more are not offered; their records stay. Returns which."""
    rows = await connection.fetch(
        "update thing_type set state = 'retired' where state = 'published' and id <> all($1) returning id", list(keep)
    )
    return [row["id"] for row in rows]


async def count_estimate(connection: Connection, type_id: str) -> int:
    """About how many things of a type are believed now; counted up to ten thousand, estimated beyond."""
    counted: int = await connection.fetchval(
        "select count(*) from (select from thing_fact where type = $1 and upper_inf(recorded) limit 10001) few", type_id
    )
    if counted <= 10_000:
        return counted
    estimate: float = await connection.fetchval(
        "select c.reltuples * coalesce((select s.most_common_freqs[array_position(s.most_common_vals::text::text[], $1)]"
        " from pg_stats s where s.tablename = 'thing_fact' and s.attname = 'type'), 0)"
        " from pg_class c where c.oid = 'thing_fact'::regclass",
        type_id,
    )
    return max(counted, int(estimate))
