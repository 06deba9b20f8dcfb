"""Cold days in the lake: verified before they are dropped, asked for by the same call, open to late data."""

from __future__ import annotations

import asyncio
import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from reading_world import NOON, ReadingWorld, as_numbers, packed, plain_rollups, reading, same_rollups

from yiwang.kernel.database import connect
from yiwang.sensing.errors import DayStillWarm, LakeDamaged
from yiwang.sensing.model import Fault, Rows, empty_rows, micros, rows_of
from yiwang.sensing.readings import raw
from yiwang.sensing.readings.partitions import make_partitions
from yiwang.sensing.readings.recompute import recompute

DAY = timedelta(days=1)
OLD = NOON - 40 * DAY
OLD_DAY = OLD.date()


def old_rows(devices: int = 20, moments: int = 100) -> Rows:
    rows = empty_rows(devices * moments)
    rows["device"] = np.tile(np.arange(1, devices + 1), moments)
    rows["metric"] = 1 + np.arange(len(rows)) % 2
    rows["at"] = micros(OLD) + np.repeat(np.arange(moments), devices) * 60_000_001
    rows["value"] = np.random.default_rng(5).normal(0, 1e6, len(rows))
    rows["quality"] = np.arange(len(rows)) % 7
    return rows


async def archived(world: ReadingWorld, database_url: str, day: date = OLD_DAY) -> int | None:
    own = await connect(database_url)
    try:
        found = await world.archive.archive(own, day, NOON)
    finally:
        await own.close()
    return found.rows if found else None


async def all_of(world: ReadingWorld) -> list[tuple[float, ...]]:
    async with world.database.connection() as connection:
        return as_numbers(
            await raw.read(connection, world.readings.lake, raw.Wanted(OLD - DAY, NOON + DAY, grain=None))
        )


async def in_table(world: ReadingWorld) -> int:
    return len(await world.stored())


async def test_归档后_同一查询结果不变(world: ReadingWorld, database_url: str) -> None:
    await world.writer.put(old_rows())
    await world.writer.put(packed(reading(1, NOON, 5)))
    before = await all_of(world)
    assert await archived(world, database_url) == 2000
    assert await in_table(world) == 1
    assert await all_of(world) == before
    async with world.database.connection() as connection:
        wanted = raw.Wanted(OLD, NOON, (3, 4), 2)
        some = await raw.read(connection, world.readings.lake, wanted)
        assert await world.archive.verify(connection, OLD_DAY)
    assert as_numbers(some) == [row for row in before if row[0] in (3, 4) and row[1] == 2 and row[4] < micros(NOON)]


async def test_归档日重发的数据不重复_也不再汇总(world: ReadingWorld, database_url: str) -> None:
    rows = old_rows()
    await world.writer.put(rows)
    await world.caught_up()
    before = await world.rollups()
    await archived(world, database_url)
    again = await world.writer.put(rows)
    assert (again.stored, again.known) == (0, len(rows))
    await world.caught_up()
    assert await world.rollups() == before


async def test_归档日的迟到数据照收_合并查询_再归档(world: ReadingWorld, database_url: str) -> None:
    rows = old_rows()
    await world.writer.put(rows[:1500])
    await archived(world, database_url)
    written = await world.writer.put(rows)
    assert (written.stored, written.known) == (500, 1500)
    assert await in_table(world) == 500
    assert len(await all_of(world)) == 2000
    await world.caught_up()
    wanted = plain_rollups((d, m, g, _at(at), v, q) for d, m, g, _, at, v, q in await all_of(world))  # type: ignore[misc]
    same_rollups(await world.rollups(), wanted)
    assert await archived(world, database_url) == 2000
    assert await in_table(world) == 0
    assert len(await all_of(world)) == 2000
    files = sorted(path.name for path in world.readings.lake.folder.rglob("*.parquet"))
    assert len(files) == 2
    for path in world.readings.lake.folder.rglob("*.parquet"):
        os.utime(path, (0, 0))
    async with world.database.connection() as connection:
        assert await world.archive.sweep(connection) == 1
    assert len(await all_of(world)) == 2000


def _at(at: float) -> object:
    from yiwang.sensing.model import moment

    return moment(int(at))


async def test_归档途中又来数据_不丢不重(world: ReadingWorld, database_url: str) -> None:
    rows = old_rows(moments=200)
    await world.writer.put(rows[:2000])
    parts = [rows[place : place + 100] for place in range(2000, len(rows), 100)]

    async def late() -> None:
        for part in parts:
            written = await world.writer.put(part)
            assert written.stored == 100

    async def archive() -> None:
        for _ in range(6):
            await archived(world, database_url)

    await asyncio.gather(late(), archive())
    await archived(world, database_url)
    assert len(await all_of(world)) == len(rows)
    async with world.database.connection() as connection:
        arrived = await connection.fetchval("select sum(count) from arrival")
    assert arrived == len(rows)


async def test_当日分区空着重开_再归档途中又来数据_在用的文件不丢(
    world: ReadingWorld, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.writer.put(old_rows())
    await archived(world, database_url)
    before = await all_of(world)
    async with world.database.connection() as connection:
        await make_partitions(connection, [OLD_DAY])
    late = packed(reading(9001, OLD))
    written, arrive = world.archive._write, iter((late,))

    async def while_written(*arguments: object) -> object:
        found = await written(*arguments)  # type: ignore[arg-type]
        for rows in arrive:
            assert (await world.writer.put(rows)).stored == 1
        return found

    monkeypatch.setattr(world.archive, "_write", while_written)
    assert await archived(world, database_url) == 2001
    assert await in_table(world) == 0
    assert len(await all_of(world)) == len(before) + 1
    async with world.database.connection() as connection:
        assert await world.archive.verify(connection, OLD_DAY)


async def test_中断留下的文件无人引用_下次重做并清除(world: ReadingWorld, database_url: str) -> None:
    await world.writer.put(old_rows())
    folder = world.readings.lake.folder / f"{OLD_DAY:%Y}"
    folder.mkdir(parents=True)
    left = folder / f"{OLD_DAY.isoformat()}.1.writing"
    left.write_bytes(b"half a file")
    os.utime(left, (0, 0))
    assert await archived(world, database_url) == 2000
    async with world.database.connection() as connection:
        assert await world.archive.sweep(connection) == 1
    assert not left.exists()
    assert len(await all_of(world)) == 2000


async def test_文件损坏或丢失_说明是哪一个_写入也不冒重复之险(world: ReadingWorld, database_url: str) -> None:
    await world.writer.put(old_rows())
    await archived(world, database_url)
    path = next(world.readings.lake.folder.rglob("*.parquet"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LakeDamaged):
        await all_of(world)
    path.unlink()
    async with world.database.connection() as connection:
        with pytest.raises(LakeDamaged):
            await world.archive.verify(connection, OLD_DAY)
    written = await world.writer.put(packed(reading(1, NOON), reading(1, OLD)))
    assert written.faults is not None
    assert written.faults.tolist() == [Fault.NONE, Fault.ARCHIVE_AWAY]
    path.write_bytes(whole)
    assert (await world.writer.put(packed(reading(1, OLD)))).refused == 0


async def test_昨天和今天不许归档(world: ReadingWorld, database_url: str) -> None:
    with pytest.raises(DayStillWarm):
        await archived(world, database_url, (NOON - DAY).date())


async def test_丢弃的一天不再收数据_汇总仍在(world: ReadingWorld, database_url: str) -> None:
    await world.writer.put(old_rows())
    await world.caught_up()
    before = await world.rollups()
    own = await connect(database_url)
    assert await world.archive.drop(own, OLD_DAY, NOON)
    await own.close()
    written = await world.writer.put(packed(reading(1, OLD), reading(1, NOON)))
    assert written.faults is not None
    assert written.faults.tolist() == [Fault.TOO_OLD, Fault.NONE]
    await world.caught_up()
    assert {key: value for key, value in (await world.rollups()).items() if key[4] < NOON - DAY} == before


async def test_到期自动归档与清理(world: ReadingWorld) -> None:
    await world.writer.put(old_rows())
    await world.writer.put(packed(*(reading(1, NOON - back * DAY) for back in (1, 10, 34, 36, 37))))
    kept = await world.keeper.keep()
    assert [item.day for item in kept.archived] == [OLD_DAY, (NOON - 37 * DAY).date(), (NOON - 36 * DAY).date()]
    assert await in_table(world) == 3
    assert (await world.keeper.keep()).archived == ()


async def test_旧的分钟汇总整月清理_小时与日长存(world: ReadingWorld) -> None:
    await world.writer.put(packed(reading(1, NOON - 800 * DAY), reading(1, NOON)))
    await world.caught_up()
    kept = await world.keeper.keep()
    assert kept.dropped_rollups > 0
    widths = [key[3] for key in await world.rollups() if key[4] < NOON - 700 * DAY]
    assert sorted(widths) == [2, 3]


async def test_从归档重算汇总(world: ReadingWorld, database_url: str) -> None:
    await world.writer.put(old_rows())
    await world.caught_up()
    before = await world.rollups()
    await archived(world, database_url)
    async with world.database.connection() as connection:
        await connection.execute("delete from rollup where device_id % 2 = 0")
    own = await connect(database_url)
    done = await recompute(own, world.readings.lake, world.readings.zone, OLD - DAY, OLD + DAY)
    await own.close()
    assert done.readings == 2000
    same_rollups(await world.rollups(), before)


async def test_文件按设备排序_体积远小于数据库(world: ReadingWorld, database_url: str, tmp_path: Path) -> None:
    rows = old_rows(200, 300)
    rows["value"] = np.round(20 + np.sin(np.arange(len(rows)) / 500), 1)
    await world.writer.put(rows)
    async with world.database.connection() as connection:
        table = await connection.fetchval("select pg_total_relation_size($1::regclass)", f"reading_{OLD_DAY:%Y%m%d}")
    await archived(world, database_url)
    size = sum(path.stat().st_size for path in world.readings.lake.folder.rglob("*.parquet"))
    assert size * 10 < table
    found = await world.readings.lake.read(
        [str(next(world.readings.lake.folder.rglob("*.parquet")).relative_to(world.readings.lake.folder))],
        raw.selection_of(raw.Wanted(OLD, OLD + DAY, grain=None)),
    )
    assert (np.diff(found["device"]) >= 0).all()
    assert len(rows_of([])) == 0
