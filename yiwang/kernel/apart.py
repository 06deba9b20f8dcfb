"""Work on a long source, one batch ahead of whoever deals with the batches: in a thread, or in a process of its own.

The process is a fork: it begins at once, with everything that the parent has prepared already in its memory. It opens
nothing of the parent's, answers only through its pipe, and ends with its parent.
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
from typing import Generic, TypeVar

from yiwang.kernel.errors import REGISTRY, Problem

PIPE_BYTES = 1 << 20
"""Room in the pipe: the most that any process may ask for, so that a batch passes in few pieces."""

T = TypeVar("T")
Lost = Callable[[int | None], Problem]
"""The refusal when the process ended before its source did, from its exit code."""


class Ahead(Generic[T]):
    """The batches of a source; while one is dealt with, the next is made."""

    def __init__(self, take: Callable[[], T | None]) -> None:
        self._take = take
        self._coming = self._ask()

    def _ask(self) -> asyncio.Task[T | None]:
        return asyncio.create_task(asyncio.to_thread(self._take))

    async def next(self) -> T | None:
        """The next batch; None at the end of the source. Raises what making it raises, or that the process was lost."""
        batch = await self._coming
        if batch is not None:
            self._coming = self._ask()
        return batch

    async def end(self) -> None:
        await asyncio.gather(self._coming, return_exceptions=True)


@asynccontextmanager
async def ahead_of(
    work: Callable[[], Iterator[T]], *, apart: bool, lost: Lost, pipe_bytes: int = PIPE_BYTES
) -> AsyncIterator[Ahead[T]]:
    """The batches of ``work``; ``apart``: made in a process of its own, where the system can fork safely."""
    with _Process(work, lost, pipe_bytes) if apart and sys.platform == "linux" else nullcontext() as process:
        if process is not None:
            ahead = Ahead(process.take)
        else:
            batches = work()
            ahead = Ahead(lambda: next(batches, None))
        try:
            yield ahead
        finally:
            if process is not None:
                process.end()  # wakes the thread that waits for it
            await ahead.end()


class _Process(Generic[T]):
    """A forked process that makes batches, and the reading end of its pipe."""

    def __init__(self, work: Callable[[], Iterator[T]], lost: Lost, pipe_bytes: int) -> None:
        self._lost = lost
        context = multiprocessing.get_context("fork")
        self._pipe, writing = context.Pipe(duplex=False)
        fcntl.fcntl(writing.fileno(), fcntl.F_SETPIPE_SZ, pipe_bytes)
        self._process = context.Process(target=_make, args=(work, writing, self._pipe), name="judge", daemon=True)
        self._process.start()
        writing.close()

    def __enter__(self) -> _Process[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._pipe.close()

    def end(self) -> None:
        """Kill it if it lives; it holds nothing that could be lost."""
        self._process.kill()
        self._process.join()

    def take(self) -> T | None:
        """The next batch; None at the end of the source. Blocks."""
        try:
            found: tuple[str, T | dict[str, object] | None] = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  # from our own fork, over an unnamed pipe
        except (EOFError, OSError) as error:  # before a batch, or within one
            self._process.join()
            raise self._lost(self._process.exitcode) from error
        code, content = found
        if code and isinstance(content, dict):
            raise REGISTRY[code](**content)
        return None if isinstance(content, dict) else content


def _make(work: Callable[[], Iterator[T]], pipe: Pipe, reading: Pipe) -> None:
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
                pipe.send_bytes(pickle.dumps(("", batch), pickle.HIGHEST_PROTOCOL))
        except Problem as problem:
            pipe.send_bytes(pickle.dumps((problem.code, problem.data)))
        else:
            pipe.send_bytes(pickle.dumps(("", None)))
