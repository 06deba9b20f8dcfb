"""PUBACK only after the commit: the gateway is killed with kill -9 while messages come, and with a commit that hangs."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from sensing.devices.world import NOON, World
from sensing.mqtt.conftest import readings, until
from support.mosquitto import Mosquitto, Station
from support.nursery import Child, Nursery, nursery

AT = int(NOON.timestamp())
ROUNDS = int(os.environ.get("YIWANG_CRASH_ROUNDS", "3"))


@pytest.fixture(scope="module")
async def born() -> AsyncIterator[Nursery]:
    async with nursery("support.gateways") as found:
        yield found


@asynccontextmanager
async def gateway_process(world: World, broker: Mosquitto, born: Nursery) -> AsyncIterator[Child]:
    """A gateway that is killed at the end."""
    child = await born.start("mqtt", world.database.url, str(world.context.settings.home), "0", broker.url)
    try:
        yield child
    finally:
        child.kill()
        await child.wait()


async def publish(station: Station, device: str, numbers: range) -> None:
    for begin in range(numbers.start, numbers.stop, 50):
        part = range(begin, min(begin + 50, numbers.stop))
        payloads = [orjson.dumps({"depth": number, "time": AT - number}) for number in part]
        await asyncio.gather(*(station.publish(f"devices/{device}/telemetry", payload) for payload in payloads))


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_killed_again_and_again_under_load_every_message_is_there_once(
    world: World, broker: Mosquitto, born: Nursery
) -> None:
    device = await world.add("crash-1", "c-1", "water-gauge")
    station = Station(broker.url, "crash-station-1")
    await station.connection.connect()
    async with gateway_process(world, broker, born):
        await until(lambda: _stored(station, world, device.id), 90)  # it has a session at the broker now
    done, published = asyncio.Event(), 1

    async def keep_publishing() -> None:
        nonlocal published
        while not done.is_set():
            await publish(station, "c-1", range(published, published + 50))
            published += 50
            await asyncio.sleep(0.03)

    publishing = asyncio.create_task(keep_publishing())
    for _ in range(ROUNDS):
        before = len(await readings(world, device.id))
        async with gateway_process(world, broker, born):
            await until(lambda low=before: _more(world, device.id, low), 90)  # type: ignore[misc]
            await asyncio.sleep(random.uniform(0.01, 0.25))
    done.set()
    await publishing
    async with gateway_process(world, broker, born):
        await until(lambda: _count(world, device.id, published), 90)
    assert [at for at, _ in await readings(world, device.id)] == [
        AT - number for number in range(published - 1, -1, -1)
    ]
    await station.connection.disconnect()


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_a_message_received_but_not_committed_is_sent_again(
    world: World, broker: Mosquitto, born: Nursery
) -> None:
    device = await world.add("crash-2", "c-2", "water-gauge")
    station = Station(broker.url, "crash-station-2")
    await station.connection.connect()
    async with gateway_process(world, broker, born) as gateway:
        await publish(station, "c-2", range(1))  # waits for the session that the test before has made
        await until(lambda: _count(world, device.id, 1), 90)
        async with world.database.transaction() as connection:
            await connection.execute("lock table latest in access exclusive mode")  # no commit of readings gets through
            await publish(station, "c-2", range(1, 40))
            await asyncio.sleep(1)  # received for certain, and waiting for its commit
            gateway.kill()  # while the table is locked: whoever waits for it never commits
            await gateway.wait()
    assert await readings(world, device.id) == [(float(AT), 0.0)]
    async with gateway_process(world, broker, born):
        await until(lambda: _count(world, device.id, 40), 90)
    await station.connection.disconnect()


async def _stored(station: Station, world: World, device: int) -> bool:
    """Say the first again until somebody listens."""
    await publish(station, "c-1", range(1))
    return len(await readings(world, device)) == 1


async def _count(world: World, device: int, count: int) -> bool:
    return len(await readings(world, device)) == count


async def _more(world: World, device: int, low: int) -> bool:
    return len(await readings(world, device)) > low
