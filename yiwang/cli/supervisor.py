"""Child processes of ``yiwang run``: started in order, watched, started again when they die, ended together.

A child that dies is started again after 1, 2, 4 … 30 seconds; one that lived a minute begins at 1 again. A child that
ends with exit code 0 has finished its work, and one that ends with 2–4 can never work (wrong settings): neither is
started again, and for the latter everything is ended, unless the child is one that the others can do without.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from yiwang.http.parent import end_with_parent
from yiwang.kernel import logs, metrics

log = logs.get("run")

supervised_variable = "YIWANG_SUPERVISED"
"""Set in the environment of the supervisor's children."""

_longest_pause = 30.0
_lived_well_seconds = 60.0
_patience_seconds = 15.0
_HOPELESS = frozenset({2, 3, 4})


def end_if_supervisor_ends() -> None:
    """To be called by a command that may be a child of ``yiwang run``."""
    if supervised_variable in os.environ:
        end_with_parent()


def supervising_process() -> int | None:
    """The number of the process of ``yiwang run`` whose child this one is; None where it is nobody's."""
    return os.getppid() if supervised_variable in os.environ else None


@dataclass(slots=True)
class Child:
    """A part of the installation that runs in its own process: ``yiwang <arguments>``. Without an ``optional`` one the others go
    on."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    optional: bool = False
    process: asyncio.subprocess.Process | None = None
    deaths: int = 0
    began_at: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Keeps ``children`` alive until :meth:`end` is called or one of them is hopeless."""

    children: list[Child]
    on_change: Callable[[Child, str], None] = lambda _child, _what: None
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    hopeless: Child | None = None
    _group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Run everything; returns when all children have ended."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self.end)
        async with asyncio.TaskGroup() as group:
            self._group = group
            for child in self.children:
                group.create_task(self._keep(child))
        self._group = None
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)

    def add(self, child: Child) -> None:
        """Take one more child, which is started at once; one that comes when the others are ending is not."""
        self.children.append(child)
        if self._group is not None and not self.ending.is_set():
            self._group.create_task(self._keep(child))

    def end(self) -> None:
        """Ask every child to finish."""
        self.ending.set()

    async def _keep(self, child: Child) -> None:
        while not self.ending.is_set():
            code = await self._live(child)
            if self.ending.is_set() or code == 0:
                return
            if code in _HOPELESS and child.optional:
                log.error("a process cannot work and stays away", name=child.name, exit_code=code)
                self.on_change(child, "hopeless")
                return
            if code in _HOPELESS:
                self.hopeless = child
                self.on_change(child, "hopeless")
                self.end()
                return
            lived = time.monotonic() - child.began_at
            child.deaths = 1 if lived > _lived_well_seconds else child.deaths + 1
            pause = min(2.0 ** (child.deaths - 1), _longest_pause)
            log.error("a process died", name=child.name, exit_code=code, lived_seconds=round(lived, 1), again_in=pause)
            self.on_change(child, "died")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), pause)

    async def _live(self, child: Child) -> int:
        """One life of a child, from start to exit code."""
        child.began_at = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "yiwang.cli",
            *child.arguments,
            env=dict(child.environment),
            start_new_session=True,  # ctrl-C reaches only the supervisor, which ends the others in order
        )
        child.process = process
        self.on_change(child, "started")
        dying = asyncio.create_task(process.wait())
        asked = asyncio.create_task(self.ending.wait())
        await asyncio.wait({dying, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not dying.done():
            process.terminate()
            try:
                await asyncio.wait_for(asyncio.shield(dying), _patience_seconds)
            except TimeoutError:
                process.kill()
                log.warning("a process did not end and was killed", name=child.name)
        code = await dying
        metrics.forget_process(process.pid)
        return code
