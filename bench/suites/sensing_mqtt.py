"""MQTT: readings made durable through a real broker, each message acknowledged after its commit."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.installation import cpu_seconds
from bench.mqtt_sensors import PROFILE, VALUES, register
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.kernel.database import Connection, connect
from yiwang.sensing.gateways.mqtt.broker import BrokerMissing, ensure_broker, stop_broker

DURABLE = Target(30_000)
MESSAGES = 5000
_patience_seconds = 180.0


async def measure(stage: Stage) -> list[Measurement]:
    """``mqtt.durable`` beside what the broker alone takes from the same publisher, ``mqtt.gateway_cpu``."""
    home = Path(tempfile.mkdtemp(prefix="yiwang-bench-mqtt-"))
    messages = 1000 if stage.quick else MESSAGES
    runs: list[Run] = []
    costs: list[Run] = []
    try:
        await register(stage.url)
        broker = await ensure_broker(home)
        gateway = await _started("gateway", stage.url, str(home), broker)
        try:
            await asyncio.sleep(5)  # it has subscribed
            for number in range(stage.rounds):
                rate, limit, cost = await _round(stage.url, broker, gateway.pid, messages, number * messages)
                runs.append(Run(rate, limit))
                costs.append(Run(cost * 1e6, None))
                stage.say(
                    f"mqtt durable {number + 1}/{stage.rounds}: {rate:,.0f} readings/s, broker alone {limit:,.0f}"
                )
        finally:
            gateway.terminate()
            await asyncio.wait_for(gateway.wait(), 30)
    except BrokerMissing:
        stage.say("mqtt: no mosquitto here; scripts/broker.sh gets it")
        return []
    finally:
        await stop_broker(home)
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
    words = f"messages of {VALUES} values through mosquitto, PUBACK after commit"
    return [
        Measurement("mqtt.durable", words, "readings/s", "more", tuple(runs), "what the broker took of it", DURABLE),
        Measurement("mqtt.gateway_cpu", "processor time of the gateway", "µs/message", "less", tuple(costs)),
    ]


async def _started(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.mqtt_sensors", *words, stdout=asyncio.subprocess.PIPE
    )


async def _round(url: str, broker: str, gateway: int, messages: int, first: int) -> tuple[float, float, float]:
    """Readings a second until the last was committed, until the broker had it, and the gateway's seconds for a message.

    The publisher prints when it begins and when the broker had its last message, so that its own start is no part of it.
    """
    connection = await connect(url)
    try:
        begin = await _stored(connection)
        before = cpu_seconds(gateway)
        load = await _started("load", broker, str(messages), str(first))
        assert load.stdout is not None
        await load.stdout.readline()
        began = time.perf_counter()
        while await _stored(connection) - begin < messages * VALUES:
            if time.perf_counter() - began > _patience_seconds:
                raise SystemExit("not every message was stored")
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - began
        published = float(await load.stdout.readline())
        await load.wait()
        count = messages * VALUES
        return count / seconds, count / published, (cpu_seconds(gateway) - before) / messages
    finally:
        await connection.close()


async def _stored(connection: Connection) -> int:
    """Readings of these sensors that are committed."""
    found: int = await connection.fetchval(
        "select count(*) from reading r join device d on d.id = r.device_id where d.profile = $1", PROFILE
    )
    return found
