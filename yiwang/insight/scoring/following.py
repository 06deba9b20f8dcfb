"""The follower: keeps the counts up with the journal, a few entries at a time. A score never waits for it nor scans.

One transaction takes entries behind the cursor, plays them, counts limits that have passed, and moves the cursor on; so
an entry counts once, whatever dies in between. Only one process follows at a time, under the lock of the progress row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.insight.scoring import machine, store
from yiwang.insight.scoring.events import read_events, statement
from yiwang.insight.scoring.lives import fresh
from yiwang.insight.scoring.objects import Objects
from yiwang.insight.scoring.slices import SliceSets, Slicing
from yiwang.insight.scoring.totals import sums_of
from yiwang.insight.scoring.wire import Columns, Numbers, Rows, halves_of
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.journal.store import FINAL

ENTRIES_AT_ONCE: Final = 2_000
_LAST_SEQ: Final = 2**63 - 1
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the journal."""

    tx: int
    seq: int


class Following:
    """One per process. :meth:`advance` is called again and again by the background worker."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._objects = Objects()
        self._sets = SliceSets(context.database)

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone, by whose days is counted."""
        return self._context.calendar.hours.timezone

    @property
    def objects(self) -> Objects:
        return self._objects

    @property
    def sets(self) -> SliceSets:
        return self._sets

    async def advance(self, *, entries: int = ENTRIES_AT_ONCE) -> bool:
        """Follow the journal one stretch; true when there is more at once."""
        async with self._context.database.transaction() as connection:
            progress = await store.locked_progress(connection)
            if progress is None:
                return False
            slicing = Slicing(await store.slices(connection, progress.slices))
            now = self._context.clock.now()
            cursor, more = await self.stretch(
                connection, progress.side, Cursor(progress.tx, progress.seq), slicing, now, entries
            )
            if more or cursor != Cursor(progress.tx, progress.seq) or now != progress.as_of:
                await store.moved_on(connection, cursor.tx, cursor.seq, now)
        return more

    async def stretch(
        self, connection: Connection, side: int, after: Cursor, slicing: Slicing, now: datetime, entries: int
    ) -> tuple[Cursor, bool]:
        """Follow one side from a place on; returns how far it came and whether there is more."""
        final = await connection.fetchval(f"select {FINAL}")
        query = statement("(j.tx, j.seq) > ($1, $2) and j.tx < $3", slicing)
        events = await read_events(
            connection, self.zone, f"{query} order by j.tx, j.seq limit {entries:d}", after.tx, after.seq, final
        )
        full = len(events) >= entries
        cursor = Cursor(int(events["tx"][-1]), int(events["seq"][-1])) if full else Cursor(final - 1, _LAST_SEQ)
        late = await store.watched(connection, side, now, entries)
        if len(events) or late:
            await self._sets.place(events, slicing)
            await self._count(connection, side, events, late, now)
        return max(cursor, after, key=lambda one: (one.tx, one.seq)), full or len(late) >= entries

    async def _count(self, connection: Connection, side: int, events: Columns, late: list[UUID], now: datetime) -> None:
        cases, places = store.distinct(events)
        taken = set(cases)
        extra = [case for case in late if case not in taken]
        seats, next_seats = await self._objects.place(connection, events)
        known = await store.lives_of(connection, side, [*cases, *extra])
        lives, rows = joined(known, cases, places)
        out = machine.play(lives, events, rows, seats, next_seats)
        machine.tick(lives, out, microseconds(now))
        net = out.net()
        await store.change_entered(connection, side, net, lives)
        members = await self._sets.members(connection, lives["slices"].tolist())
        await store.change_sums(connection, side, sums_of(net, lives["slices"], members))
        stood, _ = store.distinct(known)
        await store.write_lives(connection, side, lives, known=stood)


def joined(known: Rows, cases: list[UUID], places: Numbers) -> tuple[Rows, Numbers]:
    """Known lives and fresh ones for the other cases; for each event the row of its life."""
    at = {
        (hi, lo): row
        for row, (hi, lo) in enumerate(zip(known["case_hi"].tolist(), known["case_lo"].tolist(), strict=True))
    }
    halves = [halves_of(case) for case in cases]
    new = [pair for pair in halves if pair not in at]
    lives = np.concatenate([known, fresh(len(new))])
    for row, pair in enumerate(new, start=len(known)):
        at[pair] = row
        lives["case_hi"][row], lives["case_lo"][row] = pair
    row_of = np.array([at[pair] for pair in halves], dtype="i4")
    return lives, row_of[places] if len(places) else np.empty(0, dtype="i4")


def microseconds(at: datetime) -> int:
    """A time as the arrays have it: microseconds since 2000."""
    return (at - _EPOCH) // timedelta(microseconds=1)
