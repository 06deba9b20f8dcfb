"""From decoded frames to committed readings, and only then to acknowledgements.

Rows of all connections are handed to the writer together, some milliseconds at a time; when it has committed, the
answers go out. When the database is away nothing is answered: the devices send again. Bounded: above so many
waiting bytes the connections that bring more are no longer read until there is room.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from yiwang.kernel import logs
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.model import READING, Rows, Written

GATHER_SECONDS = 0.004
MOST_AT_ONCE = 9_000
MOST_WAITING_BYTES = 6_000_000
_FLIGHTS = 4

log = logs.get("gateway.hj212")


class Writer(Protocol):
    """What the intake needs of :class:`yiwang.sensing.readings.writer.ReadingWriter`."""

    async def put(self, rows: Rows) -> Written: ...


class Sender(Protocol):
    """A connection that brought frames."""

    def send(self, data: bytes) -> None: ...

    def hold(self, holding: bool) -> None: ...


@dataclass(slots=True)
class _Item:
    rows: bytes
    sender: Sender
    answer: bytes
    then: Callable[[], None] | None


class Intake:
    """One per gateway. Use :meth:`start` and :meth:`stop`; ``stored`` and ``failed`` count frames."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._items: list[_Item] = []
        self._rows = 0
        self._bytes = 0
        self._come = asyncio.Event()
        self._full = asyncio.Event()
        self._flights = asyncio.Semaphore(_FLIGHTS)
        self._flying: set[asyncio.Task[None]] = set()
        self._held: set[Sender] = set()
        self._task: asyncio.Task[None] | None = None
        self.stored = self.failed = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="hj212 intake")

    async def stop(self) -> None:
        """Store and answer what was taken, then end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        while self._items:
            await self._write(self._taken())
        await asyncio.gather(*self._flying, return_exceptions=True)

    def take(self, rows: bytes, sender: Sender, answer: bytes, then: Callable[[], None] | None = None) -> None:
        """Packed rows of one frame; after their commit ``then`` is called and ``answer`` (if any) is sent. Never
        waits."""
        self._items.append(_Item(rows, sender, answer, then))
        self._rows += len(rows) // READING.itemsize
        self._bytes += len(rows)
        self._come.set()
        if self._rows >= MOST_AT_ONCE:
            self._full.set()
        if self._bytes > MOST_WAITING_BYTES and sender not in self._held:
            self._held.add(sender)
            sender.hold(True)

    async def _run(self) -> None:
        while True:
            await self._come.wait()
            await self._flights.acquire()
            if self._rows < MOST_AT_ONCE:
                self._full.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_SECONDS):  # wait_for may swallow our being cancelled
                        await self._full.wait()
            flight = asyncio.create_task(self._write(self._taken()))
            self._flying.add(flight)
            flight.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flying.discard(flight)
        self._flights.release()

    def _taken(self) -> list[_Item]:
        items, self._items = self._items, []
        self._rows = 0
        self._come.clear()
        return items

    async def _write(self, items: list[_Item]) -> None:
        packed = bytearray().join(item.rows for item in items)
        try:
            await self._writer.put(np.frombuffer(packed, dtype=READING))
        except SensingUnavailable as error:
            self.failed += len(items)
            log.warning("frames stay unanswered", frames=len(items), code=error.code)
            return
        finally:
            self._bytes -= len(packed)
            self._make_room()
        self.stored += len(items)
        answers: dict[Sender, list[bytes]] = {}
        for item in items:
            if item.then is not None:
                item.then()
            if item.answer:
                answers.setdefault(item.sender, []).append(item.answer)
        for sender, parts in answers.items():
            sender.send(b"".join(parts))

    def _make_room(self) -> None:
        if self._held and self._bytes < MOST_WAITING_BYTES // 2:
            held, self._held = self._held, set()
            for sender in held:
                sender.hold(False)
