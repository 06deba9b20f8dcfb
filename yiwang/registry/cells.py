"""Places of types with many things, counted by cells of the map (聚合格网): a tile of a million points is drawn from hundreds.

Types with more than :data:`MANY` facts are counted by the background worker, at every zoom up to
:data:`~yiwang.registry.store.cells.FINEST`, by area and responsible office, so that a reader is shown what lies within their
grants only. Promises: a type is counted in one transaction, its readers see the former count until then; it is counted anew
when facts have been written since, not more often than every :data:`REST` and for a tenth of the time; at least once an hour,
for periods begin and end.
"""

from __future__ import annotations

import time
from datetime import timedelta

from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.store import cells as store
from yiwang.registry.types import CompiledType

MANY = 20_000
"""Facts of a type, believed and superseded, from which on its places are counted ahead."""
REST = timedelta(seconds=30)
_ANYWAY = timedelta(hours=1)


class Cells:
    """One per process. ``counted``: types whose cells can be drawn; read with the types."""

    def __init__(self, context: Context, catalogue: TypeCatalogue) -> None:
        self._context = context
        self._catalogue = catalogue
        self.counted: frozenset[str] = frozenset()

    async def refresh(self, connection: Connection) -> None:
        """Learn which types have been counted."""
        self.counted = frozenset(await store.counted(connection))

    async def keep_up(self) -> bool:
        """Count one type that is due; true when there was one."""
        machine = real_now()
        async with self._context.database.transaction() as connection:
            if not await store.alone(connection):
                return False
            written = await store.written(connection)
            kept = await store.counted(connection)
            for kind in self._catalogue.all():
                if kind.declaration.geometry == "none":
                    continue
                last = kept.get(kind.id)
                if last is not None and not _due(machine - last.at, last.seconds, written != last.written):
                    continue
                if last is None and not await store.more_facts_than(connection, kind.id, MANY):
                    continue
                await self.count(connection, kind, written)
                return True
        return False

    async def count(self, connection: Connection, kind: CompiledType, written: int = 0) -> int:
        """Count the places of a type anew; how many there are. In the caller's transaction."""
        began = time.perf_counter()
        colour = kind.declaration.presentation.colour
        if colour in kind.declaration.personal:
            colour = None
        things = await store.count(connection, kind.id, colour, self._context.clock.now())
        await store.keep(connection, kind.id, store.Counted(real_now(), time.perf_counter() - began, written), things)
        return things


def _due(age: timedelta, seconds: float, changed: bool) -> bool:
    return age >= _ANYWAY or (changed and age >= max(REST, timedelta(seconds=10 * seconds)))
