"""逐笔累计与全量重算相等: counts kept up entry by entry are those that the journal gives when read anew, on random histories."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from insight.conftest import CHINA, Counting
from insight.histories import ordinary_life, random_life

START = datetime(2026, 3, 1, 8, tzinfo=CHINA)


@pytest.mark.parametrize("seed", range(12))
async def test_逐笔累计等于全量重算(counting: Counting, seed: int) -> None:
    """Read in stretches of any size, with the clock looked at in between at any time, and recomputed in blocks of any size."""
    chance = random.Random(seed)
    began = START + timedelta(days=seed * 3)
    lives = [
        (random_life if chance.random() < 0.8 else ordinary_life)(
            chance, began + timedelta(hours=chance.random() * 100)
        )
        for _ in range(30)
    ]
    entries = sorted((entry for life in lives for entry in life), key=lambda entry: entry.at)
    at = 0
    while at < len(entries):
        size = chance.choice((3, 17, 60))
        await counting.write(entries[at : at + size])
        at += size
        counting.clock.at = entries[min(at, len(entries)) - 1].at + timedelta(minutes=chance.choice((0, 1, 300)))
        if chance.random() < 0.5:
            await counting.catch_up(entries=chance.choice((7, 40, 2000)))
    counting.clock.at = max(entry.at for entry in entries) + timedelta(hours=chance.choice((0, 50)))
    await counting.catch_up()
    side = await counting.progress_side()
    before = await counting.side(side)
    assert await counting.rebuilding.begin()
    assert await counting.rebuilding.run(block=chance.choice((7, 100, 100_000)))
    assert await counting.progress_side() == 1 - side
    after = await counting.side(1 - side)
    assert before["count"]
    for table in before:
        wrong = sorted(set(after[table]) ^ set(before[table]), key=str)
        for row in wrong[:4]:
            print(table, row, row in before[table], [bit for bit in range(60) if table == "fact" and row[3] >> bit & 1])
            for entry in entries:
                if table == "fact" and entry.subject_id == row[2]:
                    print(
                        "   ",
                        entry.at,
                        entry.verb,
                        {k: v for k, v in entry.data.items() if k not in ("number", "class")},
                    )
        assert after[table] == before[table], table


async def test_没有一个计数为负(counting: Counting) -> None:
    for table, column in (("count", 4), ("many", 4)):
        rows = (await counting.side(await counting.progress_side()))[table]
        assert all(row[column] >= 0 for row in rows), [row for row in rows if row[column] < 0][:5]
