"""Asking for readings: curves from the grain that fits, last values within what one may see, history, gaps."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_world import NOON, SHANGHAI, ReadingWorld, packed, reading

from yiwang.kernel.access import ANONYMOUS, SYSTEM, Actor, Grant
from yiwang.kernel.database import connect
from yiwang.kernel.errors import Forbidden, SignInNeeded
from yiwang.sensing.errors import SpanNotUsable, TooManyReadings, UnknownDevice
from yiwang.sensing.model import Grain, Quality, empty_rows, micros
from yiwang.sensing.readings import Which
from yiwang.sensing.readings.latest import records
from yiwang.sensing.readings.series import plan
from yiwang.sensing.readings.service import gaps

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


async def devices(world: ReadingWorld, *, count: int = 4) -> None:
    """Devices 1…count: the odd ones in 120111001, the even ones in 120112001; organisation is the id."""
    async with world.database.transaction() as connection:
        await connection.execute("delete from device; delete from device_profile")
        await connection.execute(
            "insert into device_profile (id, pack, protocol, declaration, digest, published_at) "
            "values ('air', 'p', 'http', '{}', '', $1)",
            NOON,
        )
        await connection.execute(
            "insert into device (id, code, profile, protocol, address, names, area, organisation_id, position, "
            "created_at, updated_at) overriding system value select n, 'd' || n, 'air', 'http', 'a' || n, '{}', "
            "case when n % 2 = 1 then '120111001' else '120112001' end, n, st_setsrid(st_makepoint(117 + n / 100.0, 39), 4326), "
            "$1, $1 from generate_series(1, $2) n",
            NOON,
            count,
        )


def minutely(days: float, device: int = 1) -> np.ndarray:  # type: ignore[type-arg]
    rows = empty_rows(int(days * 1440))
    rows["device"], rows["metric"] = device, 1
    rows["at"] = micros(NOON) - np.arange(len(rows)) * 60_000_000
    rows["value"] = np.arange(len(rows)) % 97
    return rows


async def test_同一跨度按点数取粗细_总量处处相等(world: ReadingWorld) -> None:
    await devices(world)
    rows = minutely(9)
    await world.writer.put(rows)
    await world.caught_up()
    since, until = NOON - 8 * DAY, NOON
    inside = rows[(rows["at"] >= micros(since)) & (rows["at"] < micros(until))]
    seen = set()
    for points in (5_000, 3_000, 1_000, 300, 100, 20, 9):
        found = await world.readings.series(SYSTEM, 1, 1, since, until, points=points)
        seen.add((found.source, found.step))
        assert len(found.buckets) <= points
        if found.source != "day":
            assert found.buckets["count"].sum() == len(inside)
            assert found.buckets["sum"].sum() == pytest.approx(inside["value"].sum())
            assert found.buckets["high"].max() == 96
        assert (np.diff(found.buckets["at"]) > 0).all()
    assert {source for source, _ in seen} == {"minute", "hour", "day"}


async def test_短跨度给出读数本身(world: ReadingWorld) -> None:
    await devices(world)
    await world.writer.put(minutely(1))
    found = await world.readings.series(SYSTEM, 1, 1, NOON - HOUR, NOON + MINUTE, points=100)
    assert (found.source, found.step, len(found.buckets)) == ("raw", 0, 61)
    assert found.records()[-1].at == NOON


async def test_密集读数合并为整齐的秒数(world: ReadingWorld) -> None:
    await devices(world)
    await world.writer.put(packed(*(reading(1, NOON - timedelta(seconds=step), step) for step in range(300))))
    found = await world.readings.series(SYSTEM, 1, 1, NOON - timedelta(seconds=299), NOON + MINUTE, points=40)
    assert (found.source, found.step) == ("raw", 10)
    assert found.buckets["count"].sum() == 300
    first = found.records()[1]
    assert (first.low, first.high, first.last) == (281, 290, 281)


async def test_分钟汇总已清理的旧跨度_取小时或原始读数(world: ReadingWorld, database_url: str) -> None:
    await devices(world)
    old = NOON - 500 * DAY
    rows = minutely(2)
    rows["at"] -= micros(NOON) - micros(old)
    await world.writer.put(rows)
    await world.caught_up()
    await world.keeper.keep()
    own = await connect(database_url)
    assert await own.fetchval("select count(*) from reading") == 0, "the days are in the lake"
    await own.close()
    found = await world.readings.series(SYSTEM, 1, 1, old - DAY, old, points=300)
    assert found.source == "raw"
    assert found.buckets["count"].sum() == 1440


async def test_设备自报的小时均值自成一线(world: ReadingWorld) -> None:
    await devices(world)
    await world.writer.put(
        packed(*(reading(1, NOON - step * HOUR, step, grain=Grain.HOUR) for step in range(1, 100)), reading(1, NOON, 5))
    )
    await world.caught_up()
    found = await world.readings.series(SYSTEM, 1, 1, NOON - 100 * HOUR, NOON, points=200, grain=Grain.HOUR)
    assert (found.source, found.step) == ("hour", 3600)
    assert found.buckets["last"].tolist() == list(range(99, 0, -1))


async def test_全无有效值的桶_没有最大最小_有效比例为零(world: ReadingWorld) -> None:
    await devices(world)
    await world.writer.put(packed(reading(1, NOON, 9, quality=int(Quality.DEVICE_FAULT))))
    await world.caught_up()
    for points in (2, 100):
        found = (await world.readings.series(SYSTEM, 1, 1, NOON - 3 * DAY, NOON + HOUR, points=points)).records()
        assert [(item.count, item.low, item.mean, item.last, item.valid_share) for item in found] == [
            (1, None, None, None, 0)
        ]


@given(
    st.integers(1, 10 * 366 * 86_400),
    st.integers(0, 10**9),
    st.integers(2, 5_000),
    st.sampled_from(list(Grain)),
)
def test_任何跨度都不超过所要的点数(seconds: int, shift: int, points: int, grain: Grain) -> None:
    until = NOON - timedelta(seconds=shift)
    since = until - timedelta(seconds=seconds)
    found = plan(since, until, points, grain)
    if found.width is not Grain.DAY:
        begin, end, step = micros(since), micros(until), found.step * 1_000_000
        assert (end - 1) // step - begin // step + 1 <= points
    else:
        days = (until.astimezone(SHANGHAI).date() - since.astimezone(SHANGHAI).date()).days + 1
        assert -(-days // found.times) <= points + 1


@pytest.mark.parametrize(("since", "until"), [(NOON, NOON), (NOON, NOON - DAY), (NOON - 30_000 * DAY, NOON)])
async def test_不成立的跨度被拒绝(world: ReadingWorld, since: datetime, until: datetime) -> None:
    await devices(world)
    with pytest.raises(SpanNotUsable):
        await world.readings.series(SYSTEM, 1, 1, since, until)


def person(*grants: Grant) -> Actor:
    return Actor(kind="person", grants=grants)


READ = frozenset({"read"})


async def test_最新值只给看得见的设备(world: ReadingWorld) -> None:
    await devices(world)
    await world.writer.put(packed(*(reading(number, NOON, number) for number in range(1, 5))))

    async def seen(actor: Actor, which: Which | None = None) -> list[int]:
        return [item.device for item in records(await world.readings.latest(actor, which))]

    everywhere = person(Grant("reading", READ))
    assert await seen(everywhere) == [1, 2, 3, 4]
    assert await seen(person(Grant("reading", READ, area="120111"))) == [1, 3]
    assert await seen(person(Grant("reading", READ, organisations=frozenset({2, 3})))) == [2, 3]
    assert await seen(everywhere, Which(area="120112")) == [2, 4]
    assert await seen(everywhere, Which(box=(117.015, 38, 117.035, 40))) == [2, 3]
    assert await seen(everywhere, Which(profiles=["other"])) == []
    assert await seen(everywhere, Which(devices=[4, 1], after=1)) == [4]
    assert await seen(everywhere, Which(metrics=[2])) == []
    with pytest.raises(Forbidden):
        await seen(person())
    with pytest.raises(SignInNeeded):
        await seen(ANONYMOUS)


async def test_看不见的设备如同不存在(world: ReadingWorld) -> None:
    await devices(world)
    here = person(Grant("reading", frozenset({"read", "export"}), area="120111"))
    await world.readings.series(here, 1, 1, NOON - DAY, NOON)
    for device in (2, 99):
        with pytest.raises(UnknownDevice):
            await world.readings.series(here, device, 1, NOON - DAY, NOON)
        with pytest.raises(UnknownDevice):
            await world.readings.history(here, device, 1, NOON, 30)
        with pytest.raises(UnknownDevice):
            await world.readings.export(here, [1, device], None, NOON - DAY, NOON)
    with pytest.raises(Forbidden):
        await world.readings.export(person(Grant("reading", READ)), [1], None, NOON - DAY, NOON)


async def test_前后半小时的读数(world: ReadingWorld) -> None:
    await devices(world)
    await world.writer.put(minutely(1))
    rows = await world.readings.history(SYSTEM, 1, 1, NOON - 5 * HOUR, 30)
    assert len(rows) == 60
    assert rows["at"][0] == micros(NOON - 5 * HOUR - 30 * MINUTE)


async def test_导出过多被拒绝_而非截断(world: ReadingWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    from yiwang.sensing.readings import service

    await devices(world)
    await world.writer.put(minutely(1))
    found = await world.readings.export(SYSTEM, [1, 2], None, NOON - HOUR, NOON)
    assert (found.count, found.codes) == (60, {1: "d1", 2: "d2"})
    monkeypatch.setattr(service, "MOST_EXPORTED", 59)
    with pytest.raises(TooManyReadings):
        await world.readings.export(SYSTEM, [1], None, NOON - HOUR, NOON)


def test_缺测的小时逐个数出() -> None:
    begin = NOON - 10 * HOUR
    rows = packed(*(reading(1, begin + step * HOUR) for step in (1, 2, 5, 6, 9)))
    found = gaps(rows, HOUR, begin, NOON)
    hour = 3600 * 1_000_000
    assert [((first - micros(begin)) // hour, (last - micros(begin)) // hour) for first, last in found] == [
        (0, 0), (3, 4), (7, 8),
    ]  # fmt: skip
    assert gaps(packed(), HOUR, begin, NOON) == [(micros(begin), micros(NOON - HOUR))]
