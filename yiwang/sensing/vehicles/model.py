"""The nouns of vehicles: a position as it is stored, packed positions, fences, trips, what is known of a vehicle's present.

Times are aware UTC; degrees are CGCS2000, longitude first; speed km/h, mileage km, distances m unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

import numpy as np

FenceKind: TypeAlias = Literal["circle", "rectangle", "polygon", "route"]
Keep: TypeAlias = Literal["", "inside", "outside"]

FIXED = 1 << 1
IGNITION = 1 << 0
ENCRYPTED = 1 << 5

ROWS = np.dtype(
    [
        ("device", "<i4"), ("at", "<i8"), ("lon", "<f8"), ("lat", "<f8"), ("speed", "<f4"), ("direction", "<i2"),
        ("pad", "<i2"), ("alarm", "<u4"), ("status", "<u4"), ("mileage", "<f8"),
    ]
)  # fmt: skip
"""A packed position of the outbox: ``at`` microseconds UTC since 1970, ``mileage`` NaN where it is not told."""


class Place(NamedTuple):
    """A position of a device, ready to be stored. ``digest``: CRC-32 of the terminal's own report, signed; ``serial`` that of
    the message; ``replayed``: kept by the terminal while it had no connection; ``items``: additional items as they came."""

    device: int
    at: datetime
    digest: int
    lon: float
    lat: float
    altitude: int
    speed: float
    direction: int
    alarm: int
    status: int
    mileage: float | None
    fuel: float | None
    serial: int = 0
    replayed: bool = False
    items: bytes = b""


class Point(NamedTuple):
    """A position as followers and tracks see it."""

    device: int
    at: datetime
    lon: float
    lat: float
    speed: float
    direction: int
    alarm: int
    status: int
    mileage: float | None = None

    @property
    def fixed(self) -> bool:
        """Whether the place is of now: satellites seen, and not encrypted by the terminal."""
        return self.status & (FIXED | ENCRYPTED) == FIXED

    @property
    def ignition(self) -> bool:
        return bool(self.status & IGNITION)

    @property
    def load(self) -> int:
        """As the terminal says: 0 empty (or it does not tell), 1 half, 3 full."""
        return self.status >> 8 & 3


@dataclass(frozen=True, slots=True)
class Hours:
    """When a fence holds: daily from ``start`` until ``end`` (minutes of the city's day; over midnight where end < start), and
    only between the days ``since`` and ``until``. Everything empty: always."""

    start: int | None = None
    end: int | None = None
    since: date | None = None
    until: date | None = None

    def hold(self, local: datetime) -> bool:
        """Whether a moment of the city's clock lies within."""
        day = local.date()
        if (self.since and day < self.since) or (self.until and day > self.until):
            return False
        if self.start is None or self.end is None:
            return True
        minute = local.hour * 60 + local.minute
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class Shape:
    """The ground of a fence: ``points`` (lon, lat): the centre of a circle, two opposite corners of a rectangle, the ring of a
    polygon, the line of a route; ``size``: radius of a circle, whole width of a route, m."""

    kind: FenceKind
    points: tuple[tuple[float, float], ...]
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence (电子围栏). ``keep``: whether its vehicles must stay inside (a route) or outside (forbidden); empty: neither.
    ``number`` is its id on terminals. It binds ``members``, or every vehicle within reach of its area where ``everyone``."""

    id: UUID
    number: int
    code: str
    name_zh: str
    name_en: str
    shape: Shape
    keep: Keep = ""
    speed_limit: float | None = None
    hours: Hours = field(default_factory=Hours)
    area: str = ""
    organisation_id: int | None = None
    everyone: bool = False
    members: frozenset[int] = frozenset()
    revision: int = 1
    updated_at: datetime | None = None

    def binds(self, device: int) -> bool:
        return self.everyone or device in self.members


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip (行程). ``open``: still going on. ``kilometres`` by odometer where the terminal tells it, else by positions."""

    device: int
    started_at: datetime
    ended_at: datetime
    open: bool
    from_lon: float
    from_lat: float
    to_lon: float
    to_lat: float
    kilometres: float
    driving_seconds: int
    standing_seconds: int
    greatest_speed: float
    positions: int
    driver: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """Who drove (当班驾驶员), by the card in the reader; ``ended_at`` None: the card is still there."""

    device: int
    began_at: datetime
    ended_at: datetime | None
    name: str
    licence: str
    agency: str
    valid_until: date | None
    card_result: int
