"""The writer of positions: what all terminals of a process report within some milliseconds is stored in one transaction.

Promises as the writer of readings does: :meth:`PositionWriter.put` returns after the commit; a position told again is stored
once; memory is bounded, since ``put`` waits while too much is waiting. Any number of processes may write.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date

import asyncpg

from yiwang.kernel import logs
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY, connect
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.vehicles import store
from yiwang.sensing.vehicles.model import Place

log = logs.get("positions")

_ATTEMPTS = 5
_WAKE_SECONDS = 0.05
_ANSWER_SECONDS = 40.0
"""Longer than the server lets a statement take: a server process whose parent was killed may hang, and answers nothing at all."""
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)


@dataclass(slots=True)
class _Put:
    places: Sequence[Place]
    done: asyncio.Future[None]


class PositionWriter:
    """:meth:`start` before, :meth:`stop` after. ``gather`` seconds after the first position, or at ``most_rows``, a transaction
    begins; at ``most_waiting``, :meth:`put` waits for room."""

    def __init__(
        self, context: Context, *, most_rows: int = 5_000, gather: float = 0.02, most_waiting: int = 50_000
    ) -> None:
        self._context = context
        self._most_rows, self._gather, self._most_waiting = most_rows, gather, most_waiting
        self._puts: deque[_Put] = deque()
        self._waiting = 0
        self._come, self._room, self._full = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._days: set[date] = set()
        self._woken = 0.0

    async def start(self) -> None:
        """Begin to take positions; the database may still be away."""
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="positions")

    async def stop(self) -> None:
        """Store what is waiting, then end. A ``put`` from now on is refused."""
        self._stopping = True
        self._come.set()
        self._full.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def put(self, places: Sequence[Place]) -> None:
        """Store these positions; returns after they are committed.

        Raises:
            SensingUnavailable: the database is away or the writer stopped. Nothing may be acknowledged; the terminal tells
                them again and they are stored once.
        """
        if not places:
            return
        while self._waiting >= self._most_waiting and self._alive():
            self._room.clear()
            await self._room.wait()
        if not self._alive():
            raise SensingUnavailable(reason="writer stopped")
        put = _Put(places, asyncio.get_running_loop().create_future())
        self._puts.append(put)
        self._waiting += len(places)
        self._come.set()
        if self._waiting >= self._most_rows:
            self._full.set()
        await put.done

    def _alive(self) -> bool:
        return not self._stopping and self._task is not None and not self._task.done()

    async def _run(self) -> None:
        try:
            while not (self._stopping and not self._puts):
                if not self._puts:
                    self._come.clear()
                    await self._come.wait()
                if self._waiting < self._most_rows and not self._stopping:
                    self._full.clear()
                    waiting = asyncio.ensure_future(self._full.wait())
                    await asyncio.wait({waiting}, timeout=self._gather)
                    waiting.cancel()
                if self._puts:
                    await self._store(self._take())
        finally:
            self._fail(list(self._puts), "writer stopped")
            self._puts.clear()
            self._room.set()
            self._disconnect()

    def _take(self) -> list[_Put]:
        taken = [self._puts.popleft()]
        count = len(taken[0].places)
        while self._puts and count + len(self._puts[0].places) <= self._most_rows:
            taken.append(self._puts.popleft())
            count += len(taken[-1].places)
        self._waiting -= count
        self._room.set()
        return taken

    async def _store(self, puts: list[_Put]) -> None:
        try:
            await self._store_all(puts)
        except Exception:  # a fault of ours spoils these alone: what comes next is taken, by a fresh connection
            log.exception("positions were not stored", puts=len(puts))
            self._disconnect()
        finally:  # whatever happened: nobody waits for ever
            self._fail(puts, "failed")

    async def _store_all(self, puts: list[_Put]) -> None:
        unique: dict[tuple[int, object, int], Place] = {}
        for put in puts:
            for place in put.places:
                unique.setdefault((place.device, place.at, place.digest), place)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._stored(list(unique.values()))
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            log.exception("the database refuses positions", puts=len(puts))
            self._disconnect()
            if len(puts) == 1:
                self._fail(puts, type(error).__name__)
            else:  # one of them spoils the transaction: it shall spoil only its own
                for put in puts:
                    await self._store([put])
            return
        except AWAY as error:
            log.warning("positions wait for the database", error=f"{type(error).__name__}: {error}")
            self._fail(puts, "database")
            self._disconnect()
            return
        for put in puts:
            if not put.done.done():
                put.done.set_result(None)

    def _fail(self, puts: Sequence[_Put], reason: str) -> None:
        for put in puts:
            if not put.done.done():
                put.done.set_exception(SensingUnavailable(reason=reason))

    async def _stored(self, places: list[Place]) -> None:
        connection = await self._connected()
        days = {place.at.astimezone(UTC).date() for place in places}
        for attempt in range(_ATTEMPTS):
            missing = days - self._days
            if missing:
                await store.make_days(connection, missing)
                self._days |= missing
            try:
                async with connection.transaction():
                    stored = await store.store_new(connection, places, self._context.clock.now())
                    if stored and self._wakes():
                        await connection.execute(f"notify {store.CHANNEL}")
            except asyncpg.CheckViolationError:  # a day was dropped meanwhile
                if attempt + 1 == _ATTEMPTS:
                    raise
                self._days -= days
            except _AGAIN:
                if attempt + 1 == _ATTEMPTS:
                    raise
                await asyncio.sleep(0.01 * 2**attempt)
            else:
                return
        raise AssertionError("the last attempt returns or raises")

    def _wakes(self) -> bool:
        """Whether to tell the follower, which looks every second besides: a notice costs a lock of the whole server."""
        now = asyncio.get_running_loop().time()
        if now - self._woken < _WAKE_SECONDS:
            return False
        self._woken = now
        return True

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncio.wait_for(connect(self._context.database.url), 5)
            await self._connection.execute("set statement_timeout = '30s'; set lock_timeout = '5s'")
            await store.prepare(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
