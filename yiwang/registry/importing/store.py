"""SQL of imports: runs, remembered mappings, how far pulls have come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from yiwang.kernel.database import Connection, JsonObject


@dataclass(slots=True)
class ImportRun:
    """One import. ``counts``: rows by what became of them (new, changed, same, refused); ``notes``: refusals by code;
    ``shown``: what is told of it besides (remarks, columns that are not read, samples of changes)."""

    id: UUID
    type: str
    file_name: str
    file_sha256: str
    mapping: JsonObject
    mapping_digest: str
    organisation_id: int | None
    account_id: UUID | None
    dry_run: bool
    source_id: int | None
    valid_from: datetime
    rows_total: int
    started_at: datetime
    seen_at: datetime
    rows_done: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    shown: JsonObject = field(default_factory=dict)
    report_bytes: int = 0
    finished_at: datetime | None = None
    failed: JsonObject | None = None
    held: bool = False
    """Whether some process is at it; as of the moment when it was read."""


_COLUMNS = (
    "id, type, file_name, file_sha256, mapping, mapping_digest, organisation_id, account_id, dry_run, source_id, valid_from,"
    " rows_total, started_at, seen_at, rows_done, counts, notes, shown, report_bytes, finished_at, failed"
)


_HELD = (
    "exists (select from pg_locks where locktype = 'advisory' and objsubid = 1 and granted"
    " and database = (select oid from pg_database where datname = current_database())"
    " and (classid::bigint << 32 | objid::bigint) = hashtextextended(thing_import.id::text, 26))"
)
"""The lock of :func:`take`, as it stands among the locks of this database."""


def _run(row: Record) -> ImportRun:
    return ImportRun(*row.values())


async def run_by_id(connection: Connection, id: UUID) -> ImportRun | None:
    row = await connection.fetchrow(f"select {_COLUMNS}, {_HELD} from thing_import where id = $1", id)
    return None if row is None else _run(row)


async def runs_of(
    connection: Connection, type_id: str, organisation_id: int | None, account_id: UUID | None, *, limit: int
) -> list[ImportRun]:
    """Imports of a type by an office or by one of its people, the newest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS}, {_HELD} from thing_import where type = $1 and (organisation_id = $2 or account_id = $3)"
        " order by started_at desc, id desc limit $4",
        type_id,
        organisation_id,
        account_id,
        limit,
    )
    return [_run(row) for row in rows]


async def unfinished(
    connection: Connection, type_id: str, sha256: str, mapping_digest: str, organisation_id: int | None
) -> ImportRun | None:
    """The interrupted run of the same file in the same way, the newest of them."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from thing_import where type = $1 and file_sha256 = $2 and mapping_digest = $3"
        " and organisation_id is not distinct from $4 and not dry_run and finished_at is null"
        " order by started_at desc limit 1",
        type_id,
        sha256,
        mapping_digest,
        organisation_id,
    )
    return None if row is None else _run(row)


async def insert_run(connection: Connection, run: ImportRun) -> None:
    await connection.execute(
        "insert into thing_import (id, type, file_name, file_sha256, mapping, mapping_digest, organisation_id, account_id,"
        " dry_run, source_id, valid_from, rows_total, started_at, seen_at, shown)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)",
        run.id,
        run.type,
        run.file_name,
        run.file_sha256,
        run.mapping,
        run.mapping_digest,
        run.organisation_id,
        run.account_id,
        run.dry_run,
        run.source_id,
        run.valid_from,
        run.rows_total,
        run.started_at,
        run.shown,
    )


async def mark(connection: Connection, run: ImportRun, at: datetime) -> None:
    """How far it is; in the transaction of the batch."""
    await connection.execute(
        "update thing_import set rows_done = $2, counts = $3, notes = $4, report_bytes = $5, seen_at = $6, shown = $7,"
        " finished_at = $8, failed = $9 where id = $1",
        run.id,
        run.rows_done,
        run.counts,
        run.notes,
        run.report_bytes,
        at,
        run.shown,
        run.finished_at,
        run.failed,
    )


async def take(connection: Connection, id: UUID) -> bool:
    """Hold the run as long as this connection lives; false when another process holds it."""
    held: bool = await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 26))", str(id))
    return held


async def remembered(
    connection: Connection, type_id: str, headers: str, organisation_id: int | None
) -> JsonObject | None:
    found: JsonObject | None = await connection.fetchval(
        "select mapping from thing_mapping where type = $1 and headers = $2 and organisation_id = $3",
        type_id,
        headers,
        organisation_id or 0,
    )
    return found


async def remember(
    connection: Connection,
    type_id: str,
    headers: str,
    organisation_id: int | None,
    mapping: JsonObject,
    by_label: str,
    at: datetime,
) -> None:
    await connection.execute(
        "insert into thing_mapping (type, headers, organisation_id, mapping, at, by_label) values ($1, $2, $3, $4, $5, $6)"
        " on conflict (type, headers, organisation_id) do update"
        " set mapping = excluded.mapping, at = excluded.at, by_label = excluded.by_label",
        type_id,
        headers,
        organisation_id or 0,
        mapping,
        at,
        by_label,
    )


async def last_key(connection: Connection, name: str) -> str | None:
    found: str | None = await connection.fetchval("select last_key from thing_pull where name = $1", name)
    return found


async def keep_last_key(connection: Connection, name: str, key: str, at: datetime) -> None:
    await connection.execute(
        "insert into thing_pull (name, last_key, at) values ($1, $2, $3)"
        " on conflict (name) do update set last_key = excluded.last_key, at = excluded.at",
        name,
        key,
        at,
    )
