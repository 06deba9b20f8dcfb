"""A place for tests of readings: a context at a clock that stands still, a writer, rows made by hand, plain roll-ups."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings
from yiwang.sensing.model import INVALID, Catalogue, Grain, NoLimits, Reading, Rows, rows_of
from yiwang.sensing.readings import Keeper, Readings, ReadingWriter
from yiwang.sensing.readings.archive import Archive

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")

Key = tuple[int, int, int, int, datetime]
"""Device, metric, grain, width, begin."""


@dataclass
class ReadingWorld:
    """``clock`` stands still until moved."""

    context: Context
    clock: ManualClock
    database: Database
    writer: ReadingWriter
    readings: Readings
    keeper: Keeper
    archive: Archive

    async def caught_up(self) -> None:
        """Let the roll-ups follow until nothing is left."""
        await self.keeper.follow()
        while await self.keeper.follow():
            pass

    async def stored(self) -> list[tuple[object, ...]]:
        """All rows of the table in key order: device, metric, grain, at, value, quality."""
        async with self.database.connection() as connection:
            rows = await connection.fetch("select * from reading order by device_id, metric_id, grain, at")
        return [tuple(row.values()) for row in rows]

    async def rollups(self) -> dict[Key, tuple[float | None, ...]]:
        """count, valid, low, high, sum, last of every bucket."""
        async with self.database.connection() as connection:
            rows = await connection.fetch("select * from rollup")
        return {
            (row["device_id"], row["metric_id"], row["grain"], row["width"], row["at"]): (
                row["count"], row["valid"], row["low"], row["high"], row["sum"], row["last"],
            )
            for row in rows
        }  # fmt: skip


def context_of(database: Database, home: Path, at: datetime = NOON) -> Context:
    calendar = load_calendar(calendar_files("CN"))
    return Context(database, ManualClock(at), calendar, Settings(home=home))


@asynccontextmanager
async def reading_world(
    database: Database, home: Path, *, at: datetime = NOON, catalogue: Catalogue | None = None
) -> AsyncIterator[ReadingWorld]:
    """Empty tables of readings on this database."""
    async with database.connection() as connection:
        # Emptied row by row: to truncate makes new files for hundreds of partitions.
        tables = ("reading", "rollup", "latest", "arrival", "arrival_mark", "reading_archive")
        await connection.execute(";".join(f"delete from {table}" for table in tables))
    context = context_of(database, home, at)
    assert isinstance(context.clock, ManualClock)
    writer = ReadingWriter(context, catalogue or NoLimits())
    readings = Readings(context)
    keeper = Keeper(readings)
    await keeper.follow()  # registers the follower, as a worker has long done
    await writer.start()
    try:
        yield ReadingWorld(context, context.clock, database, writer, readings, keeper, Archive(readings.lake))
    finally:
        await writer.stop()
        await keeper.close()


def reading(
    device: int, at: datetime, value: float = 1.0, *, metric: int = 1, grain: Grain = Grain.REAL, quality: int = 0
) -> Reading:
    return Reading(device, metric, grain, at, value, quality)


def packed(*items: Reading) -> Rows:
    return rows_of(items)


def plain_rollups(items: Iterable[tuple[int, int, int, datetime, float, int]]) -> dict[Key, tuple[float | None, ...]]:
    """Roll-ups as one would reckon them by hand: device, metric, grain, at, value, quality in, buckets out."""
    groups: dict[Key, list[tuple[datetime, float, int]]] = defaultdict(list)
    for device, metric, grain, at, value, quality in items:
        local = at.astimezone(SHANGHAI)
        begins = {
            Grain.MINUTE: at.replace(second=0, microsecond=0),
            Grain.HOUR: at.replace(minute=0, second=0, microsecond=0),
            Grain.DAY: local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC),
        }
        for width, begin in begins.items():
            if grain < width or (grain == width and width != Grain.MINUTE):
                groups[device, metric, grain, int(width), begin].append((at, value, quality))
    found: dict[Key, tuple[float | None, ...]] = {}
    for key, members in groups.items():
        valid = sorted((at, value) for at, value, quality in members if not quality & int(INVALID))
        values = [value for _, value in valid]
        found[key] = (
            len(members), len(valid),
            min(values) if values else None, max(values) if values else None,
            math.fsum(values), values[-1] if values else None,
        )  # fmt: skip
    return found


def same_rollups(found: dict[Key, tuple[float | None, ...]], wanted: dict[Key, tuple[float | None, ...]]) -> None:
    assert found.keys() == wanted.keys()
    for key, (count, valid, low, high, total, last) in wanted.items():
        mine = found[key]
        assert (mine[0], mine[1], mine[2], mine[3], mine[5]) == (count, valid, low, high, last), key
        assert mine[4] is not None
        assert total is not None
        assert math.isclose(mine[4], total, rel_tol=1e-9, abs_tol=1e-9), key


def as_numbers(rows: Rows) -> list[tuple[float, ...]]:
    return [tuple(row) for row in np.asarray(rows).tolist()]
