"""A year of readings as a city has them that has kept them for a year, laid down as fast as the machine can.

Warm days lie in the table, colder ones as Parquet files in the lake with their digests, and all of it in the roll-ups by hour and
day. Tables are filled before they have an index, in its order, unlogged (a reader sees no difference), one for each core at once.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, connect
from yiwang.sensing.model import Grain, Rows, empty_rows, micros
from yiwang.sensing.readings import partitions
from yiwang.sensing.readings.lake import Digest, Lake, append
from yiwang.sensing.readings.partitions import Partition

DAYS = 366
HOURS = DAYS * 24
COLD_AT_ONCE = 20
"""Days that a task writes into the lake."""
_HOUR = timedelta(hours=1)
_VALUE = "20 + ((d * 31::bigint + extract(epoch from t)::bigint / 3600 * 17) % 800) / 100.0"
"""The value of a device in an hour: the same in the table, in the lake (:func:`_rows`) and in the roll-ups."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Laying:
    """What the tasks share: ``devices`` with a reading an hour, ``since`` ≤ at < ``until``, midnights UTC."""

    url: str
    lake: Lake
    now: datetime
    devices: int
    since: datetime
    until: datetime

    async def hours(self, table: Partition) -> None:
        """The roll-ups by hour of a month: each is of one reading."""
        row = f"d, 1, 0, {int(Grain.HOUR)}, t, 1, 1, v, v, v, v, t"
        await self._table(table, row, "rollup", "device_id, metric_id, grain, width, at", f"width = {int(Grain.HOUR)}")

    async def readings(self, table: Partition) -> None:
        """The readings of a day that is still warm."""
        await self._table(table, "d, 1, 0, t, v, 0", "reading", "device_id, metric_id, grain, at", "true")

    async def _table(self, table: Partition, row: str, like: str, key: str, also: str) -> None:
        """Make a partition, fill it, give it its key, attach it."""
        span = f"at >= '{table.since.isoformat()}' and at < '{table.until.isoformat()}'"
        room = "" if like == "reading" else "with (fillfactor = 80)"
        connection = await connect(self.url)
        try:
            await connection.execute(
                f"set statement_timeout = 0; set maintenance_work_mem = '512MB'; set jit = off;"
                f"create unlogged table {table.name} (like {like} including defaults, check ({also} and {span})) {room}"
            )
            await connection.execute(
                f"insert into {table.name} select {row} from (select d, t, {_VALUE} as v from generate_series(1, $1) d"
                " cross join generate_series($2::timestamptz, $3::timestamptz, interval '1 hour') t) x",
                self.devices,
                max(self.since, table.since),
                min(self.until, table.until) - _HOUR,
                timeout=3600,
            )
            await connection.execute(f"alter table {table.name} add primary key ({key})", timeout=3600)
            await connection.execute(
                f"alter table {table.parent} attach partition {table.name}"
                f" for values from ('{table.since.isoformat()}') to ('{table.until.isoformat()}')",
                timeout=3600,
            )
        finally:
            await connection.close()

    async def days(self, zone: str) -> None:
        """The roll-ups by day of the city's zone."""
        connection = await connect(self.url)
        try:
            await connection.execute("set statement_timeout = 0; set synchronous_commit = off; set jit = off")
            await connection.execute(
                "insert into rollup select d, 1, 0, $5, day, count(*), count(*), min(v), max(v), sum(v), (array_agg(v order by t"
                f" desc))[1], max(t) from (select d, t, {_VALUE} as v, date_trunc('day', t, $4) as day"
                " from generate_series(1, $1) d cross join generate_series($2::timestamptz, $3::timestamptz,"
                " interval '1 hour') t) x group by d, day on conflict do nothing",
                self.devices,
                self.since,
                self.until - _HOUR,
                zone,
                int(Grain.DAY),
                timeout=3600,
            )
        finally:
            await connection.close()

    async def cold(self, days: list[date]) -> None:
        """Days that have moved to the lake."""
        files = await asyncio.to_thread(self._write, days)
        connection = await connect(self.url)
        try:
            await connection.executemany(
                "insert into reading_archive (day, path, rows, digest, archived_at) values ($1, $2, $3, $4, $5)",
                [(day, path, digest.rows, digest.value, self.now) for day, path, digest in files],
            )
        finally:
            await connection.close()

    def _write(self, days: list[date]) -> list[tuple[date, str, Digest]]:
        scratch = self.lake.scratch(Path(":memory:"))
        found = []
        try:
            for day in days:
                rows, digest = self._rows(day), Digest()
                digest.add(rows)
                path = Path(f"{day:%Y}") / f"{day.isoformat()}-{digest.value[:12]}.parquet"
                (self.lake.folder / path).parent.mkdir(parents=True, exist_ok=True)
                append(scratch, rows)
                self.lake.write_out(scratch, self.lake.folder / path)
                scratch.execute("drop table day")
                found.append((day, str(path), digest))
        finally:
            scratch.close()
        return found

    def _rows(self, day: date) -> Rows:
        """The readings of a day in key order."""
        ids = np.arange(1, self.devices + 1, dtype=np.int64)
        hours = micros(_midnight(day)) // 3_600_000_000 + np.arange(24, dtype=np.int64)
        rows = empty_rows(len(ids) * 24)
        rows["device"], rows["metric"] = np.repeat(ids, 24), 1
        rows["at"] = np.tile(hours * 3_600_000_000, len(ids))
        rows["value"] = 20 + ((np.repeat(ids, 24) * 31 + np.tile(hours, len(ids)) * 17) % 800) / 100.0
        return rows


async def lay_down(context: Context, lake: Lake, wanted: int, say: Say) -> int:
    """A reading an hour for a year until last midnight, of as many devices as make the ``wanted`` number; how many there are."""
    today = context.clock.now().astimezone(UTC).date()
    every = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    coldest = today - timedelta(days=context.settings.readings_days)
    cold, warm = [day for day in every if day < coldest], [day for day in every if day >= coldest]
    laying = _Laying(
        context.database.url, lake, context.clock.now(), max(3, wanted // HOURS), _midnight(every[0]), _midnight(today)
    )
    months = {table.name: table for table in (partitions.rollup_partition(Grain.HOUR, day) for day in every)}
    tables = [partitions.day_partition(day) for day in warm]
    connection = await connect(laying.url)
    try:
        await connection.execute("truncate arrival")
        await partitions.make_partitions(connection, [every[0], today])
        for table in [*months.values(), *tables]:
            await _give_room(connection, table)
        # The long ones first, so that no core waits for another at the end.
        work = deque[Coroutine[None, None, None]]([laying.days(str(context.calendar.hours.timezone))])
        work.extend(laying.hours(table) for table in months.values())
        work.extend(laying.cold(cold[begin : begin + COLD_AT_ONCE]) for begin in range(0, len(cold), COLD_AT_ONCE))
        work.extend(laying.readings(table) for table in tables)
        await _all(work, say)
        await connection.execute("set statement_timeout = 0")
        await connection.execute("analyze rollup, reading", timeout=3600)
    finally:
        await connection.close()
    return laying.devices * HOURS


async def _give_room(connection: Connection, table: Partition) -> None:
    """Take an empty partition away that was made ahead."""
    if await connection.fetchval("select to_regclass($1)::text", table.name) is None:
        return
    if await connection.fetchval(f"select exists (select from {table.name})"):
        raise RuntimeError(f"{table.name} is in use")
    await connection.execute(f"drop table {table.name}")


async def _all(work: deque[Coroutine[None, None, None]], say: Say) -> None:
    """Do it, as much at a time as there are cores."""
    total = len(work)

    async def worker() -> None:
        while work:
            await work.popleft()
            if len(work) % 10 == 0:
                say(f"readings: {total - len(work)} of {total} parts of the year laid down")

    async with asyncio.TaskGroup() as group:
        for _ in range(os.cpu_count() or 1):
            group.create_task(worker())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
