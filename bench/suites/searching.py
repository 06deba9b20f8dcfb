"""Full-text search in Chinese over the whole archive: frequent words, rare ones, two at once, and none at all."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from urllib.parse import quote
from uuid import UUID

from bench import load
from bench.people import DEPARTMENT, SUPERVISOR, Person
from bench.reports import creation, new_key
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from bench.texts import PLACES, REQUESTS, ROADS
from yiwang.kernel.database import connect

RATE = 15.0
LATENCY = Target(200)
RARE = "鼹鼠洞穴塌陷"


async def measure(stage: Stage) -> list[Measurement]:
    """``search.p95`` over all kinds of query, and ``search.<kind>`` for each kind."""
    await _tell_of_something_rare(stage)
    requests = {
        kind: [_request(text, DEPARTMENT if kind == "narrow" else SUPERVISOR) for text in texts]
        for kind, texts in queries().items()
    }
    found = []
    everything: list[list[float]] = [[] for _ in range(stage.rounds)]
    limits: list[list[float]] = [[] for _ in range(stage.rounds)]
    for kind, texts in requests.items():
        hits = [(await load.ask(stage.address, request))["items"] for request in texts]
        stage.say(f"search, {kind}: {sum(map(len, hits)) / len(hits):.0f} hits on a page")
        runs = []
        for number in range(stage.rounds):
            around = itertools.cycle(texts)
            done = await load.arrive(stage.address, around, rate=RATE, seconds=stage.seconds(4))
            done.check(f"search, {kind}")
            plain = await _plain(stage, [[UUID(item["id"]) for item in page] for page in hits])
            everything[number] += done.seconds
            limits[number] += plain
            runs.append(Run(done.quantile(0.95) * 1000, load.percentile(plain, 0.95) * 1000))
            stage.say(
                f"search, {kind} {number + 1}/{stage.rounds}: p95 {runs[-1].value:.1f} ms (p50"
                f" {done.quantile(0.5) * 1000:.1f}), raw {runs[-1].limit:.2f}"
            )
        found.append(
            Measurement(
                f"search.{kind}", f"95 % within, {WORDS[kind]}", "ms", "less", tuple(runs),
                "95 % of reading the same rows by their keys", LATENCY, stage.cases,
            )
        )  # fmt: skip
    together = tuple(
        Run(load.percentile(values, 0.95) * 1000, load.percentile(plain, 0.95) * 1000)
        for values, plain in zip(everything, limits, strict=True)
    )
    stage.note_memory()
    return [
        Measurement(
            "search.p95", f"95 % within, all kinds of query, {RATE:.0f} pages/s", "ms", "less", together,
            "95 % of reading the same rows by their keys", LATENCY, stage.cases,
        ),
        *found,
    ]  # fmt: skip


WORDS = {
    "frequent": "a word of one text in ten",
    "rare": "a word of three cases",
    "two": "two words that occur together",
    "nothing": "a word of no case",
    "narrow": "a frequent word, by a reader who may see few cases",
}


def queries() -> dict[str, list[str]]:
    """Texts that people would type, by kind."""
    return {
        "frequent": [ROADS[0], PLACES[0], REQUESTS[0], "井盖", "已经好几天了"],
        "rare": [RARE, RARE[:4], RARE[2:]],
        "two": [f"{ROADS[3]} {PLACES[5]}", f"{ROADS[10]} 井盖", f"{ROADS[1]} 味道很大"],
        "nothing": ["麒麟绝迹", "鲲鹏展翅", f"{ROADS[0]} 麒麟绝迹"],
        "narrow": [ROADS[0], "井盖"],
    }


def _request(text: str, reader: Person) -> bytes:
    return load.request("GET", f"/api/v1/cases?q={quote(text)}&limit=50", token=reader.token)


async def _tell_of_something_rare(stage: Stage) -> None:
    """Three cases with words that no other case has."""
    reports = stage.reports()
    for _ in range(3):
        body = reports.body()
        body["text"] = f"{RARE},请派人查看。"
        await load.ask(stage.address, creation(body, new_key()))


async def _plain(stage: Stage, pages: Sequence[Sequence[UUID]]) -> list[float]:
    connection = await connect(stage.url)
    try:
        seconds = []
        for page in itertools.islice(itertools.cycle(pages), 60):
            began = time.perf_counter()
            await connection.fetch("select * from case_file where id = any($1::uuid[])", list(page))
            seconds.append(time.perf_counter() - began)
        return seconds
    finally:
        await connection.close()
