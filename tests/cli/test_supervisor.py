"""The supervisor: parts that die come back, parts that finish rest, a hopeless part ends everything."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from yiwang.cli import supervisor as supervising
from yiwang.cli.supervisor import Child, Supervisor


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children are small Python programs instead of commands of ours."""
    real = asyncio.create_subprocess_exec

    async def start(_python: str, _m: str, _module: str, *arguments: str, **options: object) -> object:
        return await real(sys.executable, "-c", *arguments, **options)  # type: ignore[arg-type]  # passed on as given

    monkeypatch.setattr(supervising.asyncio, "create_subprocess_exec", start)
    monkeypatch.setattr(supervising, "_longest_pause", 0.05)


def child(name: str, program: str, *arguments: str) -> Child:
    return Child(name, [program, *arguments], os.environ)


def watched(children: Sequence[Child]) -> tuple[Supervisor, list[tuple[str, str]]]:
    seen: list[tuple[str, str]] = []
    return Supervisor(list(children), on_change=lambda item, what: seen.append((item.name, what))), seen


async def until(condition: Callable[[], bool]) -> None:
    """A machine under load takes long to start a process."""
    for _ in range(1200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("not so within a minute")


async def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    marks = tmp_path / "lives"
    dying = (
        f"open({str(marks)!r}, 'a').write('x'); import sys; sys.exit(9 if len(open({str(marks)!r}).read()) < 3 else 0)"
    )
    whole, seen = watched([child("worker", dying)])
    await asyncio.wait_for(whole.run(), 60)
    assert marks.read_text() == "xxx"
    assert [what for _, what in seen] == ["started", "died", "started", "died", "started"]
    assert whole.hopeless is None


async def test_kill_9_后自动重启(tmp_path: Path) -> None:
    whole, seen = watched([child("web", "import time; time.sleep(60)")])
    running = asyncio.create_task(whole.run())
    for deaths in (1, 2):
        await until(lambda deaths=deaths: seen.count(("web", "started")) == deaths)  # type: ignore[misc]
        victim = whole.children[0].process
        assert victim is not None
        os.kill(victim.pid, signal.SIGKILL)
        await until(lambda deaths=deaths: seen.count(("web", "died")) == deaths)  # type: ignore[misc]
    whole.end()
    await asyncio.wait_for(running, 60)
    assert seen.count(("web", "died")) == 2


async def test_a_hopeless_part_ends_the_others() -> None:
    whole, seen = watched([child("web", "import time; time.sleep(60)"), child("worker", "import sys; sys.exit(4)")])
    started = time.monotonic()
    await asyncio.wait_for(whole.run(), 50)
    assert time.monotonic() - started < 50, "the other one would have slept for a minute"
    assert whole.hopeless is not None
    assert whole.hopeless.name == "worker"
    assert ("worker", "hopeless") in seen
    assert all(item.process is not None and item.process.returncode is not None for item in whole.children)


async def test_a_part_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervising, "_patience_seconds", 0.5)
    mark = tmp_path / "deaf"
    deaf = (
        f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(mark)!r}, 'w').close();"
        " time.sleep(60)"
    )
    whole, _ = watched([child("deaf", deaf)])
    running = asyncio.create_task(whole.run())
    await until(mark.exists)
    whole.end()
    await asyncio.wait_for(running, 50)
    process = whole.children[0].process
    assert process is not None
    assert process.returncode == -signal.SIGKILL


async def test_a_part_that_is_needed_later_joins_the_others(tmp_path: Path) -> None:
    marks = tmp_path / "joined"
    whole, seen = watched([child("web", "import time; time.sleep(60)")])
    running = asyncio.create_task(whole.run())
    await until(lambda: ("web", "started") in seen)
    whole.add(child("gateway-hj212", f"open({str(marks)!r}, 'w').write('x'); import time; time.sleep(60)"))
    await until(lambda: marks.exists() and marks.read_text() == "x")
    assert marks.read_text() == "x"
    whole.end()
    await asyncio.wait_for(running, 60)
    assert [name for name, what in seen if what == "started"] == ["web", "gateway-hj212"]
    whole.add(child("gateway-jt808", "pass"))  # when everything has ended, nothing begins
    assert [name for name, what in seen if what == "started"] == ["web", "gateway-hj212"]
