"""Processes that the proof of readings kills: writers that keep a ledger of what was acknowledged, and a follower.

``python -m bench.crash.readings writer|follower URL HOME NUMBER``. A writer is many devices on one :class:`ReadingWriter`, each
sending again until it is acknowledged, as devices do, now and then something late, in days that are being archived. Its
ledger, a line for each acknowledged batch, is written only after the acknowledgement.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY, Database
from yiwang.kernel.errors import Problem
from yiwang.kernel.settings import Settings
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.model import NoLimits, Rows, empty_rows, micros
from yiwang.sensing.readings import Keeper, Readings, ReadingWriter

NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
LATE_DAYS = 3
DEVICES, BATCH = 30, 40
_PAUSE = 0.02


def batch(writer: int, device: int, number: int) -> Rows:
    """The rows of a device's batch: told by its numbers alone, so that the proof can make them again."""
    rows = empty_rows(BATCH)
    rows["device"], rows["metric"] = writer * 1000 + device + 1, 1
    late = timedelta(days=40 + device % LATE_DAYS) if number % 20 in (4, 5, 6) else timedelta()
    begin = micros(NOW - late - timedelta(hours=12)) + (number * BATCH) * 1_000_000
    rows["at"] = begin + np.arange(BATCH) * 1_000_000
    rows["value"] = number
    return rows


async def _write(url: str, home: Path, number: int) -> None:
    context = await _context(url, home)
    writer = ReadingWriter(context, NoLimits())
    await writer.start()
    with (home / f"ledger-{number}").open("a+", buffering=1) as ledger:
        ledger.seek(0)
        begun = [0] * DEVICES
        for line in ledger.read().splitlines():
            fields = line.split()
            if len(fields) == 2:
                begun[int(fields[0])] = max(begun[int(fields[0])], int(fields[1]) + 1)

        async def device(which: int) -> None:
            batch_number = begun[which]
            while True:
                try:
                    await writer.put(batch(number, which, batch_number))
                except SensingUnavailable:
                    await asyncio.sleep(_PAUSE)
                    continue
                ledger.write(f"{which} {batch_number}\n")
                batch_number += 1
                await asyncio.sleep(_PAUSE)

        await asyncio.gather(*map(device, range(DEVICES)))


async def _follow(url: str, home: Path) -> None:
    context = await _context(url, home)
    keeper = Keeper(Readings(context))

    async def archive() -> None:
        while True:
            await _tried(keeper.keep())
            await asyncio.sleep(0.3)

    async def follow() -> None:
        while True:
            await _tried(keeper.follow())
            await asyncio.sleep(0.02)

    await asyncio.gather(archive(), follow())


async def _tried(work: Awaitable[object]) -> None:
    try:
        await work
    except (*AWAY, Problem) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        await asyncio.sleep(_PAUSE)


async def _context(url: str, home: Path) -> Context:
    calendar = load_calendar(calendar_files("CN"))
    while True:
        try:
            database = await Database.open(url, connections=3)
        except AWAY:
            await asyncio.sleep(0.1)
        else:
            return Context(database, ManualClock(NOW), calendar, Settings(home=home))


def run(role: str, url: str, home: str, number: str) -> None:
    """One of the processes, until it is killed."""
    asyncio.run(_write(url, Path(home), int(number)) if role == "writer" else _follow(url, Path(home)))


if __name__ == "__main__":
    run(*sys.argv[1:5])
