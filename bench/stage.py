"""What a benchmark stands on: a running installation with an archive of a given size, its people, and the raw replayers."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from bench import load
from bench.driving import Driver
from bench.installation import REPOSITORY, City, Cluster, Web, digest, sql
from bench.population import Archive, fill, make_pools, verify_terms
from bench.population.fill import keep_prototypes
from bench.population.pools import random_points
from bench.raw import Replayers
from bench.reports import Reports
from bench.texts import Teller
from yiwang.casework.catalogue import CaseType
from yiwang.http.services import open_services
from yiwang.kernel.database import connect

Say = Callable[[str], None]
CASE_TYPE = "urban-case"
PLACES = 5_000
PROTOTYPES = 24
BYTES_A_CASE = 5_500
RESERVE_BYTES = 5 * 10**9


@dataclass(slots=True)
class Stage:
    """One installation under measurement. ``cases`` is the size of its archive; ``quick`` shortens every load."""

    cluster: Cluster
    city: City
    database: str
    cases: int
    case_type: CaseType
    places: Sequence[tuple[float, float]]
    web: Web
    replayers: Replayers
    say: Say
    rounds: int = 3
    quick: bool = False
    seed: int = 1
    memory_mb: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.cluster.url(self.database)

    @property
    def address(self) -> load.Address:
        return self.web.address

    def seconds(self, usual: float) -> float:
        """The length of a load."""
        return usual / 3 if self.quick else usual

    def reports(self) -> Reports:
        """A source of reports that no other source of this run repeats."""
        self.seed += 1
        return Reports(Teller(self.case_type, self.seed), self.places, random.Random(self.seed))

    def driver(self) -> Driver:
        return Driver(self.address, self.url)

    async def query(self, text: str, *args: object) -> list[asyncpg.Record]:
        return await sql(self.url, text, *args)

    async def journal_end(self) -> tuple[int, int]:
        """The newest cursor of the journal."""
        rows = await self.query("select tx, seq from journal order by tx desc, seq desc limit 1")
        return (rows[0]["tx"], rows[0]["seq"]) if rows else (0, 0)

    def note_memory(self) -> None:
        """Remember the resident size of the workers; called after every load."""
        self.memory_mb = [max(pair) for pair in zip(self.web.memory_mb(), self.memory_mb or [0.0] * 64, strict=False)]


async def prepare_archive(cluster: Cluster, city: City, cases: int, say: Say) -> str:
    """The name of a database with an archive of ``cases`` closed cases and a tenth as many open ones, made if need be."""
    base = await cluster.city(city)
    of = digest([Path(__file__).parent / "population", Path(__file__).parent / "texts.py"])
    name = f"bench_archive_{cases}_{base.rsplit('_', 1)[1][:8]}_{of[:6]}"
    making = f"{name}_new"
    if await cluster.exists(name):
        return name
    for older in await cluster.names(f"bench_archive_{cases}_"):
        if older != making:
            await cluster.drop(older)
    if not await cluster.exists(making):
        _look_for_room(cluster, cases)
        say(f"archive of {cases:,} closed and {cases // 10:,} open cases: prototypes …")
        await cluster.copy(base, f"{making}_0")
        await _make_prototypes(cluster, city, f"{making}_0", say)
        await cluster.rename(f"{making}_0", making)
    began = time.monotonic()
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    archive = Archive(cases, cases // 10, today - timedelta(days=1))
    filled = await fill(cluster.url(making), archive, say)
    say(
        f"archive: {filled.rows:,} rows in {filled.seconds:.0f} s ({filled.rows / max(filled.seconds, 1e-9):,.0f} rows/s),"
        f" indexes and statistics {filled.index_seconds:.0f} s, together {time.monotonic() - began:.0f} s"
    )
    async with open_services(cluster.settings(city), cluster.url(making), connections=2) as services:
        case_type = services.casework.catalogue.latest(CASE_TYPE)
    names = {item.code: case_type.class_name(item.code) for item in case_type.tree.classes}
    compared = await verify_terms(cluster.url(making), names)
    say(f"archive: search terms of {compared} cases are those that casework makes")
    await cluster.rename(making, name)
    return name


def _look_for_room(cluster: Cluster, cases: int) -> None:
    """Raises SystemExit when the archive would not fit on the disk of the embedded database."""
    if cluster.own_url is not None:
        return
    wanted = int(cases * 1.1 * BYTES_A_CASE) + RESERVE_BYTES
    free = shutil.disk_usage(cluster.server.folder).free
    if free < wanted:
        raise SystemExit(
            f"An archive of {cases:,} cases needs {wanted / 1e9:.0f} GB in {cluster.home}, {free / 1e9:.0f} GB are free:"
            " make room, or set YIWANG_BENCH_HOME to another disk, or measure a smaller one with --cases."
        )


async def _make_prototypes(cluster: Cluster, city: City, database: str, say: Say) -> None:
    url = cluster.url(database)
    async with open_services(cluster.settings(city), url, connections=2) as services:
        case_type = services.casework.catalogue.latest(CASE_TYPE)
        connection = await connect(url)
        try:
            await make_pools(connection, case_type, services.geo.locator, services.flow.assignment, seed=11)
            places = await random_points(connection, PROTOTYPES, 12)
        finally:
            await connection.close()
    web = Web(url, cluster, city)
    await web.start()
    try:
        reports = Reports(Teller(case_type, 13), places, random.Random(13))
        stages = await Driver(web.address, url).prototypes(reports, PROTOTYPES)
    finally:
        await web.stop()
    connection = await connect(url)
    try:
        await keep_prototypes(connection, stages)
    finally:
        await connection.close()


@asynccontextmanager
async def open_stage(
    cluster: Cluster, city: City, cases: int, replayers: Replayers, say: Say, *, quick: bool, in_place: bool
) -> AsyncIterator[Stage]:
    """An installation with an archive. ``in_place`` works in the archive itself, where copying it would take long."""
    archive = await prepare_archive(cluster, city, cases, say)
    database = archive if in_place else "bench_work"
    if not in_place:
        await cluster.copy(archive, database)
    url = cluster.url(database)
    async with open_services(cluster.settings(city), url, connections=2) as services:
        case_type = services.casework.catalogue.latest(CASE_TYPE)
    connection = await connect(url)
    places = await random_points(connection, PLACES, 17)
    counted = await connection.fetchval("select count(*) from case_file")
    await connection.close()
    web = Web(url, cluster, city)
    await web.start()
    try:
        yield Stage(
            cluster, city, database, counted, case_type, places, web, replayers, say,
            quick=quick, seed=int(time.time()),
        )  # fmt: skip
    finally:
        await web.stop()
        if not in_place:
            await cluster.drop(database)


def home() -> Path:
    """Where benchmarks keep what they use again."""
    return Path(os.environ.get("YIWANG_BENCH_HOME", REPOSITORY / ".yiwang-bench"))
