"""Vehicles as they move: everything in sight first, then what changed, once a second at most, and nobody beyond their reach."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sensing.devices.world import NOON, World, sensing_world

from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.database import Database
from yiwang.sensing.vehicles import store, watching, watching_api
from yiwang.sensing.vehicles.model import Place
from yiwang.sensing.vehicles.watching import VehicleWatch, Watcher


@dataclass(slots=True)
class Road:
    world: World
    watch: VehicleWatch

    async def move(self, device: int, second: int, lon: float, lat: float = 39.0) -> None:
        """The vehicle reports where it is ``second`` seconds after noon."""
        at = NOON + timedelta(seconds=second)
        place = Place(device, at, second, lon, lat, 5, 30.0, 90, 0, 0b11, None, None)
        async with self.world.database.connection() as connection:
            await store.prepare(connection)
            await store.make_days(connection, {at.date()})
            async with connection.transaction():
                await store.store_new(connection, [place], NOON)


@pytest.fixture
async def road(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Road]:
    monkeypatch.setattr(watching, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(watching_api, "EVERY_SECONDS", 0.15)
    async with sensing_world(database, tmp_path) as world:
        watch = VehicleWatch(database)
        running = asyncio.create_task(watch.run())
        yield Road(world, watch)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@contextlib.asynccontextmanager
async def told(road: Road, watcher: Watcher) -> AsyncIterator[AsyncIterator[tuple[str, list[dict[str, object]]]]]:
    """The events of a stream, by name and items."""
    stream = watching_api.told(road.watch, watcher)

    async def events() -> AsyncIterator[tuple[str, list[dict[str, object]]]]:
        async for chunk in stream:
            name, _, data = chunk.decode().removeprefix("retry: 2000\n\n").partition("\ndata: ")
            if data:
                yield name.removeprefix("event: "), orjson.loads(data)["items"]

    yield events()
    await stream.aclose()  # type: ignore[attr-defined]


async def test_先告知视野内全部车辆_之后只告知变化_每秒至多一次(road: Road) -> None:
    inside, outside = [await road.world.add(code, f"1390000000{n}", "tanker") for n, code in enumerate(("IN", "OUT"))]
    await road.move(inside.id, 0, 117.0)
    await road.move(outside.id, 0, 118.0)
    async with told(road, Watcher(SYSTEM, box=(116.5, 38.5, 117.5, 39.5))) as events:
        name, items = await anext(events)
        assert (name, [one["vehicle"] for one in items]) == ("whole", ["IN"])
        for second in range(1, 6):
            await road.move(inside.id, second, 117.0 + second / 100)
            await road.move(outside.id, second, 118.0)
        await asyncio.sleep(0.1)
        name, items = await anext(events)
        assert name == "moved"
        assert [(one["vehicle"], one["lon"]) for one in items] == [("IN", 117.05)], (
            "five positions, told once: the newest"
        )
        await road.move(inside.id, 9, 119.0)
        _, items = await anext(events)
        assert [(one["vehicle"], one["lon"]) for one in items] == [("IN", 119.0)], "told once more as it leaves"
        await road.move(inside.id, 10, 119.1)
        await road.move(outside.id, 10, 117.2)
        _, items = await anext(events)
        assert [one["vehicle"] for one in items] == ["OUT"], "and the one that came into sight"


async def test_长事务拖住时也不漏(road: Road, database: Database) -> None:
    device = await road.world.add("SLOW", "13900000009", "tanker")
    await road.move(device.id, 0, 117.0)
    watcher = Watcher(SYSTEM, vehicle="SLOW")
    async with told(road, watcher) as events:
        assert [one["lon"] for one in (await anext(events))[1]] == [117.0]
        async with database.connection() as connection:
            await store.prepare(connection)
            async with connection.transaction():
                late = Place(device.id, NOON + timedelta(seconds=5), 5, 117.5, 39.0, 5, 30.0, 90, 0, 3, None, None)
                await store.store_new(connection, [late], NOON)
                await asyncio.sleep(0.2)  # looks pass meanwhile, and do not see it
        _, items = await anext(events)
        assert [one["lon"] for one in items] == [117.5]
        async with database.connection() as connection, connection.transaction():
            await connection.execute(
                "select pg_current_xact_id()"
            )  # holds the mark back: the same is read again and again
            await road.move(device.id, 9, 117.6)
            _, items = await anext(events)
            assert [one["lon"] for one in items] == [117.6]
            await asyncio.sleep(0.2)
            assert not watcher.waiting, "told once"


async def test_只看见权限之内的车辆(road: Road) -> None:
    near = await road.world.add("NEAR", "13900000021", "tanker", area="130111001")
    far = await road.world.add("FAR", "13900000022", "tanker", area="130222001")
    await road.move(near.id, 0, 117.0)
    await road.move(far.id, 0, 117.0)
    actor = Actor(kind="person", grants=(Grant("device", frozenset({"read"}), area="130111"),))
    async with told(road, Watcher(actor)) as events:
        assert [one["vehicle"] for one in (await anext(events))[1]] == ["NEAR"]
        await road.move(far.id, 1, 117.1)
        await road.move(near.id, 1, 117.1)
        assert [one["vehicle"] for one in (await anext(events))[1]] == ["NEAR"]
    assert not road.watch._watchers
