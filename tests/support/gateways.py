"""Gateways in processes that a test may kill: ``nursery("support.gateways")``, ``start(protocol, URL, HOME, port, broker)``."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from sensing.devices.world import sensing_context

from yiwang.kernel import logs
from yiwang.kernel.database import Database
from yiwang.sensing.gateways.hj212 import gateway as _hj212  # noqa: F401  # imported before the fork, as are the others
from yiwang.sensing.gateways.jt808 import gateway as _jt808  # noqa: F401
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.gateways.mqtt import gateway as _mqtt  # noqa: F401
from yiwang.sensing.gateways.starting import serving
from yiwang.sensing.service import open_sensing


def run(protocol: str, url: str, home: str, port: str = "0", broker: str = "") -> None:
    """Serve until SIGTERM; says the port once it listens (mqtt: nothing)."""
    asyncio.run(_serve(protocol, url, Path(home), int(port), broker))


async def _serve(protocol: str, url: str, home: Path, port: int, broker: str) -> None:
    logs.configure("warning")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = await Database.open(url, connections=4)
    async with open_sensing(sensing_context(database, home)) as sensing:
        settings = GatewaySettings(protocol, port=port, broker=broker)
        if protocol == "mqtt":
            await serving(protocol)(sensing, settings, stop)
        else:
            listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            listening.add_done_callback(lambda found: print(found.result(), flush=True))
            await serving(protocol)(sensing, settings, stop, listening=listening)  # type: ignore[call-arg]
    await database.close()
