"""The benchmarks, in the order in which they are run. One file measures one matter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.results import Measurement
from bench.stage import Stage
from bench.suites import (
    advising,
    creating,
    flowing,
    importing,
    journalling,
    likeness,
    locating,
    memory,
    replying,
    scoring,
    searching,
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
    Benchmark("journal", "seal and verify the journal", journalling.measure),
    Benchmark("memory", "resident memory of a web worker", memory.measure),
)
