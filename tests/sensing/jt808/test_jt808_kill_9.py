"""kill -9 of the gateway under load, again and again: every acknowledged position is in the table, and only once."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sensing.devices.world import NOON, sensing_world
from support.nursery import Child, Nursery, nursery

from yiwang.kernel.database import Database
from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.messages import general, positions
from yiwang.sensing.gateways.jt808.messages.positions import Position, write_position
from yiwang.sensing.gateways.jt808.messages.registering import Register
from yiwang.sensing.simulators.jt808 import Line

TERMINALS = 12
KILLS = 2
BETWEEN = 60
"""Positions acknowledged at least before each kill, however slow the machine is."""
_AWAY = (OSError, TimeoutError)


class Driver:
    """A terminal that reports as fast as it is acknowledged and remembers what was."""

    def __init__(self, phone: str, port: int) -> None:
        self.phone, self.port = phone, port
        self.acknowledged: set[datetime] = set()
        self.kept: list[Position] = []
        self.number = 0
        self.code: str | None = None

    def next(self) -> Position:
        self.number += 1
        at = NOON - timedelta(hours=1) + timedelta(seconds=self.number)
        return Position(at, 117.1, 39.1, 5, 36.0, 90, 0, 0b11)

    async def live(self) -> None:
        while True:
            line = Line(self.phone, Edition.E2019)
            try:
                await line.connect("127.0.0.1", self.port)
                register = Register(12, 111, "YW", "M", "T", 2, "津A1", Edition.E2019)
                self.code = await line.admit(register, self.code)
                await self.report(line)
            except _AWAY:
                await asyncio.sleep(0.05)
            finally:
                await line.close()

    async def report(self, line: Line) -> None:
        while True:
            if self.kept:
                told = list(self.kept)
                answer = await line.send(positions.Batch(1, tuple(write_position(each) for each in told)))
            else:
                told = [self.next()]
                self.kept = told
                answer = await line.send(positions.Report(told[0]))
            assert isinstance(answer, general.PlatformAck)
            assert answer.result == 0
            self.acknowledged.update(each.at for each in told if each.at)
            self.kept = []


async def started(born: Nursery, url: str, home: Path, port: int) -> Child:
    child = await born.start("jt808", url, str(home), str(port))
    assert int(await child.line()) == port
    return child


async def more_acknowledged(drivers: list[Driver], tasks: list[asyncio.Task[None]]) -> None:
    """Wait until so many more were acknowledged; a driver that gave up is told at once."""
    wanted = sum(len(driver.acknowledged) for driver in drivers) + BETWEEN
    async with asyncio.timeout(120):
        while sum(len(driver.acknowledged) for driver in drivers) < wanted:
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)


@pytest.mark.crash
async def test_杀掉网关_已确认的位置一条不丢_一条不重(database: Database, tmp_path: Path) -> None:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    async with sensing_world(database, tmp_path) as world, nursery("support.gateways") as born:
        devices = [await world.add(f"k{index}", f"1360000{index:04d}", "tanker") for index in range(TERMINALS)]
        drivers = [Driver(device.address, port) for device in devices]
        tasks = [asyncio.create_task(driver.live()) for driver in drivers]
        process = await started(born, database.url, tmp_path, port)
        dice = random.Random(8)
        try:
            for _ in range(KILLS):
                await more_acknowledged(drivers, tasks)
                await asyncio.sleep(dice.uniform(0.0, 0.25))
                process.kill()
                await process.wait()
                process = await started(born, database.url, tmp_path, port)
            await more_acknowledged(drivers, tasks)
        finally:
            process.kill()
            await process.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(len(driver.acknowledged) for driver in drivers) > 100
        for device, driver in zip(devices, drivers, strict=True):
            async with database.connection() as connection:
                rows = await connection.fetch("select at from position where device_id = $1", device.id)
                readings = await connection.fetch("select at from reading where device_id = $1", device.id)
            stored = [row["at"] for row in rows]
            assert driver.acknowledged <= set(stored)
            assert len(stored) == len(set(stored))
            assert driver.acknowledged <= {row["at"] for row in readings}
