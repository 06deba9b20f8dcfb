"""Many HJ 212 data loggers against a gateway in a process of its own: for its rate, its memory, and what survives a kill."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from yiwang.kernel.clock import RealClock
from yiwang.kernel.database import connect
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.store import registry

VALUES = 10
"""Values in a frame, as a small air station sends."""
PROFILE = "bench-logger"


def address_of(number: int) -> str:
    """MN of the device ``number``."""
    return f"0BE4C400{number:016d}"


async def register(url: str, devices: int) -> None:
    """The profile and so many devices, where they are not there yet."""
    words = {"zh": "测量", "en": "bench"}
    metrics = {
        f"bench_{number}": MetricDeclaration.model_validate({"names": words, "unit": "1", "bounds": [-1e9, 1e9]})
        for number in range(VALUES)
    }
    profile = ProfileDeclaration.model_validate(
        {
            "names": words,
            "protocol": "hj212",
            "interval": "60s",
            "offline_after": "10min",
            "measures": {name: {"code": code_of(number)} for number, name in enumerate(metrics)},
        }
    )
    now = RealClock().now()
    connection = await connect(url)
    try:
        async with connection.transaction():
            await publish_signals(connection, metrics, [("bench", PROFILE, profile)], now)
            known = set(
                await connection.fetchval("select array_agg(address) from device where profile = $1", PROFILE) or []
            )
            drafts = [
                registry.Draft(
                    f"BENCH-{number}", PROFILE, "hj212", address_of(number), f"测量{number}", f"Bench {number}", "", None,
                    None, None, {}, None,
                )
                for number in range(devices)
                if address_of(number) not in known
            ]  # fmt: skip
            for begin in range(0, len(drafts), 1000):
                await registry.insert(connection, drafts[begin : begin + 1000], now)
    finally:
        await connection.close()


def code_of(number: int) -> str:
    """The factor code of the value ``number``."""
    return f"a9{number:04d}"


def frame_text(device: int, at: str, serial: int) -> str:
    """A segment of :data:`VALUES` values; ``at`` is 14 digits."""
    values = ";".join(f"{code_of(one)}-Rtd={serial % 997}.{one},{code_of(one)}-Flag=N" for one in range(VALUES))
    number = f"{at}{serial % 1000:03d}"
    return f"QN={number};ST=22;CN=2011;PW=123456;MN={address_of(device)};Flag=5;CP=&&DataTime={at};{values}&&"


@asynccontextmanager
async def gateway_process(url: str, home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A gateway in a process of its own; gives the process and its port, and stops it."""
    process = await start_gateway(url, home)
    try:
        yield process, await port_of(process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                raise


async def start_gateway(url: str, home: Path, port: int = 0) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.data_loggers.gateway", url, str(home), str(port),
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip


async def port_of(process: asyncio.subprocess.Process) -> int:
    """The port that the gateway tells once it listens."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 300)
    return int(line)


def today(offset_seconds: int = 0) -> datetime:
    """The present, on the real clock."""
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() + offset_seconds, UTC)
