"""Positions are stored once and followed exactly once, whatever order they come in and whoever dies on the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from unittest.mock import AsyncMock
from uuid import UUID

import asyncpg
import pytest
from sensing.devices.world import NOON, World, sensing_world

from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Connection, Database
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.vehicles import store
from yiwang.sensing.vehicles.errors import (
    FenceChanged,
    FenceCodeTaken,
    FenceImpossible,
    SpanTooLong,
    VehiclesOutOfReach,
)
from yiwang.sensing.vehicles.facts import VehicleFacts
from yiwang.sensing.vehicles.following import VehicleFollowing, keep
from yiwang.sensing.vehicles.model import Fence, Place, Shape
from yiwang.sensing.vehicles.service import Vehicles, new_fence_id
from yiwang.sensing.vehicles.trips import all_trips
from yiwang.sensing.vehicles.writer import PositionWriter

BEGIN = NOON - timedelta(hours=3)


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as found:
        yield found


@pytest.fixture
async def writer(world: World) -> AsyncIterator[PositionWriter]:
    found = PositionWriter(world.context, gather=0.001)
    await found.start()
    yield found
    await found.stop()


class Notebook:
    """A taker that writes facts into a table of its own, in the follower's transaction; it may die."""

    def __init__(self) -> None:
        self.dies = False

    async def take(self, connection: Connection, facts: Sequence[VehicleFacts]) -> None:
        await connection.execute("create table if not exists noted (device int, at timestamptz, speed float8)")
        await connection.executemany(
            "insert into noted values ($1, $2, $3)", [(each.device, each.at, each.speed) for each in facts]
        )
        if self.dies:
            raise RuntimeError("killed")


def place(device: int, seconds: float, speed: float = 36.0, lon: float | None = None, status: int = 0b11) -> Place:
    where = 117.0 + seconds * 10 / 85_400 if lon is None else lon
    return Place(
        device, BEGIN + timedelta(seconds=seconds), int(seconds), where, 40.0, 5, speed, 90, 0, status, None, None
    )


async def follow(world: World, *takers: Notebook) -> int:
    following, count = VehicleFollowing(world.context, takers), 0
    while step := await following.advance(2):
        count += step
    return count


async def rows(world: World, query: str, *values: object) -> list[dict[str, object]]:
    async with world.database.connection() as connection:
        return [dict(row) for row in await connection.fetch(query, *values)]


async def test_事实恰好一次_记录者中途死去也一样(world: World, writer: PositionWriter) -> None:
    device = await world.add("once", "13500000001", "tanker")
    for start in range(0, 600, 100):
        await writer.put([place(device.id, seconds) for seconds in range(start, start + 100, 10)])
    book = Notebook()
    book.dies = True
    with pytest.raises(RuntimeError):
        await follow(world, book)
    book.dies = False
    assert await follow(world, book) == 60
    assert await follow(world, book) == 0
    noted = await rows(world, "select at from noted where device = $1 order by at", device.id)
    assert [row["at"] for row in noted] == [BEGIN + timedelta(seconds=seconds) for seconds in range(0, 600, 10)]


async def test_两个跟随者同时_不重不漏(world: World, writer: PositionWriter) -> None:
    device = await world.add("both", "13500000002", "tanker")
    await asyncio.gather(*(writer.put([place(device.id, seconds)]) for seconds in range(300)))
    book = Notebook()
    done = await asyncio.gather(*(follow(world, book) for _ in range(3)))
    rest = await follow(world, book)
    assert sum(done) + rest == 300
    [count] = await rows(world, "select count(*) as n, count(distinct at) as d from noted where device = $1", device.id)
    assert count["n"] == count["d"]


async def test_乱序补报后_行程与按序计算的一样(world: World, writer: PositionWriter) -> None:
    device = await world.add("late", "13500000003", "tanker")
    drive = [place(device.id, seconds) for seconds in range(0, 1800, 30)]
    park = [place(device.id, seconds, 0.0, 117.2108, 0b10) for seconds in range(1800, 3000, 30)]
    back = [place(device.id, seconds, 40.0) for seconds in range(3000, 4200, 30)]
    every = drive + park + back
    shuffled = [every[index : index + 7] for index in range(0, len(every), 7)]
    random.Random(3).shuffle(shuffled)
    for part in shuffled:
        await writer.put(part)
        await follow(world)
    async with world.database.connection() as connection:
        kept = await store.trips_of(connection, device.id, BEGIN, NOON, None, 10)
        points = await store.points_of(connection, device.id, BEGIN, NOON)
    _, plain = all_trips(points)
    assert sorted(kept, key=lambda trip: trip.started_at) == plain
    assert len(plain) == 2


async def test_围栏进出有记录_围栏改动下一批起生效(world: World, writer: PositionWriter) -> None:
    device = await world.add("fenced", "13500000004", "tanker")
    vehicles = Vehicles(world.sensing)
    shape = Shape("circle", ((117.0 + 3000 / 85_400, 40.0),), 500.0)
    drawn = await vehicles.put_fence(SYSTEM, fence("yard", shape), ["fenced"], new=True)
    assert (drawn.revision, drawn.members) == (1, frozenset({device.id}))
    await writer.put([place(device.id, seconds) for seconds in range(0, 600, 10)])
    await follow(world)
    [(crossing, code)] = await vehicles.crossings(SYSTEM, "fenced", BEGIN, NOON, 10)
    assert code == "yard"
    assert crossing.entered_at == BEGIN + timedelta(seconds=250)
    assert crossing.left_at == BEGIN + timedelta(seconds=360)  # beyond the slack of fifteen metres
    assert [each.code for each in await vehicles.fences(SYSTEM, "fenced", 0, 10)] == ["yard"]


def fence(code: str, shape: Shape, fence_id: UUID | None = None, revision: int = 1, area: str = "120111") -> Fence:
    return Fence(fence_id or new_fence_id(), 0, code, code, code, shape, "", None, area=area, revision=revision)


async def test_围栏的编辑_版本_编号_范围(world: World) -> None:
    vehicles = Vehicles(world.sensing)
    circle = Shape("circle", ((117.0, 39.0),), 500.0)
    first = await vehicles.put_fence(SYSTEM, fence("gate", circle), [], new=True)
    with pytest.raises(FenceCodeTaken):
        await vehicles.put_fence(SYSTEM, fence("gate", circle), [], new=True)
    second = await vehicles.put_fence(SYSTEM, fence("gate", circle, first.id), [], new=False)
    assert (second.revision, second.number) == (2, first.number)
    with pytest.raises(FenceChanged):
        await vehicles.put_fence(SYSTEM, fence("gate", circle, first.id), [], new=False)
    with pytest.raises(VehiclesOutOfReach):
        await vehicles.put_fence(SYSTEM, fence("other", circle), ["no-such"], new=True)
    for shape in (
        Shape("circle", ((117.0, 39.0),), 0.0),
        Shape("polygon", ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))),
        Shape("polygon", ((117.0, 39.0), (117.1, 39.0))),
        Shape("route", ((100.0, 30.0), (117.0, 39.0)), 50.0),
        Shape("rectangle", ((117.0, 39.0), (117.0, 39.0))),
    ):
        with pytest.raises(FenceImpossible):
            await vehicles.put_fence(SYSTEM, fence("bad", shape), [], new=True)
    await vehicles.retire_fence(SYSTEM, first.id)
    with pytest.raises(NotFound):
        await vehicles.retire_fence(SYSTEM, first.id)
    verbs = await rows(world, "select verb from journal where subject_id = $1 order by tx, seq", first.id)
    assert [row["verb"] for row in verbs] == ["fence.drawn", "fence.changed", "fence.retired"]


async def test_只看得到权限内的车_看轨迹要留痕(world: World, writer: PositionWriter) -> None:
    near = await world.add("near", "13500000005", "tanker", area="120111001")
    far = await world.add("far", "13500000006", "tanker", area="120112001")
    for device in (near, far):
        await writer.put([place(device.id, seconds) for seconds in range(0, 6000, 10)])
    vehicles = Vehicles(world.sensing)
    reader = Actor(
        "person",
        name="监管员",
        grants=(Grant("device", frozenset({"read"}), "120111"), Grant("reading", frozenset({"read"}), "120111")),
    )
    codes = {row["code"] for row in await vehicles.now(reader)}
    assert "near" in codes
    assert "far" not in codes
    box = (117.0, 39.9, 117.9, 40.1)
    assert {row["code"] for row in await vehicles.now(SYSTEM, box=box)} >= {"near", "far"}
    assert await vehicles.now(SYSTEM, box=(10.0, 10.0, 11.0, 11.0)) == []
    found = await vehicles.track(reader, "near", BEGIN, NOON, 50)
    assert found.positions == 600
    assert sum(map(len, found.segments)) <= 50
    with pytest.raises(NotFound):
        await vehicles.track(reader, "far", BEGIN, NOON, 50)
    with pytest.raises(Forbidden):
        await vehicles.track(Actor("person", name="别人"), "near", BEGIN, NOON, 50)
    with pytest.raises(SpanTooLong):
        await vehicles.track(reader, "near", BEGIN, BEGIN + timedelta(days=40), 50)
    told = await rows(
        world, "select actor_name from journal where verb = 'vehicle.track_read' and subject_id = $1", near.uid
    )
    assert [row["actor_name"] for row in told] == ["监管员"]


async def test_过期的位置按天删除(world: World, writer: PositionWriter) -> None:
    device = await world.add("old", "13500000007", "tanker")
    old = place(device.id, 0)._replace(at=NOON - timedelta(days=200))
    await writer.put([old, place(device.id, 0)])
    removed = await keep(world.context)
    assert removed == [old.at.date()]
    assert len(await rows(world, "select 1 from position where device_id = $1", device.id)) == 1
    await writer.put([old])  # its day is made again, for what comes that late
    assert isinstance(world.context.clock, ManualClock)


@pytest.mark.parametrize(
    "fault",
    [asyncpg.InternalClientError("cannot switch to state 15"), RuntimeError("unforeseen")],
    ids=["连接", "意外"],
)
async def test_存入中途出错_这一批不答复_之后的照常存入(
    world: World, writer: PositionWriter, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    device = await world.add(
        f"fault-{type(fault).__name__}", "13500000101" if isinstance(fault, RuntimeError) else "13500000102", "tanker"
    )
    with monkeypatch.context() as broken:
        broken.setattr(store, "store_new", AsyncMock(side_effect=fault))
        with pytest.raises(SensingUnavailable):
            await writer.put([place(device.id, 0)])
    await writer.put([place(device.id, 0)])
    assert len(await rows(world, "select at from position where device_id = $1", device.id)) == 1
