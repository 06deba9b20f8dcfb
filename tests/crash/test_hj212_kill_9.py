"""kill -9 of the HJ 212 gateway under load, again and again: every acknowledged frame is in the table, once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.nursery import Nursery, nursery

from bench.data_loggers import VALUES, frame_text, register, today
from yiwang.kernel import migrations
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import connect
from yiwang.sensing.gateways.hj212.frames import read_segment
from yiwang.sensing.gateways.hj212.framing import FrameReader, Received, frame
from yiwang.sensing.gateways.hj212.moments import text_of

ROUNDS = int(os.environ.get("YIWANG_CRASH_ROUNDS", "2"))
LOGGERS = 8
WINDOW = 12


@pytest.fixture
async def durable() -> AsyncIterator[tuple[str, Path]]:
    """A database that waits for its disk, and a home."""
    with tempfile.TemporaryDirectory(prefix="yiwang-hj212-crash-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        server = EmbeddedServer(home / "server", say=lambda zh, en: None)
        await asyncio.to_thread(server.start)
        try:
            url = await server.create_database("crash", template="template0")
            await asyncio.to_thread(migrations.upgrade, url)
            yield url, home
        finally:
            await asyncio.to_thread(server.destroy)


@pytest.fixture
async def born() -> AsyncIterator[Nursery]:
    async with nursery("bench.data_loggers.gateway") as found:
        yield found


class PersistentLogger:
    """Sends its frames in order, some unanswered at a time, and after a lost connection all again that were not answered."""

    def __init__(self, device: int, frames: int) -> None:
        base = today() - timedelta(hours=2)
        self.waiting: dict[str, bytes] = {}
        for serial in range(frames):
            at = text_of(base + timedelta(seconds=serial))
            self.waiting[f"{at}{serial:03d}"[:17]] = frame(frame_text(device, at, serial).encode())
        self.acknowledged: set[str] = set()

    async def run(self, port: int) -> None:
        while self.waiting:
            try:
                await self._speak(*await asyncio.open_connection("127.0.0.1", port))
            except OSError:
                await asyncio.sleep(0.1)

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, sent = FrameReader(), set[str]()
        try:
            while self.waiting:
                fresh = [number for number in list(self.waiting)[:WINDOW] if number not in sent]
                sent.update(fresh)
                writer.write(b"".join(self.waiting[number] for number in fresh))
                await writer.drain()
                data = await asyncio.wait_for(reader.read(65536), 10)
                if not data:
                    raise ConnectionResetError
                for item in frames.feed(data):
                    if isinstance(item, Received) and (answer := read_segment(item.segment)).command == "9014":
                        self.acknowledged.add(answer.number)
                        self.waiting.pop(answer.number, None)
        except TimeoutError as error:
            raise ConnectionResetError from error
        finally:
            writer.close()


class Victim:
    """The gateway process, its port kept over its deaths."""

    def __init__(self, born: Nursery, url: str, home: Path) -> None:
        self.born, self.url, self.home, self.port = born, url, home, 0

    async def start(self) -> None:
        self.process = await self.born.start(self.url, str(self.home), str(self.port))
        self.port = int(await self.process.line())

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_网关被kill_9_已应答的帧一帧不少一帧不重(durable: tuple[str, Path], born: Nursery) -> None:
    url, home = durable
    await register(url, LOGGERS)
    chance = random.Random(int.from_bytes(os.urandom(3), "big"))
    loggers = [PersistentLogger(device, 150 * ROUNDS) for device in range(LOGGERS)]
    gateway = Victim(born, url, home)
    await gateway.start()
    senders = [asyncio.create_task(one.run(gateway.port)) for one in loggers]
    total = 150 * ROUNDS * LOGGERS
    try:
        for number in range(ROUNDS):
            while sum(len(one.acknowledged) for one in loggers) < total * (number + 1) // (ROUNDS + 2):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            await asyncio.sleep(chance.uniform(0, 0.05))
            await gateway.kill()
            await _all_stored(url, {device: set(one.acknowledged) for device, one in enumerate(loggers)})
            await gateway.start()
        await asyncio.gather(*senders)
        os.kill(gateway.process.pid, signal.SIGTERM)
        await gateway.process.wait()
        assert gateway.process.ended_well
    finally:
        for sender in senders:
            sender.cancel()
        await gateway.kill()
    await _all_stored(url, {device: set(one.acknowledged) for device, one in enumerate(loggers)})
    assert sum(len(one.acknowledged) for one in loggers) == total
    connection = await connect(url)
    try:
        assert await connection.fetchval("select count(*) from reading") == total * VALUES
        told = await connection.fetchval("select sum(count) from arrival")
        assert told == total * VALUES, "each reading was announced to the followers once"
    finally:
        await connection.close()


async def _all_stored(url: str, acknowledged: dict[int, set[str]]) -> None:
    """Every value of every acknowledged frame is in the table."""
    connection = await connect(url)
    try:
        rows = await connection.fetch(
            "select d.code, to_char(r.at at time zone 'Asia/Shanghai', 'YYYYMMDDHH24MISS') as at, count(*) as values"
            " from reading r join device d on d.id = r.device_id group by 1, 2"
        )
    finally:
        await connection.close()
    stored = {(row["code"], row["at"]): row["values"] for row in rows}
    missing = [
        (device, number)
        for device, numbers in acknowledged.items()
        for number in numbers
        if stored.get((f"BENCH-{device}", number[:14])) != VALUES
    ]
    assert missing == []
