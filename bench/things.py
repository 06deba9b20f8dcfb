"""Residents of a registry, invented: a table of them brought in as a steward would, and many more made of those inside the
database, so that five million stand there in minutes.

What is brought in fills one district. More is laid beside it in districts of the same size (:func:`districts`): a city ten
times as large has ten times the ground, and a street of it holds as many people as before.
"""

from __future__ import annotations

import csv
import math
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import yaml

from bench.stage import Stage
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import connect
from yiwang.registry import store
from yiwang.registry.declarations import ThingType
from yiwang.registry.importing.runner import Wanted, import_things
from yiwang.registry.service import RegistryService

TYPE = "bench-resident"
BROUGHT_IN = 500_000
"""Above this, things are multiplied in the database instead of being brought in."""
_KNOWN = 10_000
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_TYPE = """
id: bench-resident
names: {zh: 居民(测速), en: Resident (benchmark)}
geometry: point
area: division
attributes:
  name: {names: {zh: 姓名, en: Name}, schema: {type: string, maxLength: 50}, required: true, search: true}
  number: {names: {zh: 公民身份号码, en: Identity number}, schema: {type: string, format: citizen-number}, required: true}
  phone: {names: {zh: 电话, en: Telephone}, schema: {type: string, format: phone-number}}
  sex:
    names: {zh: 性别, en: Sex}
    schema: {enum: ["1", "2"]}
    words: {"1": {zh: 男, en: Male}, "2": {zh: 女, en: Female}}
    filter: true
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {number: [number]}
presentation: {title: [name]}
"""


async def at_least(stage: Stage, service: RegistryService, things: int) -> list[str]:
    """So many residents, every tenth with a past; returns identity numbers of some thousands of them."""
    await _publish(service)
    await _brought_in(stage, service, min(things, BROUGHT_IN))
    if things > BROUGHT_IN:
        await _multiplied(stage, things)
    async with service.context.database.connection() as connection:
        share = min(100.0, 100 * _KNOWN / things)
        rows = await connection.fetch(
            "select key from thing_key tablesample bernoulli ($2) where type = $1", TYPE, share
        )  # fmt: skip
    return [row["key"] for row in rows]


def districts(stage: Stage, things: int) -> list[tuple[float, float]]:
    """How far (degrees east, north) the districts that so many things fill lie from the first."""
    count = -(-things // BROUGHT_IN)
    across = math.ceil(math.sqrt(count))
    lons, lats = zip(*stage.places, strict=True)
    width, height = max(lons) - min(lons), max(lats) - min(lats)
    return [(each % across * width, each // across * height) for each in range(count)]


async def _publish(service: RegistryService) -> None:
    declared = ThingType.model_validate(yaml.safe_load(_TYPE))
    body = declared.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    async with service.context.database.transaction() as connection:
        await store.publish_type(connection, declared.id, 1, "bench", body, "bench", real_now())
    await service.refresh()


def rows_of(stage: Stage, count: int) -> list[tuple[str, ...]]:
    stage.seed += 1
    chance = random.Random(stage.seed)
    first, second = "王李张刘陈杨黄赵周吴", "伟芳娜敏静强磊军洋勇艳杰"
    found = []
    for _ in range(count):
        born = datetime(1940, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(29_000))
        body = f"{chance.randrange(110_000, 659_999)}{born:%Y%m%d}{chance.randrange(1000):03}"
        number = body + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]
        lon, lat = chance.choice(stage.places)
        found.append((
            chance.choice(first) + chance.choice(second) + chance.choice(second), number,
            f"138{chance.randrange(10**8):08}", chance.choice("男女"), f"120111{chance.randrange(1, 20):03}",
            f"{lon + chance.random() / 500:.7f}", f"{lat + chance.random() / 500:.7f}",
        ))  # fmt: skip
    return list({row[1]: row for row in found}.values())


def written(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("姓名", "公民身份号码", "电话", "性别", "区划", "经度", "纬度"))
        out.writerows(rows)


async def _brought_in(stage: Stage, service: RegistryService, things: int) -> None:
    async with service.context.database.connection() as connection:
        present = int(await connection.fetchval("select count(*) from thing where type = $1", TYPE))
    past = service.context.clock.now() - timedelta(days=400)
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as folder:
        while present < things:
            rows = rows_of(stage, min(100_000, things - present))
            path = Path(folder) / "residents.csv"
            written(path, rows)
            await import_things(service, SYSTEM, TYPE, path, Wanted(valid_from=past))
            written(path, [(*row[:2], "13900000000", *row[3:]) for row in rows[::10]])
            await import_things(service, SYSTEM, TYPE, path, Wanted())
            present += len(rows)


async def _multiplied(stage: Stage, things: int) -> None:
    """Copies of what was brought in, each a new thing with a key and a place of its own in the next district; indexes are built
    afterwards."""
    connection = await connect(stage.url)
    try:
        present = int(await connection.fetchval("select count(*) from thing where type = $1", TYPE))
        if present >= things:
            return
        later = await _without_indexes(connection)
        await connection.execute(
            "create temporary table pattern_key as select * from thing_key where type = $1 and length(key) = 18 limit"
            f" {BROUGHT_IN}", TYPE,
        )  # fmt: skip
        await connection.execute(
            "create temporary table pattern as select * from thing_fact where thing_id in (select thing_id from pattern_key)"
        )
        for copy, district in list(enumerate(districts(stage, things)))[present // BROUGHT_IN :]:
            wanted = min(BROUGHT_IN, things - present)
            await _copied(connection, copy, district, wanted)
            present += wanted
            stage.say(f"registry: {present:,} things")
        for statement in later:
            await connection.execute(statement)
            stage.say(f"registry: {' '.join(statement.split()[:6])} …")
        await connection.execute("vacuum analyze thing_fact")
        await connection.execute("vacuum analyze thing_key")
        await connection.execute("vacuum analyze thing")
    finally:
        await connection.close()


async def _copied(
    connection: asyncpg.Connection[asyncpg.Record], copy: int, district: tuple[float, float], wanted: int
) -> None:
    """One more district. Its things are numbered in order of time, as new things are."""
    await connection.execute(
        "create temporary table twin as select thing_id as id, (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000"
        ")::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 19))::uuid as own from pattern_key"
        f" limit {wanted}"
    )
    await connection.execute(
        "insert into thing select own, $1, to_timestamp($2) from twin order by own", TYPE, real_now().timestamp()
    )
    await connection.execute(
        "insert into thing_key (type, name, key, thing_id) select k.type, k.name, $1 || k.key, own"
        " from pattern_key k join twin on twin.id = k.thing_id", str(copy),
    )  # fmt: skip
    columns = [
        row["column_name"]
        for row in await connection.fetch(
            "select column_name from information_schema.columns where table_name = 'thing_fact'"
            " and table_schema = 'public' order by ordinal_position"
        )
    ]
    east, north = district
    own = {
        "id": "gen_random_uuid()",
        "thing_id": "twin.own",
        "geometry": f"ST_Translate(f.geometry, {east} + (random() - 0.5) / 50, {north} + (random() - 0.5) / 50)",
        "attributes": "f.attributes || jsonb_build_object('number', $1 || (f.attributes->>'number'))",
        "source_id": "null",
    }
    values = ", ".join(own.get(name, f"f.{name}") for name in columns)
    await connection.execute(
        f"insert into thing_fact ({', '.join(columns)}) select {values}"
        " from pattern f join twin on twin.id = f.thing_id", str(copy),
    )  # fmt: skip
    await connection.execute("drop table twin")


async def _without_indexes(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Drop what slows down filling; returns the statements that make it again. What refers to what is not looked up for every
    copy where the role may say so."""
    if await connection.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        await connection.execute("set session_replication_role = replica")
    once = await connection.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'thing_fact_once'"
    )
    later = [f"alter table thing_fact add constraint thing_fact_once {once}"]
    await connection.execute("set maintenance_work_mem = '1GB'; alter table thing_fact drop constraint thing_fact_once")
    for row in await connection.fetch(
        "select indexname, indexdef from pg_indexes where tablename = 'thing_fact' and schemaname = 'public'"
        " and indexname not like '%_pkey'"
    ):
        later.append(row["indexdef"])
        await connection.execute(f"drop index {row['indexname']}")
    return later
