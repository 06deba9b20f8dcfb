"""每条读数恰好判断一次:处理失败则整批重来,进程被 kill -9 也不漏不重。"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest
from alarm_world import FLOODED, AlarmWorld
from support.nursery import nursery
from support.small_city import SMALL_CITY

from yiwang.kernel.database import Connection
from yiwang.sensing.alarms import raising
from yiwang.sensing.model import Grain, Reading, rows_of

QUIET = {key: value for key, value in FLOODED.items() if key != "opens"}


class PowerCut(Exception):
    """Stands for whatever ends a transaction."""


async def test_写到一半失败_下一次从头再来(world: AlarmWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.rules(flooded=QUIET)
    await world.arrive("G-1", [0.3])
    whole = raising.write

    async def cut(connection: Connection, *rest: object) -> None:
        await whole(connection, *rest)  # type: ignore[arg-type]
        raise PowerCut

    monkeypatch.setattr(raising, "write", cut)
    for _ in range(3):
        with pytest.raises(PowerCut):
            await world.judge()
    monkeypatch.setattr(raising, "write", whole)
    assert await world.alarms() == []
    await world.judge()
    assert len(await world.alarms()) == 1


async def test_两个进程交替处理_状态不会过时(world: AlarmWorld) -> None:
    await world.rules(flooded={**QUIET, "when": {"metric": "depth", "above": 0.27, "for": "3min"}})
    other = world.new_worker()
    start = world.city.now()
    for minute in range(6):
        await world.arrive("G-1", [0.3], at=start - timedelta(minutes=6 - minute))
        worker = other if minute % 2 else world.following
        assert await worker.advance() == 1
    (alarm,) = await world.alarms()
    assert alarm.began_at == start - timedelta(minutes=6)


async def test_反复杀死进程_每次超限恰有一条报警(world: AlarmWorld, tmp_path: Path) -> None:
    await world.rules(flooded=QUIET)
    gauges = ["G-1", "G-2", "G-3", "G-4"]
    turns = kills = 0
    start = world.city.now() - timedelta(minutes=50)
    stop = asyncio.Event()

    async def write() -> None:
        nonlocal turns
        while turns < 300 and (turns < 40 or kills < 3):
            for second, value in ((0, 0.4), (5, 0.1)):
                at = start + timedelta(seconds=10 * turns + second)
                rows = [Reading(world.devices[g], world.metrics["depth"], Grain.REAL, at, value) for g in gauges]
                await world.sensing.writer.put(rows_of(rows))
                await asyncio.sleep(0.05)
            turns += 1
        stop.set()

    async with nursery("support.judging") as born:
        arguments = world.context.database.url, str(tmp_path), str(SMALL_CITY)
        next_one = await born.start(*arguments)
        writing = asyncio.create_task(write())
        while not stop.is_set():
            child, next_one = next_one, await born.start(*arguments)  # the next one wakes while this one judges
            assert await child.line() == "ready"
            await asyncio.sleep(random.uniform(0.05, 0.4))
            child.kill()
            await child.wait()
            kills += 1
        await writing
    await world.judge()
    async with world.context.database.connection() as connection:
        raised = await connection.fetchval("select count(*) from alarm where rule = 'flooded'")
        told = await connection.fetch(
            "select j.verb, count(*) as count from journal j join alarm a on a.id = j.subject_id group by 1"
        )
        still = await connection.fetchval("select count(*) from alarm where state in ('raised', 'acknowledged')")
    assert kills >= 2
    assert (raised, still) == (turns * len(gauges), 0)
    assert {row["verb"]: row["count"] for row in told} == {"alarm.raised": raised, "alarm.cleared": raised}
