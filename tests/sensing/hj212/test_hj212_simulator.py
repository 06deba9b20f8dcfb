"""The simulated data logger speaks to the real gateway over a real socket: every edition, requests, splitting, bad lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sensing.devices.world import World, sensing_world
from tests.sensing.hj212.loggers import Running, add, eventually, gateway_of, publish_flue, readings_of
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database
from yiwang.sensing.gateways.hj212.gateway import Patience
from yiwang.sensing.simulators import curves
from yiwang.sensing.simulators.hj212 import Station
from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as found:
        await publish_flue(found)
        yield found


@pytest.fixture(scope="module")
async def running(world: World) -> AsyncIterator[Running]:
    async with gateway_of(world, Patience(2.0, 3, 5.0)) as found:
        yield found


class Played:
    """A station that runs until the block ends."""

    def __init__(self, station: Station) -> None:
        self.station = station

    async def __aenter__(self) -> Station:
        self.task = asyncio.create_task(self.station.run())
        return self.station

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def station_of(
    world: World, running: Running, code: str, profile: str = "air-station", secret: str = "123456", **options: object
) -> Played:
    device = await add(world, code, f"5100{code.replace('-', '')}", profile, secret=secret)
    more = options.pop("more", {})
    simulated = SimulatedDevice(device, world.sensing.directory.profile_of(device), secret)
    told = SimulateOptions(world.context.clock, port=running.port, every=0.05, more=more, **options)  # type: ignore[arg-type]
    return Played(Station(simulated, told))


async def count(world: World, played: Played) -> int:
    return len(await readings_of(world.database, played.station.simulated.device.id))


@pytest.mark.parametrize("version", ["2005", "2017", "2025"])
async def test_各版本的模拟数采仪_数据入库并得应答(world: World, running: Running, version: str) -> None:
    played = await station_of(
        world, running, f"SIM-{version}", "flue-station", more={"version": version, "heartbeat": "0.1", "split": "60"}
    )
    async with played as station:

        async def spoken() -> bool:
            return station.acknowledged >= 5 and await count(world, played) >= 3

        await eventually(spoken)


async def test_加密的模拟数采仪(world: World, running: Running) -> None:
    key = "123456 0123456789ABCDEFFEDCBA9876543210"
    played = await station_of(world, running, "SIM-SM4", secret=key, more={"version": "2025", "encrypt": "raw"})
    async with played as station:

        async def spoken() -> bool:
            return station.acknowledged >= 3

        await eventually(spoken)
    assert await count(world, played) == 3, "the clock stands still, so it is the same moment again"


async def test_推超限值_单位按线上换算(world: World, running: Running) -> None:
    played = await station_of(world, running, "SIM-HIGH", exceed={("SIM-HIGH", "pm25"): 320.0})
    async with played:

        async def high() -> bool:
            found = await readings_of(world.database, played.station.simulated.device.id)
            return any(name == "pm25" and value == 320.0 for name, _, _, value, _ in found)

        await eventually(high)


async def test_坏线路上_好帧照样全部应答(world: World, running: Running) -> None:
    played = await station_of(world, running, "SIM-BAD", errors=0.4)
    played.station.answer_seconds, played.station.attempts = 0.15, 50
    async with played as station:

        async def spoken() -> bool:
            return station.acknowledged >= 15

        await eventually(spoken)
        assert station.sent >= station.acknowledged


@pytest.mark.parametrize(
    ("verb", "parameters"),
    [
        ("sync-time", {}),
        ("set-interval", {"seconds": 60}),
        ("set-interval", {"minutes": 5}),
        ("set-parameters", {"timeout": 5, "retries": 3}),
        ("set-parameters", {"instrument": "a21026", "start": "000000", "hours": 2}),
        ("set-parameters", {"instrument": "a21026", "info": "i13001", "value": "500"}),
        ("query-parameters", {"what": "time"}),
        ("query-parameters", {"what": "interval"}),
        ("query-parameters", {"what": "minute-interval"}),
        ("query-parameters", {"what": "sampling-period", "instrument": "a21026"}),
        ("query-parameters", {"what": "sample-time", "instrument": "a21026"}),
        ("query-parameters", {"what": "unique-id", "instrument": "a21026"}),
        ("query-parameters", {"what": "info", "instrument": "a21026", "info": "i13001"}),
        ("fetch-history", {"grain": "minute", "since": "2026-06-18T08:00+08:00", "until": "2026-06-18T09:00+08:00"}),
        ("fetch-history", {"grain": "hour", "since": "2026-06-18T08:00+08:00", "until": "2026-06-18T10:00+08:00"}),
        ("fetch-history", {"grain": "day", "since": "2026-06-15T00:00+08:00", "until": "2026-06-16T00:00+08:00"}),
        ("fetch-history", {"grain": "run-hours", "since": "2026-06-15T00:00+08:00", "until": "2026-06-16T00:00+08:00"}),
        ("control", {"action": "stop"}),
        ("control", {"action": "start"}),
        ("control", {"action": "start-status"}),
        ("control", {"action": "calibrate", "instrument": "a21026"}),
        ("control", {"action": "retain"}),
        ("set-password", {"password": "ABC123"}),
    ],
)
async def test_各条指令由模拟数采仪执行(
    world: World, running: Running, verb: str, parameters: dict[str, object]
) -> None:
    number = f"{verb}-{abs(hash(str(parameters))) % 10**8}"
    played = await station_of(world, running, f"CMD-{number}", "flue-station")
    device = played.station.simulated.device
    async with played as station:

        async def spoken() -> bool:
            return station.acknowledged >= 1

        await eventually(spoken)
        async with world.database.transaction() as connection:
            given = await world.sensing.commands.give(connection, SYSTEM, device.id, verb, parameters)  # type: ignore[arg-type]

        async def ended() -> bool:
            async with world.database.connection() as connection:
                return bool(
                    await connection.fetchval("select answer is not null from device_command where id = $1", given.id)
                )

        await eventually(ended)
        async with world.database.connection() as connection:
            row = await connection.fetchrow("select state, answer from device_command where id = $1", given.id)
        assert row is not None
        assert row["state"] == "confirmed", row["answer"]
        if verb == "set-password":
            before = station.acknowledged

            async def again() -> bool:
                return station.acknowledged > before + 2

            await eventually(again)


def test_曲线可重复_在界内_一日有起伏() -> None:
    from tests.sensing.devices.world import NOON

    for name, curve in curves.CURVES.items():
        day = [curves.value(name, NOON + timedelta(minutes=10 * step), "s") for step in range(144)]
        assert day == [curves.value(name, NOON + timedelta(minutes=10 * step), "s") for step in range(144)]
        assert all(curve.low <= value <= curve.high for value in day)
        states = curve.decimals == 0 and curve.high == 1  # open or closed, lit or not
        assert len(set(day)) > 5 or name == "rain" or states, name
