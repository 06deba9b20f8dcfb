"""Simulated HTTP sensors post their batches with their own keys over a real socket."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server
from sensing.devices.world import sensing_world
from support.sensing_app import sensing_doors

from yiwang.kernel.database import Database
from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions
from yiwang.sensing.simulators.web import simulate


async def test_simulated_web_sensors_are_stored(database: Database, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with sensing_world(database, tmp_path) as world, sensing_doors(world.sensing) as doors:
        devices = [await world.add(f"sim-web-{n}", f"sw-{n}", "web-gauge", secret=f"secret-{n}") for n in range(2)]
        played = [
            SimulatedDevice(device, world.sensing.directory.profile_of(device), f"secret-{number}")
            for number, device in enumerate(devices)
        ]
        server = Server(doors.application, address="127.0.0.1", port=port, interface=Interfaces.ASGINL)
        serving = asyncio.create_task(server.serve())
        stop = asyncio.Event()
        options = SimulateOptions(world.context.clock, url=f"http://127.0.0.1:{port}", every=0.2)
        playing = asyncio.create_task(simulate(played, options, stop))
        async with database.connection() as connection:
            for _ in range(1200):
                if await connection.fetchval("select count(distinct device_id) from reading") == 2:
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError("not all were stored")
        stop.set()
        await playing
        server.stop()
        await serving
