"""Bulk import of a history of cases from a CSV file, as ``yiwang import cases`` does it; beside COPY of the same rows."""

from __future__ import annotations

import asyncio
import csv
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

import asyncpg

from bench.costs import cpu_of
from bench.raw import Table
from bench.results import Measurement, Run, Target
from bench.stage import CASE_TYPE, Stage
from bench.texts import Teller
from yiwang.casework.importing import ImportMapping, import_cases
from yiwang.http.services import open_services
from yiwang.kernel.database import connect

ROWS = 40_000
RATE = Target(10_000)
_TABLES = {"case_file": "id", "case_reporter": "case_id", "case_text": "case_id", "journal": "subject_id"}
_COLUMNS = (
    "number", "text", "class", "channel", "reported", "closed", "status", "address", "lon", "lat", "neighbourhood",
)  # fmt: skip


async def measure(stage: Stage) -> list[Measurement]:
    """``import.rate`` and ``import.cpu``: one connection; every row judged, located, indexed for search, journalled."""
    rows = ROWS // 4 if stage.quick else ROWS
    runs: list[Run] = []
    costs: list[Run] = []
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        for number in range(stage.rounds):
            with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as folder:
                path = Path(folder) / f"history-{stage.seed}-{number}.csv"
                _write_history(stage, path, rows)
                before = await _newest(stage.url)
                began, spent = time.perf_counter(), _spent(stage)
                result = await import_cases(services.casework, path, _mapping(), report=Path(folder) / "report.csv")
                seconds = time.perf_counter() - began
                await asyncio.sleep(0.3)  # until the import's own backend has ended and its time is its parent's
                cost = [(now - then) * 1e6 / rows for now, then in zip(_spent(stage), spent, strict=True)]
            if result.taken < rows * 0.99:
                raise RuntimeError(f"of {rows} rows only {result.taken} were taken: {result.notes}")
            limit = await _copy(stage.url, before)
            runs.append(Run(result.taken / seconds, limit))
            costs.append(Run(sum(cost), None))
            stage.say(
                f"import {number + 1}/{stage.rounds}: {runs[-1].value:,.0f} cases/s, COPY of the same rows {limit:,.0f};"
                f" processor a case: judging {cost[1]:.0f}, writing {cost[0]:.0f}, database {cost[2]:.0f} µs"
            )
    return [
        Measurement(
            "import.rate", f"{rows:,} rows of CSV, one process judges, one writes", "cases/s", "more", tuple(runs),
            "binary COPY of the same rows into empty tables with the same indexes, one connection", RATE, stage.cases,
        ),
        Measurement(
            "import.cpu", "processor time of judging, writing and the database", "µs/case", "less", tuple(costs),
            cases=stage.cases,
        ),
    ]  # fmt: skip


def _spent(stage: Stage) -> tuple[float, float, float]:
    """Seconds of processor so far: this process, those it started and that ended, web workers and database."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, ended.ru_utime + ended.ru_stime, cpu_of(stage)


def _mapping() -> ImportMapping:
    names = {
        "number": "number", "text": "text", "class": "class", "channel": "channel", "reported_at": "reported",
        "closed_at": "closed", "status": "status", "address": "address", "lon": "lon", "lat": "lat",
    }  # fmt: skip
    return ImportMapping.model_validate(
        {
            "type": CASE_TYPE,
            "system": "an older system",
            "columns": names,
            "channels": {"电话": "hotline"},
            "open_statuses": ["在办"],
            "fields": {"neighbourhood": "neighbourhood"},
        }
    )


def _write_history(stage: Stage, path: Path, rows: int) -> None:
    """Closed matters of the last three years in the order of time, one in fifty still open."""
    stage.seed += 1
    chance = random.Random(stage.seed)
    teller = Teller(stage.case_type, stage.seed)
    now = datetime.now(UTC).replace(microsecond=0)
    minutes = sorted((chance.randrange(3 * 365 * 24 * 60) for _ in range(rows)), reverse=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_COLUMNS)
        for number, ago in enumerate(minutes):
            text, road = teller.text()
            lon, lat = chance.choice(stage.places)
            reported = now - timedelta(minutes=ago)
            still_open = chance.random() < 0.02
            closed = "" if still_open else (reported + timedelta(hours=chance.randrange(1, 200))).isoformat()
            out.writerow((
                f"H{stage.seed}-{number}", text, road[:4], "电话" if chance.random() < 0.7 else "网站", reported.isoformat(),
                closed, "在办" if still_open else "办结", f"{road}{chance.randrange(1, 400)}号", f"{lon:.6f}", f"{lat:.6f}",
                road,
            ))  # fmt: skip


async def _newest(url: str) -> int:
    connection = await connect(url)
    try:
        return int(await connection.fetchval("select coalesce(max(seq), 0) from journal"))
    finally:
        await connection.close()


async def _copy(url: str, after: int) -> float:
    """Cases a second at which the rows of the last import go into clones of the tables by COPY, in its batches."""
    connection = await connect(url)
    try:
        await connection.execute("drop schema if exists copied cascade; create schema copied")
        found = await connection.fetch(
            "select distinct subject_id from journal where seq > $1 and verb = 'case.imported'", after
        )
        ids: list[UUID] = [row["subject_id"] for row in found]
        seconds = 0.0
        for name, key in _TABLES.items():
            table = await Table.read(connection, name)
            await connection.execute(f"create table copied.{name} (like public.{name} including all)")
            file = await _out(connection, table, key, ids)
            began = time.perf_counter()
            await connection.copy_to_table(
                name, schema_name="copied", source=file, columns=table.names, format="binary"
            )
            seconds += time.perf_counter() - began
            file.close()
        await connection.execute("drop schema copied cascade")
        return len(ids) / seconds
    finally:
        await connection.close()


async def _out(connection: asyncpg.Connection[asyncpg.Record], table: Table, key: str, ids: list[UUID]) -> BinaryIO:
    """The rows in COPY's own binary form, in a file that is gone when closed."""
    file = cast(BinaryIO, tempfile.TemporaryFile(prefix="yiwang-bench-"))  # noqa: SIM115  # the caller closes it
    await connection.execute("drop table if exists wanted; create temp table wanted (id uuid primary key)")
    await connection.copy_records_to_table("wanted", records=[(one,) for one in ids], columns=["id"])
    names = ", ".join(f"x.{name}" for name in table.names)
    query = f"select {names} from public.{table.name} x join wanted w on w.id = x.{key}"
    await connection.copy_from_query(query, output=file, format="binary")
    file.seek(0)
    return file
