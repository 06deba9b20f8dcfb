"""Running an import: read, judge, write in batches; resume where it stopped; report every row that had a fault.

Judging is one batch ahead of writing, in a thread or a process (``workers.py``); the database has the other processor.
"""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from itertools import islice
from pathlib import Path
from uuid import UUID

from yiwang.casework.importing.judging import Judge, RowNote, note, suspected_placeholders
from yiwang.casework.importing.mapping import ImportMapping
from yiwang.casework.importing.packing import Batch, batches
from yiwang.casework.importing.source import Source
from yiwang.casework.importing.workers import judged
from yiwang.casework.importing.writing import Writer
from yiwang.casework.service import CaseService
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import Connection, connect
from yiwang.kernel.identifiers import new_id

BATCH = 2000
ROWS_FOR_A_PROCESS = 4000
"""From so many rows on, judging is worth a process of its own."""
Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. ``notes`` counts by (level, code); ``resumed_at`` is the number of rows found done before."""

    rows: int
    taken: int
    refused: int
    resumed_at: int
    placeholders: list[tuple[str, str, int]]
    notes: dict[str, int]
    report: str | None
    seconds: float
    dry_run: bool

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(slots=True)
class _Run:
    id: UUID
    done: int
    taken: int
    refused: int


async def import_cases(
    service: CaseService,
    path: Path,
    mapping: ImportMapping,
    *,
    dry_run: bool = False,
    report: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Import the cases of a file. Good rows are taken, faulty ones are named in the report file; nothing is taken twice.

    Interrupted at any moment, the same call goes on after the last committed batch. A dry run judges every row and
    writes only the report.

    Raises:
        ImportFileInvalid, CaseTypeUnknown; ImportJudgeLost: the process that judges ended; import again to go on.
    """
    started = real_now()
    source = Source(path, mapping.wanted_columns())
    total, placeholders = await asyncio.to_thread(_survey, source, mapping)
    case_type = service.catalogue.latest(mapping.type)
    parts = service.parts
    judge = Judge(mapping, parts.locator, parts.directory, {pair for pair, _ in placeholders})
    writer = Writer(mapping, case_type, parts.flow, parts.directory, parts.context.calendar)
    counted: Counter[str] = Counter()
    connection = await connect(parts.context.database.url)
    try:
        run = await _begin(connection, source, mapping, dry_run)
        resumed_at = run.done

        def work() -> Iterator[Batch]:
            rows = iter(source.rows())
            for row in islice(rows, resumed_at):
                judge.judge(*row)  # so that a number standing twice is still noticed
            yield from batches(judge, writer.packer, rows, BATCH)

        with _Report(report, append=resumed_at > 0) as out:
            async with judged(work, apart=total >= ROWS_FOR_A_PROCESS) as ahead:
                while (found := await ahead.next()) is not None:
                    batch = await _unknown(connection, mapping, found)
                    run.done += batch.rows
                    run.taken += len(batch.cases)
                    run.refused += sum(1 for item in batch.notes if item.level == "refused")
                    if not dry_run:
                        async with connection.transaction():
                            await writer.write(connection, batch)
                            await _mark(connection, run)
                    counted.update(f"{item.level} {item.code}" for item in batch.notes)
                    out.write(batch.notes)
                    if progress:
                        progress(run.done, total)
        if not dry_run:
            await connection.execute("update case_import set finished_at = $2 where id = $1", run.id, real_now())
    finally:
        await connection.close()
    return ImportResult(
        rows=total,
        taken=run.taken,
        refused=run.refused,
        resumed_at=resumed_at,
        placeholders=[(lon, lat, count) for (lon, lat), count in placeholders],
        notes=dict(sorted(counted.items())),
        report=str(report) if report else None,
        seconds=(real_now() - started).total_seconds(),
        dry_run=dry_run,
    )


def _survey(source: Source, mapping: ImportMapping) -> tuple[int, list[tuple[tuple[str, str], int]]]:
    """Count the rows and find coordinates that stand for no place."""
    columns = mapping.columns
    if columns.lon is None or columns.lat is None:
        return source.count(), []
    lon, lat = source.wanted.index(columns.lon), source.wanted.index(columns.lat)
    pairs: Counter[tuple[str, str]] = Counter()
    rows = 0
    for _, values in source.rows():
        rows += 1
        if values is not None and values[lon].strip():
            pairs[(values[lon].strip(), values[lat].strip())] += 1
    if mapping.placeholders == "auto":
        found = suspected_placeholders(pairs, rows)
    else:
        wanted = set(mapping.placeholders)
        found = {pair for pair in pairs if _pair(pair) in wanted}
    return rows, [(pair, pairs[pair]) for pair in sorted(found)]


def _pair(pair: tuple[str, str]) -> tuple[float, float] | None:
    try:
        return float(pair[0]), float(pair[1])
    except ValueError:
        return None


async def _unknown(connection: Connection, mapping: ImportMapping, batch: Batch) -> Batch:
    """The batch without the cases whose source number is in the system already, and a note for each of those."""
    rows = await connection.fetch(
        # Number by number through the index: statistics of a table without such numbers yet would have it read whole.
        "select w.number from unnest($2::text[]) w (number) cross join lateral"
        " (select from case_file c where c.type = $1 and c.source_number = w.number offset 0) c",
        mapping.type,
        batch.source_numbers,
    )
    if not rows:
        return batch
    known = {row["number"] for row in rows}
    twice = {place for place, number in enumerate(batch.source_numbers) if number in known}
    batch.notes += [
        note(batch.row_numbers[place], "number", batch.source_numbers[place], "refused", "import.already_there")
        for place in sorted(twice)
    ]
    return batch.without(twice)


async def _begin(connection: Connection, source: Source, mapping: ImportMapping, dry_run: bool) -> _Run:
    if dry_run:
        return _Run(new_id(), 0, 0, 0)
    sha256 = await asyncio.to_thread(lambda: source.sha256)
    row = await connection.fetchrow(
        "select id, rows_done, taken, refused from case_import where file_sha256 = $1 and mapping_digest = $2",
        sha256,
        mapping.digest,
    )
    if row is not None:
        return _Run(row["id"], row["rows_done"], row["taken"], row["refused"])
    run = _Run(new_id(), 0, 0, 0)
    await connection.execute(
        "insert into case_import (id, file_name, file_sha256, mapping_digest, started_at) values ($1, $2, $3, $4, $5)",
        run.id,
        source.path.name,
        sha256,
        mapping.digest,
        real_now(),
    )
    return run


async def _mark(connection: Connection, run: _Run) -> None:
    await connection.execute(
        "update case_import set rows_done = $2, taken = $3, refused = $4 where id = $1",
        run.id,
        run.done,
        run.taken,
        run.refused,
    )


class _Report:
    """The row-level report, a CSV that a spreadsheet opens; None writes nothing."""

    def __init__(self, path: Path | None, *, append: bool) -> None:
        self._path = path
        self._append = append and path is not None and path.exists()

    def __enter__(self) -> _Report:
        self._file = None
        if self._path is not None:
            self._file = self._path.open("a" if self._append else "w", encoding="utf-8-sig", newline="")
            self._out = csv.writer(self._file)
            if not self._append:
                self._out.writerow([item.name for item in dataclass_fields(RowNote)])
        return self

    def write(self, notes: list[RowNote]) -> None:
        if self._file is None:
            return
        for item in notes:
            cells = (getattr(item, cell.name) for cell in dataclass_fields(RowNote))
            self._out.writerow([_harmless(cell) for cell in cells])
        self._file.flush()

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _harmless(cell: object) -> object:
    """A text that a spreadsheet will not run as a formula."""
    return "'" + cell if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell[:1] else cell
