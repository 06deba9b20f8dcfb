"""The writer of readings: what all connections of a process hand in within some milliseconds is stored in one transaction.

Promises: :meth:`ReadingWriter.put` returns after the commit, so whoever acknowledges then acknowledges what lasts; a row that
is sent again is stored once; a row that cannot be stored harms no other; memory is bounded, since ``put`` waits while too
much is waiting. Any number of processes may write.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import asyncpg
import numpy as np
import numpy.typing as npt

from yiwang.kernel import logs
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY, connect
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.model import Catalogue, Fault, Flags, Rows, Written, faults_of
from yiwang.sensing.readings import arrivals, store
from yiwang.sensing.readings.checks import Checks
from yiwang.sensing.readings.lake import Lake
from yiwang.sensing.readings.partitions import make_partitions

log = logs.get("readings")

_ATTEMPTS = 5
_WAKE_SECONDS = 0.05
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 40.0
"""Longer than the server lets a statement take: a server process whose parent was killed may hang, and answers nothing at all."""
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)


@dataclass(slots=True)
class _Put:
    rows: Rows
    done: asyncio.Future[Written]


@dataclass(slots=True)
class _Batch:
    """Rows of several puts as they go through: refused, repeated, stored."""

    rows: Rows
    faults: npt.NDArray[np.int8]
    stored: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.stored = np.zeros(len(self.rows), dtype=np.bool_)

    def written(self, begin: int, end: int) -> Written:
        refused = int(np.count_nonzero(self.faults[begin:end]))
        stored = int(np.count_nonzero(self.stored[begin:end]))
        return Written(stored, end - begin - stored - refused, refused, self.faults[begin:end])


class ReadingWriter:
    """The door through which every reading passes. :meth:`start` before, :meth:`stop` after.

    ``most_rows``: at so many waiting rows a transaction begins at once; else ``gather`` seconds after the first.
    ``most_waiting``: at so many, :meth:`put` waits for room.
    """

    def __init__(
        self,
        context: Context,
        catalogue: Catalogue,
        *,
        most_rows: int = 10_000,
        gather: float = 0.02,
        most_waiting: int = 100_000,
    ) -> None:
        self.context = context
        self.checks = Checks(catalogue)
        self.lake = Lake(context.settings.home)
        self._most_rows, self._gather, self._most_waiting = most_rows, gather, most_waiting
        self._puts: deque[_Put] = deque()
        self._waiting = 0
        self._come, self._room, self._full = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._days: set[date] = set()
        self._woken, self._owed = 0.0, False

    async def start(self) -> None:
        """Begin to take readings; the database may still be away."""
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="readings")

    async def stop(self) -> None:
        """Store what is waiting, then end. A ``put`` from now on is refused."""
        self._stopping = True
        self._come.set()
        self._full.set()
        if self._task is not None:
            await self._task
            self._task = None

    @property
    def waiting(self) -> int:
        """Rows that wait for a transaction to begin."""
        return self._waiting

    async def put(self, rows: Rows) -> Written:
        """Store these rows (dtype READING); returns after they are committed. Rows of equal key: the first counts.

        Raises:
            SensingUnavailable: the database is away or the writer stopped. Nothing may be acknowledged: whether the rows
                were stored is not known, and they may be sent again.
        """
        if len(rows) <= self._most_rows:
            return await self._put(rows)
        parts = [
            await self._put(rows[begin : begin + self._most_rows]) for begin in range(0, len(rows), self._most_rows)
        ]
        return Written(
            sum(part.stored for part in parts),
            sum(part.known for part in parts),
            sum(part.refused for part in parts),
            np.concatenate([part.faults for part in parts if part.faults is not None]),
        )

    async def _put(self, rows: Rows) -> Written:
        if not len(rows):
            return Written(0, 0, 0, np.zeros(0, dtype=np.int8))
        while self._waiting >= self._most_waiting and self._alive():
            self._room.clear()
            await self._room.wait()
        if not self._alive():
            raise SensingUnavailable(reason="writer stopped")
        put = _Put(rows, asyncio.get_running_loop().create_future())
        self._puts.append(put)
        self._waiting += len(rows)
        self._come.set()
        if self._waiting >= self._most_rows:
            self._full.set()
        return await put.done

    def _alive(self) -> bool:
        return not self._stopping and self._task is not None and not self._task.done()

    async def _run(self) -> None:
        try:
            while not (self._stopping and not self._puts):
                if await self._something_came():
                    await self._store(self._take())
        finally:
            self._fail(self._puts, "writer stopped")
            self._puts.clear()
            self._room.set()
            await self._disconnect()

    async def _something_came(self) -> bool:
        """Wait for rows, and for some more of them; meanwhile pay the waking that is owed to followers."""
        if not self._puts:
            self._come.clear()
            try:
                async with asyncio.timeout(_WAKE_SECONDS if self._owed else None):
                    await self._come.wait()
            except TimeoutError:
                await self._wake_followers()
                return False
        if self._waiting < self._most_rows and not self._stopping:
            self._full.clear()
            waiting = asyncio.ensure_future(self._full.wait())
            await asyncio.wait({waiting}, timeout=self._gather)
            waiting.cancel()
        return bool(self._puts)

    def _take(self) -> list[_Put]:
        taken = [self._puts.popleft()]
        count = len(taken[0].rows)
        while self._puts and count + len(self._puts[0].rows) <= self._most_rows:
            taken.append(self._puts.popleft())
            count += len(taken[-1].rows)
        self._waiting -= count
        self._room.set()
        return taken

    async def _store(self, puts: list[_Put]) -> None:
        try:
            await self._store_all(puts)
        except Exception:  # a fault of ours spoils these alone: what comes next is taken, by a fresh connection
            log.exception("readings were not stored", puts=len(puts))
            await self._disconnect()
        finally:  # whatever happened: nobody waits for ever
            self._fail(puts, "failed")

    async def _store_all(self, puts: list[_Put]) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                batch = await self._stored(
                    np.concatenate([put.rows for put in puts]) if len(puts) > 1 else puts[0].rows
                )
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            log.exception("the database refuses readings", puts=len(puts), rows=len(puts[0].rows))
            await self._disconnect()
            if len(puts) == 1:
                self._fail(puts, type(error).__name__)
            else:  # one of them spoils the transaction: it shall spoil only its own
                for put in puts:
                    await self._store([put])
            return
        except AWAY as error:
            log.warning("readings wait for the database", error=f"{type(error).__name__}: {error}")
            self._fail(puts, "database")
            await self._disconnect()
            return
        end = 0
        for put in puts:
            begin, end = end, end + len(put.rows)
            if not put.done.done():
                put.done.set_result(batch.written(begin, end))

    def _fail(self, puts: Iterable[_Put], reason: str) -> None:
        for put in puts:
            if not put.done.done():
                put.done.set_exception(SensingUnavailable(reason=reason))

    async def _stored(self, rows: Rows) -> _Batch:
        now = self.context.clock.now()
        batch = _Batch(rows, faults_of(rows, now))
        good = np.flatnonzero(batch.faults == Fault.NONE)
        good = good[store.key_order(rows[good])]
        ordered = rows[good]
        first = store.first_of_key(ordered)
        places, unique = good[first], ordered[first]
        if not len(unique):
            return batch
        connection = await self._connected()
        await self._learn(connection, unique)
        looked = self.checks.look(unique, now)
        unique["quality"] = looked.quality
        new, faults = await self._try_store(connection, unique, looked.fresh, now)
        batch.stored[places[new]] = True
        batch.faults[places] = faults
        self.checks.keep(looked)
        return batch

    async def _try_store(
        self, connection: asyncpg.Connection[asyncpg.Record], rows: Rows, fresh: Flags, now: datetime
    ) -> tuple[Flags, npt.NDArray[np.int8]]:
        """Which rows are new, and the faults of those whose day does not take them any more."""
        days = store.days_of(rows)
        await self._make_days(connection, [day for day in days if day not in self._days])
        for attempt in range(_ATTEMPTS):
            try:
                return await self._transaction(connection, rows, fresh, days, now)
            except asyncpg.UniqueViolationError:  # another process stored some of it before
                if attempt + 1 == _ATTEMPTS:
                    raise
                fresh = np.zeros(len(rows), dtype=np.bool_)
            except asyncpg.CheckViolationError:  # a day was archived meanwhile
                if attempt + 1 == _ATTEMPTS:
                    raise
                self._days.difference_update(days)
                await self._make_days(connection, days)
            except _AGAIN:
                if attempt + 1 == _ATTEMPTS:
                    raise
                await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _transaction(
        self, connection: asyncpg.Connection[asyncpg.Record], rows: Rows, fresh: Flags, days: list[date], now: datetime
    ) -> tuple[Flags, npt.NDArray[np.int8]]:
        stored, faults = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.int8)
        places = np.arange(len(rows))
        async with connection.transaction():
            cold = [day for day in days if not store.is_warm(day, now)]
            archived = await store.hold_days(connection, cold) if cold else {}
            if archived:
                known, faults = await self.lake.known(rows, archived)
                places = np.flatnonzero(~known & (faults == Fault.NONE))
                rows, fresh = rows[places], fresh[places]
            if len(rows):
                new = await store.insert_new(connection, rows, fresh)
                stored[places[new]] = True
                if new.any():
                    await arrivals.announce(connection, now, rows[new])
                    await self._wake_soon(connection)
        return stored, faults

    async def _make_days(self, connection: asyncpg.Connection[asyncpg.Record], days: list[date]) -> None:
        if days:
            made = await make_partitions(connection, days)
            if made:
                log.info("partitions made", count=len(made), first=made[0])
            self._days.update(days)

    async def _learn(self, connection: asyncpg.Connection[asyncpg.Record], rows: Rows) -> None:
        keys = self.checks.unknown(rows)
        if len(keys):
            self.checks.learn(keys, *await store.last_values(connection, keys))

    async def _wake_soon(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Notify followers, though not more often than every 50 ms: it costs a lock of the whole server."""
        now = asyncio.get_running_loop().time()
        self._owed = now - self._woken < _WAKE_SECONDS
        if not self._owed:
            self._woken = now
            await arrivals.wake(connection)

    async def _wake_followers(self) -> None:
        self._owed = False
        if self._connection is None:
            return
        try:
            await arrivals.wake(self._connection)
        except AWAY as error:
            log.warning("followers were not woken", error=type(error).__name__)
            await self._disconnect()

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncio.wait_for(connect(self.context.database.url), _CONNECT_SECONDS)
            await self._connection.execute("set statement_timeout = '30s'; set lock_timeout = '5s'")
            await store.prepare(self._connection)
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
