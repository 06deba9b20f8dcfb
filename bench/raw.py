"""Raw limits: the rows that a load wrote, written again by plain statements, with nothing of the product in between.

Same rows (other ids and numbers), same tables with their indexes, keys and triggers, the same rows to a transaction, as
many processes and connections as the web workers use, the same driver. What is missing is HTTP, validation, locating,
classifying, folding, the walk, numbering: all that the product does for each row.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from yiwang.kernel.database import connect
from yiwang.kernel.identifiers import new_id

_TEXTUAL = ("geometry", "tsvector")  # the driver has no codec of its own for these
_SUBJECT = {"case_file": "id", "case_reporter": "case_id", "case_text": "case_id"}
CREATED = ("case_file", "case_reporter", "case_text", "flow_instance", "flow_task", "journal")
_IDS = frozenset({"id", "case_id", "instance_id", "subject_id", "task_id"})
_UNIQUE_TEXTS = frozenset({"number", "idempotency_key", "source_number"})


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table as columns, ready to be bound."""

    statement: str
    columns: tuple[list[object], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What one transaction writes. ``cases`` counts what is being measured."""

    cases: int
    tables: tuple[Rows, ...]


@dataclass(slots=True)
class Table:
    """A table as the catalogue has it."""

    name: str
    names: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    @classmethod
    async def read(cls, connection: asyncpg.Connection[asyncpg.Record], name: str) -> Table:
        rows = await connection.fetch(
            "select attname, format_type(atttypid, atttypmod) as type from pg_attribute"
            " where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''"
            " and attidentity = '' order by attnum",
            name,
        )
        return cls(name, [row["attname"] for row in rows], [row["type"] for row in rows])

    @property
    def selected(self) -> str:
        """Columns for reading, those without a codec as text."""
        return ", ".join(
            f"x.{name}::text" if kind.startswith(_TEXTUAL) else f"x.{name}"
            for name, kind in zip(self.names, self.types, strict=True)
        )

    @property
    def insertion(self) -> str:
        """INSERT … SELECT FROM unnest of one array for each column."""
        arrays = ", ".join(
            f"${place}::{'text' if kind.startswith(_TEXTUAL) else kind.split('(')[0]}[]"
            for place, kind in enumerate(self.types, start=1)
        )
        values = ", ".join(
            f"u.{name}::{kind}" if kind.startswith(_TEXTUAL) else f"u.{name}"
            for name, kind in zip(self.names, self.types, strict=True)
        )
        names = ", ".join(self.names)
        return f"insert into {self.name} ({names}) select {values} from unnest({arrays}) u ({names})"


async def written_groups(
    connection: asyncpg.Connection[asyncpg.Record], after: tuple[int, int], *, at_most: int = 4000
) -> list[list[UUID]]:
    """The cases opened since a journal cursor, by the transaction that opened them."""
    rows = await connection.fetch(
        "select tx, subject_id from journal where (tx, seq) > ($1, $2) and verb = 'case.opened' order by tx, seq limit $3",
        *after,
        at_most,
    )
    groups: dict[int, list[UUID]] = {}
    for row in rows:
        groups.setdefault(row["tx"], []).append(row["subject_id"])
    return list(groups.values())


async def created_rows(
    connection: asyncpg.Connection[asyncpg.Record], groups: Sequence[Sequence[UUID]], mark: str
) -> list[Group]:
    """All rows that opening these cases wrote, with fresh ids, as transactions of the same sizes."""
    known = {case_id: new_id() for group in groups for case_id in group}
    by_case: dict[str, dict[UUID, list[asyncpg.Record]]] = {}
    tables = [await Table.read(connection, name) for name in CREATED]
    for table in tables:
        subject = _SUBJECT.get(table.name, "subject_id")
        opened = " and x.verb = 'case.opened'" if table.name == "journal" else ""
        rows = await connection.fetch(
            f"select {table.selected} from {table.name} x where x.{subject} = any($1::uuid[]){opened}", list(known)
        )
        found = by_case.setdefault(table.name, {})
        for row in rows:
            found.setdefault(row[subject], []).append(row)
    made: list[Group] = []
    for group in groups:
        parts = []
        for table in tables:
            rows = [row for case_id in group for row in by_case[table.name].get(case_id, [])]
            if rows:
                parts.append(Rows(table.insertion, _columns(table, rows, known, mark)))
        made.append(Group(len(group), tuple(parts)))
    return made


def _columns(
    table: Table, rows: Sequence[asyncpg.Record], known: Mapping[UUID, UUID], mark: str
) -> tuple[list[object], ...]:
    columns: list[list[object]] = []
    for place, name in enumerate(table.names):
        values = [row[place] for row in rows]
        if name in _IDS:
            values = [known.get(value) or new_id() for value in values]
        elif name in _UNIQUE_TEXTS:
            values = [value and f"{value}{mark}" for value in values]
        columns.append(values)
    return tuple(columns)


def _replay(url: str, groups: list[Group], connections: int, start_at: float) -> tuple[float, float]:
    """In a process of its own: write the groups; returns when it began and when the last was durable."""

    async def work() -> tuple[float, float]:
        opened = [await connect(url) for _ in range(connections)]
        for connection in opened:
            await _warm(connection, groups)
        await asyncio.sleep(max(0.0, start_at - time.time()))
        began = time.time()
        left = iter(groups)

        async def write(connection: asyncpg.Connection[asyncpg.Record]) -> None:
            for group in left:
                async with connection.transaction():
                    for rows in group.tables:
                        await connection.execute(rows.statement, *rows.columns)

        await asyncio.gather(*(write(connection) for connection in opened))
        ended = time.time()
        for connection in opened:
            await connection.close()
        return began, ended

    return uvloop.run(work())


async def _warm(connection: asyncpg.Connection[asyncpg.Record], groups: list[Group]) -> None:
    """Bring a connection to where a server's connections are: statements prepared, caches and libraries loaded."""
    transaction = connection.transaction()
    await transaction.start()
    for group in groups[:5]:
        for rows in group.tables:
            await connection.execute(rows.statement, *rows.columns)
    await transaction.rollback()


class Replayers:
    """As many processes as the server has workers, kept for the whole run."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
        for pause in [self._pool.submit(time.sleep, 0.5) for _ in range(processes)]:  # so that each is up
            pause.result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def rate(self, url: str, groups: Sequence[Group], *, connections: int = 1) -> float:
        """Cases a second at which plain statements write the groups, shared out among the processes."""
        shares = [list(groups[number :: self.processes]) for number in range(self.processes)]
        started = await self.together(_replay, [(url, share, connections) for share in shares])
        return sum(group.cases for group in groups) / started

    async def together(self, function: Any, arguments: Iterable[tuple[Any, ...]]) -> float:
        """Run ``function(*arguments, start_at)``, which tells when it began and ended, in all processes at one moment; the
        seconds from the first beginning to the last end."""
        loop = asyncio.get_running_loop()
        start_at = time.time() + 1.0
        times = await asyncio.gather(
            *(loop.run_in_executor(self._pool, function, *item, start_at) for item in arguments)
        )
        return float(max(ended for _, ended in times) - min(began for began, _ in times))
