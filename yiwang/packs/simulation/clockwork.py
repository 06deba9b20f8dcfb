"""City time as seen from outside over HTTP, and the agenda of what is to happen when."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from yiwang.packs.remote import CityAway, Remote

Act = Callable[[], Awaitable[None]]

_SYNC_SECONDS = 5.0
_LONGEST_SLEEP = 0.5


class CityTime:
    """The city's clock, read now and then and reckoned on in between."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._city = datetime(2000, 1, 1, tzinfo=UTC)
        self._real = 0.0
        self.speed = 1.0
        self.simulated = False
        self.timezone = "Asia/Shanghai"

    async def sync(self) -> None:
        """Ask the city; raises CityAway."""
        answer = await self._remote.get("/clock")
        self._city = datetime.fromisoformat(str(answer["now"]))
        self._real = time.monotonic()
        self.simulated = answer["simulated"] is True
        self.speed = float(str(answer["speed"])) if self.simulated else 1.0
        self.timezone = str(answer["timezone"])

    async def set_speed(self, speed: float) -> None:
        """Turn the city's clock; raises Refused where the city runs on real time."""
        await self._remote.put("/clock", {"speed": speed})
        await self.sync()

    def now(self) -> datetime:
        return self._city + timedelta(seconds=(time.monotonic() - self._real) * self.speed)

    async def keep(self) -> None:
        """Read the clock again every few seconds, until cancelled; a city that is away is waited for."""
        while True:
            await asyncio.sleep(_SYNC_SECONDS)
            try:
                await self.sync()
            except CityAway:
                continue


class Agenda:
    """Acts by city time; at most ``together`` run at once."""

    def __init__(self, clock: CityTime, together: int) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Act]] = []
        self._count = itertools.count()
        self._slots = asyncio.Semaphore(together)
        self._running: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._fault: BaseException | None = None

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, when: datetime, act: Act) -> None:
        """Have ``act`` done at city time ``when``, or as soon after as there is room."""
        heapq.heappush(self._heap, (when, next(self._count), act))
        self._changed.set()

    def after(self, span: timedelta, act: Act) -> None:
        self.at(self._clock.now() + span, act)

    async def run(self) -> None:
        """Until cancelled, or until an act fails in a way that it did not foresee; then what is under way is cancelled too."""
        try:
            while True:
                await self._wait_for_next()
                _, _, act = heapq.heappop(self._heap)
                await self._slots.acquire()
                task = asyncio.create_task(self._do(act))
                self._running.add(task)
                task.add_done_callback(self._ended)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _wait_for_next(self) -> None:
        while True:
            if self._fault is not None:
                raise self._fault
            self._changed.clear()
            if self._heap:
                wait = (self._heap[0][0] - self._clock.now()).total_seconds()
                if wait <= 0:
                    return
                seconds = wait / self._clock.speed if self._clock.speed > 0 else _LONGEST_SLEEP
            else:
                seconds = _LONGEST_SLEEP
            try:
                async with asyncio.timeout(min(seconds, _LONGEST_SLEEP)):  # wait_for may swallow our being cancelled
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _do(self, act: Act) -> None:
        try:
            await act()
        finally:
            self._slots.release()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fault = self._fault or error
            self._changed.set()
