"""All SQL that writes and reads journal entries.

``tx`` is the writing transaction's number made monotonic across restores (era base + xid). Entries with ``tx`` below the
oldest running transaction are final: nothing can appear among them any more. Followers and seals read only those, so
they see every entry once, in order, without locking a writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from yiwang.kernel import copying
from yiwang.kernel.access import Sql
from yiwang.kernel.database import Connection, Record
from yiwang.kernel.journal.entry import Entry, JournalRow

_APPEND = """
insert into journal (tx, at, verb, subject_kind, subject_id, actor_kind, actor_id, actor_name, area, data)
select (select max(base) from journal_era) + pg_current_xact_id()::text::bigint, e.*
from unnest({values}) as e
"""
_TYPES = ("timestamptz", "text", "text", "uuid", "text", "uuid", "text", "text", "jsonb")

_FIELDS = ("at", "verb", "subject_kind", "subject_id", "actor_kind", "actor_id", "actor_name", "area", "data")
_COLUMNS = ", ".join(("tx", "seq", *_FIELDS))

FINAL = "(select max(base) from journal_era) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
"""SQL for the first ``tx`` that is not final yet."""


async def append(connection: Connection, item: Entry) -> None:
    """Write one entry in the caller's transaction."""
    await append_many(connection, [item])


async def append_many(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries in the caller's transaction, in order, in one statement."""
    if not entries:
        return
    args = Sql()
    await connection.execute(appending(args, entries), *args.values)


def appending(args: Sql, entries: Sequence[Entry]) -> str:
    """The statement that writes entries in order, for a caller who makes it a part of their own (``with told as (…)``)
    and so spares a round trip."""
    columns: tuple[list[object], ...] = (
        [e.at for e in entries],
        [e.verb for e in entries],
        [e.subject_kind for e in entries],
        [e.subject_id for e in entries],
        [e.actor_kind for e in entries],
        [e.actor_id for e in entries],
        [e.actor_name for e in entries],
        [e.area for e in entries],
        [e.data for e in entries],
    )
    values = (f"{args.bind(column)}::{kind}[]" for column, kind in zip(columns, _TYPES, strict=True))
    return _APPEND.format(values=", ".join(values))


_AFTER_DATA = tuple(name for name in _FIELDS if name != "data")


def pack(item: Entry) -> bytes:
    """What :func:`copy_packed` needs of an entry besides its data."""
    return b"".join(
        (
            copying.packed_time(item.at),
            copying.packed_word(item.verb),
            copying.packed_word(item.subject_kind),
            copying.packed_uuid(item.subject_id),
            copying.packed_word(item.actor_kind),
            copying.packed_uuid(item.actor_id),
            copying.packed_word(item.actor_name),
            copying.packed_word(item.area),
        )
    )


async def copy_packed(connection: Connection, entries: Iterable[tuple[bytes, bytes]]) -> None:
    """Write many entries in the caller's transaction by COPY, for imports: the same rows as :func:`append_many`.

    Each entry is (its data as JSON text, the rest by :func:`pack`).
    """
    tx = await connection.fetchval("select (select max(base) from journal_era) + pg_current_xact_id()::text::bigint")
    head = copying.row_head(len(_FIELDS) + 1) + copying.packed_bigint(tx)
    await copying.copy_rows(
        connection,
        "journal",
        ("tx", "data", *_AFTER_DATA),
        [head + copying.packed(copying.JSONB_VERSION + data) + rest for data, rest in entries],
    )


async def story(connection: Connection, subject_id: UUID, *, after: int = 0, limit: int = 200) -> list[JournalRow]:
    """The entries about one subject in the order in which they were written; page on with ``after`` = last ``seq``."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from journal where subject_id = $1 and seq > $2 order by seq limit $3",
        subject_id,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def follow(
    connection: Connection, *, after: tuple[int, int], limit: int = 1000, verb_prefix: str = ""
) -> list[JournalRow]:
    """Final entries beyond the cursor ``after`` = ``(tx, seq)``, in order; nothing is ever skipped or repeated."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from journal where (tx, seq) > ($1, $2) and tx < {FINAL}"
        " and starts_with(verb, $4) order by tx, seq limit $3",
        after[0],
        after[1],
        limit,
        verb_prefix,
    )
    return [_row(row) for row in rows]


async def newest_cursor(connection: Connection) -> tuple[int, int]:
    """The cursor of one who wants only what happens from now on."""
    row = await connection.fetchrow(
        f"select tx, seq from journal where tx < {FINAL} order by tx desc, seq desc limit 1"
    )
    return (row["tx"], row["seq"]) if row else (0, 0)


async def open_era(connection: Connection) -> bool:
    """After a restore into another server, transaction numbers begin low again; start a new era so that order holds.

    To be called at start, before writers run. Returns whether a new era was needed.
    """
    async with connection.transaction():
        await connection.execute("lock table journal_era in exclusive mode")
        behind = await connection.fetchval(
            "select (select max(base) from journal_era) + pg_current_xact_id()::text::bigint"
            " <= greatest((select coalesce(max(tx), 0) from journal), (select coalesce(max(tx_to), 0) from journal_seal))"
        )
        if behind:
            await connection.execute(
                "insert into journal_era (base) select greatest((select coalesce(max(tx), 0) from journal),"
                " (select coalesce(max(tx_to), 0) from journal_seal))"
            )
    return bool(behind)


def _row(row: Record) -> JournalRow:
    return JournalRow(
        row["tx"],
        row["seq"],
        Entry(
            row["at"],
            row["verb"],
            row["subject_kind"],
            row["subject_id"],
            row["actor_kind"],
            row["actor_id"],
            row["actor_name"],
            row["area"],
            row["data"],
        ),
    )
