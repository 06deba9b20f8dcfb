"""四年的逐时空气质量: three stations' hourly series from 2013 to 2017, as they were measured, through the writer.

What is missing in the files is missing in the table, hour by hour; roll-ups equal a plain reckoning over the files.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from reading_world import SHANGHAI, ReadingWorld, reading_world

from yiwang.kernel.database import Database
from yiwang.sensing.model import Grain, Rows, empty_rows, micros, moment
from yiwang.sensing.readings.raw import Wanted, read
from yiwang.sensing.readings.service import gaps

COLUMNS = (("PM2.5", "SO2"), ("O3", "TEMP"), ("PM2.5", "O3"))
"""Two of each station, the first of them metric 1: every column has its own gaps, and four years of six are enough of them."""
BEGIN = datetime(2013, 3, 1, tzinfo=SHANGHAI)
END = datetime(2017, 3, 1, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)


@dataclass
class Air:
    world: ReadingWorld
    values: dict[tuple[int, int], dict[int, float]]
    """(station, metric) → hour in microseconds → value."""


def read_files(folder: Path) -> dict[tuple[int, int], dict[int, float]]:
    found: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)
    for station, path in enumerate(sorted(folder.glob("PRSA_Data_*.csv.gz")), start=1):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in csv.DictReader(stream):
                at = datetime(*(int(line[name]) for name in ("year", "month", "day", "hour")), tzinfo=SHANGHAI)
                for metric, column in enumerate(COLUMNS[station - 1], start=1):
                    if line[column].strip() not in ("NA", ""):
                        found[station, metric][micros(at)] = float(line[column])
    return found


@pytest.fixture(scope="module")
async def air(database: Database, tmp_path_factory: pytest.TempPathFactory, shared_dir: Path) -> AsyncIterator[Air]:
    """One month after the other in a shuffled order within it, a part of each again; the clock goes with it."""
    values = read_files(shared_dir / "data" / "environment")
    months: dict[tuple[int, int], list[Rows]] = defaultdict(list)
    for (station, metric), hours in values.items():
        rows = empty_rows(len(hours))
        rows["device"], rows["metric"] = station, metric
        rows["at"], rows["value"] = list(hours), list(hours.values())
        local = (rows["at"] + 8 * 3_600_000_000).astype("M8[us]")
        keys = local.astype("M8[Y]").astype(int) * 100 + 197_000 + local.astype("M8[M]").astype(int) % 12 + 1
        for key in np.unique(keys).tolist():
            months[divmod(key, 100)].append(rows[keys == key])
    rng = np.random.default_rng(11)
    async with reading_world(database, tmp_path_factory.mktemp("home"), at=BEGIN) as world:
        stored = 0
        for year, month in sorted(months):
            world.clock.at = max(world.clock.at, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=SHANGHAI))
            rows = rng.permutation(np.concatenate(months[year, month]))
            stored += (await world.writer.put(rows)).stored
            again = await world.writer.put(rows[: len(rows) // 10])
            assert again.stored == 0
            await world.keeper.follow()
        assert stored == sum(len(hours) for hours in values.values())
        await world.caught_up()
        yield Air(world, values)


@pytest.mark.parametrize("station", [1, 2, 3])
async def test_缺测小时与原文件完全一致(air: Air, station: int) -> None:
    async with air.world.database.connection() as connection:
        for metric in range(1, len(COLUMNS[station - 1]) + 1):
            rows = await read(connection, air.world.readings.lake, Wanted(BEGIN, END, (station,), metric))
            missing = set()
            for first, last in gaps(rows, HOUR, BEGIN, END):
                missing |= set(range(first, last + 1, 3_600_000_000))
            all_hours = set(range(micros(BEGIN), micros(END), 3_600_000_000))
            assert missing == all_hours - air.values[station, metric].keys()
            assert len(all_hours) == 35_064


async def test_汇总与逐条计算相等(air: Air) -> None:
    wanted: dict[tuple[int, int, int, int], list[float]] = defaultdict(list)
    for (station, metric), hours in air.values.items():
        for at, value in hours.items():
            local = moment(at).astimezone(SHANGHAI)
            wanted[station, metric, int(Grain.HOUR), at].append(value)
            wanted[station, metric, int(Grain.DAY), micros(local.replace(hour=0))].append(value)
    async with air.world.database.connection() as connection:
        rows = await connection.fetch("select * from rollup where width in (2, 3)")
    assert len(rows) == len(wanted)
    for row in rows:
        values = wanted[row["device_id"], row["metric_id"], row["width"], micros(row["at"])]
        assert (row["count"], row["valid"], row["low"], row["high"]) == (
            len(values),
            len(values),
            min(values),
            max(values),
        )
        assert math.isclose(row["sum"], math.fsum(values), rel_tol=1e-9, abs_tol=1e-9)
        assert row["last"] == values[-1]


async def test_四年日均曲线与年均(air: Air) -> None:
    async with air.world.database.connection() as connection:
        found = await air.world.readings.curve(connection, 1, 1, BEGIN, END, points=2_000)
    assert (found.source, found.step) == ("day", 86_400)
    values = air.values[1, 1]
    assert found.buckets["count"].sum() == len(values)
    assert found.buckets["sum"].sum() / found.buckets["valid"].sum() == pytest.approx(
        sum(values.values()) / len(values)
    )
