"""Opening cases over HTTP: rate, processor time, latency at half load, statements of a lone create."""

from __future__ import annotations

import itertools
import statistics

from bench import load, raw
from bench.costs import cpu_of
from bench.installation import BareWeb
from bench.reports import new_key
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from bench.statements import every_statement, shapes, split
from yiwang.kernel.database import connect

CONNECTIONS = 32
LONE = 9
RATE = Target(1000, 500)
LATENCY = Target(50)
STATEMENTS = Target(6)


async def measure(stage: Stage) -> list[Measurement]:
    """``create.rate``, ``create.cpu``, ``create.group``, ``create.p95``, ``create.statements``."""
    requests = stage.reports().requests(2000)
    (await load.saturate(stage.address, requests, connections=CONNECTIONS, seconds=stage.seconds(3))).check(
        "warming up"
    )
    found = await _rate(stage)
    found.append(await _latency(stage, found[0].value / 2))
    if stage.cluster.own_url is None:
        found.append(await _statements(stage))
    stage.note_memory()
    return found


async def _rate(stage: Stage) -> list[Measurement]:
    runs: list[Run] = []
    costs: list[Run] = []
    sizes: list[int] = []
    for number in range(stage.rounds):
        seconds = stage.seconds(6)
        requests = stage.reports().requests(int(seconds * 2500))
        since, before = await stage.journal_end(), cpu_of(stage)
        done = (await load.saturate(stage.address, requests, connections=CONNECTIONS, seconds=seconds)).check(
            "creating"
        )
        costs.append(Run((cpu_of(stage) - before) * 1000 / done.good, None))
        groups = await _written(stage, since)
        sizes += [group.cases for group in groups]
        limit = await stage.replayers.rate(stage.url, groups)
        runs.append(Run(done.rate, limit))
        stage.say(
            f"create {number + 1}/{stage.rounds}: {done.rate:,.0f} cases/s, raw {limit:,.0f};"
            f" {costs[-1].value:.2f} ms of processor a case"
        )
    return [
        Measurement(
            "create.rate", "12 fields validated, located, classified, folded, journalled; one commit", "cases/s", "more",
            tuple(runs), "plain inserts of the same rows, as many to a transaction, from as many processes",
            RATE, stage.cases,
        ),
        Measurement(
            "create.cpu", "processor time of web workers and database", "ms/case", "less", tuple(costs), cases=stage.cases
        ),
        Measurement(
            "create.group", "cases that one commit wrote, mean", "cases", "more",
            (Run(statistics.fmean(sizes), None),), cases=stage.cases,
        ),
    ]  # fmt: skip


async def _written(stage: Stage, since: tuple[int, int]) -> list[raw.Group]:
    connection = await connect(stage.url)
    try:
        groups = await raw.written_groups(connection, since)
        return await raw.created_rows(connection, groups, f"-{new_key()[:6]}")
    finally:
        await connection.close()


async def _latency(stage: Stage, rate: float) -> Measurement:
    """95 of 100 answers within … at half of the highest rate, arrivals by chance; beside a bare reply at that rate."""
    bare = BareWeb(stage.url, stage.cluster, stage.city)
    await bare.start()
    runs: list[Run] = []
    try:
        for number in range(stage.rounds):
            seconds = stage.seconds(5)
            requests = stage.reports().requests(int(seconds * rate * 1.3) + 100)
            done = (await load.arrive(stage.address, requests, rate=rate, seconds=seconds)).check(
                "creating at half load"
            )
            same = itertools.repeat(load.request("GET", "/"))
            least = (await load.arrive(bare.address, same, rate=rate, seconds=seconds / 2)).check("bare reply")
            runs.append(Run(done.quantile(0.95) * 1000, least.quantile(0.95) * 1000))
            stage.say(
                f"create at {rate:,.0f}/s {number + 1}/{stage.rounds}: p95 {runs[-1].value:.1f} ms"
                f" (p50 {done.quantile(0.5) * 1000:.1f}), bare reply {runs[-1].limit:.1f}"
            )
    finally:
        await bare.stop()
    return Measurement(
        "create.p95", f"95 % within, at half of create.rate ({rate:,.0f}/s)", "ms", "less", tuple(runs),
        "95 % of bare replies of the same server at the same rate", LATENCY, stage.cases,
    )  # fmt: skip


async def _statements(stage: Stage) -> Measurement:
    """What the database executes for one report that comes alone, between request and answer."""
    counts: list[Run] = []
    requests = stage.reports().requests(LONE + 2)
    async with every_statement(stage.cluster, stage.database) as log:
        for number, request in enumerate(requests):
            log.mark()
            await load.ask(stage.address, request)
            seen = [text for statements in log.read().values() for text in statements]
            acting, boundaries = split(seen)
            if number >= 2:  # the first ones prepare
                counts.append(Run(len(acting), None))
    stage.say(f"a lone create: {len(acting)} statements and {len(boundaries)} for begin and commit")
    for text, count in shapes(seen).items():
        stage.say(f"  {count} × {text}")
    return Measurement(
        "create.statements", "statements of a lone create (without begin and commit), from the server's log",
        "statements", "less", tuple(counts), target=STATEMENTS, cases=stage.cases,
    )  # fmt: skip
