"""Anomaly rules over a million payments: all five rules on payments run as at night, beside one plain scan for each of them.

``anomalies.rules`` is the first run: each rule one statement over the whole register, joined to deaths, officials' households
and standards, what it found written with its reason in words, journalled and committed. ``anomalies.again`` is the night
after, when everything found is known. The raw limit reads the same payments as often, with one condition and no join. What
is found must be what was planted, record by record, else there is no figure.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.installation import resident_mb
from bench.results import Measurement, Run, Target
from bench.stage import Say, Stage
from yiwang.http.services import Services, open_services
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import Connection
from yiwang.packs.findings import Findings
from yiwang.packs.source import read_source
from yiwang.publicity.declarations import AnomalyDeclaration
from yiwang.registry.declarations import ThingType
from yiwang.registry.sealing import MARK
from yiwang.registry.service import RegistryService

PAYMENTS, SECONDS, MEGABYTES = 1_000_000, 30, 100
_PACK = Path(__file__).resolve().parents[2] / "packs" / "livelihood-supervision"
_TYPES = ("subsidy-payment", "subsidy-programme", "death-record", "official-relative")
_RULES = ("paid-twice", "paid-after-death", "above-standard", "no-programme", "paid-to-officials-kin")
_SCAN = "select count(*) from thing_fact where type = 'subsidy-payment' and (attributes->>'amount')::numeric > 3000"
_NUMBER = "120199198403123517"


async def measure(stage: Stage) -> list[Measurement]:
    """``anomalies.rules``, ``anomalies.again``, ``anomalies.memory``."""
    payments = 50_000 if stage.quick else PAYMENTS
    rules = [AnomalyDeclaration.model_validate(_read("anomalies", name)) for name in _RULES]
    first: list[Run] = []
    again: list[Run] = []
    memory: list[Run] = []
    async with _register(stage, payments) as services:
        for number in range(stage.rounds):
            async with services.context.database.transaction() as connection:
                await connection.execute("truncate anomaly_finding, anomaly_run")
            rounds = [await _run_all(services, rules, stage.say) for _ in range(2)]
            await _must_be_planted(services, rules)
            plain = await _scanned(services, len(rules))
            first.append(Run(rounds[0][0], plain))
            again.append(Run(rounds[1][0], plain))
            memory.append(Run(max(grown for _, grown in rounds), None))
            stage.say(
                f"anomalies {number + 1}: {rounds[0][0]:.2f} s, again {rounds[1][0]:.2f} s; scans {plain:.2f} s;"
                f" {memory[-1].value:.0f} MB more while running"
            )
    words, limit = f"{len(rules)} rules over {payments:,} payments", "one scan of the payments for each rule, no join"
    return [
        Measurement(
            "anomalies.rules", f"{words}, first run, findings written", "s", "less", tuple(first), limit,
            Target(SECONDS), payments,
        ),
        Measurement(
            "anomalies.again", f"{words}, nothing new", "s", "less", tuple(again), limit, Target(SECONDS), payments
        ),
        Measurement(
            "anomalies.memory", "what the process takes more while they run", "MB", "less", tuple(memory), "",
            Target(MEGABYTES), payments,
        ),
    ]  # fmt: skip


async def _run_all(services: Services, rules: Sequence[AnomalyDeclaration], say: Say) -> tuple[float, float]:
    """Seconds of all rules one after the other, and by how many megabytes this process grew meanwhile at most."""
    before = resident_mb(os.getpid())
    highest = before
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal highest
        while not done.is_set():
            highest = max(highest, resident_mb(os.getpid()))
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    began = time.perf_counter()
    for rule in rules:
        ran = await services.publicity.anomalies.run(rule, wait=True)
        say(f"anomalies: {rule.id} found {ran.found:,}, {ran.new:,} of them new, in {ran.seconds:.2f} s")
    seconds = time.perf_counter() - began
    done.set()
    await watching
    return seconds, highest - before


async def _scanned(services: Services, times: int) -> float:
    began = time.perf_counter()
    async with services.context.database.connection() as connection:
        for _ in range(times):
            await connection.fetchval(_SCAN)
    return time.perf_counter() - began


async def _must_be_planted(services: Services, rules: Sequence[AnomalyDeclaration]) -> None:
    """Raises RuntimeError when a rule found a payment that was not planted for it, or missed one that was."""
    async with services.context.database.connection() as connection:
        for rule in rules:
            things = "unnest(f.things)" if rule.twice else "f.things[1]"
            row = await connection.fetchrow(
                f"with found as (select {things} as id from anomaly_finding f where f.rule = $1 and f.state = 'open'),"
                " planted as (select thing_id as id from thing_fact where type = 'subsidy-payment' and title = $1)"
                " select (select count(*) from planted) as planted, (select count(*) from found) as found,"
                " (select count(*) from planted join found using (id)) as both",
                rule.id,
            )
            if row is None or not row["planted"] or {row["found"], row["both"]} != {row["planted"]}:
                raise RuntimeError(f"{rule.id}: planted, found and rightly found are {dict(row or {})}")


def _read(room: str, name: str) -> object:
    """A declaration as packs are read: ``on`` is a word there, no truth value."""
    source = read_source(_PACK / room / f"{name}.yaml", Findings())
    if source is None:
        raise RuntimeError(f"{room}/{name}.yaml of the livelihood pack cannot be read")
    return source.value


# -- the register ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _register(stage: Stage, payments: int) -> AsyncIterator[Services]:
    """A fresh copy of the city with that many payments in its registry."""
    url = await stage.cluster.copy(await stage.cluster.city(stage.city), "bench_anomalies")
    try:
        async with open_services(stage.cluster.settings(stage.city), url, connections=3) as services:
            began = time.monotonic()
            async with services.context.database.transaction() as connection:
                await connection.execute("set local statement_timeout = 0")
                await _publish(services.registry, connection)
                # What keeps facts of one thing apart in time, and takes most of the time to fill; no rule reads it.
                await connection.execute("alter table thing_fact drop constraint thing_fact_once")
                await connection.execute("delete from thing_fact where type = any($1::text[])", list(_TYPES))
                await _fill(connection, payments, _sealed(services.registry))
            async with services.context.database.connection() as connection:
                await connection.execute("analyze thing_fact")
            stage.say(f"anomalies: {payments:,} payments laid down in {time.monotonic() - began:.0f} s")
            yield services
    finally:
        await stage.cluster.drop("bench_anomalies")


async def _publish(registry: RegistryService, connection: Connection) -> None:
    known = [(kind.pack, kind.declaration) for kind in registry.types.all() if kind.id not in _TYPES]
    mine = [("livelihood-supervision", ThingType.model_validate(_read("types", name))) for name in _TYPES]
    await registry.publish(connection, [*known, *mine], real_now())
    await registry.types.refresh(connection)


def _sealed(registry: RegistryService) -> str:
    """An identity number as it is stored; opening it is part of a reason in words."""
    kept = registry.sealer.sealed({"number": _NUMBER}, frozenset({"number"}))["number"]
    if not isinstance(kept, dict):
        raise TypeError("a sealed value is an object")
    return str(kept[MARK])


async def _fill(connection: Connection, payments: int, sealed: str) -> None:
    """Ten months of payments of a tenth as many persons. Of a thousand persons one is paid twice in five months, one above the
    standard in five, one without a programme in one, one goes on receiving for four months after death, one is an official's
    relative; as many have died later, or are related and receive what relatives may. The title says what is planted."""
    persons = payments // 10
    await _things(
        connection, "subsidy-programme", 4,
        "jsonb_build_object('code', 'DB0' || n, 'name', '项目' || n, 'standard', 1000, 'every', 'month', 'living', true,"
        " 'office', '民政')",
    )  # fmt: skip
    await _things(
        connection, "death-record", payments // 100,
        f"jsonb_build_object('identity_number', {_person(_planted(persons, 7, 13))}, 'name', '张三', 'source', '殡仪馆',"
        f" 'died_on', case when n <= {persons // 1000} then '2026-06-15' else '2026-12-31' end)",
        sealed,
    )  # fmt: skip
    await _things(
        connection, "official-relative", payments // 100,
        f"jsonb_build_object('identity_number', {_person(_planted(persons, 8, 9))}, 'name', '张三', 'official', '李四',"
        " 'post', '主任', 'relation', 'parent')",
        sealed,
    )  # fmt: skip
    person, month = f"((n - 1) % {persons})", f"((n - 1) / {persons})"
    kind = f"({person} % 1000)"
    await _things(
        connection, "subsidy-payment", payments,
        "jsonb_build_object('number', n::text, 'programme',"
        f" case when {kind} = 11 and {month} = 2 then 'XX99' else 'DB0' || ({person} % 4 + 1) end,"
        " 'programme_name', '项目', 'period', '2026-' || lpad(("
        f"{month} + 1 - ({kind} = 3 and {month} % 2 = 1)::int)::text, 2, '0'), 'payee', '张三',"
        f" 'identity_number', {_person(f'{person}::text')}, 'persons', {person} % 3 + 1,"
        f" 'amount', 1000 * ({person} % 3 + 1) + ({kind} = 5 and {month} % 2 = 0)::int * 500,"
        f" 'paid_on', '2026-' || lpad(({month} + 1)::text, 2, '0') || '-10')",
        sealed,
        f"case when {kind} = 3 then 'paid-twice' when {kind} = 5 and {month} % 2 = 0 then 'above-standard'"
        f" when {kind} = 7 and {month} >= 6 then 'paid-after-death' when {kind} = 8 then 'paid-to-officials-kin'"
        f" when {kind} = 11 and {month} = 2 then 'no-programme' else '' end",
    )  # fmt: skip


def _planted(persons: int, found: int, not_found: int) -> str:
    """SQL of the person of record ``n``: first those who are found, then as many who are not, then strangers."""
    return (
        f"case when n <= {persons // 1000} then ((n - 1) * 1000 + {found})::text"
        f" when n <= {2 * (persons // 1000)} then ((n - 1 - {persons // 1000}) * 1000 + {not_found})::text else 'x' || n end"
    )


def _person(text: str) -> str:
    """SQL of a sealed number that compares by the person; all open to the same invented one."""
    return f"jsonb_build_object('$sealed', $3::text, '$same', md5({text}))"


async def _things(
    connection: Connection, type_id: str, count: int, attributes: str, sealed: str = "", title: str = "''"
) -> None:
    """Records that were never judged: only what rules read of them."""
    await connection.execute(
        "with made as materialized (select n, gen_random_uuid() as id from generate_series(1, $2::int) n),"
        " things as (insert into thing (id, type, created_at) select id, $1, now() from made where $3::text is not null)"
        " insert into thing_fact (id, thing_id, type, type_version, valid, recorded, area, title, attributes, digest)"
        f" select gen_random_uuid(), id, $1, 1, '[2026-01-01,)', '[2026-01-01,)', '120111001001', {title}, {attributes}, ''"
        " from made",
        type_id, count, sealed,
    )  # fmt: skip
