"""``yiwang serve`` in processes forked from one that has imported the application.

Each server is a process of its own with a worker of its own, as on a real machine; only the seconds of importing are spared.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import orjson

from support.nursery import Child, Nursery, nursery
from yiwang.cli.running import serve
from yiwang.http import app as _application  # noqa: F401  # imported before the fork

_kept = contextlib.AsyncExitStack()
_nurseries: list[Nursery] = []
_starting = asyncio.Lock()


def run(environment: str, port: str, log: str) -> None:
    """In the new process: serve until SIGTERM."""
    os.environ.clear()
    os.environ.update(orjson.loads(environment))
    opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(opened, number)
    serve(port=int(port), host=None, workers=1)


async def started(environment: Mapping[str, str], port: int, log: Path) -> Child:
    """A new server, which takes a while until it answers."""
    async with _starting:
        if not _nurseries:
            _nurseries.append(await _kept.enter_async_context(nursery(__name__)))
    return await _nurseries[0].start(orjson.dumps(dict(environment)).decode(), str(port), str(log))


async def stopped(child: Child) -> None:
    """End it in good order."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGTERM)
    await child.wait()


async def close() -> None:
    """At the end of all tests."""
    _nurseries.clear()
    await _kept.aclose()
