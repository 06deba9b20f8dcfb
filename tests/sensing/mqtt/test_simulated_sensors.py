"""Simulated MQTT sensors speak the real protocol: readings, status, last will, answers to commands."""

from __future__ import annotations

import asyncio

from sensing.devices.world import World
from sensing.mqtt.conftest import gateway, readings, until
from support.mosquitto import Mosquitto

from yiwang.kernel.access import Actor, Grant
from yiwang.sensing.simulators.mqtt import simulate
from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions


async def test_simulated_sensors_are_heard_and_obey(world: World, broker: Mosquitto) -> None:
    devices = [await world.add(f"sim-{number}", f"sim-{number}", "water-gauge") for number in range(3)]
    played = [SimulatedDevice(device, world.sensing.directory.profile_of(device)) for device in devices]
    options = SimulateOptions(
        world.context.clock, broker=broker.url, every=0.2, exceed={("sim-1", "level"): 9.5}, errors=0.2
    )
    stop = asyncio.Event()
    async with gateway(world, broker):
        playing = asyncio.create_task(simulate(played, options, stop))
        for device in devices:
            await until(lambda wanted=device.id: _heard(world, wanted))  # type: ignore[misc]
        assert [round(value, 6) for _, value in await readings(world, devices[1].id)] == [9.5]
        commander = Actor(kind="token", name="duty", grants=(Grant("device", frozenset({"command"})),))
        async with world.database.transaction() as connection:
            command = await world.sensing.commands.give(connection, commander, devices[0].id, "restart", {})
        await until(lambda: _confirmed(world, command.id))
        stop.set()
        await playing


async def _heard(world: World, device: int) -> bool:
    return bool(await readings(world, device))


async def _confirmed(world: World, command: object) -> bool:
    async with world.database.connection() as connection:
        return bool(await connection.fetchval("select state = 'confirmed' from device_command where id = $1", command))
