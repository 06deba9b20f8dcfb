"""Where the rows of a source are judged: in a thread, or for larger files in a process of its own, one batch ahead of the
writer (:mod:`yiwang.kernel.apart`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

from yiwang.casework.errors import ImportJudgeLost
from yiwang.casework.importing.packing import Batch
from yiwang.kernel import apart as kernel_apart
from yiwang.kernel.apart import Ahead

PIPE_BYTES = kernel_apart.PIPE_BYTES
"""Room in the pipe between the two processes."""

Work = Callable[[], Iterator[Batch]]
"""Begins to read and judge; yields batches to the end of the source."""


def judged(work: Work, *, apart: bool) -> AbstractAsyncContextManager[Ahead[Batch]]:
    """The batches of ``work``; ``apart``: made in a process of its own.

    Raises:
        ImportJudgeLost, from the context: the process that judges ended before the source did.
    """
    return kernel_apart.ahead_of(
        work, apart=apart, lost=lambda code: ImportJudgeLost(exit_code=code), pipe_bytes=PIPE_BYTES
    )
