"""Roll-ups made anew from the readings themselves, for a span: after a repair of data, or where there is doubt.

Works day by day and in blocks of devices, each in one transaction, so that it can be broken off and begun again. Readings
whose arrival the follower has still to add are left out: it adds them afterwards, and nothing counts twice or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np

from yiwang.kernel.database import Connection
from yiwang.sensing.model import READING, Grain, Rows, micros
from yiwang.sensing.readings import raw, rollups, store
from yiwang.sensing.readings.lake import Lake
from yiwang.sensing.readings.partitions import make_partitions

_MOST_ROWS = 1_000_000
_LAST_DEVICE = 2**31 - 1
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What was done: local days, readings that were read, buckets that were written."""

    days: int
    readings: int
    buckets: int


async def recompute(
    connection: asyncpg.Connection[asyncpg.Record],
    lake: Lake,
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    *,
    say: Callable[[datetime, int], None] | None = None,
) -> Recomputed:
    """Make the roll-ups of all local days that touch ``since`` ≤ at < ``until`` anew; ``say`` hears each day's begin and
    readings.

    ``connection`` is the caller's own, outside any transaction.

    Raises:
        LakeDamaged: a day lies in a file that cannot be read; days before it are done.
    """
    await catch_up(connection, zone)
    readings = buckets = days = 0
    for begin, end in rollups.days_within(since, until, zone):
        floor = begin - timedelta(microseconds=micros(begin) % rollups.LENGTHS[Grain.HOUR])
        await make_partitions(connection, store.days_between(floor, end))
        of_day = 0
        for between in await device_blocks(connection, lake, floor, end):
            read, made = await _block(connection, lake, zone, _Window(floor, begin, end, between))
            of_day, buckets = of_day + read, buckets + made
        readings, days = readings + of_day, days + 1
        if say is not None:
            say(begin, of_day)
    return Recomputed(days, readings, buckets)


async def catch_up(connection: asyncpg.Connection[asyncpg.Record], zone: ZoneInfo) -> None:
    """Let the follower's work be done up to now, so that little is left to be left out."""
    limit = 50
    while True:
        async with connection.transaction():
            if await rollups.keep_up(connection, zone, limit) < limit:
                return


@dataclass(frozen=True, slots=True)
class _Window:
    """A local day ``begin``–``end``; ``floor``: the whole hour at or before its begin. Devices ``between`` two ids."""

    floor: datetime
    begin: datetime
    end: datetime
    between: tuple[int, int]

    def span(self, width: Grain) -> tuple[datetime, datetime]:
        """From when to when buckets of this width begin that this window makes whole."""
        if width is Grain.DAY:
            return self.begin, self.end
        return self.floor, self.end - timedelta(microseconds=micros(self.end) % rollups.LENGTHS[Grain.HOUR])


async def _block(
    connection: asyncpg.Connection[asyncpg.Record], lake: Lake, zone: ZoneInfo, window: _Window
) -> tuple[int, int]:
    for attempt in range(_ATTEMPTS):
        try:
            async with connection.transaction(isolation="repeatable_read"):
                return await _anew(connection, lake, zone, window)
        except asyncpg.SerializationError:  # the follower moved on between our snapshot and our lock
            if attempt + 1 == _ATTEMPTS:
                raise
            await asyncio.sleep(0.05 * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


async def _anew(connection: Connection, lake: Lake, zone: ZoneInfo, window: _Window) -> tuple[int, int]:
    mark = await connection.fetchval("select id from arrival_mark where follower = $1 for update", rollups.FOLLOWER)
    rows = await raw.read(
        connection,
        lake,
        raw.Wanted(window.floor, window.end, grain=None, between=window.between),
        limit=100 * _MOST_ROWS,
    )
    rows = without(rows, await _still_to_come(connection, mark or 0))
    made = rollups.aggregate(rows, zone)
    keep = np.zeros(len(made), dtype=np.bool_)
    for width in rollups.WIDTHS:
        since, until = window.span(width)
        await connection.execute(
            "delete from rollup where width = $1 and at >= $2 and at < $3 and device_id between $4 and $5"
            " and metric_id not in (select id from metric where (declaration -> 'computed')::boolean)",
            int(width),
            since,
            until,
            *window.between,
        )
        keep |= (made["width"] == width) & (made["at"] >= micros(since)) & (made["at"] < micros(until))
    await rollups.add(connection, made[keep])
    return len(rows), int(keep.sum())


async def _still_to_come(connection: Connection, mark: int) -> Rows:
    """Readings of this snapshot that the follower has not added yet."""
    rows = await connection.fetch("select rows from arrival where id > $1", mark)
    return np.frombuffer(b"".join(row["rows"] for row in rows), dtype=READING)


def without(rows: Rows, others: Rows) -> Rows:
    """``rows`` (unique, in key order) without those whose key is among ``others``."""
    if not len(others) or not len(rows):
        return rows
    both = np.concatenate([rows, others])
    order = store.key_order(both)
    first = store.first_of_key(both[order])
    group = np.cumsum(first) - 1
    doubled = np.bincount(group) > 1
    keep = np.zeros(len(both), dtype=np.bool_)
    keep[order] = ~doubled[group]
    found: Rows = rows[keep[: len(rows)]]
    return found


async def device_blocks(connection: Connection, lake: Lake, since: datetime, until: datetime) -> list[tuple[int, int]]:
    """Ranges of device ids, together all, with about a million readings each between these times."""
    rows = await connection.fetch(
        "select device_id, count(*) as n from reading where at >= $1 and at < $2 group by 1", since, until
    )
    counts = {row["device_id"]: row["n"] for row in rows}
    for path in await raw.archived_paths(connection, since, until):
        for device, count in (await asyncio.to_thread(lake.devices_now, path)).items():
            counts[device] = counts.get(device, 0) + count
    return blocks_of(counts)


def blocks_of(counts: dict[int, int], most: int = _MOST_ROWS) -> list[tuple[int, int]]:
    """Ranges of ids that cover all ids there can be, with about ``most`` readings each."""
    found: list[tuple[int, int]] = []
    begin, held = 0, 0
    for device in sorted(counts):
        if held and held + counts[device] > most:
            found.append((begin, device - 1))
            begin, held = device, 0
        held += counts[device]
    return [*found, (begin, _LAST_DEVICE)]
