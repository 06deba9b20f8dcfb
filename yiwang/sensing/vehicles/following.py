"""Following positions in the worker: states, trips, crossings and facts of each batch, in one transaction, exactly once.

One process follows at a time; the others find the outbox locked and wait. What is older than a vehicle's state is history:
its trips are counted anew from the stored positions, and no facts are made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from yiwang.kernel import logs
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.sensing.vehicles import fence_store, store
from yiwang.sensing.vehicles.facts import FactTaker, VehicleFacts, VehicleState, vehicle_facts
from yiwang.sensing.vehicles.fence_store import Crossing
from yiwang.sensing.vehicles.fences import Fences
from yiwang.sensing.vehicles.model import Point, Trip
from yiwang.sensing.vehicles.trips import SILENT, TripState, advance, all_trips

log = logs.get("vehicles")

BATCHES = 20
FURTHEST_BACK = timedelta(days=3)
"""Late positions older than this, seen from the vehicle's state, are stored, but their trips are not counted anew."""

KEPT = timedelta(days=183)
"""How long positions are kept: six months, as the rules for supervising road transport vehicles (动态监督管理办法) ask."""


class VehicleFollowing:
    """One per worker. ``takers`` judge the facts within the transaction."""

    def __init__(self, context: Context, takers: Sequence[FactTaker] = ()) -> None:
        self._context = context
        self._takers = takers
        self._zone = context.calendar.hours.timezone
        self._fences = Fences()
        self._version = -1

    async def advance(self, batches: int = BATCHES) -> int:
        """Follow the next batches; how many positions that were. 0: nothing is left, or another process follows.

        Raises:
            Unavailable: the database does not answer. Whatever a taker raises: nothing was followed.
        """
        async with self._context.database.transaction() as connection:
            points = await store.next_arrivals(connection, batches)
            if points:
                await self._follow(connection, points)
        return len(points)

    async def _follow(self, connection: Connection, points: list[Point]) -> None:
        await self._refresh(connection)
        by_device: dict[int, list[Point]] = {}
        for point in points:
            by_device.setdefault(point.device, []).append(point)
        there = await store.existing_devices(connection, by_device)
        kept = await store.states(connection, there)
        drivers = await store.drivers_now(connection, there)
        facts: list[VehicleFacts] = []
        trips: list[Trip] = []
        states: list[tuple[int, datetime, JsonObject]] = []
        entered: list[Crossing] = []
        left: list[Crossing] = []
        for device, theirs in by_device.items():
            if device not in there:
                continue  # removed from the city meanwhile
            walk = _Walk(device, kept.get(device), drivers.get(device))
            theirs.sort(key=lambda point: point.at)
            for point in theirs:
                walk.step(point, self._fences, self._zone)
            if walk.late is not None:
                await self._count_anew(connection, walk)
            facts += walk.facts
            trips += walk.trips.values()
            entered += walk.entered
            left += walk.left
            if walk.state is not None:
                states.append((device, walk.state.at, walk.to_json()))
        await store.write_trips(connection, trips)
        await fence_store.write_crossings(connection, entered, left)
        await store.write_states(connection, states)
        if facts:
            for taker in self._takers:
                await taker.take(connection, facts)

    async def _count_anew(self, connection: Connection, walk: _Walk) -> None:
        """Trips of the span that late positions fell into, from the table, which holds them already."""
        if walk.late is None or walk.state is None or walk.state.at - walk.late > FURTHEST_BACK:
            return
        since = await store.drop_trips_since(connection, walk.device, walk.late - SILENT)
        points = await store.points_of(connection, walk.device, since, walk.state.at + timedelta(microseconds=1))
        trip_state, trips = all_trips(points)
        walk.trip = trip_state
        walk.trips = {trip.started_at: trip for trip in trips}

    async def _refresh(self, connection: Connection) -> None:
        version = await fence_store.version(connection)
        if version != self._version:
            self._fences = Fences(await fence_store.all_fences(connection))
            self._version = version


async def keep(context: Context) -> list[date]:
    """Make the partitions of the next days, remove those of days that are :data:`KEPT` past; the days removed."""
    today = context.clock.now().astimezone(UTC).date()
    async with context.database.connection() as connection:
        await store.make_days(connection, [today + timedelta(days=step) for step in range(-1, 3)])
        old = [day for day in await store.existing_days(connection) if day < today - KEPT]
        for day in old:
            await store.drop_day(connection, day)
    return old


class _Walk:
    """One vehicle through one batch."""

    def __init__(self, device: int, kept: JsonObject | None, driver: str | None) -> None:
        self.device = device
        self.driver = driver
        self.state: VehicleState | None = None
        self.trip: TripState | None = None
        self.late: datetime | None = None
        self.facts: list[VehicleFacts] = []
        self.trips: dict[datetime, Trip] = {}
        self.entered: list[Crossing] = []
        self.left: list[Crossing] = []
        if kept is not None:
            self.state = VehicleState.from_json(kept)
            trip = kept.get("trip")
            self.trip = TripState.from_json(trip) if isinstance(trip, dict) else None

    def step(self, point: Point, fences: Fences, zone: tzinfo) -> None:
        if not point.fixed:
            return
        if self.state is not None and point.at < self.state.at:
            self.late = min(self.late, point.at) if self.late is not None else point.at
            return
        before = self.state.inside if self.state is not None else {}
        self.state, facts = vehicle_facts(point, self.state, fences, zone, self.driver)
        if facts is None:
            return
        self.facts.append(facts)
        self.entered += [Crossing(hit.id, self.device, point.at, None) for hit in facts.entered]
        self.left += [Crossing(fence, self.device, before[fence], point.at) for fence in facts.left]
        self.trip, trips = advance(point, self.trip, self.driver or "")
        self.trips.update({trip.started_at: trip for trip in trips})

    def to_json(self) -> JsonObject:
        told = self.state.to_json() if self.state is not None else {}
        return {**told, "trip": self.trip.to_json() if self.trip is not None else None}
