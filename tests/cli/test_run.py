"""``yiwang run``: one command brings everything up, parts that die come back, Ctrl-C ends all of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from yiwang.kernel.cluster import EmbeddedServer, find_binaries

ROOT = Path(__file__).parents[2]
most_megabytes = 300

pytestmark = [
    pytest.mark.crash,
    pytest.mark.timeout(900),  # a whole installation begins here, on a machine that may be busy with much else
    pytest.mark.skipif(
        find_binaries(Path("/nonexistent")) is None, reason="no PostgreSQL with PostGIS on this machine"
    ),
]


@dataclass
class Run:
    """A running installation with its output so far."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    log: Path

    def children(self) -> dict[str, int]:
        """Process ids of the parts by the command they run."""
        found = {}
        for pid in _children_of(self.process.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if len(words) > 3:  # empty for one that has just died
                found[words[3]] = pid
        return found


def _children_of(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    raise TimeoutError(f"not so within {seconds} s")


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=10, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    folder = Path(tempfile.mkdtemp(prefix="yw-run-", dir="/tmp"))
    folder.chmod(0o755)
    home, log, port = folder / "home", folder / "log", _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("YIWANG_")},
        "YIWANG_HOME": str(home),
        "YIWANG_CITY": str(ROOT / "tests" / "cities" / "small"),
        "YIWANG_PACKS": str(ROOT / "packs"),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "yiwang.cli", "run", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Run(process, f"http://127.0.0.1:{port}", home, log)
    try:
        until(lambda: process.poll() is not None or answers(started.url), 600)
        assert process.poll() is None, log.read_text()
        yield started
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(180)
        EmbeddedServer(home).destroy()
        shutil.rmtree(folder, ignore_errors=True)


def test_一条命令_城市开张_模拟的一天在走(run: Run) -> None:
    # The greeting with address and demo password comes when the city answers.
    until(lambda: "Small-city-2026" in run.log.read_text(errors="replace"))
    assert run.url in run.log.read_text(errors="replace")
    assert set(run.children()) == {"serve", "worker", "simulate"}
    with httpx.stream("GET", f"{run.url}/api/v1/live", timeout=60, trust_env=False) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = (line for line in stream.iter_lines() if line.startswith("data: "))
        verbs = {next(events) for _ in range(5)}
    assert any('"case.' in line for line in verbs)


def test_the_background_seals_the_journal(run: Run) -> None:
    def sealed() -> bool:
        text = httpx.get(f"{run.url}/metrics", timeout=60, trust_env=False).text
        return any(
            line.startswith("yiwang_journal_entries_sealed_total") and float(line.split()[1]) > 0
            for line in text.splitlines()
        )

    until(sealed)


def test_每个网页进程的内存不超过上限(run: Run) -> None:
    """What a process keeps: a password that is being hashed in the moment of one reading takes 19 MiB for a tenth of a second."""
    for pid in _children_of(run.children()["serve"]):
        readings = []
        for _ in range(8):
            status = Path(f"/proc/{pid}/status").read_text()
            readings.append(
                next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
            )
            time.sleep(0.25)
        assert statistics.median(readings) < most_megabytes, readings


def test_杀掉任何一部分_自己恢复(run: Run) -> None:
    for part in ("worker", "serve"):
        before = run.children()[part]
        os.kill(before, signal.SIGKILL)
        until(lambda part=part, before=before: run.children().get(part, before) != before, 90)  # type: ignore[misc]
    until(lambda: answers(run.url))
    assert httpx.get(f"{run.url}/", timeout=60, trust_env=False).status_code == 200


def test_a_second_run_on_the_same_port_is_told_so(run: Run) -> None:
    port = run.url.rpartition(":")[2]
    second = subprocess.run(
        [sys.executable, "-m", "yiwang.cli", "run", "--port", port],
        cwd=ROOT,
        env={**os.environ, "YIWANG_CITY": str(ROOT / "tests" / "cities" / "small"), "YIWANG_HOME": str(run.home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert second.returncode == 4
    assert "installation.port_taken" in second.stderr
    assert "YIWANG_PORT=" in second.stderr, "what to do under make run"
    assert "--port" in second.stderr


def test_ctrl_c_ends_everything_cleanly(run: Run) -> None:
    serve = run.children()["serve"]
    pids = [*run.children().values(), *_children_of(serve)]
    os.kill(run.process.pid, signal.SIGINT)
    assert run.process.wait(180) == 0
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert EmbeddedServer(run.home).status().state == "stopped"
