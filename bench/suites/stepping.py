"""Finishing steps over HTTP: cases driven through all hands, every stage a load of its own."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bench import load
from bench.costs import cpu_of
from bench.driving import STEPS, Driver
from bench.plain_steps import Steps
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from bench.statements import every_statement, shapes, split

CONNECTIONS = 32
CASES = 400
RATE = Target(700)


async def measure(stage: Stage) -> list[Measurement]:
    """``step.rate``, ``step.cpu``, ``step.p95``, ``step.statements``."""
    driver = stage.driver()
    await driver.learn()
    count = CASES // 2 if stage.quick else CASES
    runs: list[Run] = []
    costs: list[Run] = []
    for number in range(stage.rounds):
        cases = await driver.create(stage.reports(), count)
        steps, seconds, spent, plain = await _through_all_hands(stage, driver, cases)
        costs.append(Run(spent * 1000 / steps, None))
        limit = await plain.rate(stage.replayers)
        runs.append(Run(steps / seconds, limit))
        stage.say(
            f"step {number + 1}/{stage.rounds}: {steps / seconds:,.0f} steps/s, raw {limit:,.0f};"
            f" {costs[-1].value:.2f} ms of processor a step"
        )
    found = [
        Measurement(
            "step.rate", f"all {len(STEPS)} steps from verification to closing", "steps/s", "more", tuple(runs),
            "plain statements that write the same rows, a transaction for each step, as many connections",
            RATE, stage.cases,
        ),
        Measurement(
            "step.cpu", "processor time of web workers and database", "ms/step", "less", tuple(costs), cases=stage.cases
        ),
    ]  # fmt: skip
    found.append(await _latency(stage, driver, found[0].value / 2))
    if stage.cluster.own_url is None:
        found.append(await _statements(stage, driver))
    stage.note_memory()
    return found


async def _through_all_hands(stage: Stage, driver: Driver, cases: Sequence[UUID]) -> tuple[int, float, float, Steps]:
    """(steps, seconds, seconds of processor, the rows written as plain statements): each stage is one load, only loads
    count."""
    steps, seconds, spent = 0, 0.0, 0.0
    plain = await Steps.before(stage.url, cases)
    for _ in STEPS:
        requests = [driver.step(task) for task in await driver.tasks(cases)]
        before = cpu_of(stage)
        done = await load.saturate(stage.address, iter(requests), connections=CONNECTIONS)
        done.check("finishing steps")
        spent += cpu_of(stage) - before
        steps, seconds = steps + done.good, seconds + done.elapsed
        await plain.learn()
    return steps, seconds, spent, plain


async def _latency(stage: Stage, driver: Driver, rate: float) -> Measurement:
    seconds = stage.seconds(5)
    cases = await driver.create(stage.reports(), int(rate * seconds) + 50)
    requests = [driver.step(task) for task in await driver.tasks(cases)]
    done = (await load.arrive(stage.address, iter(requests), rate=rate, seconds=seconds)).check("steps at half load")
    return Measurement(
        "step.p95", f"95 % within, at half of step.rate ({rate:,.0f}/s)", "ms", "less",
        (Run(done.quantile(0.95) * 1000, None),), cases=stage.cases,
    )  # fmt: skip


async def _statements(stage: Stage, driver: Driver) -> Measurement:
    counts: list[Run] = []
    cases = (await driver.create(stage.reports(), 20))[:8]
    requests = [driver.step(task) for task in await driver.tasks(cases)]
    async with every_statement(stage.cluster, stage.database) as log:
        for number, request in enumerate(requests):
            log.mark()
            await load.ask(stage.address, request)
            seen = [text for statements in log.read().values() for text in statements]
            acting, boundaries = split(seen)
            if number >= 2:
                counts.append(Run(len(acting), None))
    stage.say(f"a lone step: {len(acting)} statements and {len(boundaries)} for begin and commit")
    for text, count in shapes(seen).items():
        stage.say(f"  {count} × {text}")
    return Measurement(
        "step.statements", "statements of a lone step (without begin and commit), from the server's log", "statements",
        "less", tuple(counts), cases=stage.cases,
    )  # fmt: skip
