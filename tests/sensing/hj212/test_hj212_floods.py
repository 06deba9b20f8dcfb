"""Floods, idlers and a database that is away: bounded, and nobody else suffers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sensing.devices.world import NOON, World, sensing_world
from tests.sensing.hj212.loggers import Logger, add, gateway_of, readings_of
from yiwang.kernel.database import Database
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.gateways.hj212 import connection as connections
from yiwang.sensing.gateways.hj212.intake import Intake
from yiwang.sensing.model import READING, Rows, Written


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as found:
        yield found


async def test_洪水只停其源_应答者不受扰(world: World) -> None:
    device = await add(world, "FLOOD-1", "F00000000001")
    async with gateway_of(world, frames_per_second=5.0, trusted=()) as running:
        logger = await Logger.connect(running.port, device.address)
        burst = [
            logger.message("2011", f"DataTime=2026061811{minute:02d}00;a34004-Rtd=0.01", NOON) for minute in range(60)
        ]
        for _ in range(4):
            await logger.send(*burst)
        answered = 0
        while not await logger.nothing(0.4):
            answered += 1
        assert answered <= 60
        await running.door.flush()
        async with world.database.connection() as connection:
            assert await connection.fetchval("select times from knock where reason = 'flood'") >= 1
        logger.close()


async def test_连接数按地址有上限(world: World) -> None:
    async with gateway_of(world, connections_per_remote=2, trusted=()) as running:
        first, second, third = [await Logger.connect(running.port, "F00000000001") for _ in range(3)]
        assert await third.closed()
        assert await first.nothing()
        second.close()


async def test_只连不说与说半句的连接被关(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STRANGER_SECONDS", 0.2)
    monkeypatch.setattr(connections, "UNFINISHED_SECONDS", 0.1)
    async with gateway_of(world) as running:
        silent = await Logger.connect(running.port, "X")
        half = await Logger.connect(running.port, "X")
        await half.send(b"##0999QN=2026")
        await asyncio.sleep(0.3)
        for one in list(running.gateway.connections):
            one.look_after(asyncio.get_running_loop().time(), 900)
        assert await silent.closed()
        assert await half.closed()
        assert running.door.bad_frames >= 2


class Away:
    """A writer whose database is away."""

    def __init__(self) -> None:
        self.rows = 0

    async def put(self, rows: Rows) -> Written:
        self.rows += len(rows)
        await asyncio.sleep(0.01)
        raise SensingUnavailable(reason="test")


class Line:
    def __init__(self) -> None:
        self.sent = b""
        self.held = False

    def send(self, data: bytes) -> None:
        self.sent += data

    def hold(self, holding: bool) -> None:
        self.held = holding


async def test_数据库不在_不应答_内存有界() -> None:
    writer, line = Away(), Line()
    intake = Intake(writer)
    row = bytes(READING.itemsize)
    for _ in range(1000):
        intake.take(row * 300, line, b"9014")
    assert line.held, "no more is read from this connection"
    intake.start()
    await asyncio.sleep(0.3)
    await intake.stop()
    assert writer.rows == 300_000
    assert line.sent == b""
    assert intake.failed == 1000
    assert not line.held


async def test_数据库恢复后重发即入库一次(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    device = await add(world, "AWAY-1", "F00000000002")
    async with gateway_of(world) as running:
        logger = await Logger.connect(running.port, device.address)
        writer = world.sensing.writer
        put = writer.put

        async def stored_but_lost(rows: Rows) -> Written:
            await put(rows)
            raise SensingUnavailable(reason="connection lost after commit")

        monkeypatch.setattr(writer, "put", stored_but_lost)
        message = logger.message("2011", "DataTime=20260618120000;a34004-Rtd=0.03", NOON)
        await logger.send(message)
        assert await logger.nothing(), "whether it was stored is not known, so it is not acknowledged"
        monkeypatch.setattr(writer, "put", put)
        await logger.send(message)
        assert (await logger.hear()).command == "9014"
        assert len(await readings_of(world.database, device.id)) == 1
        logger.close()
