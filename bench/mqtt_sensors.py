"""MQTT sensors against a gateway in a process of its own, through a real broker.

``python -m bench.mqtt_sensors gateway URL HOME BROKER`` is the gateway on the real clock until SIGTERM;
``python -m bench.mqtt_sensors load BROKER MESSAGES FIRST`` publishes: says when it begins, then the seconds until the
broker had everything.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from itertools import count
from pathlib import Path

import orjson
import uvloop

from yiwang.kernel import logs
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import RealClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database, connect
from yiwang.kernel.settings import Settings
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.store import registry
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.gateways.mqtt.broker import parse_broker
from yiwang.sensing.gateways.mqtt.connection import BrokerConnection
from yiwang.sensing.gateways.mqtt.gateway import serve
from yiwang.sensing.service import open_sensing

VALUES = 10
"""Values in a message."""
SENSORS = 100
PROFILE = "bench-sensor"
_window = 200


async def register(url: str) -> None:
    """The profile and its sensors, where they are not there yet."""
    words = {"zh": "测量", "en": "bench"}
    names = [f"bench_m{number}" for number in range(VALUES)]
    metrics = {name: MetricDeclaration.model_validate({"names": words, "unit": "1"}) for name in names}
    profile = ProfileDeclaration.model_validate(
        {
            "names": words, "protocol": "mqtt", "interval": "1s", "offline_after": "10min",
            "measures": {name: {} for name in names}, "topics": {"readings": "bench/{address}/up"},
            "payload": {"at": "t", "time": "milliseconds"},
        }
    )  # fmt: skip
    now = RealClock().now()
    connection = await connect(url)
    try:
        async with connection.transaction():
            await publish_signals(connection, metrics, [("bench", PROFILE, profile)], now)
            if await connection.fetchval("select count(*) from device where profile = $1", PROFILE):
                return
            drafts = [
                registry.Draft(
                    f"SENSOR-{number}", PROFILE, "mqtt", f"s{number}", f"测量{number}", f"Bench {number}", "", None, None, None,
                    {}, None,
                )
                for number in range(SENSORS)
            ]  # fmt: skip
            await registry.insert(connection, drafts, now)
    finally:
        await connection.close()


async def gateway(url: str, home: str, broker: str) -> None:
    """The gateway alone."""
    logs.configure("warning")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = await Database.open(url, connections=4)
    settings = Settings(home=Path(home), database_url=url)
    context = Context(database, RealClock(), load_calendar(calendar_files()), settings)
    async with open_sensing(context) as sensing:
        await serve(sensing, GatewaySettings("mqtt", broker=broker), stop)
    await database.close()


async def load(broker: str, messages: str, first: str) -> None:
    """Publish with quality of service 1, so many messages at a time on their way."""
    connection = BrokerConnection(
        parse_broker(broker + "?client=bench-load"), lambda _: None, largest=65_536, clean=True
    )
    await connection.connect()
    numbers = count(int(first))
    left = int(messages)
    base = int(time.time() * 1000) - 3_600_000

    async def publish() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            number = next(numbers)
            body = {"t": base + number, **{f"bench_m{one}": number % 997 + one for one in range(VALUES)}}
            await connection.publish(f"bench/s{number % SENSORS}/up", orjson.dumps(body))

    print("begins", flush=True)
    began = time.perf_counter()
    await asyncio.gather(*(publish() for _ in range(_window)))
    print(time.perf_counter() - began, flush=True)
    await connection.disconnect()


if __name__ == "__main__":
    uvloop.run({"gateway": gateway, "load": load}[sys.argv[1]](*sys.argv[2:]))
