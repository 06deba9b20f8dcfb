"""Recomputation (重算): the counts made anew from the journal alone, on the other side, while the first goes on being read.

Cases are taken in blocks by their ids; a block is one transaction, so that an interrupted recomputation goes on where it
stopped. At the end the new side is brought up with the journal and the sides change places.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np

from yiwang.insight.scoring import machine, store
from yiwang.insight.scoring.events import Slice, read_events, statement
from yiwang.insight.scoring.following import ENTRIES_AT_ONCE, Cursor, Following, microseconds
from yiwang.insight.scoring.lives import fresh
from yiwang.insight.scoring.objects import Objects
from yiwang.insight.scoring.totals import Entered, entered, sums_of
from yiwang.insight.scoring.wire import Numbers, Rows
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.journal.store import FINAL

BLOCK: Final = 200_000
"""Entries of the journal that are taken at once; one case's are never divided."""
_FIRST: Final = UUID(int=0)
_LAST: Final = UUID(int=2**128 - 1)
_LOCK: Final = 0x1957_0017

Told = Callable[[int, int], None]
"""Hears how many entries are done, of about how many."""


@dataclass(frozen=True, slots=True)
class _Block:
    after: UUID
    upto: UUID
    last: bool
    events: Rows


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
            bits = frozenset(one.bit for one in await store.slices(connection))
            await connection.execute(
                f"update insight_progress set rebuild_tx = {FINAL}, rebuild_scopes = $1, rebuild_from = $2,"
                " rebuild_done = 0, rebuild_began = $3, rebuild_of = (select greatest(reltuples, 0)::bigint"
                " from pg_class where oid = 'journal'::regclass)",
                store.written_bits(bits),
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
            slices = await store.slices(connection, progress.rebuild_bits)
        if progress.rebuild_tx is None or progress.rebuild_from is None or progress.rebuild_began is None:
            return False
        now = microseconds(progress.rebuild_began)
        done, side, objects = progress.rebuild_done, 1 - progress.side, self._following.objects
        if progress.rebuild_from != _LAST:
            coming = asyncio.create_task(self._read(progress.rebuild_from, size, progress.rebuild_tx, slices))
            try:
                while True:
                    block = await coming
                    if not block.last:
                        coming = asyncio.create_task(self._read(block.upto, size, progress.rebuild_tx, slices))
                    await self._write(block, side, objects, now, size)
                    done += size
                    told(min(done, progress.rebuild_of), progress.rebuild_of)
                    if block.last:
                        break
            finally:
                coming.cancel()
        await self._change_places(slices)
        return True

    async def _read(self, after: UUID, size: int, before_tx: int, slices: list[Slice]) -> _Block:
        """The events of the next cases."""
        async with self._context.database.transaction() as connection:
            await connection.execute("set local statement_timeout = 0")
            upto = await store.boundary(connection, after, size)
            query = statement("j.subject_id > $1 and j.subject_id <= $2 and j.tx < $3", slices)
            events = await read_events(connection, self._following.zone, query, after, upto or _LAST, before_tx)
        return _Block(after, upto or _LAST, upto is None, events)

    async def _write(self, block: _Block, side: int, objects: Objects, now: int, size: int) -> None:
        async with self._context.database.transaction() as connection:
            seats, next_seats = await objects.place(connection, block.events)
            lives, made, sums = await asyncio.to_thread(_played, block.events, seats, next_seats, now)
            await store.write_lives(connection, side, lives)
            await store.add_entered(connection, side, made.facts, made.many, lives)
            await store.add_sums(connection, side, sums)
            await connection.execute(
                "update insight_progress set rebuild_from = $1, rebuild_done = rebuild_done + $2", block.upto, size
            )

    async def _change_places(self, slices: list[Slice]) -> None:
        """Make the new side's indexes, bring it up with the journal, and let it be read."""
        async with self._context.database.transaction() as connection:
            progress = await store.progress(connection)
            if progress.rebuild_at is None:
                await store.finish_side(connection, 1 - progress.side)
                at = Cursor((progress.rebuild_tx or 0) - 1, 2**63 - 1)
                await _caught_up(connection, at)
        more = True
        while more:
            async with self._context.database.transaction() as connection:
                progress = await _must(connection)
                side, now = 1 - progress.side, self._context.clock.now()
                after = Cursor(*(progress.rebuild_at or (0, 0)))
                after, more = await self._following.stretch(connection, side, after, slices, now, ENTRIES_AT_ONCE)
                if not more:
                    await connection.execute(
                        "update insight_progress set side = $1, tx = $2, seq = $3, as_of = $4, scopes = rebuild_scopes,"
                        " rebuild_tx = null, rebuild_at_tx = null, rebuild_at_seq = null, rebuild_scopes = null,"
                        " rebuild_from = null, rebuild_began = null",
                        side, after.tx, after.seq, now,
                    )  # fmt: skip
                else:
                    await _caught_up(connection, after)


async def _caught_up(connection: Connection, at: Cursor) -> None:
    await connection.execute("update insight_progress set rebuild_at_tx = $1, rebuild_at_seq = $2", at.tx, at.seq)


async def _must(connection: Connection) -> store.Progress:
    progress = await store.locked_progress(connection, wait=True)
    if progress is None:
        raise RuntimeError("insight has no progress row")
    return progress


def _played(events: Rows, seats: Numbers, next_seats: Numbers, now: int) -> tuple[Rows, Entered, Rows]:
    """Lives, what they entered, and the sums, of cases whose whole history these events are."""
    order = np.lexsort((events["seq"], events["tx"], events["case_lo"], events["case_hi"]))
    events, seats, next_seats = events[order], seats[order], next_seats[order]
    hi, lo = events["case_hi"], events["case_lo"]
    new = np.r_[True, (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1])] if len(events) else np.empty(0, dtype=bool)
    rows = (np.cumsum(new) - 1).astype("i4")
    lives = fresh(int(new.sum()))
    lives["case_hi"], lives["case_lo"] = hi[new], lo[new]
    out = machine.play(lives, events, rows, seats, next_seats)
    machine.tick(lives, out, now)
    net = out.net()
    return lives, entered(net), sums_of(net, lives["slices"])
