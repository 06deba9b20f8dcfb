"""Running an import: read, judge, write in batches; resume where it stopped; tell every row that was refused.

Judging is one batch ahead of writing, for larger files in a process of its own; the database has the other processor. Each
batch is one transaction with its progress mark, so that a run that is killed at any moment goes on after its last batch.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from yiwang.kernel.access import Actor
from yiwang.kernel.apart import ahead_of
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import Connection, JsonObject, connect
from yiwang.kernel.errors import Forbidden, Problem
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.sheets import digest_of
from yiwang.registry.bulk import Batch, BulkResult, planned, record_packed
from yiwang.registry.importing import store
from yiwang.registry.importing.comparing import Changes
from yiwang.registry.importing.errors import ImportBusy, ImportLost
from yiwang.registry.importing.judging import JudgedRows, RowJudge, refusal
from yiwang.registry.importing.mapping import Guess, ImportMapping, check_mapping, guess, header_digest
from yiwang.registry.importing.report import Report, write_refused
from yiwang.registry.importing.sources import Table, open_table
from yiwang.registry.importing.store import ImportRun
from yiwang.registry.model import kinds_of
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

BATCH = 2000
ROWS_FOR_A_PROCESS = 4000
"""From so many rows on, judging is worth a process of its own."""
_attempts = 5
Progress = Callable[[ImportRun], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file shall be imported. ``mapping`` None: remembered or guessed. ``valid_from`` None: now. ``organisation_id``
    None: the actor's. ``report`` and ``refused``: where the report and the refused rows are written; or ``folder``, below
    which each run has a folder with ``report.csv`` and ``refused.csv``."""

    mapping: ImportMapping | None = None
    sheet: str | None = None
    dry_run: bool = False
    valid_from: datetime | None = None
    organisation_id: int | None = None
    name: str = ""
    source_kind: str = "file"
    report: Path | None = None
    refused: Path | None = None
    folder: Path | None = None


async def propose(service: RegistryService, kind: CompiledType, table: Table, organisation_id: int | None) -> Guess:
    """The mapping that this office used for files of these columns, or the one that the headers suggest."""
    found = guess(kind, table.header)
    async with service.context.database.connection() as connection:
        known = await store.remembered(connection, kind.id, header_digest(table.header), organisation_id)
    if known is None:
        return found
    mapping = ImportMapping.model_validate(known)
    read = {*mapping.columns, mapping.lon, mapping.lat, mapping.geometry}
    unread = [name for name in table.header if name and name not in read]
    return Guess(mapping, {name: 1.0 for name in read if name is not None}, unread, remembered=True)


async def import_things(
    service: RegistryService,
    actor: Actor,
    type_id: str,
    path: Path,
    wanted: Wanted,
    *,
    run_id: UUID | None = None,
    begun: Progress | None = None,
    progress: Progress | None = None,
) -> ImportRun:
    """Import the rows of a file as things of a type. Good rows are taken, faulty ones are told in the report file.

    Interrupted at any moment, the same call goes on after the last committed batch. A dry run judges and compares every row
    and writes nothing but the report.

    Raises:
        Forbidden, TypeUnknown, SheetUnreadable, MappingUnfit, ImportBusy; ImportLost: the judging process ended; import
        again to go on.
    """
    kind = service.types.type(type_id)
    if not any(actor.may(each, "import") for each in kinds_of(type_id)):
        raise Forbidden(verb=f"thing-{type_id}:import")
    table = await asyncio.to_thread(open_table, path, sheet=wanted.sheet)
    organisation = wanted.organisation_id if wanted.organisation_id is not None else actor.organisation_id
    proposed = await propose(service, kind, table, organisation)
    mapping = wanted.mapping or proposed.mapping
    check_mapping(kind, mapping, table.header)
    connection = await connect(service.context.database.url)
    try:
        run = await _begin(service, connection, actor, kind, path, table, mapping, wanted, organisation, run_id)
        run.shown["unread"] = [*proposed.unread] if wanted.mapping is None else []
        run.shown["remembered"] = proposed.remembered and wanted.mapping is None
        if begun is not None:
            begun(run)
        work = _Work(service, connection, actor, kind, run, wanted, progress)
        try:
            await work.all(table, mapping)
        except Problem as problem:
            run.failed = {"code": problem.code, "zh": problem.message("zh"), "en": problem.message("en")}
            await store.mark(connection, run, real_now())
            raise
        if not wanted.dry_run:
            await store.remember(
                connection, kind.id, header_digest(table.header), organisation, mapping.model_dump(mode="json"),
                actor.label, real_now(),
            )  # fmt: skip
    finally:
        await connection.close()
    return run


async def _begin(
    service: RegistryService,
    connection: Connection,
    actor: Actor,
    kind: CompiledType,
    path: Path,
    table: Table,
    mapping: ImportMapping,
    wanted: Wanted,
    organisation: int | None,
    run_id: UUID | None,
) -> ImportRun:
    """The interrupted run of the same file, or a new one; held by this connection."""
    sha256 = await asyncio.to_thread(digest_of, path)
    digest = hashlib.sha256(f"{mapping.digest} {wanted.sheet or ''} {wanted.valid_from or ''}".encode()).hexdigest()
    if not wanted.dry_run:
        run = await store.unfinished(connection, kind.id, sha256, digest, organisation)
        if run is not None:
            if not await store.take(connection, run.id):
                raise ImportBusy(done=run.rows_done)
            run.failed, run.held = None, True
            return run
    now = service.context.clock.now()
    name = wanted.name or path.name
    source = None
    if not wanted.dry_run:
        source = await service.source(connection, wanted.source_kind, name, digest=sha256, organisation_id=organisation)
    total = await asyncio.to_thread(lambda: sum(1 for _ in table.rows()))
    run = ImportRun(
        run_id or new_id(), kind.id, name, sha256, mapping.model_dump(mode="json"), digest, organisation,
        actor.account_id, wanted.dry_run, source, wanted.valid_from or now, total, real_now(), real_now(),
    )  # fmt: skip
    run.shown = {
        "remarks": [asdict(remark) for remark in _remarks(kind, table, mapping)],
        "by": actor.label,
        "asked": {"sheet": wanted.sheet, "valid_from": wanted.valid_from.isoformat() if wanted.valid_from else None},
    }
    await store.insert_run(connection, run)
    run.held = await store.take(connection, run.id)
    return run


@dataclass(frozen=True, slots=True)
class _Remark:
    row: int | None
    zh: str
    en: str


def _remarks(kind: CompiledType, table: Table, mapping: ImportMapping) -> list[_Remark]:
    found = [_Remark(each.row, each.zh, each.en) for each in table.remarks]
    if not kind.declaration.keys:
        found.append(
            _Remark(None, "这一类型没有自然键:每一行都会成为新的记录,同一文件再次导入会重复",
                    "the type has no natural key: every row becomes a new record, and again when sent again")
        )  # fmt: skip
    read = {*mapping.columns.values(), *mapping.constants}
    if kind.declaration.keys and not any(read.issuperset(parts) for parts in kind.declaration.keys.values()):
        names = "、".join(
            " + ".join(kind.declaration.attributes[part].names.zh for part in parts)
            for parts in kind.declaration.keys.values()
        )
        found.append(
            _Remark(None, f"没有读到自然键({names})的列:已有的记录认不出来,每一行都会成为新的记录",
                    f"no column of a natural key ({names}) is read: records that exist are not recognised, every row becomes"
                    " a new one")
        )  # fmt: skip
    return found


class _Work:
    """The batches of one run."""

    def __init__(
        self,
        service: RegistryService,
        connection: Connection,
        actor: Actor,
        kind: CompiledType,
        run: ImportRun,
        wanted: Wanted,
        progress: Progress | None,
    ) -> None:
        self._service, self._connection, self._actor = service, connection, actor
        self._kind, self._run, self._wanted, self._progress = kind, run, wanted, progress
        self._changes = Changes()
        self._counts: Counter[str] = Counter(run.counts)
        self._notes: Counter[str] = Counter(run.notes)

    async def all(self, table: Table, mapping: ImportMapping) -> None:
        run, service = self._run, self._service
        rows = RowJudge(self._kind, mapping, table.header, service.judge)
        done, dry = run.rows_done, run.dry_run

        def work() -> Iterator[JudgedRows]:
            yield from rows.batches(iter(table.rows()), BATCH, skip=done, plain=dry)

        apart = run.rows_total - done >= ROWS_FOR_A_PROCESS
        told, refused = await asyncio.to_thread(self._files)
        with Report(told, run.report_bytes if done else 0) as report:
            async with ahead_of(work, apart=apart, lost=lambda code: ImportLost(exit_code=code)) as ahead:
                while (found := await ahead.next()) is not None:
                    await self._batch(found, report)
                    if self._progress is not None:
                        self._progress(run)
        if told is not None and refused is not None:
            await asyncio.to_thread(write_refused, told, table, refused)
        if dry:
            run.shown["changes"] = self._changes.as_json()
        run.finished_at = real_now()
        await store.mark(self._connection, run, real_now())

    def _files(self) -> tuple[Path | None, Path | None]:
        """Where the report and the refused rows go."""
        if self._wanted.folder is None:
            return self._wanted.report, self._wanted.refused
        folder = self._wanted.folder / str(self._run.id)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / "report.csv", folder / "refused.csv"

    async def _batch(self, found: JudgedRows, report: Report) -> None:
        """Take a batch with its mark in one transaction; again, when another import was faster with a key."""
        for attempt in range(_attempts):
            try:
                async with self._connection.transaction():
                    result = await self._take(found)
                    self._mark(found, result, report)  # what is written to the report is believed with the commit
                    await store.mark(self._connection, self._run, real_now())
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.ExclusionViolationError):
                if attempt == _attempts - 1:  # nothing was marked: writing fails before
                    raise
            else:
                return

    async def _take(self, found: JudgedRows) -> BulkResult:
        run, service = self._run, self._service
        batch = Batch(run.valid_from, run.source_id or 0, run.file_name, run.organisation_id)
        clock = service.context.clock
        if not run.dry_run:
            return await record_packed(self._connection, self._actor, self._kind, found.packed, batch, clock)
        plan = await planned(self._connection, self._actor, self._kind, found.packed, batch, clock.now())
        await self._changes.add(self._connection, self._kind, service.reading, found, plan, run.valid_from)
        return plan.result

    def _mark(self, found: JudgedRows, result: BulkResult, report: Report) -> None:
        run = self._run
        notes = [*found.notes, *(refusal(row, outcome) for row, outcome in result.refused)]
        self._counts.update({name: count for name, count in result.counts.items() if name != "refused"})
        self._counts["refused"] += found.refused + len(result.refused)
        self._notes.update(note.code for note in notes)
        run.rows_done += found.rows
        run.counts, run.notes = dict(self._counts), dict(self._notes)
        run.report_bytes = report.write(notes)


def as_json(run: ImportRun) -> JsonObject:
    """A run for programs."""
    return {
        "id": str(run.id), "type": run.type, "file": run.file_name, "dry_run": run.dry_run, "rows": run.rows_total,
        "done": run.rows_done, "counts": dict(run.counts), "notes": dict(run.notes), "mapping": run.mapping, **run.shown,
    }  # fmt: skip
