"""Opening cases over HTTP: rate, processor time, latency at half load, statements of a lone create."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter

from bench import load, raw
from bench.costs import cpu_of
from bench.installation import BareWeb
from bench.people import ANYONE
from bench.reports import creation, new_key
from bench.results import Measurement, Run, Target, in_turns
from bench.stage import Stage
from bench.statements import StatementLog

CONNECTIONS = 32
RATE = Target(1000, 500)
LATENCY = Target(50)
STATEMENTS = Target(6)


async def measure(stage: Stage) -> list[Measurement]:
    """``create.rate``, ``create.cpu``, ``create.p95``, ``create.statements``."""
    requests = stage.reports().requests(1000)
    (await load.saturate(stage.address, requests, connections=CONNECTIONS, seconds=stage.seconds(3))).check("warming up")
    found = [*await _rate(stage)]
    found.append(await _latency(stage, found[0].value / 2))
    found.append(await _statements(stage))
    stage.note_memory()
    return found


async def _rate(stage: Stage) -> list[Measurement]:
    groups: list[raw.Group] = []
    costs: list[float] = []
    sizes: list[int] = []

    async def product() -> float:
        requests = stage.reports().requests(int(stage.seconds(6) * 2500))
        since = await stage.journal_end()
        before = cpu_of(stage)
        done = await load.saturate(
            stage.address, requests, connections=CONNECTIONS, seconds=stage.seconds(6)
        )
        done.check("creating")
        costs.append((cpu_of(stage) - before) * 1000 / done.good)
        from yiwang.kernel.database import connect

        connection = await connect(stage.url)
        written = await raw.written_groups(connection, since)
        sizes.extend(len(group) for group in written)
        groups[:] = await raw.created_rows(connection, written, f"-{new_key()[:6]}")
        await connection.close()
        return done.rate

    async def plain() -> float:
        rate = await stage.replayers.rate(stage.url, groups)
        groups[:] = []  # their ids are used up
        return rate

    async def real() -> float:
        rate = await product()
        pending.append(rate)
        return rate

    pending: list[float] = []
    runs: list[Run] = []
    for number in range(stage.rounds):
        value = await real()
        limit = await plain()
        runs.append(Run(value, limit))
        stage.say(f"create, cases/s {number + 1}/{stage.rounds}: {value:,.0f}, raw {limit:,.0f}; {costs[-1]:.2f} ms of processor a case")
    return [
        Measurement(
            "create.rate", "12 fields, validated, located, classified, folded, journalled, one commit", "cases/s", "more",
            tuple(runs), "plain inserts of the same rows in transactions of the same size from as many processes",
            RATE, stage.cases,
        ),
        Measurement(
            "create.cpu", "processor time of web workers and database", "ms/case", "less",
            tuple(Run(cost, None) for cost in costs), cases=stage.cases,
        ),
        Measurement(
            "create.group", "cases written in one commit, mean", "cases", "more",
            (Run(statistics.fmean(sizes), None),), cases=stage.cases,
        ),
    ]  # fmt: skip
