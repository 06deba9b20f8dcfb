"""Counting over a database that holds nothing but a journal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.standing_clock import StandingClock

from yiwang.insight.scoring.following import Following
from yiwang.insight.scoring.rebuilding import Rebuilding
from yiwang.kernel import journal
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.journal import Entry
from yiwang.kernel.journal.store import FINAL
from yiwang.kernel.settings import Settings

CHINA = ZoneInfo("Asia/Shanghai")


@dataclass
class Counting:
    """A journal, whoever follows it, and a clock."""

    database: Database
    clock: StandingClock
    following: Following
    rebuilding: Rebuilding
    last: dict[str, int] = field(default_factory=dict)

    async def write(self, entries: Sequence[Entry]) -> None:
        async with self.database.transaction() as connection:
            await journal.append_many(connection, entries)

    async def catch_up(self, *, entries: int = 2000) -> None:
        """Follow until nothing is left; other tests' open transactions on the same server are waited for."""
        async with self.database.connection() as connection:
            newest = await connection.fetchval("select coalesce(max(tx), 0) from journal")
        while True:
            async with self.database.connection() as connection:
                final = await connection.fetchval(f"select {FINAL}")
            while await self.following.advance(entries=entries):
                pass
            if final > newest:
                return
            await asyncio.sleep(0.02)

    async def side(self, number: int) -> dict[str, list[tuple[object, ...]]]:
        """Everything counted on one side, by table."""
        tables = {
            "life": f"select * from insight_life_{number} order by case_id",
            "fact": f"select * from insight_fact_{number} order by 1, 2, 3",
            "many": f"select * from insight_many_{number} order by 1, 2, 3, 4",
            "count": f"select * from insight_count_{number} where n <> 0 order by 1, 2, 3, 4",
        }
        async with self.database.connection() as connection:
            return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in tables.items()}

    async def progress_side(self) -> int:
        async with self.database.connection() as connection:
            side: int = await connection.fetchval("select side from insight_progress")
            return side


def counting_in(database: Database, home: Path) -> Counting:
    """Whoever counts the journal of this database."""
    clock = StandingClock(datetime(2026, 3, 1, tzinfo=CHINA))
    context = Context(database, clock, load_calendar(calendar_files()), Settings(_env_file=None, home=home))
    following = Following(context)
    return Counting(database, clock, following, Rebuilding(context, following))


@pytest.fixture(scope="module")
async def counting(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Counting:
    async with database.transaction() as connection:
        await connection.execute(
            "insert into insight_slice (number, condition, since) values"
            """ (0, '{"types": ["urban-case"]}', now()), (1, '{}', now()), (3, '{"channels": ["hotline"]}', now());"""
            " update insight_progress set scopes = '0,1,3'"
        )
    return counting_in(database, tmp_path_factory.mktemp("home"))
