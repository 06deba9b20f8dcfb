"""Where the rows of a source are judged: in a thread, or for larger files in a process of its own, one batch ahead of the
writer. The process is a fork: it begins at once, with the city's areas and everything else already in its memory. It
opens nothing of the parent's, answers only through its pipe, and ends with its parent.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import multiprocessing
import pickle
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext, suppress
from multiprocessing.connection import Connection as Pipe

from yiwang.casework.errors import ImportJudgeLost
from yiwang.casework.importing.packing import Batch
from yiwang.kernel.errors import REGISTRY, Problem

PIPE_BYTES = 1 << 20
"""Room in the pipe: the most that any process may ask for, so that a batch passes in few pieces."""

Work = Callable[[], Iterator[Batch]]
"""Begins to read and judge; yields batches to the end of the source."""


class Ahead:
    """The batches of a source; while one is dealt with, the next is judged."""

    def __init__(self, take: Callable[[], Batch | None]) -> None:
        self._take = take
        self._coming = self._ask()

    def _ask(self) -> asyncio.Task[Batch | None]:
        return asyncio.create_task(asyncio.to_thread(self._take))

    async def next(self) -> Batch | None:
        """The next batch; None at the end of the source.

        Raises:
            ImportJudgeLost: the process that judges ended before the source did; and what judging itself raises.
        """
        batch = await self._coming
        if batch is not None:
            self._coming = self._ask()
        return batch

    async def end(self) -> None:
        await asyncio.gather(self._coming, return_exceptions=True)


@asynccontextmanager
async def judged(work: Work, *, apart: bool) -> AsyncIterator[Ahead]:
    """The batches of ``work``; ``apart``: made in a process of its own, where the system can fork safely."""
    with _Process(work) if apart and sys.platform == "linux" else nullcontext() as process:
        batches = work()
        ahead = Ahead(process.take if process is not None else lambda: next(batches, None))
        try:
            yield ahead
        finally:
            if process is not None:
                process.end()  # wakes the thread that waits for it
            await ahead.end()


class _Process:
    """A forked process that judges, and the reading end of its pipe."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, writing = context.Pipe(duplex=False)
        fcntl.fcntl(writing.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._process = context.Process(target=_judge, args=(work, writing, self._pipe), name="judge", daemon=True)
        self._process.start()
        writing.close()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._pipe.close()

    def end(self) -> None:
        """Kill it if it lives; it holds nothing that could be lost."""
        self._process.kill()
        self._process.join()

    def take(self) -> Batch | None:
        """The next batch; None at the end of the source. Blocks."""
        try:
            found = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  # from our own fork, over an unnamed pipe
        except (EOFError, OSError) as error:  # before a batch, or within one
            self._process.join()
            raise ImportJudgeLost(exit_code=self._process.exitcode) from error
        if isinstance(found, tuple):
            code, data = found
            raise REGISTRY[code](**data)
        if not isinstance(found, Batch):
            return None
        return found


def _judge(work: Work, pipe: Pipe, reading: Pipe) -> None:
    """What the process does. The parent decides about interruptions: it hears Ctrl-C as well."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    reading.close()
    gc.freeze()  # what the parent left is neither searched nor finalised here
    gc.set_threshold(100_000, 20, 50)  # a batch lives as a whole and goes as a whole
    with suppress(BrokenPipeError):  # the parent is gone
        try:
            for batch in work():
                pipe.send_bytes(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
        except Problem as problem:
            pipe.send_bytes(pickle.dumps((problem.code, problem.data)))
        else:
            pipe.send_bytes(pickle.dumps(None))
