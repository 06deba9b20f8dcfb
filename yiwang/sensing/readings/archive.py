"""Cold days move to the lake: written, read back and compared, then registered and dropped in one transaction.

Whoever is stopped in between leaves a file that nobody refers to; the next run begins that day again and sweeps the file away.
A day that received late readings after it was archived is merged with them into a new file. Days can be dropped for good, too.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg

from yiwang.kernel import logs
from yiwang.kernel.database import Connection
from yiwang.sensing.errors import DayStillWarm, LakeDamaged
from yiwang.sensing.model import Rows, micros
from yiwang.sensing.readings import packing, raw, store
from yiwang.sensing.readings.lake import Digest, Lake, Selection, append
from yiwang.sensing.readings.partitions import day_partition, existing_days
from yiwang.sensing.readings.recompute import blocks_of

log = logs.get("readings")

ARCHIVING_LOCK = 0x59574C4B
LEAST_DAYS = 2
_ATTEMPTS = 3
_LOCK_ATTEMPTS = 30
_LOCK_WAIT = "300ms"
_UNUSED_SECONDS = 3600
_COLUMNS = ", ".join(packing.STORED_COLUMNS)


@dataclass(frozen=True, slots=True)
class Archived:
    """A day that now lies in the lake: all its rows, the bytes of its file."""

    day: date
    path: str
    rows: int
    size: int
    digest: str


class Archive:
    """Moves days between the table and the lake. ``connection`` is the caller's own, outside any transaction."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    async def archive(
        self, connection: asyncpg.Connection[asyncpg.Record], day: date, now: datetime
    ) -> Archived | None:
        """Move this UTC day to the lake; None where the table holds nothing of it.

        Raises:
            DayStillWarm: it is less than two days past. LakeDamaged: what was written is not what was read.
        """
        if day > now.astimezone(UTC).date() - timedelta(days=LEAST_DAYS):
            raise DayStillWarm(day=day.isoformat(), days=LEAST_DAYS)
        for _ in range(_ATTEMPTS):
            if not await _exists(connection, day):
                return None
            old = await connection.fetchval("select path from reading_archive where day = $1", day)
            if old == "":
                await self.drop(connection, day, now)
                return None
            written, warm = await self._write(connection, day, old)
            if await self._take_over(connection, written, warm, now):
                return written
            if (
                written.path != old
            ):  # files are named by what they hold: nothing new in the day is the very file that is in use
                await asyncio.to_thread((self._lake.folder / written.path).unlink, missing_ok=True)
        log.warning("a day did not come to rest", day=day.isoformat())
        return None

    async def drop(self, connection: asyncpg.Connection[asyncpg.Record], day: date, now: datetime) -> bool:
        """Forget the readings of this day, wherever they lie; its roll-ups stay. True where there was anything.

        Raises:
            DayStillWarm: it is less than two days past.
        """
        if day > now.astimezone(UTC).date() - timedelta(days=LEAST_DAYS):
            raise DayStillWarm(day=day.isoformat(), days=LEAST_DAYS)

        async def forget() -> bool:
            await _hold_day(connection, day)
            there = await _exists(connection, day)
            before = await connection.fetchval("select path from reading_archive where day = $1", day)
            if there or before:
                await _register(connection, Archived(day, "", 0, 0, ""), now)
            if there:
                await connection.execute(f"drop table {day_partition(day).name}")
            return bool(there or before)

        return await _with_lock(connection, forget)

    async def sweep(self, connection: Connection) -> int:
        """Remove files that no day refers to (left by a crash, or replaced) and that nobody can be reading; how many."""
        used = {row["path"] for row in await connection.fetch("select path from reading_archive where path <> ''")}
        return await asyncio.to_thread(self._sweep, used)

    def _sweep(self, used: set[str]) -> int:
        removed = 0
        before = time.time() - _UNUSED_SECONDS
        for file in self._lake.folder.rglob("*"):
            if (
                file.is_file()
                and str(file.relative_to(self._lake.folder)) not in used
                and file.stat().st_mtime < before
            ):
                file.unlink(missing_ok=True)
                removed += 1
        return removed

    async def _write(
        self, connection: asyncpg.Connection[asyncpg.Record], day: date, old: str | None
    ) -> tuple[Archived, int]:
        """The day as a new file, read back and compared; with the number of rows that came from the table."""
        folder = self._lake.folder / f"{day:%Y}"
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        temporary = folder / f"{day.isoformat()}.{os.getpid()}.writing"
        partition = day_partition(day).name
        counts = {
            row["device_id"]: row["n"]
            for row in await connection.fetch(f"select device_id, count(*) as n from {partition} group by 1")
        }
        if old:
            for device, count in (await asyncio.to_thread(self._lake.devices_now, old)).items():
                counts[device] = counts.get(device, 0) + count
        blocks = blocks_of(counts)
        digest, warm = Digest(), 0
        scratch_path = temporary.with_suffix(".scratch")
        await asyncio.to_thread(scratch_path.unlink, missing_ok=True)
        scratch = await asyncio.to_thread(self._lake.scratch, scratch_path)
        try:
            for first, last in blocks:
                rows = await packing.copy_out(
                    connection, f"select {_COLUMNS} from {partition} where device_id between $1 and $2", first, last
                )
                warm += len(rows)
                if old:
                    rows = await self._joined(rows, old, day, (first, last))
                rows = rows[store.key_order(rows)]
                digest.add(rows)
                await asyncio.to_thread(append, scratch, rows)
            await asyncio.to_thread(self._lake.write_out, scratch, temporary)
        finally:
            scratch.close()
            await asyncio.to_thread(_remove_scratch, scratch_path)
        await asyncio.to_thread(self._compare, temporary, day, blocks, digest)
        final = folder / f"{day.isoformat()}-{digest.value[:12]}.parquet"
        size = await asyncio.to_thread(_settle, temporary, final)
        path = str(final.relative_to(self._lake.folder))
        return Archived(day, path, digest.rows, size, digest.value), warm

    async def _joined(self, rows: Rows, old: str, day: date, between: tuple[int, int]) -> Rows:
        cold = await self._lake.read([old], _selection(day, between))
        return raw.unique(raw.joined(rows, cold))

    def _compare(self, file: Path, day: date, blocks: list[tuple[int, int]], digest: Digest) -> None:
        found = Digest()
        for part in self._parts(file, day, blocks):
            found.add(part)
        if (found.rows, found.value) != (digest.rows, digest.value):
            raise LakeDamaged(path=file.name, reason=f"{found.rows} rows read back, {digest.rows} written")

    def _parts(self, file: Path, day: date, blocks: list[tuple[int, int]]) -> Iterator[Rows]:
        for between in blocks:
            yield self._lake.read_now([str(file.relative_to(self._lake.folder))], _selection(day, between))

    async def verify(self, connection: Connection, day: date) -> bool:
        """Whether the file of an archived day is still what was recorded; False where the day is not archived."""
        row = await connection.fetchrow("select path, rows, digest from reading_archive where day = $1", day)
        if row is None or not row["path"]:
            return False
        counts = await asyncio.to_thread(self._lake.devices_now, row["path"])
        found = Digest()
        for between in blocks_of(counts):
            found.add(await self._lake.read([row["path"]], _selection(day, between)))
        if (found.rows, found.value) != (row["rows"], row["digest"]):
            raise LakeDamaged(path=row["path"], reason=f"{found.rows} rows read, {row['rows']} recorded")
        return True

    async def _take_over(
        self, connection: asyncpg.Connection[asyncpg.Record], written: Archived, warm: int, now: datetime
    ) -> bool:
        """Register the file and drop the partition, unless more came into it meanwhile."""
        partition = day_partition(written.day).name

        async def swap() -> bool:
            await _hold_day(connection, written.day)
            # Readings are only ever inserted, so an equal count is the same rows.
            if await connection.fetchval(f"select count(*) from {partition}") != warm:
                return False
            await _register(connection, written, now)
            await connection.execute(f"drop table {partition}")
            return True

        return await _with_lock(connection, swap)


async def _with_lock(connection: asyncpg.Connection[asyncpg.Record], work: Callable[[], Awaitable[bool]]) -> bool:
    """Run ``work`` in a transaction that would rather begin again than let writers wait behind it."""
    for attempt in range(_LOCK_ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
                return await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if attempt + 1 == _LOCK_ATTEMPTS:
                raise
            await asyncio.sleep(0.2)
    raise AssertionError("the last attempt returns or raises")


async def cold_days(connection: Connection, now: datetime, days: int) -> list[date]:
    """The UTC days that the table holds although they are more than ``days`` past, oldest first."""
    before = now.astimezone(UTC).date() - timedelta(days=max(days, LEAST_DAYS))
    return [day for day in await existing_days(connection) if day < before]


def _selection(day: date, between: tuple[int, int]) -> Selection:
    begin = raw.utc_midnight(day)
    return Selection(micros(begin), micros(begin + timedelta(days=1)), between=between)


async def _exists(connection: Connection, day: date) -> bool:
    found: bool = await connection.fetchval("select to_regclass($1) is not null", day_partition(day).name)
    return found


async def _hold_day(connection: Connection, day: date) -> None:
    """Keep writers of this day out until the transaction ends, see :func:`store.hold_days`."""
    await connection.execute("select pg_advisory_xact_lock($1, $2)", store.DAY_LOCK, store.day_number(day))


async def _register(connection: Connection, item: Archived, now: datetime) -> None:
    await connection.execute(
        "insert into reading_archive (day, path, rows, digest, archived_at) values ($1, $2, $3, $4, $5) "
        "on conflict (day) do update set path = excluded.path, rows = excluded.rows, digest = excluded.digest, "
        "archived_at = excluded.archived_at",
        item.day,
        item.path,
        item.rows,
        item.digest,
        now,
    )


def _settle(temporary: Path, final: Path) -> int:
    """Give the file its name, so that it is there after a loss of power; its bytes."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.rename(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return final.stat().st_size


def _remove_scratch(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
