"""读数的后续环节:积压看得见,停滞报得出,停用的可以移除。"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from yiwang.kernel import metrics
from yiwang.kernel.database import Database
from yiwang.sensing.figures import POSITIONS, Pace, delays, figures, standing_still
from yiwang.sensing.model import Grain, Reading, rows_of
from yiwang.sensing.readings import arrivals

NOON = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def empty(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("delete from arrival")
        await connection.execute("delete from arrival_mark")


async def announce(database: Database, at: datetime, count: int) -> None:
    rows = rows_of([Reading(1, 1, Grain.REAL, at, float(number)) for number in range(count)])
    async with database.transaction() as connection:
        await arrivals.announce(connection, at, rows)


async def follow(database: Database, follower: str) -> int:
    async with database.transaction() as connection:
        return len(await arrivals.follow(connection, follower))


async def test_停滞一分钟的环节_报出名字和时间(database: Database) -> None:
    for follower in ("rollups", "rules"):
        await follow(database, follower)
    await announce(database, NOON, 3)
    await follow(database, "rollups")
    async with database.connection() as connection:
        soon, late = Pace(NOON + timedelta(seconds=59)), Pace(NOON + timedelta(seconds=95))
        assert await standing_still(connection, soon) == {}
        assert await standing_still(connection, late) == {"rules": 95.0}
        assert await delays(connection, late) == {"rollups": 0.0, "rules": 95.0, POSITIONS: 0.0}
        fast = Pace(NOON + timedelta(seconds=95), 60.0)
        assert await standing_still(connection, fast) == {}, "a minute of a fast city is a second"


async def test_指标_每个环节的积压(database: Database) -> None:
    for follower in ("rollups", "rules"):
        await follow(database, follower)
    await announce(database, NOON, 3)
    await follow(database, "rollups")
    async with database.connection() as connection:
        text = metrics.exposition(await figures(connection, Pace(NOON + timedelta(seconds=10)))).decode()
    assert 'yiwang_readings_waiting{follower="rules"} 3.0' in text
    assert 'yiwang_readings_waiting{follower="rollups"} 0.0' in text
    assert 'yiwang_follower_delay_seconds{follower="rules"} 10.0' in text
    assert "# TYPE yiwang_devices_online gauge" in text


async def test_移除停用的环节_其余照旧_积压得以清理(database: Database) -> None:
    for follower in ("rules", "former"):
        await follow(database, follower)
    await announce(database, NOON, 5)
    assert await follow(database, "rules") == 1
    async with database.transaction() as connection:
        assert await arrivals.tidy(connection) == 0, "it is kept for the one that does not come"
        assert await arrivals.forget(connection, "former") == 5
        assert await arrivals.forget(connection, "former") is None
        assert await arrivals.tidy(connection) == 1
        assert await arrivals.waiting(connection) == {"rules": 0}
