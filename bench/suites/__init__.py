"""The benchmarks, in the order in which they are run. One file measures one matter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.results import Measurement
from bench.stage import Stage
from bench.suites import (
    advising,
    anomalies,
    browsing,
    creating,
    flowing,
    importing,
    journalling,
    likeness,
    locating,
    matching,
    memory,
    packs,
    registry,
    replying,
    resolution,
    scoring,
    searching,
    sensing_alarms,
    sensing_hj212,
    sensing_jt808,
    sensing_mqtt,
    sensing_readings,
    sharing,
    stepping,
    tasks,
)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """``name`` is what ``--only`` takes; its figures are called ``name.…``."""

    name: str
    words: str
    run: Callable[[Stage], Awaitable[list[Measurement]]]


SUITE = (
    Benchmark("reply", "the server's bare reply", replying.measure),
    Benchmark("create", "open cases over HTTP", creating.measure),
    Benchmark("step", "finish steps over HTTP", stepping.measure),
    Benchmark("tasks", "my tasks over HTTP", tasks.measure),
    Benchmark("search", "full-text search over HTTP", searching.measure),
    Benchmark("likeness", "heard before? near-duplicates over HTTP", likeness.measure),
    Benchmark("advice", "class, department and limit of a report being written", advising.measure),
    Benchmark("flow", "the flow engine alone", flowing.measure),
    Benchmark("locate", "locate points", locating.measure),
    Benchmark("scoring", "scores of a month, recomputation of a year", scoring.measure),
    Benchmark("import", "bulk import of cases", importing.measure),
    Benchmark(
        "registry", "things: a table brought in, one by key, a filtered page, the past, map tiles", registry.measure
    ),
    Benchmark("sharing", "pages of shared data over the signed interface", sharing.measure),
    Benchmark("resolution", "records of the same person found in a population", resolution.measure),
    Benchmark("anomalies", "anomaly rules over a million payments", anomalies.measure),
    Benchmark("matching", "needs and offers of a district matched at once", matching.measure),
    Benchmark("jt808", "vehicle terminals: frames, positions, connections", sensing_jt808.measure),
    Benchmark("mqtt", "MQTT sensors through a real broker", sensing_mqtt.measure),
    Benchmark("journal", "seal and verify the journal", journalling.measure),
    Benchmark("readings", "readings of devices: stored, rolled up, asked for", sensing_readings.measure),
    Benchmark("hj212", "HJ 212: frames parsed, readings durable, ten thousand loggers", sensing_hj212.measure),
    Benchmark("alarms", "reading over its limit to case on the event stream", sensing_alarms.measure),
    Benchmark("browsing", "the faces in a real browser, slowed four times", browsing.measure),
    Benchmark("packs", "sixty packs in one city: requests, start, check", packs.measure),
    Benchmark("memory", "resident memory of a web worker", memory.measure),
)
