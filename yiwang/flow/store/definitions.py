"""Definitions: the drawing as it was written, by key and version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.flow.model.rows import DefinitionState
from yiwang.flow.model.settings import Names
from yiwang.kernel.database import Connection, Record

_COLUMNS = "id, key, version, state, names, xml, digest, created_at, published_at"
_HEAD = "id, key, version, state, names, '' as xml, digest, created_at, published_at"


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """A stored version; ``xml`` is "" where only its head was asked for."""

    id: UUID
    key: str
    version: int
    state: DefinitionState
    names: Names
    xml: str
    digest: str
    created_at: datetime
    published_at: datetime | None


def _row(row: Record) -> DefinitionRow:
    names = row["names"]
    return DefinitionRow(
        row["id"],
        row["key"],
        row["version"],
        row["state"],
        Names(names["zh"], names["en"]),
        row["xml"],
        row["digest"],
        row["created_at"],
        row["published_at"],
    )


async def lock_key(connection: Connection, key: str) -> None:
    """One writer at a time for the versions of a key, until the end of the transaction."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('flow_definition:' || $1, 0))", key)


async def definition_by_id(connection: Connection, definition_id: UUID) -> DefinitionRow | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from flow_definition where id = $1", definition_id)
    return None if row is None else _row(row)


async def definition_by_version(connection: Connection, key: str, version: int) -> DefinitionRow | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from flow_definition where key = $1 and version = $2", key, version
    )
    return None if row is None else _row(row)


async def newest_definitions(
    connection: Connection, key: str
) -> tuple[DefinitionRow | None, DefinitionRow | None, int]:
    """The published version, the draft, and the highest version number (0 for none) of a key."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from flow_definition where key = $1 and state in ('draft', 'published')", key
    )
    found = {row["state"]: _row(row) for row in rows}
    highest: int = await connection.fetchval(
        "select coalesce(max(version), 0) from flow_definition where key = $1", key
    )
    return found.get("published"), found.get("draft"), highest


async def published_by_person(connection: Connection, key: str) -> bool:
    """Whether a person, rather than an installation, published the version that holds."""
    found = await connection.fetchval(
        "select published_by is not null from flow_definition where key = $1 and state = 'published'", key
    )
    return bool(found)


async def published_ids(connection: Connection, keys: Sequence[str]) -> dict[str, UUID]:
    """The published version of each of these keys."""
    rows = await connection.fetch(
        "select key, id from flow_definition where state = 'published' and key = any($1::text[])", keys
    )
    return {row["key"]: row["id"] for row in rows}


async def list_definitions(
    connection: Connection, *, key: str | None, after: tuple[str, int], drafts: bool, limit: int
) -> Sequence[DefinitionRow]:
    """Heads by key and version: of one key all its versions, else of each key the published one (and the draft)."""
    states = ["published", "draft"] if drafts else ["published"]
    if key is not None:
        states.append("retired")
    rows = await connection.fetch(
        f"select {_HEAD} from flow_definition where (key, version) > ($1, $2) and state = any($3)"
        " and ($4::text is null or key = $4) order by key, version limit $5",
        after[0],
        after[1],
        states,
        key,
        limit,
    )
    return [_row(row) for row in rows]


async def insert_definition(connection: Connection, row: DefinitionRow, account_id: UUID | None) -> None:
    """Add a version; a published one retires the version published before."""
    if row.state == "published":
        await _retire(connection, row.key)
    await connection.execute(
        "insert into flow_definition (id, key, version, state, names, xml, digest, created_at, created_by, published_at,"
        " published_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        row.id,
        row.key,
        row.version,
        row.state,
        {"zh": row.names.zh, "en": row.names.en},
        row.xml,
        row.digest,
        row.created_at,
        account_id,
        row.published_at,
        account_id if row.published_at is not None else None,
    )


async def save_draft(connection: Connection, draft_id: UUID, names: Names, xml: str, digest: str) -> None:
    await connection.execute(
        "update flow_definition set names = $2, xml = $3, digest = $4 where id = $1 and state = 'draft'",
        draft_id,
        {"zh": names.zh, "en": names.en},
        xml,
        digest,
    )


async def publish_definition(
    connection: Connection, draft: DefinitionRow, version: int, at: datetime, account_id: UUID | None
) -> None:
    """Turn the draft into published ``version``; the one before is retired, and running instances keep it."""
    await _retire(connection, draft.key)
    await connection.execute(
        "update flow_definition set state = 'published', version = $2, published_at = $3, published_by = $4 where id = $1",
        draft.id,
        version,
        at,
        account_id,
    )


async def _retire(connection: Connection, key: str) -> None:
    await connection.execute("update flow_definition set state = 'retired' where key = $1 and state = 'published'", key)
