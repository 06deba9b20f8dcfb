"""From one position to the next: what is true of a vehicle now. Pure; no clock, no database.

:func:`vehicle_facts` moves a :class:`VehicleState` and tells :class:`VehicleFacts`. Driving time (连续驾驶时间) counts while the
vehicle moves and ends with a rest of twenty minutes, as the road transport rules of China count it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple, Protocol
from uuid import UUID

from yiwang.kernel.database import Connection, JsonObject
from yiwang.sensing.vehicles.fences import SLACK, Fences, metres_between
from yiwang.sensing.vehicles.model import FenceKind, Keep, Point
from yiwang.sensing.vehicles.words import ALARM_NAMES

MOVING = 5.0
"""km/h from which a vehicle counts as moving: positions of a standing one wander."""
REST = timedelta(minutes=20)
LONGEST_STEP = timedelta(minutes=10)
"""Between positions further apart, the vehicle is taken to have driven only where its place says so."""
STAY_METRES = 50.0


class FenceHit(NamedTuple):
    """A fence in a fact; ``metres`` outside it (0: inside)."""

    id: UUID
    code: str
    kind: FenceKind
    speed_limit: float | None
    metres: float = 0.0
    keep: Keep = ""


@dataclass(frozen=True, slots=True)
class VehicleState:
    """What is known of a vehicle after its last position. ``inside``: fences that hold it, since when."""

    at: datetime
    lon: float
    lat: float
    moving: bool = False
    stay_lon: float = 0.0
    stay_lat: float = 0.0
    stay_since: datetime | None = None
    driving: float = 0.0
    rest: float = 0.0
    day: str = ""
    day_driving: float = 0.0
    inside: Mapping[UUID, datetime] = field(default_factory=dict)
    driver: str | None = None

    def to_json(self) -> JsonObject:
        return {
            "at": self.at.isoformat(), "lon": self.lon, "lat": self.lat, "moving": self.moving, "stay_lon": self.stay_lon,
            "stay_lat": self.stay_lat, "stay_since": self.stay_since.isoformat() if self.stay_since else None,
            "driving": self.driving, "rest": self.rest, "day": self.day, "day_driving": self.day_driving,
            "inside": {str(key): at.isoformat() for key, at in self.inside.items()}, "driver": self.driver,
        }  # fmt: skip

    @classmethod
    def from_json(cls, told: JsonObject) -> VehicleState:
        """What :meth:`to_json` wrote."""
        inside, since, driver = told["inside"], told["stay_since"], told["driver"]
        numbers = {name: float(str(told[name])) for name in _NUMBERS}
        return cls(
            at=datetime.fromisoformat(str(told["at"])),
            moving=bool(told["moving"]),
            stay_since=datetime.fromisoformat(str(since)) if since else None,
            day=str(told["day"]),
            inside={UUID(key): datetime.fromisoformat(str(at)) for key, at in inside.items()}
            if isinstance(inside, dict)
            else {},
            driver=str(driver) if driver else None,
            **numbers,
        )


_NUMBERS = ("lon", "lat", "stay_lon", "stay_lat", "driving", "rest", "day_driving")


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What is true of a vehicle at one position. ``left`` are fences that it has just left, ``outside`` those it must keep
    inside of and is not in. Seconds of stay and driving as in :class:`VehicleState`;
    ``alarms`` are the terminal's own; ``load`` 0 empty, 1 half, 3 full."""

    device: int
    at: datetime
    lon: float
    lat: float
    speed: float
    ignition: bool
    fixed: bool
    inside: tuple[FenceHit, ...] = ()
    outside: tuple[FenceHit, ...] = ()
    entered: tuple[FenceHit, ...] = ()
    left: tuple[UUID, ...] = ()
    stay_seconds: float = 0.0
    driving_seconds: float = 0.0
    day_driving_seconds: float = 0.0
    alarms: frozenset[str] = frozenset()
    driver: str | None = None
    load: int = 0

    @property
    def over_limit(self) -> float:
        """km/h above the lowest limit of the fences that hold the vehicle; 0 where there is none."""
        limits = [hit.speed_limit for hit in self.inside if hit.speed_limit is not None]
        return max(0.0, self.speed - min(limits)) if limits else 0.0

    def values(self) -> dict[str, float]:
        """The facts as numbers under metric-like names."""
        return {
            "vehicle.speed": self.speed,
            "vehicle.over_limit": self.over_limit,
            "vehicle.stay_seconds": self.stay_seconds,
            "vehicle.driving_seconds": self.driving_seconds,
            "vehicle.day_driving_seconds": self.day_driving_seconds,
            "vehicle.load": float(self.load),
            "vehicle.deviation": max((hit.metres for hit in self.outside), default=0.0),
            **{f"vehicle.alarm.{name}": 1.0 for name in self.alarms},
        }


class FactTaker(Protocol):
    """Whoever judges facts. Called inside the follower's transaction: what it writes commits with the mark, or not at all."""

    async def take(self, connection: Connection, facts: Sequence[VehicleFacts]) -> None:
        """Facts in order of time for each vehicle."""
        ...


def vehicle_facts(
    point: Point, state: VehicleState | None, fences: Fences, zone: tzinfo, driver: str | None = None
) -> tuple[VehicleState, VehicleFacts | None]:
    """The state after this position, and its facts; none for a position that is older than the state, has no fix, or is the
    same moment told again."""
    if state is not None and (point.at <= state.at or not point.fixed):
        return state, None
    if state is None:
        state = VehicleState(point.at, point.lon, point.lat)
        if not point.fixed:
            return replace(state, at=point.at - timedelta(microseconds=1)), None
    local = point.at.astimezone(zone)
    state = _driven(point, state, local.date().isoformat())
    state = _stayed(point, state)
    near = fences.about(point.device, point.lon, point.lat, local)
    before = state.inside
    holding = [each for each in near if each.metres <= (SLACK if each.fence.id in before else 0.0)]
    inside = {each.fence.id: before.get(each.fence.id, point.at) for each in holding}
    hits = tuple(
        FenceHit(e.fence.id, e.fence.code, e.fence.shape.kind, e.fence.speed_limit, 0.0, e.fence.keep) for e in holding
    )
    state = replace(
        state, at=point.at, lon=point.lon, lat=point.lat, moving=point.speed >= MOVING, inside=inside, driver=driver
    )
    facts = VehicleFacts(
        device=point.device,
        at=point.at,
        lon=point.lon,
        lat=point.lat,
        speed=point.speed,
        ignition=point.ignition,
        fixed=True,
        inside=hits,
        outside=tuple(
            FenceHit(e.fence.id, e.fence.code, e.fence.shape.kind, e.fence.speed_limit, e.metres, e.fence.keep)
            for e in near
            if e.fence.keep == "inside" and e.fence.id not in inside
        ),
        entered=tuple(hit for hit in hits if hit.id not in before),
        left=tuple(fence for fence in before if fence not in inside),
        stay_seconds=(point.at - state.stay_since).total_seconds() if state.stay_since else 0.0,
        driving_seconds=state.driving,
        day_driving_seconds=state.day_driving,
        alarms=frozenset(name for bit, name in ALARM_NAMES.items() if point.alarm >> bit & 1)
        if point.alarm
        else frozenset(),
        driver=driver,
        load=point.load,
    )
    return state, facts


def _driven(point: Point, state: VehicleState, day: str) -> VehicleState:
    """Count the time since the last position as driving or rest."""
    seconds = (point.at - state.at).total_seconds()
    if point.at - state.at <= LONGEST_STEP:
        drove = state.moving
    else:
        drove = metres_between(state.lon, state.lat, point.lon, point.lat) * 3.6 >= MOVING * seconds
    today = state.day_driving if state.day == day else 0.0
    if drove:
        return replace(state, driving=state.driving + seconds, rest=0.0, day=day, day_driving=today + seconds)
    rest = state.rest + seconds
    rested = rest >= REST.total_seconds()
    return replace(state, driving=0.0 if rested else state.driving, rest=rest, day=day, day_driving=today)


def _stayed(point: Point, state: VehicleState) -> VehicleState:
    """Whether it still stands where it stood."""
    if point.speed >= MOVING:
        return replace(state, stay_since=None)
    near = metres_between(state.stay_lon, state.stay_lat, point.lon, point.lat) <= STAY_METRES
    if state.stay_since is not None and near:
        return state
    return replace(state, stay_since=point.at, stay_lon=point.lon, stay_lat=point.lat)
