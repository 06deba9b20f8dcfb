"""Advice for one report: what it costs, what it adds to the create path, and what a person at intake waits for.

The first model is learned from the class tree's own words, so that all its classes are in it; the time of learning is told.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator

from bench import load
from bench.people import SUPERVISOR
from bench.reports import creation, new_key
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.casework.learning import declared_examples
from yiwang.casework.model import Report
from yiwang.http.services import Services, open_services
from yiwang.judgement.classification.model import Circumstances
from yiwang.kernel.access import SYSTEM

RATE = 50.0
LATENCY = Target(5)
REPORTS = 2_000
TYPE = "urban-case"
CONNECTIONS = 32
TAKEN_OVER = 6.0
RAW_IN_PROCESS = "95 % of the bare model: one text judged, no rules, no department, no limit"
RAW_ADDED = "95 % of the bare model in process"
RAW_OVER_HTTP = "95 % of the server's bare reply at the same rate"


async def measure(stage: Stage) -> list[Measurement]:
    """``advice.create``: class, department and limit of one report in the process; ``advice.added``: what reports without
    a class wait longer than those with one, side by side at half load; ``advice.typing``: advice over HTTP."""
    bodies = [stage.reports().body() for _ in range(REPORTS)]
    runs = []
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        await _learn(stage, services)
        for number in range(stage.rounds):
            runs.append(_in_process(services, bodies))
            stage.say(f"advice {number + 1}/{stage.rounds}: p95 {runs[-1].value:.2f} ms, raw {runs[-1].limit:.2f}")
        classes = {str(body["text"]): _class_of(services, body) for body in bodies}
    await asyncio.sleep(TAKEN_OVER)
    added = await _added(stage, classes, statistics.median(run.limit or 0.0 for run in runs))
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
            "advice.added", "95 % of creates that are advised − 95 % of those with a class, together at half load", "ms",
            "less", added, RAW_ADDED, LATENCY, stage.cases,
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


def _class_of(services: Services, body: dict[str, object]) -> str | None:
    return services.casework.suggest(_report(body)).classified.code


def _report(body: dict[str, object]) -> Report:
    return Report(TYPE, "resident", str(body["text"]), float(str(body["lon"])), float(str(body["lat"])))


async def _added(stage: Stage, classes: dict[str, str | None], limit: float) -> tuple[Run, ...]:
    """Two streams of reports at the same time, each a quarter of the highest rate: one to be advised, one with its class."""
    reports = stage.reports()
    texts = list(classes)

    def requests(count: int, *, advised: bool) -> Iterator[bytes]:
        made = []
        for number in range(count):
            text = texts[number % len(texts)]
            body = {**reports.body(), "text": text}
            made.append(creation(body if advised else {**body, "class_code": classes[text]}, new_key()))
        return iter(made)

    seconds = stage.seconds(5)
    most = await load.saturate(stage.address, requests(6000, advised=True), connections=CONNECTIONS, seconds=2)
    rate = most.check("creating").rate / 4
    runs = []
    for number in range(stage.rounds):
        count = int(seconds * rate * 1.5) + 100
        streams = [requests(count, advised=advised) for advised in (True, False)]
        done = await asyncio.gather(*(load.arrive(stage.address, one, rate=rate, seconds=seconds) for one in streams))
        advised, chosen = (one.check("creating at half load") for one in done)
        runs.append(Run((advised.quantile(0.95) - chosen.quantile(0.95)) * 1000, limit))
        stage.say(
            f"advice in creating, 2 × {rate:,.0f}/s {number + 1}/{stage.rounds}: p95 {advised.quantile(0.95) * 1000:.1f} ms"
            f" with, {chosen.quantile(0.95) * 1000:.1f} without;"
            f" p50 {advised.quantile(0.5) * 1000:.2f} with, {chosen.quantile(0.5) * 1000:.2f} without"
        )
    return tuple(runs)


def _in_process(services: Services, bodies: list[dict[str, object]]) -> Run:
    found = services.casework.learning.classifiers.get(TYPE)
    if found is None:
        raise RuntimeError("no model is in service")
    seconds, plain = [], []
    for body in bodies:
        report = _report(body)
        began = time.perf_counter()
        services.casework.suggest(report)
        between = time.perf_counter()
        found.model.judge(report.text, Circumstances(), 3)
        seconds.append(between - began)
        plain.append(time.perf_counter() - between)
    return Run(load.percentile(seconds, 0.95) * 1000, load.percentile(plain, 0.95) * 1000)
