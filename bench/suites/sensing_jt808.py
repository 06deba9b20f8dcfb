"""JT/T 808: frames read on one core, positions made durable through real sockets, memory of idle terminals.

The gateway is a process of its own; terminals are sockets of this one, with frames made beforehand.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.http.services import open_services
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database, connect
from yiwang.kernel.settings import Settings
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.secrets import DeviceSecrets, key_file_name
from yiwang.sensing.devices.store import registry
from yiwang.sensing.gateways.jt808 import serve
from yiwang.sensing.gateways.jt808.framing import Edition, Frame, FrameReader, encode
from yiwang.sensing.gateways.jt808.messages.positions import Position, item, read_position, write_position
from yiwang.sensing.gateways.jt808.messages.registering import Authenticate
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.service import open_sensing

FRAMES = 60_000
LINES = 50
PROFILE = "bench-vehicle"
CODE = "bench-code-0001"
TERMINALS, FEW = 10_000, 1_000
RAW_PARSE = "bytes.split of the same stream at its marks, reading nothing"
RAW_COPY = "plain COPY of the same positions into a table without keys, one connection"


@dataclass(frozen=True, slots=True)
class Fleet:
    """Registered terminals and where the gateway listens."""

    phones: list[str]
    devices: list[int]
    port: int
    process: int


async def measure(stage: Stage) -> list[Measurement]:
    """``jt808.parse``, ``jt808.durable``, ``jt808.connections``."""
    parse = [_parse(stage) for _ in range(stage.rounds)]
    stage.say(f"jt808: {parse[-1].value:,.0f} frames/s on one core")
    count = FEW if stage.quick else TERMINALS
    home = stage.cluster.settings(stage.city).home
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        now = services.clock.now()
    phones, devices = await _fleet(stage.url, home, now, count)
    port = _free_port()
    process = multiprocessing.get_context("spawn").Process(
        target=_gateway, args=(stage.url, str(home), port, now.isoformat()), daemon=True
    )
    process.start()
    try:
        fleet = Fleet(phones, devices, port, process.pid or 0)
        await _listening(port)
        durable = [await _durable(stage, fleet, now, number) for number in range(stage.rounds)]
        memory = await _memory(fleet)
    finally:
        process.terminate()
        process.join()
    stage.say(f"jt808: {durable[-1].value:,.0f} positions/s durable, {memory:.0f} MB with {count:,} terminals")
    return [
        Measurement("jt808.parse", "frames read a second on one core", "frames/s", "more", tuple(parse), RAW_PARSE,
                    Target(20_000), stage.cases),
        Measurement("jt808.durable", f"positions durable and acknowledged through {LINES} sockets", "positions/s", "more",
                    tuple(durable), RAW_COPY, None, stage.cases),
        Measurement("jt808.connections", f"memory of a gateway with {count:,} terminals", "MB", "less",
                    (Run(memory, None),), "", Target(600), stage.cases),
    ]  # fmt: skip


def _position(at: datetime, number: int) -> Position:
    items = item(1, struct.pack(">I", number)) + item(2, struct.pack(">H", 300)) + item(0x30, b"\x1f")
    return Position(at, 117.0 + number % 1000 / 1e4, 39.1, 5, 36.0, 90, 0, 0b11, None, None, items)


def _parse(stage: Stage) -> Run:
    at = datetime.fromisoformat("2026-06-18T04:00:00+00:00")
    frames = [
        encode(Frame(0x0200, f"1390000{number % 5000:04d}", number & 0xFFFF,
                     write_position(_position(at + timedelta(seconds=number % 3600), number)), Edition.E2019))
        for number in range(FRAMES // 4)
    ]  # fmt: skip
    data = b"".join(frames)
    chunks = [data[start : start + 65_536] for start in range(0, len(data), 65_536)]
    began = time.process_time()
    reader, found = FrameReader(), 0
    for chunk in chunks:
        for frame in reader.feed(chunk):
            if isinstance(frame, Frame):
                read_position(frame.body)
                found += 1
    rate = found / (time.process_time() - began)
    began = time.process_time()
    for _ in range(20):
        for chunk in chunks:
            chunk.split(b"\x7e")
    plain = 20 * found / (time.process_time() - began)
    if found != len(frames):
        raise RuntimeError(f"{found} of {len(frames)} frames were read")
    return Run(rate, plain)


async def _fleet(url: str, home: Path, now: datetime, count: int) -> tuple[list[str], list[int]]:
    words = {"zh": "测量", "en": "Bench"}
    profile = ProfileDeclaration.model_validate(
        {"names": words, "protocol": "jt808", "interval": "30s", "offline_after": "10min", "purpose": words}
    )
    sealed = DeviceSecrets(home / key_file_name).seal(CODE)
    connection = await connect(url)
    phones = [f"1390{number:07d}" for number in range(count)]
    try:
        async with connection.transaction():
            await publish_signals(connection, dict[str, MetricDeclaration](), [("bench", PROFILE, profile)], now)
            there = await connection.fetch("select id, address from device where profile = $1", PROFILE)
            known = {row["address"]: row["id"] for row in there}
            new = [phone for phone in phones if phone not in known]
            drafts = [
                registry.Draft(
                    f"bench-{phone}", PROFILE, "jt808", phone, phone, phone, "", None, None, None, {}, sealed
                )
                for phone in new
            ]
            for device in await registry.insert(connection, drafts, now) if drafts else []:
                known[device.address] = device.id
    finally:
        await connection.close()
    return phones, [known[phone] for phone in phones]


def _gateway(url: str, home: str, port: int, now: str) -> None:
    async def run() -> None:
        database = await Database.open(url, connections=4)
        settings = Settings(home=Path(home), database_url=url)
        clock = ManualClock(datetime.fromisoformat(now))
        context = Context(database, clock, load_calendar(calendar_files()), settings)
        async with open_sensing(context) as sensing:
            await serve(sensing, GatewaySettings("jt808", port=port), asyncio.Event())

    import uvloop

    uvloop.run(run())


async def _listening(port: int) -> None:
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise RuntimeError("the gateway does not listen")


async def _authenticated(fleet: Fleet, index: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", fleet.port)
    body = Authenticate(CODE).encode(Edition.E2019)
    writer.write(encode(Frame(0x0102, fleet.phones[index], 0, body, Edition.E2019)))
    frames: list[object] = []
    cut = FrameReader()
    while not frames:
        data = await reader.read(4096)
        if not data:
            raise RuntimeError("the gateway does not admit a terminal")
        frames = list(cut.feed(data))
    return reader, writer


async def _durable(stage: Stage, fleet: Fleet, now: datetime, number: int) -> Run:
    each = int(stage.seconds(400))
    lines = [await _authenticated(fleet, index) for index in range(LINES)]
    begin = now - timedelta(hours=4 + number)
    bodies = [
        [write_position(_position(begin + timedelta(seconds=step), index)) for step in range(each)]
        for index in range(LINES)
    ]
    data = [
        b"".join(encode(Frame(0x0200, fleet.phones[index], step & 0xFFFF, body, Edition.E2019))
                 for step, body in enumerate(bodies[index]))
        for index in range(LINES)
    ]  # fmt: skip
    began = time.perf_counter()
    await asyncio.gather(*(_send(*line, data[index], each) for index, line in enumerate(lines)))
    rate = LINES * each / (time.perf_counter() - began)
    for _, writer in lines:
        writer.close()
    rows = [
        (fleet.devices[index], begin + timedelta(seconds=step), 117.1, 39.1, 5, 36.0, 90, 0, 3, 12.3, 30.0, step, False, now,
         b"x" * 16)
        for index in range(LINES)
        for step in range(each)
    ]  # fmt: skip
    return Run(rate, await _copy(stage.url, rows))


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, count: int) -> None:
    """Send everything; done when every frame is acknowledged."""
    cut, done = FrameReader(), 0
    writer.write(data)
    while done < count:
        got = await reader.read(65_536)
        if not got:
            raise RuntimeError("the gateway closed a line")
        done += len(cut.feed(got))


async def _copy(url: str, rows: Sequence[tuple[object, ...]]) -> float:
    connection: asyncpg.Connection[asyncpg.Record] = await connect(url)
    try:
        await connection.execute(
            "create table if not exists bench_position (device_id int, at timestamptz, lon float8, lat float8, altitude int, "
            "speed real, direction smallint, alarm bigint, status bigint, mileage float8, fuel real, serial int, "
            "replayed boolean, received_at timestamptz, items bytea); truncate bench_position"
        )
        began = time.perf_counter()
        for start in range(0, len(rows), 5_000):
            await connection.copy_records_to_table("bench_position", records=rows[start : start + 5_000])
        return len(rows) / (time.perf_counter() - began)
    finally:
        await connection.execute("drop table if exists bench_position")
        await connection.close()


async def _memory(fleet: Fleet) -> float:
    """Resident MB of the gateway while every terminal is connected and has reported once."""
    writers = []
    try:
        for start in range(0, len(fleet.phones), 200):
            indexes = range(start, min(start + 200, len(fleet.phones)))
            found = await asyncio.gather(*(_authenticated(fleet, index) for index in indexes))
            writers += [writer for _, writer in found]
        await asyncio.sleep(2)
        pages = int(Path(f"/proc/{fleet.process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    finally:
        for writer in writers:
            writer.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
