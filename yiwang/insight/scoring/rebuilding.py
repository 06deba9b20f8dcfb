"""Recomputation (重算): the counts made anew from the journal alone, on the other side, while the first goes on being read.

Cases are taken in blocks by their ids; a block is one transaction, so that an interrupted recomputation goes on where it
stopped. At the end the new side is brought up with the journal and the sides change places.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np

from yiwang.insight.scoring import machine, store
from yiwang.insight.scoring.events import read_events, statement
from yiwang.insight.scoring.following import ENTRIES_AT_ONCE, Cursor, Following, microseconds
from yiwang.insight.scoring.lives import fresh
from yiwang.insight.scoring.slices import SliceSet, Slicing
from yiwang.insight.scoring.totals import Entered, entered, sums_of
from yiwang.insight.scoring.wire import Columns, Numbers, Rows
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.journal.store import FINAL

BLOCK: Final = 100_000
"""Entries of the journal that are taken at once; one case's are never divided."""
_FIRST: Final = UUID(int=0)
_LAST: Final = UUID(int=2**128 - 1)
_AHEAD: Final = 2
"""Blocks that are read while another is played: reading waits for the disk."""
_LOCK: Final = 0x1957_0017

Told = Callable[[int, int], None]
"""Hears how many entries are done, of about how many."""


@dataclass(frozen=True, slots=True)
class _Block:
    upto: UUID
    events: Columns


@dataclass(frozen=True, slots=True)
class _Played:
    """Lives, what they entered, and the sums."""

    upto: UUID
    lives: Rows
    made: Entered
    sums: Rows


class Rebuilding:
    """One per process."""

    def __init__(self, context: Context, following: Following) -> None:
        self._context = context
        self._following = following

    async def begin(self) -> bool:
        """Ask for a recomputation with all slices that are declared; false when one is under way already."""
        async with self._context.database.transaction() as connection:
            progress = await store.locked_progress(connection, wait=True)
            if progress is None or progress.rebuild_tx is not None:
                return False
            await store.clear_side(connection, 1 - progress.side)
            declared = frozenset(one.number for one in await store.slices(connection))
            await connection.execute(
                f"update insight_progress set rebuild_tx = {FINAL}, rebuild_scopes = $1, rebuild_from = $2,"
                " rebuild_done = 0, rebuild_began = $3, rebuild_of = (select greatest(reltuples, 0)::bigint"
                " from pg_class where oid = 'journal'::regclass)",
                store.written(declared),
                _FIRST,
                self._context.clock.now(),
            )
        return True

    async def asked(self) -> bool:
        """Whether a recomputation was asked for and is not done."""
        async with self._context.database.connection() as connection:
            return (await store.progress(connection)).rebuild_tx is not None

    async def run(self, told: Told = lambda done, of: None, *, block: int = BLOCK) -> bool:
        """Do what is left of the recomputation asked for; false when there is none, or another process does it."""
        async with self._context.database.connection() as guard:
            if not await guard.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                return False
            try:
                return await self._run(told, block)
            finally:
                await guard.execute("select pg_advisory_unlock($1)", _LOCK)

    async def _run(self, told: Told, size: int) -> bool:
        async with self._context.database.connection() as connection:
            progress = await store.progress(connection)
            slicing = Slicing(await store.slices(connection, progress.rebuild_slices))
        if progress.rebuild_tx is None or progress.rebuild_from is None or progress.rebuild_began is None:
            return False
        now = microseconds(progress.rebuild_began)
        done, side = progress.rebuild_done, 1 - progress.side
        if progress.rebuild_from != _LAST:
            async with aclosing(
                self._in_turn(progress.rebuild_from, size, progress.rebuild_tx, slicing, now)
            ) as played:
                async for block in played:
                    await self._write(block, side, size)
                    done += size
                    told(min(done, progress.rebuild_of), progress.rebuild_of)
        await self._change_places(slicing)
        return True

    async def _in_turn(
        self, after: UUID, size: int, before_tx: int, slicing: Slicing, now: int
    ) -> AsyncGenerator[_Played, None]:
        """The blocks one after another; while one is written, the next is played and two more are read."""
        reading: deque[asyncio.Task[_Block]] = deque()
        playing: asyncio.Task[_Played] | None = None
        bounds = self._bounds(after, size)
        try:
            while True:
                while len(reading) < _AHEAD and (bound := await anext(bounds, None)) is not None:
                    reading.append(asyncio.create_task(self._read(*bound, before_tx, slicing)))
                ready = await playing if playing is not None else None
                playing = asyncio.create_task(self._play(reading.popleft(), slicing, now)) if reading else None
                if ready is not None:
                    yield ready
                elif playing is None:
                    return
        finally:
            for task in (*reading, *([playing] if playing is not None else [])):
                task.cancel()

    async def _bounds(self, after: UUID, size: int) -> AsyncIterator[tuple[UUID, UUID]]:
        """Where each block begins and ends: (after, upto), by the ids of cases."""
        while after != _LAST:
            async with self._context.database.transaction() as connection:
                await connection.execute("set local statement_timeout = 0")
                upto = await store.boundary(connection, after, size) or _LAST
            yield after, upto
            after = upto

    async def _read(self, after: UUID, upto: UUID, before_tx: int, slicing: Slicing) -> _Block:
        """The events of the cases between two ids."""
        async with self._context.database.transaction() as connection:
            # The entries of some days lie together: read in the order of the table, ahead of time, not case by case.
            await connection.execute("set local statement_timeout = 0; set local enable_indexscan = off")
            query = statement("j.subject_id > $1 and j.subject_id <= $2 and j.tx < $3", slicing)
            return _Block(upto, await read_events(connection, self._following.zone, query, after, upto, before_tx))

    async def _play(self, reading: asyncio.Task[_Block], slicing: Slicing, now: int) -> _Played:
        block = await reading
        members = await self._following.sets.place(block.events, slicing)
        async with self._context.database.transaction() as connection:
            seats, next_seats = await self._following.objects.place(connection, block.events)
        return await asyncio.to_thread(_played, block, seats, next_seats, members, now)

    async def _write(self, block: _Played, side: int, size: int) -> None:
        async with self._context.database.transaction() as connection:
            # A block that a crash takes away is done again: it went together with the mark of how far this has come.
            await connection.execute("set local synchronous_commit = off")
            await store.write_lives(connection, side, block.lives)
            await store.add_entered(connection, side, block.made.facts, block.made.many, block.lives)
            await store.add_sums(connection, side, block.sums)
            await connection.execute(
                "update insight_progress set rebuild_from = $1, rebuild_done = rebuild_done + $2", block.upto, size
            )

    async def _change_places(self, slicing: Slicing) -> None:
        """Make the new side's indexes, bring it up with the journal, and let it be read."""
        async with self._context.database.connection() as connection:
            progress = await store.progress(connection)
        if progress.rebuild_at is None:
            await asyncio.gather(
                *(self._finish(one, 1 - progress.side) for one in (store.finish_sums, store.finish_facts))
            )
            async with self._context.database.transaction() as connection:
                await _caught_up(connection, Cursor((progress.rebuild_tx or 0) - 1, 2**63 - 1))
        more = True
        while more:
            async with self._context.database.transaction() as connection:
                progress = await _must(connection)
                side, now = 1 - progress.side, self._context.clock.now()
                after = Cursor(*(progress.rebuild_at or (0, 0)))
                after, more = await self._following.stretch(connection, side, after, slicing, now, ENTRIES_AT_ONCE)
                if not more:
                    await connection.execute(
                        "update insight_progress set side = $1, tx = $2, seq = $3, as_of = $4, scopes = rebuild_scopes,"
                        " rebuild_tx = null, rebuild_at_tx = null, rebuild_at_seq = null, rebuild_scopes = null,"
                        " rebuild_from = null, rebuild_began = null",
                        side, after.tx, after.seq, now,
                    )  # fmt: skip
                else:
                    await _caught_up(connection, after)

    async def _finish(self, part: Callable[[Connection, int], Awaitable[None]], side: int) -> None:
        """One part of it in a transaction of its own; done again, it comes to the same."""
        async with self._context.database.transaction() as connection:
            await part(connection, side)


async def _caught_up(connection: Connection, at: Cursor) -> None:
    await connection.execute("update insight_progress set rebuild_at_tx = $1, rebuild_at_seq = $2", at.tx, at.seq)


async def _must(connection: Connection) -> store.Progress:
    progress = await store.locked_progress(connection, wait=True)
    if progress is None:
        raise RuntimeError("insight has no progress row")
    return progress


def _played(block: _Block, seats: Numbers, next_seats: Numbers, members: Mapping[int, SliceSet], now: int) -> _Played:
    """What becomes of cases whose whole history a block holds."""
    events = block.events
    order = _as_written(events)
    if order is not None:
        events, seats, next_seats = events.take(order), seats[order], next_seats[order]
    first, rows = _cases(events["case_hi"], events["case_lo"])
    lives = fresh(len(first))
    lives["case_hi"], lives["case_lo"] = events["case_hi"][first], events["case_lo"][first]
    out = machine.play(lives, events, rows, seats, next_seats)
    machine.tick(lives, out, now)
    net = out.net()
    return _Played(block.upto, lives, entered(net), sums_of(net, lives["slices"], members))


def _as_written(events: Columns) -> Numbers | None:
    """The order of the journal; None when the events stand in it already, as they mostly do."""
    tx, seq = events["tx"], events["seq"]
    if ((tx[1:] > tx[:-1]) | ((tx[1:] == tx[:-1]) & (seq[1:] > seq[:-1]))).all():
        return None
    order: Numbers = np.lexsort((seq, tx))
    return order


def _cases(hi: Numbers, lo: Numbers) -> tuple[Numbers, Numbers]:
    """An event of each case, and for each event the place of its case among them."""
    order = np.argsort(hi)
    high, low = hi[order], lo[order]
    if ((high[1:] == high[:-1]) & (low[1:] != low[:-1])).any():  # two cases of one millisecond and the same chance
        order = np.lexsort((lo, hi))
        high, low = hi[order], lo[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    rows = np.empty(len(order), dtype="i4")
    rows[order] = np.cumsum(new) - 1
    return order[new], rows
