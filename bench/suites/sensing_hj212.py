"""HJ 212: frames parsed by one processor, readings made durable through a real socket, ten thousand connections."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

import orjson

from bench.data_loggers import VALUES, frame_text, gateway_process, register
from bench.installation import cpu_seconds, resident_mb
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.kernel.database import connect
from yiwang.sensing.gateways.hj212.fields import read_data
from yiwang.sensing.gateways.hj212.frames import read_segment
from yiwang.sensing.gateways.hj212.framing import FrameReader, Received, frame
from yiwang.sensing.model import Rows
from yiwang.sensing.readings import packing

PARSED = Target(20_000)
DURABLE = Target(30_000)
MEMORY = Target(600)
LOGGERS = 100
WINDOW = 20
CROWD = 10_000
_CHUNK = 65_536


async def measure(stage: Stage) -> list[Measurement]:
    """``hj212.parse``, ``hj212.durable``, ``hj212.gateway_cpu``, ``hj212.memory``."""
    found = [_parsing(stage)]
    home = Path(tempfile.mkdtemp(prefix="yiwang-bench-hj212-"))
    connections = 2_000 if stage.quick else CROWD
    try:
        await register(stage.url, connections)
        found += await _durable(stage, home)
        found.append(await _memory(stage, home, connections))
    finally:
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
    return found


def _parsing(stage: Stage) -> Measurement:
    frames = [
        frame(frame_text(serial % 50, f"202606{1 + serial % 28:02d}120000", serial).encode()) for serial in range(4_000)
    ]
    stream = b"".join(frames)
    chunks = [stream[begin : begin + _CHUNK] for begin in range(0, len(stream), _CHUNK)]
    runs = []
    for number in range(stage.rounds):
        began, reader, good = time.process_time(), FrameReader(), 0
        for chunk in chunks:
            for item in reader.feed(chunk):
                if isinstance(item, Received):
                    area = read_data(read_segment(item.segment).text())
                    good += len(area.factors) == VALUES and area.micros() is not None
        rate = good / (time.process_time() - began)
        began = time.process_time()
        for one in stream.split(b"\r\n"):
            one.split(b";")
        runs.append(Run(rate, len(frames) / (time.process_time() - began)))
        stage.say(f"hj212 parse {number + 1}/{stage.rounds}: {rate:,.0f} frames/s, split alone {runs[-1].limit:,.0f}")
    return Measurement(
        "hj212.parse", f"frames of {VALUES} values found, checked, parsed to typed fields; one processor", "frames/s", "more",
        tuple(runs), "bytes.split of the same bytes", PARSED,
    )  # fmt: skip


async def _durable(stage: Stage, home: Path) -> list[Measurement]:
    frames = 60 if stage.quick else 240
    runs, costs = [], []
    async with gateway_process(stage.url, home) as (process, port):
        for number in range(stage.rounds):
            await _empty(stage.url)
            before = cpu_seconds(process.pid)
            load = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.data_loggers.load", str(port), str(LOGGERS), str(frames), str(WINDOW),
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            output, _ = await load.communicate()
            told = orjson.loads(output)
            cost = (cpu_seconds(process.pid) - before) / told["frames"]
            rate = told["frames"] * VALUES / told["seconds"]
            limit = await _plain_copy(stage.url)
            runs.append(Run(rate, limit))
            costs.append(Run(cost * 1e6, None))
            stage.say(
                f"hj212 durable {number + 1}/{stage.rounds}: {rate:,.0f} readings/s, plain COPY {limit:,.0f};"
                f" gateway {cost * 1e6:.0f} µs of processor a frame"
            )
        await _empty(stage.url)
    return [
        Measurement(
            "hj212.durable", f"{LOGGERS} loggers, frames of {VALUES} values, each acknowledged after commit", "readings/s",
            "more", tuple(runs), "plain COPY of the same rows, 10,000 a commit", DURABLE,
        ),
        Measurement("hj212.gateway_cpu", "processor time of the gateway", "µs/frame", "less", tuple(costs)),
    ]  # fmt: skip


async def _empty(url: str) -> None:
    connection = await connect(url)
    try:
        await connection.execute("truncate reading, latest, arrival")
    finally:
        await connection.close()


async def _plain_copy(url: str) -> float:
    """Rows a second into a table without index, from one connection, the rows that the gateway has just stored."""
    connection = await connect(url)
    try:
        rows: Rows = await packing.copy_out(
            connection, "select device_id, metric_id, grain, at, value, quality from reading order by at, device_id"
        )
        await connection.execute("drop table if exists bench_copy; create table bench_copy (like reading)")
        began = time.perf_counter()
        for begin in range(0, len(rows), 10_000):
            await packing.copy_in(connection, "bench_copy", rows[begin : begin + 10_000])
        seconds = time.perf_counter() - began
        await connection.execute("drop table bench_copy")
        return len(rows) / seconds
    finally:
        await connection.close()


async def _memory(stage: Stage, home: Path, connections: int) -> Measurement:
    async with gateway_process(stage.url, home) as (process, port):
        await asyncio.sleep(1)
        empty = resident_mb(process.pid)
        crowd = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.data_loggers.crowd", str(port), str(connections), "5" if stage.quick else "60",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert crowd.stdout is not None
        first = orjson.loads(await crowd.stdout.readline())
        second = orjson.loads(await crowd.stdout.readline())
        size = resident_mb(process.pid)
        await crowd.wait()
    await _empty(stage.url)
    stage.say(
        f"hj212 memory: {size:.0f} MB with {connections:,} connections ({empty:.0f} without), {first} then {second}"
    )
    if second["lost"] or first["answered"] < connections:
        raise SystemExit(f"not all of {connections:,} loggers were heard: {first}, {second}")
    return Measurement(
        "hj212.memory", f"resident with {connections:,} connections that send a frame a minute", "MB", "less",
        (Run(size, empty),), "the same process without connections", MEMORY,
    )  # fmt: skip
