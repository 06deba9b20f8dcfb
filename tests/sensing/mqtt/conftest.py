"""The MQTT gateway in this process, on a real broker and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sensing.devices.world import NOON, PROFILES, World, sensing_world
from support.mosquitto import Mosquitto

from yiwang.kernel.database import Database
from yiwang.sensing.devices.declarations import ProfileDeclaration
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.gateways.mqtt.connection import BrokerConnection
from yiwang.sensing.gateways.mqtt.gateway import serve


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    timed = {**PROFILES["water-gauge"], "payload": {"at": "time", "time": "seconds"}}
    async with sensing_world(database, tmp_path_factory.mktemp("home")) as found:
        async with database.transaction() as connection:
            await publish_signals(
                connection,
                {},
                [("environment-monitoring", "water-gauge", ProfileDeclaration.model_validate(timed))],
                NOON,
            )
        await found.sensing.directory.refresh()
        yield found


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mosquitto]:
    found = Mosquitto(Path(tmp_path_factory.mktemp("broker")))
    await found.start()
    yield found
    await found.stop()


@asynccontextmanager
async def gateway(world: World, broker: Mosquitto, query: str = "") -> AsyncIterator[None]:
    """The gateway, for as long as the block lasts; then it ends in good order. It hears the broker when the block begins."""
    stop, hears = asyncio.Event(), asyncio.Event()
    settings = GatewaySettings("mqtt", broker=broker.url + query)
    subscribe = BrokerConnection.subscribe

    async def subscribed(connection: BrokerConnection, filters: Iterable[str]) -> None:
        wanted = list(filters)
        await subscribe(connection, wanted)
        if wanted:
            hears.set()

    with pytest.MonkeyPatch.context() as watched:
        watched.setattr(BrokerConnection, "subscribe", subscribed)
        running = asyncio.create_task(serve(world.sensing, settings, stop))
        await asyncio.wait_for(hears.wait(), 60)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 60)


async def until(what: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait until it is so."""
    for _ in range(int(seconds * 20)):
        if await what():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to pass")


async def readings(world: World, device: int) -> list[tuple[float, float]]:
    """(seconds since 1970, value) of a device, by time."""
    async with world.database.connection() as connection:
        rows = await connection.fetch(
            "select extract(epoch from at)::float8 as at, value from reading where device_id = $1 order by at", device
        )
    return [(row["at"], row["value"]) for row in rows]
