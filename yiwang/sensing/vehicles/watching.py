"""Watching vehicles move: what changed among the last positions, to each who may see it, within what its map shows.

One follower a process looks once a second while somebody watches, and nobody is told more than once a second: what came
meanwhile for a vehicle is replaced by what is newest, so one who reads slowly costs no more than one row for each vehicle.
Nothing is missed: a look takes what was written by transactions that the look before it could not have seen whole.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from yiwang.kernel import logs, metrics
from yiwang.kernel.access import Actor
from yiwang.kernel.database import AWAY, Database, Record
from yiwang.kernel.errors import Unavailable
from yiwang.sensing.vehicles import store

log = logs.get("vehicles")

Box = tuple[float, float, float, float]
EVERY_SECONDS = 1.0
MOST_WATCHERS = 1000
MOST_SHOWN = 5000
"""Vehicles that one watcher is shown; of more, those with the lowest ids."""


@dataclass(slots=True, eq=False)
class Watcher:
    """Who watches what: ``box`` west, south, east, north; ``vehicle`` a device code; None: no limit. ``shown``: the vehicles
    that it was told to be within, and of when; one that leaves the box is told once more."""

    actor: Actor
    box: Box | None = None
    profile: str | None = None
    vehicle: str | None = None
    shown: dict[int, datetime] = field(default_factory=dict)
    waiting: dict[int, Record] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _reach: dict[tuple[str, int | None], bool] = field(default_factory=dict)

    def offer(self, rows: Sequence[Record]) -> None:
        """Keep what this watcher is to be told of these rows."""
        for row in rows:
            if not self._wants(row):
                continue
            device: int = row["device_id"]
            before = self.shown.get(device)
            if self._within(row):
                # Behind somebody's long transaction the same rows are read again and again.
                if before == row["at"] or (before is None and len(self.shown) >= MOST_SHOWN):
                    continue
                self.shown[device] = row["at"]
            elif before is None:
                continue
            else:
                del self.shown[device]
            self.waiting[device] = row
        if self.waiting:
            self.news.set()

    def take(self) -> list[Record]:
        """What waits to be told, and nothing of it again."""
        found, self.waiting = list(self.waiting.values()), {}
        self.news.clear()
        return found

    def _wants(self, row: Record) -> bool:
        if self.vehicle not in (None, row["code"]) or self.profile not in (None, row["profile"]):
            return False
        key = (row["area"], row["organisation_id"])
        reached = self._reach.get(key)
        if reached is None:
            reached = self._reach[key] = self.actor.reaches("device", "read", area=key[0], organisation=key[1])
        return reached

    def _within(self, row: Record) -> bool:
        if self.box is None:
            return True
        west, south, east, north = self.box
        return bool(west <= row["lon"] <= east and south <= row["lat"] <= north)


class VehicleWatch:
    """The follower of this process and its watchers. :meth:`run` belongs to the application's lifespan."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: set[Watcher] = set()
        self._somebody = asyncio.Event()
        self._since: str | None = None
        self.closing = asyncio.Event()

    async def run(self) -> None:
        """Look once a second while somebody watches, until cancelled; a database that is away is waited for."""
        while True:
            await self._somebody.wait()
            try:
                await self._look()
            except AWAY as error:
                log.warning("watching vehicles waits for the database", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def _look(self) -> None:
        if self._since is None:
            return
        async with self._database.connection() as connection:
            mark = await store.written_mark(connection)
            rows = await store.latest_since(connection, self._since)
        if not self._watchers:
            return
        self._since = mark
        for watcher in self._watchers:
            watcher.offer(rows)

    @contextlib.asynccontextmanager
    async def watching(self, watcher: Watcher) -> AsyncIterator[None]:
        """Tell ``watcher`` what changes until the block ends; its ``waiting`` begins with all that there is.

        Raises:
            Unavailable: this process has as many watchers as it can bear, or the database does not answer.
        """
        if len(self._watchers) >= MOST_WATCHERS:
            raise Unavailable(reason="vehicles")
        if self._since is None:
            async with self._database.connection() as connection:
                mark = await store.written_mark(connection)
            self._since = self._since or mark
        self._watchers.add(watcher)  # before the first look, so that nothing falls between
        metrics.subscribers.inc()
        try:
            self._somebody.set()
            async with self._database.connection() as connection:
                rows = await store.latest_of(
                    connection, watcher.actor, box=watcher.box, profile=watcher.profile, vehicle=watcher.vehicle,
                    after=0, limit=MOST_SHOWN,
                )  # fmt: skip
            watcher.offer([row for row in rows if row["device_id"] not in watcher.waiting])
            yield
        finally:
            self._watchers.discard(watcher)
            metrics.subscribers.dec()
            if not self._watchers:
                self._somebody.clear()
                self._since = None
