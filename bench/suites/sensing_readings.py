"""Readings: stored durably by the writer, last values of a city, a year of a metric — on a database of their own.

``YIWANG_BENCH_READINGS`` says how many readings lie there when a year is asked for (5 million unless told; 100 million need
20 GB and some minutes).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.depth import lay_down
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.kernel import migrations
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.cluster.provisioning import ensure_database
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database, connect
from yiwang.sensing.model import NoLimits, Rows, empty_rows, micros
from yiwang.sensing.readings import Keeper, Readings, ReadingWriter, Which, packing

NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
DEVICES, METRICS = 2_000, 5
CLIENTS = 20
ON_THE_MAP = 20_000
DEPTH = int(os.environ.get("YIWANG_BENCH_READINGS", "5000000"))
_DATABASE = "bench_readings"


async def measure(stage: Stage) -> list[Measurement]:
    """``readings.store``, ``readings.rollup``, ``readings.latest`` and ``readings.year``."""
    async with _place(stage) as (context, readings):
        stored, rolled = [], []
        for turn in range(stage.rounds):
            stored.append(await _store(context, turn, moments=8 if stage.quick else 60))
            stage.say(f"readings: {stored[-1].value:,.0f}/s stored, plain COPY {stored[-1].limit or 0:,.0f}/s")
            rolled.append(await _roll_up(readings))
        await _devices(context)
        latest = [await _latest(readings) for _ in range(stage.rounds)]
        stage.say(f"readings: last values of {ON_THE_MAP:,} devices in {latest[-1].value:.0f} ms")
        depth = await lay_down(context, readings.lake, 200_000 if stage.quick else DEPTH, stage.say)
        year = [await _year(readings) for _ in range(stage.rounds)]
        stage.say(f"readings: a year by the hour in {year[-1].value:.0f} ms among {depth:,}")
    return [
        Measurement(
            "readings.store", f"{CLIENTS} connections, {DEVICES:,} devices, last values and arrivals with them", "readings/s",
            "more", tuple(stored), "COPY of the same rows into the same table, nothing else", Target(60_000, 30_000),
        ),
        Measurement(
            "readings.rollup", "minute, hour and day", "readings/s", "more", tuple(rolled),
            "group by in SQL over the same readings, nothing written", Target(30_000),
        ),
        Measurement(
            "readings.latest", f"of {ON_THE_MAP:,} devices with their places", "ms", "less", tuple(latest),
            "the bare statement, bytes thrown away", Target(50),
        ),
        Measurement(
            "readings.year", f"a year of a metric by the hour among {depth:,} readings", "ms", "less", tuple(year),
            "the bare statement, bytes thrown away", Target(50), cases=depth,
        ),
    ]  # fmt: skip


@asynccontextmanager
async def _place(stage: Stage) -> AsyncIterator[tuple[Context, Readings]]:
    await stage.cluster.drop(_DATABASE)
    await ensure_database(stage.cluster.url("postgres"), _DATABASE)
    url = stage.cluster.url(_DATABASE)
    await asyncio.to_thread(migrations.upgrade, url)
    database = await Database.open(url, connections=4, statement_seconds=3600)
    try:
        calendar = load_calendar(calendar_files("CN"))
        context = Context(database, ManualClock(NOW), calendar, stage.cluster.settings(stage.city))
        readings = Readings(context)
        keeper = Keeper(readings)
        await keeper.follow()  # registers the follower
        await keeper.close()
        yield context, readings
    finally:
        await database.close()
        await stage.cluster.drop(_DATABASE)


def _moment(turn: int, step: int) -> Rows:
    rows = empty_rows(DEVICES * METRICS)
    rows["device"] = np.tile(np.arange(1, DEVICES + 1), METRICS)
    rows["metric"] = np.repeat(np.arange(1, METRICS + 1), DEVICES)
    rows["at"] = micros(NOW - timedelta(minutes=50)) + (turn * 100 + step) * 7_000_000
    rows["value"] = np.random.default_rng(turn * 1000 + step).normal(20, 4, len(rows))
    return rows


async def _store(context: Context, turn: int, moments: int) -> Run:
    """Many connections, each waiting for its acknowledgement, beside plain COPY of the same rows right after."""
    batches = [_moment(turn, step) for step in range(moments)]
    writer = ReadingWriter(context, NoLimits())
    await writer.start()
    await writer.put(_moment(turn, 99))  # partitions, connection and memory of what was last are there then
    count = sum(map(len, batches))
    part = len(batches[0]) // CLIENTS

    async def one(number: int) -> int:
        puts = [await writer.put(rows[number * part : (number + 1) * part]) for rows in batches]
        return sum(item.stored for item in puts)

    began = time.perf_counter()
    stored = sum(await asyncio.gather(*map(one, range(CLIENTS))))
    value = count / (time.perf_counter() - began)
    await writer.stop()
    if stored != count:
        raise RuntimeError(f"{stored} of {count} readings stored")
    connection = await connect(context.database.url)
    try:
        await connection.execute("create unlogged table if not exists nothing (n int); drop table if exists plain")
        await connection.execute("create table plain (like reading including all)")
        began = time.perf_counter()
        for rows in batches:
            await packing.copy_in(connection, "plain", rows)
        limit = count / (time.perf_counter() - began)
        await connection.execute("drop table plain, nothing")
    finally:
        await connection.close()
    return Run(value, limit)


async def _roll_up(readings: Readings) -> Run:
    """What has just arrived, brought into the roll-ups."""
    keeper = Keeper(readings)
    async with readings.context.database.connection() as connection:
        count = await connection.fetchval(
            "select coalesce(sum(count), 0) from arrival where id > (select id from arrival_mark where follower = 'rollups')"
        )
    began = time.perf_counter()
    while await keeper.follow():
        pass
    value = count / (time.perf_counter() - began)
    await keeper.close()
    async with readings.context.database.connection() as connection:
        began = time.perf_counter()
        for width in ("minute", "hour", "day"):
            total = await connection.fetchval(
                "select sum(n) from (select count(*) as n, min(value), max(value), sum(value) from reading "
                f"where at >= $1 group by device_id, metric_id, date_trunc('{width}', at)) g",
                NOW - timedelta(minutes=51),
            )
        limit = int(total) / (time.perf_counter() - began)
    return Run(value, limit)


async def _devices(context: Context) -> None:
    async with context.database.transaction() as connection:
        await connection.execute(
            "insert into device_profile (id, pack, protocol, declaration, digest, published_at) "
            "values ('air', 'p', 'http', '{}', '', $1)",
            NOW,
        )
        await connection.execute(
            "insert into device (code, profile, protocol, address, names, area, position, created_at, updated_at) "
            "select 'd' || n, 'air', 'http', 'a' || n, '{}', '120111001', "
            "st_setsrid(st_makepoint(117 + n / 1e6, 39 + (n % 100) / 1e3), 4326), $1, $1 from generate_series(1, $2) n",
            NOW,
            ON_THE_MAP,
        )
        await connection.execute("truncate latest")
        await connection.execute("insert into latest select id, 1, $1, id / 7.0, 0 from device", NOW)
    async with context.database.connection() as connection:
        await connection.execute("vacuum analyze device")
        await connection.execute("vacuum analyze latest")


async def _latest(readings: Readings) -> Run:
    found = 0

    async def ours() -> None:
        nonlocal found
        found = len(await readings.latest(SYSTEM, Which(area="120111")))

    value = await _best(ours)
    if found != ON_THE_MAP:
        raise RuntimeError(f"{found} last values of {ON_THE_MAP}")
    plain = "select device_id, metric_id, at, value, quality from latest"
    return Run(value, await _best(lambda: _thrown_away(readings, plain)))


async def _year(readings: Readings) -> Run:
    since = NOW.replace(hour=0) - timedelta(days=365)
    points = 0

    async def ours() -> None:
        nonlocal points
        found = await readings.series(SYSTEM, 3, 1, since, since + timedelta(days=365), points=8_760)
        points = len(found.buckets) if found.step == 3600 else 0

    value = await _best(ours)
    if points != 8_760:
        raise RuntimeError(f"{points} hours of a year")
    plain = (
        "select at, count, valid, low, high, sum, last, last_at from rollup "
        f"where device_id = 3 and metric_id = 1 and grain = 0 and width = 2 and at >= '{since.isoformat()}'"
    )
    return Run(value, await _best(lambda: _thrown_away(readings, plain)))


async def _best(work: Callable[[], Awaitable[None]], times: int = 7) -> float:
    """The middle of some runs, ms, after one that does not count."""
    await work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
    return float(np.median(taken))


async def _thrown_away(readings: Readings, query: str) -> None:
    async def take(data: bytes) -> None:
        """Bytes are received, nothing is made of them."""

    async with readings.context.database.connection() as connection:
        await connection.copy_from_query(query, output=take, format="binary")
