"""Records of the same person: a whole population compared, as ``yiwang registry resolve`` does it, beside a plain self-join.

It is known who stands there twice (:mod:`bench.duplicates`); how many of them were found, and how many found are true, is
measured too. 100,000 people; a million with ``--scale full`` or ``YIWANG_BENCH_PEOPLE=1000000``.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import orjson
import yaml

from bench.duplicates import TYPE, Marks, write
from bench.installation import REPOSITORY, Web
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.http.services import open_services
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import connect
from yiwang.registry import store
from yiwang.registry.declarations import ThingType
from yiwang.registry.importing.runner import Wanted, import_things

PEOPLE, MILLION = 100_000, 1_000_000
SECONDS, MEMORY_MB = 600, 4096
_TYPE = "bench-person"
_FULL_FROM = 2_000_000


async def measure(stage: Stage) -> list[Measurement]:
    """``resolution.search``, ``resolution.memory``, ``resolution.precision``, ``resolution.recall``."""
    people = int(os.environ.get("YIWANG_BENCH_PEOPLE", "0")) or (5_000 if stage.quick else _usual(stage.cases))
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as folder:
        path = Path(folder) / "people.csv"
        truth = await asyncio.to_thread(write, path, people)
        await _brought(stage, path)
        runs, memory = [], []
        for number in range(stage.rounds if people < MILLION else 1):
            done = await asyncio.to_thread(_searched, stage)
            limit = await asyncio.to_thread(_joined, path)
            runs.append(Run(done.seconds, limit))
            memory.append(Run(done.memory_mb, None))
            stage.say(
                f"resolution {number + 1}: {people:,} people, {done.compared:,} pairs in {done.seconds:.1f} s,"
                f" {done.memory_mb:.0f} MB; DuckDB's self-join {limit:.1f} s"
            )
    same, both = await _marks(stage, truth)
    stage.say(f"resolution: taken for the same: {same}; with those to be reviewed: {both}; planted {len(truth):,}")
    await _forgotten(stage)
    within = Target(SECONDS if people >= MILLION else SECONDS * people / MILLION)
    words = f"{people:,} people, one in twenty twice"
    return [
        Measurement(
            "resolution.search", f"all found and queued, {words}", "s", "less", tuple(runs),
            "DuckDB: self-join of the same table by the same lines, names by edit distance, nothing kept", within, people,
        ),
        Measurement(
            "resolution.memory", f"largest resident, {words}", "MB", "less", tuple(memory), "", Target(MEMORY_MB), people
        ),
        Measurement(
            "resolution.precision", "of what is taken for the same, so much is", "%", "more",
            (Run(same.precision * 100, None),), "", Target(99), people,
        ),
        Measurement(
            "resolution.recall", "of what is the same, so much is found (same or to be reviewed)", "%", "more",
            (Run(both.recall * 100, None),), "", Target(97), people,
        ),
    ]  # fmt: skip


def _usual(cases: int) -> int:
    return MILLION if cases > _FULL_FROM else PEOPLE


async def _brought(stage: Stage, path: Path) -> None:
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        declared = ThingType.model_validate(yaml.safe_load(TYPE))
        body = declared.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        async with services.registry.context.database.transaction() as connection:
            await store.publish_type(connection, declared.id, 1, "bench", body, "bench", real_now())
        await services.registry.refresh()
        began = time.perf_counter()
        run = await import_things(
            services.registry, SYSTEM, _TYPE, path, Wanted(report=path.with_suffix(".report.csv"))
        )
        if run.counts.get("refused", 0):
            raise RuntimeError(f"rows were refused: {run.notes}")
        stage.say(f"resolution: {run.rows_done:,} records brought in, in {time.perf_counter() - began:.0f} s")
    await stage.query("analyze thing_fact")


@dataclass(frozen=True, slots=True)
class _Done:
    seconds: float
    memory_mb: float
    compared: int


def _searched(stage: Stage) -> _Done:
    """One search in a process of its own, from its start to its end."""
    environment = Web(stage.url, stage.cluster, stage.city).environment
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "yiwang.cli", "registry", "resolve", _TYPE, "--json"],
        env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE,
    )  # fmt: skip
    if process.stdout is None:
        raise RuntimeError("no output of the search")
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the search ended with {process.returncode}")
    return _Done(time.perf_counter() - began, usage.ru_maxrss / 1024, orjson.loads(told)["compared"])


def _joined(path: Path) -> float:
    """Seconds of a plain self-join: the same lines of agreement (sound left out), names compared by edit distance."""
    duck = duckdb.connect()
    duck.execute(
        "create table p as select 编号 as id, 姓名 as name, 性别 as sex, 出生日期 as born, 身份号码 as number, 电话 as phone,"
        f" 住址 as address from read_csv('{path}', all_varchar = true)"
    )
    began = time.perf_counter()
    lines = ("a.name = b.name and a.born = b.born", "a.phone = b.phone and a.sex = b.sex", "a.number = b.number",
             "a.name = b.name and a.phone = b.phone", "a.address = b.address and a.name = b.name")  # fmt: skip
    pairs = " union ".join(
        f"select a.id as one, b.id as other from p a join p b on {line} and a.id < b.id" for line in lines
    )
    duck.execute(
        f"select one, other, levenshtein(a.name, b.name), a.born = b.born, a.phone = b.phone, levenshtein(a.address, b.address)"
        f" from ({pairs}) join p a on a.id = one join p b on b.id = other"
    ).fetchall()
    return time.perf_counter() - began


async def _marks(stage: Stage, truth: set[tuple[str, str]]) -> tuple[Marks, Marks]:
    rows = await stage.query(
        "select l.attributes ->> 'record' as low, h.attributes ->> 'record' as high, level from resolution_pair p"
        " join thing_fact l on l.thing_id = p.low join thing_fact h on h.thing_id = p.high where p.type = $1",
        _TYPE,
    )
    found = {(min(ends), max(ends)): row["level"] for row in rows for ends in [(row["low"], row["high"])]}
    same = {ends for ends, level in found.items() if level == "same"}
    return Marks.of(same, truth), Marks.of(set(found), truth)


async def _forgotten(stage: Stage) -> None:
    """The records are no part of what others measure.

    The product never deletes a thing, so nothing there finds the keys that came to it by a merger; without an index every
    deleted thing would read all keys.
    """
    connection = await connect(stage.url)
    try:
        await connection.execute("set statement_timeout = 0")
        await connection.execute(
            "create index if not exists thing_key_first on thing_key (first_thing_id) where first_thing_id is not null"
        )
        for table in ("resolution_pair", "resolution_run", "thing_key", "thing_fact"):
            await connection.execute(f"delete from {table} where type = $1", _TYPE)
        await connection.execute("delete from thing where type = $1", _TYPE)
        await connection.execute("delete from thing_type where id = $1", _TYPE)
    finally:
        await connection.close()
