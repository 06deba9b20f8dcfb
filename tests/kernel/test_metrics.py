"""Metrics: figures of several processes are one sum."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from yiwang.kernel import metrics

_CHILD = """
from yiwang.kernel import metrics
metrics.requests.labels("GET", "/api/v1/cases", "200").inc(3)
metrics.request_seconds.labels("GET", "/api/v1/cases").observe(0.004)
metrics.subscribers.set(2)
"""

_READER = """
import sys
from yiwang.kernel import metrics
sys.stdout.buffer.write(metrics.exposition({"yiwang_open_cases": ("Open cases.", 7)}))
"""


def test_several_processes_are_added_up(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", _CHILD], env=environment, check=True)
    text = subprocess.run(
        [sys.executable, "-c", _READER], env=environment, check=True, capture_output=True
    ).stdout.decode()
    assert 'yiwang_http_requests_total{method="GET",route="/api/v1/cases",status="200"} 6.0' in text
    assert 'yiwang_http_request_seconds_count{method="GET",route="/api/v1/cases"} 2.0' in text
    assert "yiwang_open_cases 7.0" in text


def test_one_process_alone_answers_from_memory() -> None:
    metrics.timers_fired.inc(2)
    text = metrics.exposition().decode()
    assert "yiwang_flow_timers_fired_total" in text
