"""What the background worker does for readings: roll-ups, partitions made ahead, days to the lake, retention, tidying."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from yiwang.kernel import logs
from yiwang.kernel.database import Connection, connect
from yiwang.sensing.readings import arrivals, partitions
from yiwang.sensing.readings.archive import ARCHIVING_LOCK, Archive, Archived, cold_days
from yiwang.sensing.readings.rollups import Rollups
from yiwang.sensing.readings.service import Readings

log = logs.get("readings")

_ARRIVALS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """What one round of :meth:`Keeper.keep` did."""

    archived: tuple[Archived, ...] = ()
    dropped_days: int = 0
    dropped_rollups: int = 0
    files_removed: int = 0


class Keeper:
    """The caretaker of one worker process; any number may run, the work is done once."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._settings = readings.context.settings
        self._url = readings.context.database.url
        self._rollups = Rollups(self._url, readings.zone)

    async def follow(self) -> bool:
        """Add what arrived to the roll-ups; true when there is more."""
        return await self._rollups.follow(_ARRIVALS_AT_ONCE)

    async def tidy(self) -> int:
        """Delete arrivals that all followers have seen; make the partitions of the next days."""
        async with self._readings.context.database.connection() as connection:
            await partitions.make_ahead(connection, self._readings.context.clock.now())
            return await arrivals.tidy(connection)

    async def keep(self, *, most_days: int = 7) -> Kept:
        """Move days that have cooled to the lake, at most ``most_days``, and drop what has outlived its time.

        Nothing where another process is at it.

        Raises:
            LakeDamaged: a file cannot be read back; nothing of that day was dropped.
        """
        connection = await connect(self._url)
        try:
            if not await connection.fetchval("select pg_try_advisory_lock($1)", ARCHIVING_LOCK):
                return Kept()
            return await self._keep(connection, self._readings.context.clock.now(), most_days)
        finally:
            await connection.close()

    async def _keep(self, connection: asyncpg.Connection[asyncpg.Record], now: datetime, most_days: int) -> Kept:
        archive = Archive(self._readings.lake)
        dropped = await self._drop_old(connection, archive, now)
        archived = []
        for day in (await cold_days(connection, now, self._settings.readings_days))[:most_days]:
            moved = await archive.archive(connection, day, now)
            if moved is not None:
                archived.append(moved)
                log.info("a day moved to the lake", day=day.isoformat(), rows=moved.rows, bytes=moved.size)
        rollups = await drop_minutes(connection, self._readings.minutes_since())
        return Kept(tuple(archived), dropped, rollups, await archive.sweep(connection))

    async def _drop_old(self, connection: asyncpg.Connection[asyncpg.Record], archive: Archive, now: datetime) -> int:
        kept = self._settings.readings_kept_days
        if not kept:
            return 0
        before = now.astimezone(UTC).date() - timedelta(days=max(kept, 2))
        days = set(await cold_days(connection, now, kept))
        days |= {
            row["day"]
            for row in await connection.fetch("select day from reading_archive where path <> '' and day < $1", before)
        }
        dropped = 0
        for day in sorted(days):
            dropped += await archive.drop(connection, day, now)
        return dropped

    async def close(self) -> None:
        """Give connections back."""
        await self._rollups.close()


async def drop_minutes(connection: Connection, before: datetime) -> int:
    """Drop the months of roll-ups by minute that end before this time; how many."""
    rows = await connection.fetch(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "where i.inhparent = 'rollup_minute'::regclass order by 1"
    )
    dropped = 0
    for row in rows:
        begin = datetime.strptime(row["relname"][-6:], "%Y%m").replace(tzinfo=UTC)
        if (begin + timedelta(days=32)).replace(day=1) <= before:
            await connection.execute(f"drop table {row['relname']}")
            dropped += 1
    return dropped
