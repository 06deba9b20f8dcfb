"""Trips (行程) out of positions, one position at a time. Pure.

A trip begins when the vehicle moves. It ends at the last moment it moved, once it has stood for five minutes with the ignition
off, for fifteen with it on, or has been silent for half an hour. Kilometres are the odometer's where the terminal tells it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from yiwang.kernel.database import JsonObject
from yiwang.sensing.vehicles.facts import MOVING
from yiwang.sensing.vehicles.fences import metres_between
from yiwang.sensing.vehicles.model import Point, Trip

PARKED = timedelta(minutes=5)
STOPPED = timedelta(minutes=15)
SILENT = timedelta(minutes=30)
MOVED_METRES = 200.0
"""A vehicle that is so far from where it stood has moved, though no position saw it moving."""


@dataclass(frozen=True, slots=True)
class TripState:
    """The trip under way, and what is needed to go on: the last point, the last one that moved, metres and odometer since the
    beginning. Without a trip only the last point counts."""

    at: datetime
    lon: float
    lat: float
    mileage: float | None
    started_at: datetime | None = None
    from_lon: float = 0.0
    from_lat: float = 0.0
    from_mileage: float | None = None
    moved_at: datetime | None = None
    moved_lon: float = 0.0
    moved_lat: float = 0.0
    moved_mileage: float | None = None
    metres: float = 0.0
    driving: float = 0.0
    standing: float = 0.0
    greatest_speed: float = 0.0
    positions: int = 0
    driver: str = ""

    def to_json(self) -> JsonObject:
        return {
            name: value.isoformat() if isinstance(value := getattr(self, name), datetime) else value for name in _FIELDS
        }

    @classmethod
    def from_json(cls, told: JsonObject) -> TripState:
        """What :meth:`to_json` wrote."""
        values = {
            name: datetime.fromisoformat(str(value)) if name in _TIMES and value is not None else value
            for name in _FIELDS
            if (value := told.get(name)) is not None or name in _EMPTY
        }
        return cls(**values)  # type: ignore[arg-type]  # the fields of to_json, by name

    def trip(self, device: int, is_open: bool) -> Trip | None:
        """The trip as it is kept: it ends where the vehicle moved last."""
        if self.started_at is None or self.moved_at is None:
            return None
        told = self.moved_mileage is not None and self.from_mileage is not None
        odometer = (self.moved_mileage or 0.0) - (self.from_mileage or 0.0) if told else -1.0
        kilometres = odometer if 0 < odometer < 5000 else self.metres / 1000
        return Trip(
            device, self.started_at, self.moved_at, is_open, self.from_lon, self.from_lat, self.moved_lon, self.moved_lat,
            round(kilometres, 3), round(self.driving), round(self.standing), self.greatest_speed, self.positions, self.driver,
        )  # fmt: skip


_FIELDS = (
    "at", "lon", "lat", "mileage", "started_at", "from_lon", "from_lat", "from_mileage", "moved_at", "moved_lon", "moved_lat",
    "moved_mileage", "metres", "driving", "standing", "greatest_speed", "positions", "driver",
)  # fmt: skip
_TIMES = {"at", "started_at", "moved_at"}
_EMPTY = {"mileage", "started_at", "from_mileage", "moved_at", "moved_mileage"}


def advance(point: Point, state: TripState | None, driver: str = "") -> tuple[TripState, list[Trip]]:
    """The state after a fixed position, and the trip that ended before it or goes on with it. Older positions change nothing."""
    if state is None:
        state = TripState(point.at, point.lon, point.lat, point.mileage)
        return (_begun(point, state, driver), []) if point.speed >= MOVING else (state, [])
    if point.at <= state.at:
        return state, []
    step = metres_between(state.lon, state.lat, point.lon, point.lat)
    seconds = (point.at - state.at).total_seconds()
    moves = point.speed >= MOVING or step >= MOVED_METRES
    ended: list[Trip] = []
    if state.started_at is not None and _is_over(point, state, moves):
        trip = state.trip(point.device, False)
        ended = [trip] if trip is not None else []
        state = TripState(state.at, state.lon, state.lat, state.mileage)
    if state.started_at is None:
        here = replace(state, at=point.at, lon=point.lon, lat=point.lat, mileage=point.mileage)
        # A vehicle that was silent may have come from anywhere: its trip begins where it is seen.
        begin = state if moves and point.at - state.at < SILENT else here
        if not moves:
            return here, ended
        state = _begun(point, begin, driver)
    else:
        state = replace(
            state,
            driving=state.driving + (seconds if moves else 0.0),
            standing=state.standing + (0.0 if moves else seconds),
            metres=state.metres + (step if moves else 0.0),
        )
    state = replace(
        state,
        at=point.at, lon=point.lon, lat=point.lat, mileage=point.mileage, positions=state.positions + 1,
        greatest_speed=max(state.greatest_speed, point.speed), driver=state.driver or driver,
    )  # fmt: skip
    if moves:
        state = replace(
            state, moved_at=point.at, moved_lon=point.lon, moved_lat=point.lat,
            moved_mileage=point.mileage if point.mileage is not None else state.moved_mileage,
        )  # fmt: skip
    under_way = state.trip(point.device, True)
    return state, [*ended, under_way] if under_way is not None else ended


def _begun(point: Point, state: TripState, driver: str) -> TripState:
    step = metres_between(state.lon, state.lat, point.lon, point.lat)
    return TripState(
        at=point.at, lon=point.lon, lat=point.lat, mileage=point.mileage,
        started_at=state.at, from_lon=state.lon, from_lat=state.lat, from_mileage=state.mileage,
        moved_at=point.at, moved_lon=point.lon, moved_lat=point.lat, moved_mileage=point.mileage,
        metres=step, driving=(point.at - state.at).total_seconds(), greatest_speed=point.speed, positions=1, driver=driver,
    )  # fmt: skip


def _is_over(point: Point, state: TripState, moves: bool) -> bool:
    if point.at - state.at >= SILENT:
        return True
    since = state.moved_at or state.at
    return not moves and point.at - since >= (STOPPED if point.ignition else PARKED)


def all_trips(points: Iterable[Point], state: TripState | None = None) -> tuple[TripState | None, list[Trip]]:
    """The trips of positions in order, the one under way last; for counting a span anew."""
    found: dict[datetime, Trip] = {}
    for point in points:
        if point.fixed:
            state, trips = advance(point, state)
            found.update({trip.started_at: trip for trip in trips})
    return state, list(found.values())
