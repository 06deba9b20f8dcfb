"""The registry: a table brought in, beside COPY of the same rows; one thing by its key, a filtered page, and the past.

Among more than :data:`~bench.things.BROUGHT_IN` things all is asked at that size first, and the growth told. The larger city has
as many things to the square kilometre, on more ground; ``registry.crowd`` asks for a box that holds as many times more of them,
as it would in a city that has grown on the same ground.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import asyncpg

from bench import load
from bench.asking import Ask, Asker
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from bench.things import BROUGHT_IN, TYPE, at_least, districts, rows_of, written
from yiwang.http.services import open_services
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import connect
from yiwang.registry.importing.runner import Wanted, import_things
from yiwang.registry.service import RegistryService

ROWS = 40_000
QUESTIONS = 200
_TABLES = ("thing", "thing_key", "thing_fact")


async def measure(stage: Stage) -> list[Measurement]:
    """``registry.import``, ``registry.key``, ``registry.page``, ``registry.crowd``, ``registry.past``, ``registry.tile``.

    ``YIWANG_BENCH_THINGS``: among so many things; five million take ten minutes to stand."""
    things = int(os.environ.get("YIWANG_BENCH_THINGS") or (20_000 if stage.quick else BROUGHT_IN))
    found: list[Measurement] = []
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        service = services.registry
        for size in (things,) if things <= BROUGHT_IN else (BROUGHT_IN, things):
            before = {each.name: each for each in found}
            numbers = await _stand(stage, service, size)
            for each in await _asked(stage, service, numbers, size):
                first = before.get(each.name)
                found.append(replace(each, grown=each.value / first.value) if first else each)
        rates = [await _import(stage, service, ROWS // 4 if stage.quick else ROWS) for _ in range(stage.rounds)]
    return [
        Measurement(
            "registry.import", f"{ROWS:,} rows of CSV, judged, with history", "rows/s", "more", tuple(rates),
            "binary COPY of the same rows into empty tables with the same indexes", Target(10_000), things,
        ),
        *found,
    ]  # fmt: skip


async def _stand(stage: Stage, service: RegistryService, things: int) -> list[str]:
    """So many things, counted for the map; identity numbers to ask for."""
    numbers = await at_least(stage, service, things)
    async with service.context.database.transaction() as counting:  # as the background worker does
        await counting.execute("set local statement_timeout = 0")
        await service.cells.count(counting, service.types.type(TYPE))
    await service.refresh()
    (counted,) = await stage.query("select seconds from thing_cells where type = $1", TYPE)
    stage.say(f"registry: {things:,} things stand, counted for the map in {counted['seconds']:.0f} s")
    await _settled(stage)
    return numbers


async def _settled(stage: Stage) -> None:
    """As in a city that has been open for some days: the server has cleaned up and written down what was brought in, and has
    read what is asked for; how much of that fits, its memory says."""
    for table in ("thing", "thing_key", "thing_fact", "thing_cell"):
        await stage.query(f"vacuum (analyze) {table}")
    try:
        await stage.query("checkpoint")
        await stage.query("create extension if not exists pg_prewarm")
        await stage.query(
            "select pg_prewarm(c.oid::regclass) from pg_class c where c.relkind in ('r', 'i') and c.relname like 'thing%'"
            " and c.relnamespace = 'public'::regnamespace order by pg_relation_size(c.oid) desc"
        )
    except asyncpg.PostgresError as error:
        stage.say(f"registry: not read into memory before ({error})")


async def _asked(stage: Stage, service: RegistryService, numbers: list[str], things: int) -> list[Measurement]:
    """All questions, among so many things."""
    chance = random.Random(stage.seed)
    connection = await connect(stage.url)
    try:
        chosen = [chance.choice(numbers) for _ in range(QUESTIONS)]
        asker = Asker(service, connection, chosen, districts(stage, things), chance)
        found = []
        for each in asker.questions():
            runs = []
            for _ in range(stage.rounds):
                runs.append(Run(await _timed(each.ask), await _timed(each.beside) if each.beside else None))
            stage.say(f"registry, {each.name}: {runs[-1].value:.2f} ms, raw {runs[-1].limit or 0:.2f} ms")
            name = f"registry.{each.name}"
            found.append(
                Measurement(name, each.words, "ms", "less", tuple(runs), each.beside_words, each.target, things)
            )
        return found
    finally:
        await connection.close()


async def _import(stage: Stage, service: RegistryService, rows: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as folder:
        path = Path(folder) / "residents.csv"
        written(path, rows_of(stage, rows))
        began = time.perf_counter()
        run = await import_things(service, SYSTEM, TYPE, path, Wanted(report=Path(folder) / "report.csv"))
        rate = run.rows_done / (time.perf_counter() - began)
        if run.counts.get("refused", 0) > rows // 100:
            raise RuntimeError(f"rows were refused: {run.notes}")
        limit = await _copied(stage.url, run.source_id, Path(folder))
    stage.say(f"registry, import: {rate:,.0f} rows/s, COPY of the same rows {limit:,.0f}")
    return Run(rate, limit)


async def _copied(url: str, source_id: int | None, folder: Path) -> float:
    """Rows a second at which the rows of one import go into clones of the tables by COPY."""
    connection = await connect(url)
    try:
        await connection.execute("drop schema if exists copied cascade; create schema copied")
        things = f"select thing_id from thing_fact where source_id = {int(source_id or 0)}"
        seconds, rows = 0.0, int(await connection.fetchval(f"select count(*) from ({things}) each"))
        for name in _TABLES:
            column = "id" if name == "thing" else "thing_id"
            file = folder / name
            await connection.execute(f"create table copied.{name} (like public.{name} including all)")
            await connection.copy_from_query(
                f"select * from public.{name} where {column} in ({things})", output=file, format="binary"
            )
            began = time.perf_counter()
            await connection.copy_to_table(name, schema_name="copied", source=file, format="binary")
            seconds += time.perf_counter() - began
        await connection.execute("drop schema copied cascade")
        return rows / seconds
    finally:
        await connection.close()


async def _timed(ask: Ask) -> float:
    """Milliseconds within which 95 % are answered."""
    return load.percentile(await ask(), 0.95) * 1000
