"""Scores: a month for all departments, and the whole recomputation of a year from its journal, beside DuckDB's scan.

The year is told by :mod:`bench.lives` into a database of its own, kept and used again. From a million cases on, the months
are read again from counts of ten years like it: as many as ten million cases leave behind.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from bench.lives import Lives, write_lives, year_before
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.http.services import Services, open_services
from yiwang.insight.scoring.periods import span_of
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import connect

YEAR = Target(60)
MONTH = Target(300)
TEN_YEARS = 10
_MILLION = 1_000_000
_ARCHIVE = 1_101_000
"""Cases in an archive of a million closed ones: some are open too."""
_BOARDS = (("departments", "department-score"), ("streets", "street-score"), ("posts", "post-score"))


async def measure(stage: Stage) -> list[Measurement]:
    """``scoring.recompute`` (a year of the archive's size) and ``scoring.month.<objects>``."""
    cases = stage.cases
    url = await _told(stage, cases)
    await _put_back(url)
    seconds: list[Run] = []
    found: list[Measurement] = []
    async with open_services(stage.cluster.settings(stage.city), url, connections=4) as services:
        for number in range(1 if cases > 2_000_000 else stage.rounds):
            began = time.perf_counter()
            await services.insight.rebuilding.begin()
            await services.insight.rebuilding.run(_telling(stage, number + 1))
            spent = time.perf_counter() - began
            seconds.append(Run(spent, await _raw_year(url)))
            stage.say(f"recompute {number + 1}: {spent:.1f} s for {cases:,} cases; DuckDB {seconds[-1].limit:.2f} s")
        await _refresh(url)
        found += await _months(stage, services, url, cases, "")
        if cases >= _MILLION:
            async with _ten_years(stage, url):
                found += await _months(stage, services, url, cases * TEN_YEARS, f", counts of {TEN_YEARS} such years")
    target = YEAR if cases <= _ARCHIVE else None
    return [
        Measurement(
            "scoring.recompute", f"a year of {cases:,} cases, all counts from the journal", "s", "less", tuple(seconds),
            "DuckDB: one scan of the same entries in Parquet, grouped by day, office, stage and outcome", target, cases,
        ),
        *found,
    ]  # fmt: skip


def _telling(stage: Stage, number: int) -> Callable[[int, int], None]:
    """Tells of every tenth of a recomputation."""
    last = 0

    def told(done: int, of: int) -> None:
        nonlocal last
        if of and done * 10 // of > last:
            last = done * 10 // of
            stage.say(f"recompute {number}: {done:,} of about {of:,} entries")

    return told


async def _months(stage: Stage, services: Services, url: str, cases: int, words: str) -> list[Measurement]:
    found = []
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as folder:
        query = "select c.object, c.day, c.slice, c.fact, c.n from insight_count_{side} c"
        path = await _exported(url, Path(folder), query)
        limit = _raw_month(path, date(year_before(datetime.now(UTC)).year, 6, 15))
    for word, board in _BOARDS:
        runs = [Run(await _month(services, board, stage.quick), limit) for _ in range(stage.rounds)]
        stage.say(f"scores of a month{words}, {word}: p95 {runs[-1].value:.1f} ms, DuckDB {runs[-1].limit:.1f}")
        found.append(
            Measurement(
                f"scoring.month.{word}", f"95 % within, scores of a month for all {word}{words}", "ms", "less",
                tuple(runs), "DuckDB: the same counts of the same month from Parquet of the day's counts", MONTH, cases,
            )
        )  # fmt: skip
    return found


@asynccontextmanager
async def _ten_years(stage: Stage, url: str) -> AsyncIterator[None]:
    """The counts of the year stand there ten times, each a year earlier; afterwards the year's own again."""
    connection = await connect(url)
    try:
        side = await connection.fetchval("select side from insight_progress")
        table, kept = f"insight_count_{side}", f"bench_count_kept_{side}"
        began = time.perf_counter()
        await connection.execute(
            f"set statement_timeout = 0; set maintenance_work_mem = '1GB'; alter table {table} rename to {kept};"
            f" create table {table} (like {kept} including storage) with (fillfactor = 80)"
        )
        try:
            days = await connection.fetchval(f"select max(day) - min(day) + 1 from {kept}")
            for year in range(TEN_YEARS):
                await connection.execute(
                    f"insert into {table} select object, day - {days * year}, slice, fact, n from {kept}"
                )
            await connection.execute(f"alter table {table} add primary key (object, slice, fact, day)")
            await connection.execute(f"vacuum analyze {table}")
            rows = await connection.fetchval(f"select count(*) from {table}")
            stage.say(f"scoring: {rows:,} counts of {TEN_YEARS} years in {time.perf_counter() - began:.0f} s")
            yield
        finally:
            await connection.execute(f"drop table {table}; alter table {kept} rename to {table}")
    finally:
        await connection.close()


async def _put_back(url: str) -> None:
    """What an interrupted measurement left in place of the year's own counts goes."""
    connection = await connect(url)
    try:
        for side in (0, 1):
            if await connection.fetchval("select to_regclass($1) is not null", f"bench_count_kept_{side}"):
                await connection.execute(
                    f"drop table if exists insight_count_{side};"
                    f" alter table bench_count_kept_{side} rename to insight_count_{side}"
                )
    finally:
        await connection.close()


async def _told(stage: Stage, cases: int) -> str:
    """The URL of a city whose journal tells a year of so many cases."""
    base = await stage.cluster.city(stage.city)
    of = hashlib.sha256((Path(__file__).parents[1] / "lives.py").read_bytes()).hexdigest()[:6]
    name = f"bench_lives_{cases}_{base.rsplit('_', 1)[1][:8]}_{of}"
    if await stage.cluster.exists(name):
        return stage.cluster.url(name)
    for older in await stage.cluster.names(f"bench_lives_{cases}_"):
        await stage.cluster.drop(older)
    making = f"{name}_new"
    url = await stage.cluster.copy(base, making)
    connection = await connect(url)
    try:
        areas = [
            row["code"] for row in await connection.fetch("select code from area where length(code) = 12 order by code")
        ]
        offices = [row["id"] for row in await connection.fetch("select id from organisation order by id")]
        began = time.perf_counter()
        lives = Lives(17, areas, offices[:60], year_before(datetime.now(UTC)), 365)
        entries = await write_lives(connection, lives, cases)
        await connection.execute("vacuum analyze journal")
        stage.say(f"scoring: {entries:,} entries of {cases:,} cases told in {time.perf_counter() - began:.0f} s")
    finally:
        await connection.close()
    await stage.cluster.rename(making, name)
    return stage.cluster.url(name)


async def _refresh(url: str) -> None:
    connection = await connect(url)
    try:
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def _month(services: Services, board: str, quick: bool) -> float:
    """Milliseconds, 95 % of reading a board's month, each time another month."""
    year = year_before(datetime.now(UTC)).year
    spent = []
    for number in range(12 if quick else 36):
        day = date(year, number % 12 + 1, 15)
        began = time.perf_counter()
        reading = await services.insight.scores.board(SYSTEM, board, period="month", day=day)
        spent.append((time.perf_counter() - began) * 1000)
        if not reading.rows or reading.rows[0].score.total is None:
            raise RuntimeError(f"the board {board} has no scores in {day}")
    spent.sort()
    return spent[int(len(spent) * 0.95)]


def _raw_month(path: Path, day: date) -> float:
    """Milliseconds in which DuckDB groups the month's counts, from a Parquet file of all counts; the best of five."""
    span = span_of("month", day)
    with duckdb.connect() as duck:
        best = 1e9
        for _ in range(5):
            began = time.perf_counter()
            duck.execute(
                "select object, fact, sum(n) from read_parquet(?) where day between ? and ? group by 1, 2",
                [str(path), span.first, span.last],
            ).fetchall()
            best = min(best, (time.perf_counter() - began) * 1000)
    return best


async def _raw_year(url: str) -> float:
    """Seconds in which DuckDB scans all entries once, from Parquet, and groups them."""
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as folder:
        query = (
            "select subject_id, at as moment, verb, area, actor_id, data->>'stage' as stage, data->>'outcome' as outcome,"
            " (data->>'organisation')::int as office, (data->>'due')::timestamptz as due from journal where verb like 'case.%'"
        )
        path = await _exported(url, Path(folder), query)
        with duckdb.connect() as duck:
            began = time.perf_counter()
            duck.execute(
                "select moment::date, office, verb, stage, outcome, count(*), count(distinct subject_id),"
                " count(*) filter (moment <= due)"
                " from read_parquet(?) group by 1, 2, 3, 4, 5",
                [str(path)],
            ).fetchall()
            return time.perf_counter() - began


async def _exported(url: str, folder: Path, query: str) -> Path:
    """The rows of a query as a Parquet file."""
    connection = await connect(url)
    try:
        side = await connection.fetchval("select side from insight_progress")
        csv = folder / "rows.csv"
        await connection.copy_from_query(
            query.format(side=side) if "{side}" in query else query, output=csv, format="csv", header=True
        )
    finally:
        await connection.close()
    path = folder / "rows.parquet"
    with duckdb.connect() as duck:
        duck.execute(f"copy (select * from read_csv('{csv}', sample_size = 200000)) to '{path}' (format parquet)")
    csv.unlink()
    return path
