"""读数写入中途 kill -9: writers, the follower that rolls up and archives, a session of the database, the database itself.

Every acknowledged reading is there once, in the database or in the lake, and counts once in every roll-up.
``YIWANG_CRASH_ROUNDS`` says how many rounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from support.nursery import Child, Nursery, nursery

from bench.crash.readings import BATCH, NOW, batch
from bench.installation import Cluster, child_environment, kill
from yiwang.kernel import migrations
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database, connect
from yiwang.kernel.settings import Settings
from yiwang.sensing.model import Rows
from yiwang.sensing.readings import Keeper, Readings
from yiwang.sensing.readings.checks import keys_of
from yiwang.sensing.readings.raw import Wanted, read

ROUNDS = int(os.environ.get("YIWANG_CRASH_ROUNDS", "5"))
WRITERS = 2
VICTIMS = ("writer", "backend", "follower", "postmaster", "everything")


class Town:
    """A durable database and the processes that work on it."""

    def __init__(self, born: Nursery, home: Path) -> None:
        self.born, self.home = born, home
        self.cluster = Cluster(home)
        self.url = ""
        self.running: dict[tuple[str, int], Child] = {}

    async def build(self) -> None:
        await self.cluster.start()
        await self.cluster.server.ensure_database("readings")
        self.url = self.cluster.url("readings")
        await asyncio.to_thread(migrations.upgrade, self.url)
        connection = await connect(self.url)
        await connection.execute("insert into arrival_mark values ('rollups', 0), ('proof', 0)")
        await connection.close()

    async def up(self) -> None:
        """Start whatever is down."""
        await self.cluster.start()
        for role, number in [("writer", number) for number in range(WRITERS)] + [("follower", 0)]:
            process = self.running.get((role, number))
            if process is None or not process.alive:
                self.running[role, number] = await self.born.start(role, self.url, str(self.home), str(number))

    async def down(self) -> None:
        for process in self.running.values():
            process.kill()
            await process.wait()

    async def strike(self, victim: str, chance: random.Random) -> None:
        if victim == "writer":
            self.running["writer", chance.randrange(WRITERS)].kill()
        elif victim == "follower":
            self.running["follower", 0].kill()
        elif victim == "backend":
            connection = await connect(self.url)
            rows = await connection.fetch(
                "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
                "and backend_type = 'client backend' order by state = 'active' desc"
            )
            await connection.close()
            kill(chance.choice(rows)["pid"])
        else:
            postmaster = self.cluster.server.status().pid
            assert postmaster
            kill(postmaster)
            if victim == "everything":
                await self.down()

    def acknowledged(self) -> list[tuple[int, int, int]]:
        """Writer, device, batch."""
        found = []
        for number in range(WRITERS):
            path = self.home / f"ledger-{number}"
            for line in path.read_text().splitlines() if path.exists() else []:
                fields = line.split()
                if len(fields) == 2:  # the last line of a killed writer may be torn
                    found.append((number, int(fields[0]), int(fields[1])))
        return found


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="yiwang-readings-"))
        Path(folder).chmod(0o755)
        born = await stack.enter_async_context(nursery("bench.crash.readings", child_environment(Path(folder))))
        found = Town(born, Path(folder))
        try:
            await found.build()
            yield found
        finally:
            await found.down()
            await found.cluster.start()
            await asyncio.to_thread(found.cluster.server.destroy)


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_随机杀死写入者跟随者与数据库_已确认的读数每条恰好一次(town: Town) -> None:
    chance = random.Random(int.from_bytes(os.urandom(3), "big"))
    for number in range(ROUNDS):
        await town.up()
        before = len(town.acknowledged())
        for _ in range(3000):  # a minute at most
            if len(town.acknowledged()) >= before + 40:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0, 0.6))
        victim = VICTIMS[number % len(VICTIMS)]
        await town.strike(victim, chance)
        acknowledged = town.acknowledged()
        print(f"round {number + 1}: {victim} killed, {len(acknowledged) - before} batches acknowledged")
        assert len(acknowledged) > before, [one.errors.read_text()[-2000:] for one in town.running.values()]
    await town.down()
    await town.cluster.start()
    await prove(town)


async def prove(town: Town) -> None:
    acknowledged = town.acknowledged()
    assert len(acknowledged) >= 40 * ROUNDS
    assert max(Counter(acknowledged).values()) == 1
    wanted = np.concatenate([batch(*item) for item in acknowledged])
    database = await Database.open(town.url, connections=3)
    context = Context(database, ManualClock(NOW), load_calendar(calendar_files("CN")), Settings(home=town.home))
    readings = Readings(context)
    keeper = Keeper(readings)
    while await keeper.follow():
        pass
    await keeper.keep()  # what the rounds left half done is taken up again
    async with database.connection() as connection:
        rows = await read(
            connection, readings.lake, Wanted(NOW.replace(year=2025), NOW.replace(year=2027), grain=None), limit=10**8
        )
        arrived = await connection.fetchval("select sum(count) from arrival")
        counted = await connection.fetch("select width, sum(count) as n, sum(sum) as total from rollup group by 1")
        archived = await connection.fetchval("select count(*) from reading_archive")
    await keeper.close()
    await database.close()
    there, asked = _keys(rows), _keys(wanted)
    print(f"{len(asked)} readings acknowledged, {len(rows)} stored, {archived} days in the lake")
    assert len(np.unique(there)) == len(there)
    assert np.isin(asked, there).all()
    assert arrived == len(rows), "each stored reading arrived once"
    assert {row["width"]: row["n"] for row in counted} == {1: len(rows), 2: len(rows), 3: len(rows)}
    assert all(row["total"] == pytest.approx(rows["value"].sum()) for row in counted)
    assert archived > 0
    assert len(wanted) == len(acknowledged) * BATCH


def _keys(rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    found = np.zeros(len(rows), dtype=[("key", "<i8"), ("at", "<i8"), ("value", "<f8")])
    found["key"], found["at"], found["value"] = keys_of(rows), rows["at"], rows["value"]
    return found
