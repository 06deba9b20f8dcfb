"""Advice for one report: what it adds to the create path, and what a person at intake waits for while typing.

The first model is learned from the class tree's own words, so that all its classes are in it; the time of learning is told.
"""

from __future__ import annotations

import itertools
import time

from bench import load
from bench.people import SUPERVISOR
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.casework.learning import declared_examples
from yiwang.casework.model import Report
from yiwang.http.services import Services, open_services
from yiwang.judgement.classification.features import features
from yiwang.judgement.classification.model import Circumstances
from yiwang.judgement.classification.wording import wording
from yiwang.kernel.access import SYSTEM

RATE = 50.0
LATENCY = Target(5)
REPORTS = 2_000
TYPE = "urban-case"
RAW_IN_PROCESS = "95 % of cutting the text into words and counting them, judging nothing"
RAW_OVER_HTTP = "95 % of the server's bare reply at the same rate"


async def measure(stage: Stage) -> list[Measurement]:
    """``advice.create``: class, department and limit of one report in the process; ``advice.typing``: over HTTP."""
    bodies = [stage.reports().body() for _ in range(REPORTS)]
    runs = []
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        await _learn(stage, services)
        for number in range(stage.rounds):
            runs.append(_in_process(services, bodies))
            stage.say(f"advice {number + 1}/{stage.rounds}: p95 {runs[-1].value:.2f} ms, raw {runs[-1].limit:.2f}")
    asked = [
        load.request(
            "POST",
            "/api/v1/advice",
            token=SUPERVISOR.token,
            body={"type": TYPE, "text": body["text"], "lon": body["lon"], "lat": body["lat"]},
        )
        for body in bodies
    ]
    await load.ask(stage.address, asked[0])
    plain = [load.request("GET", "/api/v1/health", token=SUPERVISOR.token)]
    typing = []
    for number in range(stage.rounds):
        done = await load.arrive(stage.address, itertools.cycle(asked), rate=RATE, seconds=stage.seconds(6))
        done.check("advice")
        bare = await load.arrive(stage.address, itertools.cycle(plain), rate=RATE, seconds=stage.seconds(3))
        typing.append(Run(done.quantile(0.95) * 1000, bare.quantile(0.95) * 1000))
        stage.say(f"advice over HTTP {number + 1}/{stage.rounds}: p95 {typing[-1].value:.2f} ms")
    stage.note_memory()
    return [
        Measurement(
            "advice.create", "95 % within, advice for one report in the create path", "ms", "less",
            tuple(runs), RAW_IN_PROCESS, LATENCY, stage.cases,
        ),
        Measurement(
            "advice.typing", f"95 % within, advice over HTTP, {RATE:.0f}/s", "ms", "less",
            tuple(typing), RAW_OVER_HTTP, None, stage.cases,
        ),
    ]  # fmt: skip


async def _learn(stage: Stage, services: Services) -> None:
    """Learn from what the class tree declares, once for an archive."""
    learning = services.casework.learning
    if learning.classifiers.get(TYPE) is None:
        began = time.process_time()
        given = declared_examples(services.casework.catalogue.latest(TYPE))
        learned = await learning.train(TYPE, SYSTEM, given=given, source="declared")
        await learning.publish(TYPE, learned.version, SYSTEM)
        stage.say(f"advice: learned in {time.process_time() - began:.1f} s of processor")
    await services.refresh()


def _in_process(services: Services, bodies: list[dict[str, object]]) -> Run:
    seconds, plain = [], []
    for body in bodies:
        text = str(body["text"])
        report = Report(TYPE, "resident", text, float(str(body["lon"])), float(str(body["lat"])))
        began = time.perf_counter()
        services.casework.suggest(report)
        between = time.perf_counter()
        features([wording(text)], [Circumstances()])
        seconds.append(between - began)
        plain.append(time.perf_counter() - between)
    return Run(load.percentile(seconds, 0.95) * 1000, load.percentile(plain, 0.95) * 1000)
