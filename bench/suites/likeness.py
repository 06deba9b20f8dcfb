"""“Heard before?” among the whole archive: what a person at intake waits for after each pause in typing."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench import load
from bench.people import SUPERVISOR
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.http.services import open_services
from yiwang.kernel.database import connect

RATE = 20.0
LATENCY = Target(20)
QUESTIONS = 200
SCANS = 40
_TAKEN_OVER = 6.0


async def measure(stage: Stage) -> list[Measurement]:
    """``likeness.p95`` over all kinds of question, and ``likeness.<kind>`` for each kind."""
    await _count_words(stage)
    found: list[Measurement] = []
    scan = await Scan.of(stage)
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
            plain = scan.seconds(bodies)
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
    scan.close()
    stage.note_memory()
    return [
        Measurement(
            "likeness.p95", f"95 % within, near-duplicates of a report being typed, {RATE:.0f}/s", "ms", "less",
            together, RAW, LATENCY, stage.cases,
        ),
        *found,
    ]  # fmt: skip


RAW = "95 % of DuckDB's scans of all cases in Parquet: those near the place, or with the text's first pairs, sixty nearest"
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


@dataclass(frozen=True, slots=True)
class Scan:
    """All cases as a Parquet file, and a DuckDB that looks through it for each question."""

    duck: duckdb.DuckDBPyConnection
    folder: tempfile.TemporaryDirectory[str]

    @classmethod
    async def of(cls, stage: Stage) -> Scan:
        folder = tempfile.TemporaryDirectory(prefix="yiwang-bench-")
        csv = Path(folder.name) / "cases.csv"
        connection = await connect(stage.url)
        try:
            await connection.copy_from_query(
                "select id::text as id, text, coalesce(lon, 0) as lon, coalesce(lat, 0) as lat, closed_at is null as open"
                " from case_file",
                output=csv,
                format="csv",
                header=True,
            )
        finally:
            await connection.close()
        duck = duckdb.connect()
        duck.execute(f"copy (select * from read_csv('{csv}')) to '{folder.name}/cases.parquet' (format parquet)")
        csv.unlink()
        return cls(duck, folder)

    def seconds(self, bodies: Sequence[dict[str, object]]) -> list[float]:
        """How long each of some questions takes."""
        spent = []
        for body in itertools.islice(itertools.cycle(bodies), SCANS):
            lon, lat, text = body.get("lon"), body.get("lat"), str(body["text"])
            given: list[object]
            if lon is None:
                where, given = "contains(text, ?) and contains(text, ?)", [text[:2], text[2:4]]
            else:
                where, given = "open and abs(lon - ?) < 0.0036 and abs(lat - ?) < 0.0027", [lon, lat]
            began = time.perf_counter()
            self.duck.execute(
                f"select id, text, lon, lat from '{self.folder.name}/cases.parquet' where {where} limit 60", given
            ).fetchall()
            spent.append(time.perf_counter() - began)
        return spent

    def close(self) -> None:
        self.duck.close()
        self.folder.cleanup()
