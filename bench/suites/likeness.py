"""“Heard before?” among the whole archive: what a person at intake waits for after each pause in typing."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Sequence

from bench import load
from bench.people import SUPERVISOR
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.http.services import open_services
from yiwang.kernel.database import connect

RATE = 20.0
LATENCY = Target(20)
QUESTIONS = 200
_TAKEN_OVER = 6.0


async def measure(stage: Stage) -> list[Measurement]:
    """``likeness.p95`` over all kinds of question, and ``likeness.<kind>`` for each kind."""
    await _count_words(stage)
    found: list[Measurement] = []
    everything: list[list[float]] = [[] for _ in range(stage.rounds)]
    limits: list[list[float]] = [[] for _ in range(stage.rounds)]
    for kind, bodies in (await _questions(stage)).items():
        requests = [load.request("POST", "/api/v1/cases/alike", token=SUPERVISOR.token, body=body) for body in bodies]
        hits = [await load.ask(stage.address, request) for request in requests[:20]]
        stage.say(f"likeness, {kind}: {sum(map(len, hits)) / len(hits):.1f} candidates shown")
        runs = []
        for number in range(stage.rounds):
            done = await load.arrive(stage.address, itertools.cycle(requests), rate=RATE, seconds=stage.seconds(6))
            done.check(f"likeness, {kind}")
            plain = await _plain(stage, bodies)
            everything[number] += done.seconds
            limits[number] += plain
            runs.append(Run(done.quantile(0.95) * 1000, load.percentile(plain, 0.95) * 1000))
            stage.say(
                f"likeness, {kind} {number + 1}/{stage.rounds}: p95 {runs[-1].value:.1f} ms"
                f" (p50 {done.quantile(0.5) * 1000:.1f}), raw {runs[-1].limit:.2f}"
            )
        found.append(
            Measurement(
                f"likeness.{kind}", f"95 % within, {WORDS[kind]}", "ms", "less", tuple(runs), RAW, LATENCY, stage.cases
            )
        )
    together = tuple(
        Run(load.percentile(values, 0.95) * 1000, load.percentile(plain, 0.95) * 1000)
        for values, plain in zip(everything, limits, strict=True)
    )
    stage.note_memory()
    return [
        Measurement(
            "likeness.p95", f"95 % within, near-duplicates of a report being typed, {RATE:.0f}/s", "ms", "less",
            together, RAW, LATENCY, stage.cases,
        ),
        *found,
    ]  # fmt: skip


RAW = "95 % of reading the sixty nearest open cases from the spatial index alone"
WORDS = {
    "typing": "half a text, at a place",
    "written": "a whole text, at a place",
    "words": "a whole text without a place",
}


async def _count_words(stage: Stage) -> None:
    """As the background worker does from time to time; web workers take it over within seconds."""
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        began = time.perf_counter()
        await services.casework.likeness.take_sample()
        stage.say(f"likeness: words counted in {time.perf_counter() - began:.2f} s")
    await asyncio.sleep(_TAKEN_OVER)


async def _questions(stage: Stage) -> dict[str, list[dict[str, object]]]:
    """Every other question tells of a matter that is open, in its own words, some metres off; the others of a new one."""
    reports = stage.reports()
    chance = random.Random(5)
    known = await stage.query(
        "select text, lon, lat from case_file where closed_at is null and lon is not null"
        f" order by reported_at desc limit {QUESTIONS}"
    )
    kinds: dict[str, list[dict[str, object]]] = {kind: [] for kind in WORDS}
    for number in range(QUESTIONS):
        body = dict(known[number % len(known)]) if number % 2 else reports.body()
        lon, lat = float(str(body["lon"])) + chance.uniform(-1e-4, 1e-4), float(str(body["lat"]))
        text = str(body["text"])
        half = text[: max(4, int(len(text) * chance.uniform(0.3, 0.7)))]
        kinds["typing"].append({"text": half, "lon": lon, "lat": lat})
        kinds["written"].append({"text": text, "lon": lon, "lat": lat})
        kinds["words"].append({"text": text})
    return kinds


async def _plain(stage: Stage, bodies: Sequence[dict[str, object]]) -> list[float]:
    connection = await connect(stage.url)
    try:
        seconds = []
        for body in itertools.islice(itertools.cycle(bodies), 100):
            began = time.perf_counter()
            await connection.fetch(
                "select id from case_file where closed_at is null"
                " order by point <-> ST_Transform(ST_SetSRID(ST_MakePoint($1, $2), 4326), 3857) limit 60",
                body.get("lon", stage.places[0][0]),
                body.get("lat", stage.places[0][1]),
            )
            seconds.append(time.perf_counter() - began)
        return seconds
    finally:
        await connection.close()
