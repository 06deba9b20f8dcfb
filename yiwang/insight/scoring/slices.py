"""Slices (口径): the conditions by which counts are kept apart, and the sets of them in which cases lie.

A condition asks for a case's type and channel as they were at the report, so cases fall into few *kinds*: a type and a
channel that conditions name. Cases of a kind lie in the same set of slices. An event and a life carry the number of that set;
which slices it holds stands once in ``insight_slice_set`` and never changes. So neither grows with the number of slices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from yiwang.insight.scoring.wire import Columns
from yiwang.kernel.database import Connection, Database

SliceSet: TypeAlias = tuple[int, ...]
"""Numbers of slices, the smallest first."""
NONE: Final = 0
"""The number of the set without slices: of a case of which no report is known."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A condition: case types and channels; empty: any."""

    number: int
    types: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


class Slicing:
    """How cases fall into these slices. A kind is a number: the place of the type among all types that conditions name,
    and that of the channel; 0 for one that none names."""

    def __init__(self, slices: Sequence[Slice]) -> None:
        self.types = sorted({word for one in slices for word in one.types})
        self.channels = sorted({word for one in slices for word in one.channels})
        self._slices = sorted(slices, key=lambda one: one.number)
        self._sets: dict[int, SliceSet] = {}

    @property
    def channel_places(self) -> int:
        return len(self.channels) + 1

    def slices_of(self, kind: int) -> SliceSet:
        """The slices in which cases of a kind lie."""
        found = self._sets.get(kind)
        if found is None:
            at_type, at_channel = divmod(kind, self.channel_places)
            case_type = self.types[at_type - 1] if at_type else None
            channel = self.channels[at_channel - 1] if at_channel else None
            found = self._sets[kind] = tuple(
                one.number
                for one in self._slices
                if (not one.types or case_type in one.types) and (not one.channels or channel in one.channels)
            )
        return found


class SliceSets:
    """The numbers of sets, remembered; one per process. A set once entered stays, whatever becomes of those who wanted it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sets: dict[int, SliceSet] = {}
        self._numbers: dict[SliceSet, int] = {}

    async def place(self, events: Columns, slicing: Slicing) -> Mapping[int, SliceSet]:
        """Turn the kinds in ``events["slices"]`` into numbers of sets; returns which slices each of them holds."""
        kinds = events["slices"]
        if not len(kinds):
            return {NONE: ()}
        present = np.flatnonzero(np.bincount(kinds)).tolist()
        numbers = await self._numbers_of({slicing.slices_of(kind) for kind in present})
        table = np.zeros(present[-1] + 1, dtype="i8")
        table[present] = [numbers[slicing.slices_of(kind)] for kind in present]
        events["slices"] = table[kinds]
        return {NONE: (), **{number: found for found, number in numbers.items()}}

    async def members(self, connection: Connection, numbers: Iterable[int]) -> Mapping[int, SliceSet]:
        """Which slices the sets with these numbers hold."""
        wanted = list(numbers)
        if any(number not in self._sets for number in wanted):
            await self._read(connection)
        return {number: self._sets[number] for number in wanted}

    async def _numbers_of(self, sets: set[SliceSet]) -> dict[SliceSet, int]:
        if not sets <= self._numbers.keys():
            async with self._database.transaction() as connection:
                await self._read(connection)
                new = sorted(sets - self._numbers.keys())
                if new:
                    await connection.executemany(
                        "insert into insight_slice_set (slices) values ($1) on conflict do nothing",
                        [(list(one),) for one in new],
                    )
            if new:
                async with self._database.connection() as connection:
                    await self._read(connection)
        return {one: self._numbers[one] for one in sets}

    async def _read(self, connection: Connection) -> None:
        for row in await connection.fetch("select id, slices from insight_slice_set"):
            found = tuple(row["slices"])
            self._sets[row["id"]] = found
            self._numbers[found] = row["id"]
