"""Storing readings: acknowledged means stored, sent again means stored once, bad rows harm no others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from unittest.mock import AsyncMock

import asyncpg
import numpy as np
import pytest
from reading_world import NOON, ReadingWorld, context_of, packed, reading, reading_world

from yiwang.kernel.database import Database, connect
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.model import (
    Fault,
    Grain,
    Limits,
    NoLimits,
    Quality,
    Reading,
    Rows,
    empty_rows,
    micros,
    readings_of,
    rows_of,
)
from yiwang.sensing.readings import ReadingWriter, arrivals, store

MINUTE = timedelta(minutes=1)


def many(devices: int, moments: int, *, first: int = 1) -> Rows:
    rows = empty_rows(devices * moments)
    rows["device"] = np.tile(np.arange(first, first + devices), moments)
    rows["metric"] = 1
    rows["at"] = micros(NOON - timedelta(minutes=30)) + np.repeat(np.arange(moments), devices) * 1_000_000
    rows["value"] = np.arange(len(rows))
    return rows


async def test_存入后才答复_重发只存一次(world: ReadingWorld) -> None:
    rows = packed(reading(1, NOON, 5.5), reading(2, NOON - MINUTE, 7.25, quality=int(Quality.MANUAL)))
    first = await world.writer.put(rows)
    again = await world.writer.put(rows)
    assert (first.stored, first.known, first.refused) == (2, 0, 0)
    assert (again.stored, again.known, again.refused) == (0, 2, 0)
    assert await world.stored() == [(1, 1, 0, NOON, 5.5, 0), (2, 1, 0, NOON - MINUTE, 7.25, 4)]


async def test_同一时刻以先到者为准(world: ReadingWorld) -> None:
    written = await world.writer.put(packed(reading(1, NOON, 1), reading(1, NOON, 2)))
    assert (written.stored, written.known) == (1, 1)
    await world.writer.put(packed(reading(1, NOON, 3)))
    assert [row[4] for row in await world.stored()] == [1]


async def test_部分重发时_新旧各自计数_到达记录只含新数据(world: ReadingWorld) -> None:
    rows = many(40, 5)
    await world.writer.put(rows[:120])
    written = await world.writer.put(rows)
    assert (written.stored, written.known) == (80, 120)
    async with world.database.transaction() as connection:
        await connection.execute("update arrival_mark set id = 0")
        came = await arrivals.follow(connection, "rollups", 10)
    assert [len(item.rows) for item in came] == [120, 80]
    assert len(np.unique(np.concatenate([item.rows for item in came]))) == 200


async def test_坏行各自拒绝_好行照存(world: ReadingWorld) -> None:
    items = [
        reading(1, NOON, 1),
        reading(1, NOON + timedelta(seconds=1), float("nan")),
        reading(1, NOON + timedelta(seconds=2), float("inf")),
        reading(1, NOON + timedelta(minutes=6), 1),
        reading(1, NOON + timedelta(minutes=4), 1),
        reading(1, NOON - timedelta(days=3700), 1),
        reading(0, NOON, 1),
    ]
    rows = rows_of(items)
    rows["grain"][0] = 9
    written = await world.writer.put(rows)
    assert written.faults is not None
    assert written.faults.tolist() == [
        Fault.UNKNOWN_GRAIN, Fault.NOT_A_NUMBER, Fault.NOT_A_NUMBER, Fault.FUTURE, Fault.NONE, Fault.TOO_OLD, Fault.NO_DEVICE,
    ]  # fmt: skip
    assert (written.stored, written.refused) == (1, 6)


async def test_许多连接同时交来_各得各的答复(world: ReadingWorld) -> None:
    rows = many(50, 40)

    async def connection(number: int) -> int:
        mine = rows[rows["device"] == number + 1]
        return sum([(await world.writer.put(mine[place : place + 8])).stored for place in range(0, len(mine), 8)])

    assert await asyncio.gather(*map(connection, range(50))) == [40] * 50
    assert len(await world.stored()) == 2000


async def test_等候者过多时_交付者等待_内存有界(database: Database, tmp_path: Path) -> None:
    async with reading_world(database, tmp_path) as world:
        writer = ReadingWriter(world.context, NoLimits(), most_rows=100, most_waiting=300)
        await writer.start()
        peak = 0

        async def put(part: Rows) -> None:
            nonlocal peak
            await writer.put(part)
            peak = max(peak, writer.waiting)

        rows = many(50, 100)
        await asyncio.gather(*(put(rows[place : place + 50]) for place in range(0, len(rows), 50)))
        await writer.stop()
        assert len(await world.stored()) == 5000
        assert peak <= 350


async def test_过去任意一天的数据_分区按需建立(world: ReadingWorld) -> None:
    days = [NOON - timedelta(days=back) for back in (0, 1, 40, 400, 3600)]
    written = await world.writer.put(packed(*(reading(3, at, 1) for at in days)))
    assert written.stored == 5
    quality = {row[3]: row[5] for row in await world.stored()}
    assert quality[NOON] == 0
    assert quality[days[2]] == int(Quality.LATE)


async def test_两个进程同时写同样的数据_每条一次(world: ReadingWorld) -> None:
    other = ReadingWriter(world.context, NoLimits())
    await other.start()
    rows = many(100, 30)
    stored = 0
    for place in range(0, len(rows), 500):
        part = rows[place : place + 500]
        both = await asyncio.gather(world.writer.put(part), other.put(np.flip(part)))
        assert sum(item.stored for item in both) == 500
        stored += sum(item.stored for item in both)
    await other.stop()
    assert stored == 3000
    assert len(await world.stored()) == 3000


async def test_两个进程同时建同一天的分区(world: ReadingWorld) -> None:
    writers = [ReadingWriter(world.context, NoLimits()) for _ in range(4)]
    for writer in writers:
        await writer.start()
    at = NOON - timedelta(days=200)
    for step in range(5):
        rows = [packed(reading(number + 1, at - timedelta(days=step))) for number in range(4)]
        written = await asyncio.gather(*(writer.put(part) for writer, part in zip(writers, rows, strict=True)))
        assert [item.stored for item in written] == [1] * 4
    for writer in writers:
        await writer.stop()


async def test_数据库不在_不答复_回来后继续(database: Database, database_url: str, tmp_path: Path) -> None:
    async with reading_world(database, tmp_path) as world:
        await world.writer.put(packed(reading(1, NOON)))
        admin = await connect(database_url)
        name = await admin.fetchval("select current_database()")
        elsewhere = await connect(database_url.replace(name, "postgres"))
        try:
            await elsewhere.execute(f'alter database "{name}" allow_connections false')
            await elsewhere.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
            with pytest.raises(SensingUnavailable):
                await world.writer.put(packed(reading(1, NOON + MINUTE)))
        finally:
            await elsewhere.execute(f'alter database "{name}" allow_connections true')
            await elsewhere.close()
            admin.terminate()
        written = await world.writer.put(packed(reading(1, NOON), reading(1, NOON + MINUTE)))
        assert (written.stored, written.known) == (1, 1)


@pytest.mark.parametrize(
    "fault",
    [asyncpg.InternalClientError("cannot switch to state 15"), RuntimeError("unforeseen")],
    ids=["连接", "意外"],
)
async def test_存入中途出错_这一批不答复_之后的照常存入(
    world: ReadingWorld, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    await world.writer.put(packed(reading(1, NOON)))
    with monkeypatch.context() as broken:
        broken.setattr(store, "insert_new", AsyncMock(side_effect=fault))
        with pytest.raises(SensingUnavailable):
            await world.writer.put(packed(reading(1, NOON + MINUTE)))
    written = await world.writer.put(packed(reading(1, NOON), reading(1, NOON + MINUTE)))
    assert (written.stored, written.known) == (1, 1)


async def test_停止后拒收_停止前已交的都存了(database: Database, tmp_path: Path) -> None:
    async with reading_world(database, tmp_path) as world:
        waiting = asyncio.create_task(world.writer.put(packed(reading(1, NOON))))
        await asyncio.sleep(0)
        await world.writer.stop()
        assert (await waiting).stored == 1
        with pytest.raises(SensingUnavailable):
            await world.writer.put(packed(reading(1, NOON + MINUTE)))


async def test_最新值只前进不后退(world: ReadingWorld) -> None:
    await world.writer.put(packed(reading(1, NOON, 10), reading(1, NOON - MINUTE, 9)))
    await world.writer.put(packed(reading(1, NOON - 2 * MINUTE, 8), reading(1, NOON, 11, grain=Grain.HOUR)))
    async with world.database.connection() as connection:
        rows = await connection.fetch("select device_id, at, value from latest")
    assert [tuple(row.values()) for row in rows] == [(1, NOON, 10)]


class Declared:
    """Limits for metric 1."""

    version = 1

    def __init__(self, limits: Limits) -> None:
        self.found = limits

    def limits(self, device: int, metric: int) -> Limits | None:
        return self.found if metric == 1 else None


async def flags(database: Database, home: Path, limits: Limits, batches: list[list[Reading]]) -> list[Quality]:
    """The qualities as stored, by time; a new writer for each batch, as after restarts."""
    async with reading_world(database, home) as world:
        for batch in batches:
            writer = ReadingWriter(world.context, Declared(limits))
            await writer.start()
            await writer.put(packed(*batch))
            await writer.stop()
        return [Quality(row[5]) for row in await world.stored() if isinstance(row[5], int)]


async def test_超出量程界限的标记_并不丢弃(database: Database, tmp_path: Path) -> None:
    found = await flags(
        database, tmp_path, Limits(low=0, high=100),
        [[reading(1, NOON + step * MINUTE, value) for step, value in enumerate((-0.1, 0, 100, 101))]],
    )  # fmt: skip
    assert found == [Quality.OUT_OF_BOUNDS, Quality.GOOD, Quality.GOOD, Quality.OUT_OF_BOUNDS]


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
async def test_连续相同的值_第N个起标记为卡死(database: Database, tmp_path: Path, cut: int) -> None:
    values = [3.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0]
    items = [reading(1, NOON - (10 - step) * MINUTE, value) for step, value in enumerate(values)]
    async with reading_world(database, tmp_path) as world:
        writer = ReadingWriter(world.context, Declared(Limits(stuck=3)))
        await writer.start()
        await writer.put(packed(*items[:cut]))
        await writer.put(packed(*items[cut:]))
        await writer.stop()
        found = [row[5] for row in await world.stored()]
    assert found == [0, 0, 256, 256, 0, 0, 256]


async def test_间断之后的第一个值带标记_重启后与最新值比较(database: Database, tmp_path: Path) -> None:
    at = NOON - 50 * MINUTE
    found = await flags(
        database, tmp_path, Limits(gap=150),
        [[reading(1, at + step * MINUTE) for step in steps] for steps in ((0, 1), (2, 10), (20,))],
    )  # fmt: skip
    assert found == [Quality.GOOD, Quality.GOOD, Quality.GOOD, Quality.AFTER_GAP, Quality.AFTER_GAP]


async def test_突跳被标记_新的水平不久便算正常(database: Database, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    values = [*(20 + rng.normal(0, 1, 40)), 60.0, *(20 + rng.normal(0, 1, 5)), *(60 + rng.normal(0, 1, 60))]
    items = [reading(1, NOON - timedelta(seconds=3000 - 10 * step), value) for step, value in enumerate(values)]
    found = (await flags(database, tmp_path, Limits(spike=8), [items]))[:]
    spikes = [place for place, flag in enumerate(found) if flag & Quality.SPIKE]
    assert 40 in spikes
    assert all(place == 40 or place >= 46 for place in spikes)
    assert not any(flag & Quality.SPIKE for flag in found[-30:])


async def test_迟到的旧值不移动检查的状态(database: Database, tmp_path: Path) -> None:
    async with reading_world(database, tmp_path) as world:
        writer = ReadingWriter(world.context, Declared(Limits(stuck=2, gap=90)))
        await writer.start()
        await writer.put(packed(reading(1, NOON - MINUTE, 1)))
        await writer.put(packed(reading(1, NOON - 20 * MINUTE, 1)))
        await writer.put(packed(reading(1, NOON, 2)))
        await writer.stop()
        assert [row[5] for row in await world.stored()] == [0, 0, 0]


async def test_只认设备自报的均值_按其时长判断迟到(database: Database, tmp_path: Path) -> None:
    hour = NOON - timedelta(hours=1, minutes=30)
    found = await flags(
        database, tmp_path, Limits(), [[reading(1, hour, grain=Grain.REAL), reading(1, hour, grain=Grain.HOUR)]]
    )
    assert found == [Quality.LATE, Quality.GOOD]


def test_打包与拆开是同一批读数() -> None:
    items = [
        Reading(7, 3, Grain.MINUTE, NOON + timedelta(microseconds=123_457), -1.25, 4096),
        Reading(2**31 - 1, 2**15 - 1, Grain.DAY, NOON - timedelta(days=3000), 1e300, 0),
    ]
    assert readings_of(rows_of(items)) == items


async def test_检查的记忆有界(database: Database, tmp_path: Path) -> None:
    from yiwang.sensing.readings.checks import Checks

    context = context_of(database, tmp_path)
    checks = Checks(NoLimits(), most=1000)
    for step in range(20):
        rows = many(300, 1, first=1 + step * 300)
        rows["at"] += step
        keys = checks.unknown(rows)
        checks.learn(keys, np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys)))
        checks.keep(checks.look(rows, context.clock.now()))
        assert checks.size <= 1300
