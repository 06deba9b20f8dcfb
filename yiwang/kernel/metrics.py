"""Metrics for Prometheus: counters and histograms of all processes of this server, and figures read from the database.

Each process writes its figures into files of ``PROMETHEUS_MULTIPROC_DIR`` (set by ``yiwang run`` and ``serve`` before
their children start, see :func:`share_between_processes`); whichever process is asked adds them up. Labels are route
templates, verbs and kinds: bounded sets, never ids.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

registry = CollectorRegistry()
"""Where this process registers its metrics."""

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

requests = Counter("yiwang_http_requests", "HTTP requests answered.", ["method", "route", "status"], registry=registry)
request_seconds = Histogram(
    "yiwang_http_request_seconds",
    "Seconds from the first byte of a request to the end of its answer.",
    ["method", "route"],
    buckets=_SECONDS,
    registry=registry,
)
subscribers = Gauge("yiwang_live_subscribers", "Open live connections.", registry=registry, multiprocess_mode="livesum")
database_connections = Gauge(
    "yiwang_database_connections",
    "Database connections of the web processes.",
    ["state"],
    registry=registry,
    multiprocess_mode="livesum",
)
jobs = Counter("yiwang_jobs", "Runs of background jobs.", ["kind", "outcome"], registry=registry)
job_seconds = Histogram(
    "yiwang_job_seconds",
    "Seconds that background jobs ran.",
    ["kind"],
    buckets=(*_SECONDS, 120, 600),
    registry=registry,
)
timers_fired = Counter("yiwang_flow_timers_fired", "Timers of flows that came due and fired.", registry=registry)
entries_sealed = Counter("yiwang_journal_entries_sealed", "Journal entries put under seal.", registry=registry)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A gauge with a value for each value of one label."""

    label: str
    values: Mapping[str, float]


class Reading(Collector):
    """Gauges read elsewhere just before they are shown: name → (help, value or values)."""

    def __init__(self, values: Mapping[str, tuple[str, float | Labelled]]) -> None:
        self._values = values

    def collect(self) -> Iterable[Metric]:
        for name, (help_text, value) in self._values.items():
            if not isinstance(value, Labelled):
                yield GaugeMetricFamily(name, help_text, value=value)
                continue
            family = GaugeMetricFamily(name, help_text, labels=[value.label])
            for key, one in sorted(value.values.items()):
                family.add_metric([key], one)
            yield family


def exposition(readings: Mapping[str, tuple[str, float | Labelled]] | None = None) -> bytes:
    """The text that Prometheus reads (version 0.0.4, UTF-8): the sum over all processes, then ``readings``."""
    if _VARIABLE in os.environ:
        shown = CollectorRegistry()
        MultiProcessCollector(shown)  # type: ignore[no-untyped-call]  # the library leaves it untyped
        text = generate_latest(shown)
    else:
        text = generate_latest(registry)
    if readings:
        extra = CollectorRegistry()
        extra.register(Reading(readings))
        text += generate_latest(extra)
    return text


def share_between_processes(home: Path) -> None:
    """Let this process and its children keep their figures in ``home``, beginning at zero.

    The library chooses its kind of storage when it is first imported, so only children started after this call share;
    the parent itself counts nothing.
    """
    folder = home.absolute() / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[_VARIABLE] = str(folder)


def forget_process(pid: int) -> None:
    """Drop the gauges of a process that has ended; its counters stay in the sums."""
    if _VARIABLE in os.environ:
        mark_process_dead(pid, os.environ[_VARIABLE])  # type: ignore[no-untyped-call]  # as above
