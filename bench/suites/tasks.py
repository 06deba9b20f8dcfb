"""The page that everybody at work looks at: my tasks, the most pressing first."""

from __future__ import annotations

import itertools
import time

from bench import load
from bench.people import ACCEPTOR, DEPARTMENT, DISPATCHER, WORKER
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.kernel.database import connect

READERS = (ACCEPTOR, DISPATCHER, DEPARTMENT, WORKER)
RATE = 40.0
LATENCY = Target(30)
_PLAIN = (
    "with t as (select * from flow_task where post_id = $1 and assignee_id is null order by sort_due, id limit 50)"
    " select * from t join case_file c on c.id = t.subject_id order by t.sort_due, t.id"
)


async def measure(stage: Stage) -> list[Measurement]:
    """``tasks.p95``: the first page of 50, asked for by people with long and with short queues, by turns."""
    requests = [load.request("GET", "/api/v1/tasks?limit=50", token=reader.token) for reader in READERS]
    lengths = [len((await load.ask(stage.address, request))["items"]) for request in requests]
    stage.say(f"tasks on the pages: {dict(zip([reader.login for reader in READERS], lengths, strict=True))}")
    runs: list[Run] = []
    for number in range(stage.rounds):
        around = itertools.cycle(requests)
        done = (await load.arrive(stage.address, around, rate=RATE, seconds=stage.seconds(6))).check("my tasks")
        runs.append(Run(done.quantile(0.95) * 1000, await _plain(stage)))
        stage.say(
            f"tasks {number + 1}/{stage.rounds}: p95 {runs[-1].value:.1f} ms (p50 {done.quantile(0.5) * 1000:.1f}),"
            f" raw {runs[-1].limit:.2f}"
        )
    stage.note_memory()
    return [
        Measurement(
            "tasks.p95", f"95 % within, first page of 50, {RATE:.0f} pages/s", "ms", "less", tuple(runs),
            "95 % of the plain indexed select of the same rows", LATENCY, stage.cases,
        )
    ]  # fmt: skip


async def _plain(stage: Stage) -> float:
    connection = await connect(stage.url)
    try:
        rows = await connection.fetch(
            "select p.post_id from appointment p join account a on a.id = p.account_id where a.login = any($1::text[])",
            [reader.login for reader in READERS],
        )
        posts = [row["post_id"] for row in rows]
        seconds = []
        for post in itertools.islice(itertools.cycle(posts), 200):
            began = time.perf_counter()
            await connection.fetch(_PLAIN, post)
            seconds.append(time.perf_counter() - began)
        return load.percentile(seconds, 0.95) * 1000
    finally:
        await connection.close()
