"""Roll-ups: the same as reckoned by hand from the final table, whatever order, repetition and lateness readings came in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_world import NOON, ReadingWorld, packed, plain_rollups, reading, reading_world, same_rollups

from yiwang.kernel.database import Database, connect
from yiwang.sensing.model import INVALID, Grain, Quality, Reading, micros, moment, rows_of
from yiwang.sensing.readings import arrivals, rollups
from yiwang.sensing.readings.recompute import blocks_of, recompute, without

HOUR = timedelta(hours=1)

readings = st.builds(
    reading,
    st.integers(1, 3),
    st.integers(0, 3 * 86_400 // 20).map(lambda step: NOON - timedelta(seconds=20 * step)),
    st.integers(-50, 50).map(lambda value: value / 4),
    metric=st.integers(1, 2),
    grain=st.sampled_from([Grain.REAL, Grain.REAL, Grain.REAL, Grain.MINUTE, Grain.HOUR, Grain.DAY]),
    quality=st.sampled_from([0, 0, 0, int(Quality.DEVICE_FAULT), int(Quality.MANUAL)]),
)


@settings(max_examples=25)
@given(st.lists(st.lists(readings, min_size=1, max_size=12), min_size=1, max_size=6), st.integers(1, 3))
async def test_乱序重发迟到_汇总都等于按最终数据重算(
    tmp_path_factory: pytest.TempPathFactory, database: Database, batches: list[list[Reading]], every: int
) -> None:
    async with reading_world(database, tmp_path_factory.mktemp("home")) as world:
        for place, batch in enumerate(batches):
            await world.writer.put(packed(*batch))
            await world.writer.put(packed(*batch[::-1]))
            if place % every == 0:
                await world.keeper.follow()
        await world.caught_up()
        same_rollups(await world.rollups(), plain_rollups(await world.stored()))  # type: ignore[arg-type]


async def test_迟到的一条只改动它所在的三个桶(world: ReadingWorld) -> None:
    await world.writer.put(packed(*(reading(1, NOON - timedelta(minutes=step), step) for step in range(120))))
    await world.caught_up()
    before = await world.rollups()
    late = NOON - timedelta(minutes=90, seconds=30)
    await world.writer.put(packed(reading(1, late, 999)))
    await world.caught_up()
    after = await world.rollups()
    changed = {key for key in after if after[key] != before.get(key)}
    assert {key[3] for key in changed} == {1, 2, 3}
    assert len(changed) == 3


async def test_按本市时区的零点分日(world: ReadingWorld) -> None:
    midnight = datetime(2026, 4, 29, 16, 0, tzinfo=UTC)  # 30 April in Shanghai
    await world.writer.put(
        packed(reading(1, midnight - timedelta(seconds=1), 1), reading(1, midnight, 2), reading(1, midnight + HOUR, 4))
    )
    await world.caught_up()
    days = {key[4]: value for key, value in (await world.rollups()).items() if key[3] == Grain.DAY}
    assert days[midnight][4] == 6
    assert days[midnight - timedelta(days=1)][4] == 1


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns"])
def test_分日与标准库一致_夏令时也一样(zone: str) -> None:
    place = ZoneInfo(zone)
    at = np.arange(micros(datetime(2026, 3, 27, tzinfo=UTC)), micros(datetime(2026, 4, 1, tzinfo=UTC)), 1_234_567_891)
    for value, begin in zip(at.tolist(), rollups.day_begins(at, place).tolist(), strict=True):
        local = moment(value).astimezone(place)
        assert moment(begin) == datetime(local.year, local.month, local.day, tzinfo=place).astimezone(UTC)


async def test_无效值计数而不计入最大最小与平均(world: ReadingWorld) -> None:
    bad = int(Quality.COMMUNICATION)
    await world.writer.put(packed(reading(1, NOON, 1000, quality=bad), reading(1, NOON + timedelta(seconds=9), 5)))
    await world.writer.put(packed(reading(2, NOON, 7, quality=bad)))
    await world.caught_up()
    found = await world.rollups()
    minute = {key[0]: value for key, value in found.items() if key[3] == Grain.MINUTE and key[0] == 2}
    assert minute[2] == (1, 0, None, None, 0, None)
    hour = next(value for key, value in found.items() if key[:4] == (1, 1, 0, 2))
    assert hour == (2, 1, 5, 5, 5, 5)


async def test_先取到号者未提交_跟随者不越过它(world: ReadingWorld, database_url: str) -> None:
    """A slow writer holds a lower id; what others commit meanwhile waits, and nothing is skipped."""
    slow = await connect(database_url)
    transaction = slow.transaction()
    await transaction.start()
    first = await arrivals.announce(slow, NOON, packed(reading(1, NOON, 1)))
    await world.writer.put(packed(reading(2, NOON, 2)))
    async with world.database.transaction() as connection:
        assert await arrivals.follow(connection, "rollups", 10) == []
    await transaction.commit()
    async with world.database.transaction() as connection:
        came = await arrivals.follow(connection, "rollups", 10)
    assert [item.id for item in came] == [first, first + 1]
    await slow.close()


async def test_旁人的长事务不拖住跟随者(world: ReadingWorld, database_url: str) -> None:
    other = await connect(database_url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("create temporary table something (n int); select pg_current_xact_id()")
    await world.writer.put(packed(reading(1, NOON)))
    async with world.database.transaction() as connection:
        assert len(await arrivals.follow(connection, "rollups", 10)) == 1
    await transaction.rollback()
    await other.close()


async def test_回滚的号不拖住也不丢失(world: ReadingWorld, database_url: str) -> None:
    other = await connect(database_url)
    transaction = other.transaction()
    await transaction.start()
    await arrivals.announce(other, NOON, packed(reading(1, NOON)))
    await transaction.rollback()
    await other.close()
    await world.writer.put(packed(reading(2, NOON)))
    async with world.database.transaction() as connection:
        came = await arrivals.follow(connection, "rollups", 10)
    assert [item.rows["device"].tolist() for item in came] == [[2]]


async def test_跟随者回滚_下次再来(world: ReadingWorld) -> None:
    await world.writer.put(packed(reading(1, NOON)))
    async with world.database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert len(await arrivals.follow(connection, "rollups", 10)) == 1
        await transaction.rollback()
    async with world.database.transaction() as connection:
        assert len(await arrivals.follow(connection, "rollups", 10)) == 1
    async with world.database.transaction() as connection:
        assert await arrivals.follow(connection, "rollups", 10) == []


async def test_同名跟随者同时只有一个在做(world: ReadingWorld) -> None:
    await world.writer.put(packed(reading(1, NOON)))
    async with world.database.transaction() as one, world.database.transaction() as two:
        assert len(await arrivals.follow(one, "rollups", 10)) == 1
        assert await arrivals.follow(two, "rollups", 10) == []


async def test_每条到达恰好一次_多个写者一个跟随者同时进行(world: ReadingWorld, database_url: str) -> None:
    seen: list[int] = []
    done = asyncio.Event()

    async def follower() -> None:
        finished = False
        while not finished:
            finished = done.is_set()
            async with world.database.transaction() as connection:
                for item in await arrivals.follow(connection, "watching", 7):
                    seen.append(item.id)
                    finished = False
            await asyncio.sleep(0.001)

    async def one(number: int) -> None:
        connection = await connect(database_url)
        for step in range(60):
            async with connection.transaction():
                await arrivals.announce(connection, NOON, packed(reading(number, NOON)))
                await asyncio.sleep(0.0001 * ((step * 7 + number * 3) % 11))
        await connection.close()

    async with world.database.transaction() as connection:
        await arrivals.follow(connection, "watching", 1)
    following = asyncio.create_task(follower())
    await asyncio.gather(*map(one, range(1, 7)))
    done.set()
    await following
    assert len(seen) == 360
    assert seen == sorted(set(seen))


async def test_都看过的到达被清理_没看过的留着(world: ReadingWorld) -> None:
    async with world.database.transaction() as connection:
        await arrivals.follow(connection, "slow", 1)
    await world.writer.put(packed(reading(1, NOON)))
    await world.caught_up()
    async with world.database.connection() as connection:
        assert await arrivals.tidy(connection) == 0
        assert await arrivals.waiting(connection) == {"rollups": 0, "slow": 1}
        await connection.execute("update arrival_mark set id = (select max(id) from arrival)")
        assert await arrivals.tidy(connection) == 1


async def test_重算等于原样_未跟随的到达不算两次(world: ReadingWorld, database_url: str) -> None:
    rng = np.random.default_rng(3)
    items = [
        reading(int(device), NOON - timedelta(seconds=int(back)), float(value), grain=Grain(int(grain)))
        for device, back, value, grain in zip(
            rng.integers(1, 6, 600), rng.integers(0, 4 * 86_400, 600), rng.normal(20, 5, 600), rng.integers(0, 4, 600),
            strict=True,
        )
    ]  # fmt: skip
    await world.writer.put(packed(*items[:300]))
    await world.caught_up()
    async with world.database.connection() as connection:
        await connection.execute("update rollup set count = count + 5 where device_id = 1")
        await connection.execute("delete from rollup where device_id = 2")
    own = await connect(database_url)
    held = await connect(database_url)
    try:
        # A writer that has taken its number and not committed keeps the follower from going on past it.
        transaction = held.transaction()
        await transaction.start()
        await arrivals.announce(held, NOON, rows_of([]))
        await world.writer.put(packed(*items[300:]))
        done = await recompute(own, world.readings.lake, world.readings.zone, NOON - timedelta(days=5), NOON + HOUR)
        await transaction.commit()
    finally:
        await own.close()
        await held.close()
    assert done.days == 6
    await world.caught_up()
    same_rollups(await world.rollups(), plain_rollups(await world.stored()))  # type: ignore[arg-type]


async def test_重算途中跟随者照常工作_结果一致(database: Database, database_url: str, tmp_path: Path) -> None:
    async with reading_world(database, tmp_path) as world:
        stop = asyncio.Event()

        async def load() -> None:
            for step in range(60):
                rows = packed(*(reading(d, NOON - timedelta(seconds=37 * step + d), step) for d in range(1, 40)))
                await world.writer.put(rows)
            stop.set()

        async def follow() -> None:
            while not stop.is_set():
                await world.keeper.follow()
                await asyncio.sleep(0)

        async def again() -> None:
            own = await connect(database_url)
            while not stop.is_set():
                await recompute(own, world.readings.lake, world.readings.zone, NOON - HOUR, NOON + HOUR)
            await own.close()

        await asyncio.gather(load(), follow(), again())
        await world.caught_up()
        same_rollups(await world.rollups(), plain_rollups(await world.stored()))  # type: ignore[arg-type]


def test_除去若干行() -> None:
    rows = packed(*(reading(d, NOON, d) for d in range(1, 6)))
    others = packed(reading(2, NOON, 5), reading(9, NOON), reading(5, NOON + HOUR))
    assert without(rows, others)["device"].tolist() == [1, 3, 4, 5]
    assert without(rows, rows[:0])["device"].tolist() == [1, 2, 3, 4, 5]


def test_设备分块覆盖全部编号() -> None:
    blocks = blocks_of({5: 10, 7: 10, 9: 30, 11: 1}, most=20)
    assert blocks == [(0, 8), (9, 10), (11, 2**31 - 1)]
    assert blocks_of({}) == [(0, 2**31 - 1)]


def test_无效标记的集合是标准里的那些() -> None:
    assert int(INVALID) == 1 | 2 | 8 | 16 | 64 | 128
