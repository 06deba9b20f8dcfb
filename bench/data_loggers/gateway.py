"""``python -m bench.data_loggers.gateway URL HOME PORT``: the gateway alone, on the real clock.

Prints its port and ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from yiwang.kernel import logs
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import RealClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings
from yiwang.sensing.gateways.hj212 import serve
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.service import open_sensing


async def main(url: str, home: Path, port: int) -> None:
    logs.configure("warning")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = await Database.open(url, connections=4)
    context = Context(
        database, RealClock(), load_calendar(calendar_files()), Settings(home=home, database_url=url)
    )  # fmt: skip
    async with open_sensing(context) as sensing:
        listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        listening.add_done_callback(lambda found: print(found.result(), flush=True))
        await serve(sensing, GatewaySettings("hj212", port=port), stop, listening=listening)
    await database.close()


def run(url: str, home: str, port: str) -> None:
    """The gateway, until SIGTERM."""
    uvloop.run(main(url, Path(home), int(port)))


if __name__ == "__main__":
    run(*sys.argv[1:4])
