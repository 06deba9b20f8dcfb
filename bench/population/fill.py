"""Filling the archive: chunks of one transaction each, two at a time, resumable; then the indexes, then statistics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from yiwang.casework.search import stored_terms
from yiwang.kernel import journal
from yiwang.kernel.database import connect
from yiwang.kernel.text import search_terms

CHUNK = 50_000
YEARS = 10
_TABLES = ("case_file", "case_reporter", "case_text", "flow_instance", "flow_task", "flow_step", "journal")


@dataclass(frozen=True, slots=True)
class Archive:
    """``closed`` cases over ten years until ``until``, and ``opened`` open ones in its last thirty days."""

    closed: int
    opened: int
    until: datetime

    @property
    def cases(self) -> int:
        return self.closed + self.opened


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling did in this run."""

    rows: int
    seconds: float
    index_seconds: float


Say = Callable[[str], None]
Columns = Mapping[str, str]

# One row of a chunk: n counts all cases of the archive from 0; closed ones come first, both in the order of time.
_CHUNK = """
create temp table chunk on commit drop as
select k.n, k.at, k.took, k.prototype,
    (lpad(to_hex((extract(epoch from k.at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(k.n & 4095), 3, '0')
        || '80' || lpad(to_hex(k.n), 14, '0'))::uuid as id,
    $8::bigint + k.n as tx,
    (k.n * 7919 + k.n / 20000) % (select count(*) from bench.telling) as telling,
    (k.n * 104729 + k.n / 20000) % (select count(*) from bench.place) as place,
    1 + (k.n * 31) % 997 as house,
    to_char(k.at, 'YYYYMMDD') || lpad(k.n::text, 9, '0') as dated, -- never one that a counter gives out later
    substr(d.digits, m.month / 1296 + 1, 1) || substr(d.digits, m.month / 36 % 36 + 1, 1)
        || substr(d.digits, m.month % 36 + 1, 1) as bucket
from (
    select n, case when n < $3 then $4::timestamptz + n * $5::interval else $6::timestamptz + (n - $3) * $7::interval end as at,
        interval '1 hour' * (2 + n % 117) as took,
        case when n < $3 then p.closed[1 + n % cardinality(p.closed)] else p.opened[1 + n % cardinality(p.opened)] end
            as prototype
    from generate_series($1::bigint, $2::bigint - 1) n,
        (select array_agg(no order by no) filter (where stage = 'closed') as closed,
                array_agg(no order by no) filter (where stage <> 'closed') as opened from bench.prototype) p
) k, (values ('0123456789abcdefghijklmnopqrstuvwxyz')) d (digits),
lateral (select (extract(year from k.at at time zone 'UTC') * 12
    + extract(month from k.at at time zone 'UTC') - 1)::int as month) m
"""


def _uuid(tag: str) -> str:
    """An id like the case's own, told apart by ``tag`` (two hexadecimal digits from 81)."""
    return f"overlay(k.id::text placing '{tag}' from 20 for 2)::uuid"


_CASE_TIMES = {
    name: f"k.at + (p.{name} - p.reported_at)"
    for name in ("filed_at", "dispatched_at", "handled_at", "checked_at", "due_at", "warn_at", "suspended_at")
}
_CASE_FILE: Columns = {
    "id": "k.id",
    "number": "regexp_replace(p.number, '[0-9]+$', '') || k.dated",
    "class_code": "t.class_code",
    "text": "t.text",
    "address": "t.road || k.house || '号'",
    "lon": "l.lon",
    "lat": "l.lat",
    "point": "l.point",
    "area": "l.area",
    "grid": "l.grid",
    "reported_at": "k.at",
    "closed_at": "case when p.closed_at is not null then k.at + k.took end",
    **_CASE_TIMES,
    "source_number": "null",
    "idempotency_key": "null",
    "head_id": "null",
    "followers": "0",
}
_CASE_REPORTER: Columns = {
    "case_id": "k.id",
    "phone": "'13' || lpad((k.n * 7 % 1000000000)::text, 9, '0')",
    "account_id": "null",
}
_CASE_TEXT: Columns = {
    "case_id": "k.id",
    "terms": "array_to_tsvector(array(select k.bucket || term from unnest(t.terms || k.house::text) term))",
}
_FLOW_INSTANCE: Columns = {
    "id": "k.id",
    "subject_id": "k.id",
    "area": "l.area",
    "grid": "l.grid",
    "started_at": "k.at",
    "ended_at": "case when p.ended_at is not null then k.at + k.took end",
}
_FLOW_TASK: Columns = {
    "id": _uuid("81"),
    "instance_id": "k.id",
    "subject_id": "k.id",
    "area": "l.area",
    "grid": "l.grid",
    "post_id": "case when f.worker then l.post_id else p.post_id end",
    "home_post_id": "case when p.home_post_id is null then null when f.worker then l.post_id else p.home_post_id end",
    "created_at": "k.at",
    "due_at": "k.at + (p.due_at - p.created_at)",
    "warn_at": "k.at + (p.warn_at - p.created_at)",
}
_FLOW_STEP: Columns = {
    "id": _uuid("82"),
    "instance_id": "k.id",
    "subject_id": "k.id",
    "area": "l.area",
    "created_at": "k.at",
    "done_at": "k.at + k.took",
    "due_at": "k.at + (p.due_at - p.created_at)",
}
_JOURNAL: Columns = {
    "tx": "k.tx",
    "at": "case when p.verb = 'case.opened' then k.at else k.at + k.took end",
    "subject_id": "k.id",
    "area": "l.area",
    "data": "p.data || jsonb_build_object('number', regexp_replace(p.data ->> 'number', '[0-9]+$', '') || k.dated,"
    " 'class', t.class_code, 'grid', l.grid, 'lon', l.lon, 'lat', l.lat)",
}
_OVERRIDES: dict[str, Columns] = dict(
    zip(
        _TABLES,
        (_CASE_FILE, _CASE_REPORTER, _CASE_TEXT, _FLOW_INSTANCE, _FLOW_TASK, _FLOW_STEP, _JOURNAL),
        strict=True,
    )
)


async def _insertions(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """One INSERT … SELECT for each table, with every column that it has today."""
    statements = []
    for table in _TABLES:
        rows = await connection.fetch(
            "select column_name as name from information_schema.columns where table_schema = 'public' and table_name = $1"
            " and is_generated = 'NEVER' and is_identity = 'NO' order by ordinal_position",
            table,
        )
        names = [row["name"] for row in rows]
        overrides = _OVERRIDES[table]
        if unknown := set(overrides) - set(names):
            raise RuntimeError(f"{table} has no columns {sorted(unknown)} any more; adapt the archive to it")
        values = ", ".join(overrides.get(name, f"p.{name}") for name in names)
        worker = (
            ", lateral (select exists (select from post where id = p.post_id and code = 'grid-worker') as worker) f"
        )
        statements.append(
            f"insert into {table} ({', '.join(names)}) select {values} from chunk k"
            f" join bench.prototype_{table} p on p.prototype = k.prototype"
            " join bench.telling t on t.no = k.telling join bench.place l on l.no = k.place"
            + (worker if table == "flow_task" else "")
        )
    return statements


async def keep_prototypes(connection: asyncpg.Connection[asyncpg.Record], stages: Mapping[UUID, str]) -> None:
    """Copy the rows of the driven cases: ``stages`` is case id → stage, "closed" for those that went to their end."""
    await connection.execute(
        "drop table if exists bench.prototype; create table bench.prototype (no int, id uuid, stage text)"
    )
    await connection.executemany(
        "insert into bench.prototype values ($1, $2, $3)",
        [(number, case_id, stage) for number, (case_id, stage) in enumerate(sorted(stages.items()))],
    )
    subject = {"case_file": "id", "case_reporter": "case_id", "case_text": "case_id"}
    only = {
        "journal": "and (x.verb in ('case.opened', 'case.closed') or p.stage <> 'closed')",
        "flow_step": "and not exists (select from flow_step y where y.subject_id = x.subject_id"
        " and (y.done_at, y.id) > (x.done_at, x.id))",
    }
    for table in _TABLES:
        await connection.execute(f"drop table if exists bench.prototype_{table}")
        await connection.execute(
            f"create table bench.prototype_{table} as select p.no as prototype, x.* from {table} x"
            f" join bench.prototype p on p.id = x.{subject.get(table, 'subject_id')} {only.get(table, '')}"
        )
        await connection.execute(f"analyze bench.prototype_{table}")


async def fill(url: str, archive: Archive, say: Say) -> Filled:
    """Make the archive, or what is still missing of it."""
    connection = await connect(url)
    try:
        await _quicker(connection)
        await _set_indexes_aside(connection)
        done = {row["first"] for row in await connection.fetch("select first from bench.done")}
        left = [first for first in range(0, archive.cases, CHUNK) if first not in done]
        if not done:
            base = await connection.fetchval(
                "select (select max(base) from journal_era) + pg_current_xact_id()::text::bigint"
            )
            await connection.execute("create table bench.base as select $1::bigint as tx", base + 1)
        base = await connection.fetchval("select tx from bench.base")
        started = time.monotonic()
        rows = await _fill_chunks(url, archive, left, int(base), say)
        seconds = time.monotonic() - started
        started = time.monotonic()
        await _put_indexes_back(connection, say)
        say("statistics …")
        for table in _TABLES:
            await connection.execute(f"vacuum (analyze, freeze) {table}")
        await journal.open_era(connection)
        return Filled(rows, seconds, time.monotonic() - started)
    finally:
        await connection.close()


async def _quicker(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.execute(
        "set synchronous_commit = off; set maintenance_work_mem = '1GB'; set statement_timeout = 0"
    )


async def _fill_chunks(url: str, archive: Archive, firsts: list[int], base: int, say: Say) -> int:
    queue = list(reversed(firsts))
    total, rows, started = len(firsts), 0, time.monotonic()

    async def work() -> None:
        nonlocal rows
        connection = await connect(url)
        await _quicker(connection)
        statements = await _insertions(connection)
        while queue:
            first = queue.pop()
            written = await _fill_chunk(connection, archive, first, base, statements)
            rows += written
            finished = total - len(queue)
            if finished % max(1, total // 20) == 0:
                say(
                    f"archive: {min(finished * CHUNK, archive.cases):,} of {archive.cases:,} cases,"
                    f" {rows / (time.monotonic() - started):,.0f} rows/s"
                )
        await connection.close()

    await asyncio.gather(work(), work())
    return rows


async def _fill_chunk(
    connection: asyncpg.Connection[asyncpg.Record], archive: Archive, first: int, base: int, statements: list[str]
) -> int:
    last = min(first + CHUNK, archive.cases)
    begin = archive.until - timedelta(days=YEARS * 365.25)
    month = timedelta(days=30)
    rows = 0
    async with connection.transaction():
        await connection.execute(
            _CHUNK,
            first,
            last,
            archive.closed,
            begin,
            (archive.until - begin) / max(archive.closed, 1),
            archive.until - month,
            month / max(archive.opened, 1),
            base,
        )
        await connection.execute("analyze chunk")
        for statement in statements:
            rows += int((await connection.execute(statement)).rsplit(" ", 1)[1])
        await connection.execute("insert into bench.done values ($1, $2)", first, last)
    return rows


async def _set_indexes_aside(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Drop foreign keys and every index but the primary keys, having written down how to make them again."""
    async with connection.transaction():
        keys = await connection.fetch(
            "select conrelid::regclass::text as of, conname as name, pg_get_constraintdef(oid) as definition"
            " from pg_constraint where contype = 'f' and conrelid::regclass::text = any($1)",
            list(_TABLES),
        )
        indexes = await connection.fetch(
            "select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index i"
            " where i.indrelid::regclass::text = any($1)"
            " and not exists (select from pg_constraint c where c.conindid = i.indexrelid)",
            list(_TABLES),
        )
        commands = [row["definition"] for row in indexes]
        commands += [f"alter table {row['of']} add constraint {row['name']} {row['definition']}" for row in keys]
        await connection.executemany(
            "insert into bench.later (command) values ($1)", [(command,) for command in commands]
        )
        for row in keys:
            await connection.execute(f"alter table {row['of']} drop constraint {row['name']}")
        for row in indexes:
            await connection.execute(f"drop index {row['name']}")


async def _put_indexes_back(connection: asyncpg.Connection[asyncpg.Record], say: Say) -> None:
    rows = await connection.fetch("select no, command from bench.later where not done order by no")
    for row in rows:
        if len(rows) and len(row["command"]) > 0:
            say(f"{row['command'][:70]} …")
        async with connection.transaction():
            await connection.execute(row["command"])
            await connection.execute("update bench.later set done = true where no = $1", row["no"])


async def verify_terms(url: str, class_names: Mapping[str, str]) -> int:
    """Compare stored terms with those that casework's own rules make of the same cases; returns how many were compared.

    Raises:
        RuntimeError: naming the first case that differs.
    """
    connection = await connect(url)
    try:
        rows = await connection.fetch(
            "select c.id, c.text, c.address, c.class_code, c.reported_at, t.terms::text as terms from case_text t"
            " tablesample bernoulli (1) repeatable (1) join case_file c on c.id = t.case_id limit 300"
        )
        for row in rows:
            text = "\n".join(
                part for part in (row["text"], row["address"], class_names.get(row["class_code"], "")) if part
            )
            wanted = stored_terms(search_terms(text), row["reported_at"])
            if not await connection.fetchval("select $1::tsvector = $2::tsvector", wanted, row["terms"]):
                raise RuntimeError(f"case {row['id']}: terms {row['terms']} instead of {wanted}")
        return len(rows)
    finally:
        await connection.close()
