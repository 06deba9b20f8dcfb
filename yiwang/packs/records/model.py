"""What the generator makes: drafts by type, and relations between them by their natural keys."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from yiwang.kernel.database import JsonObject

Located = Callable[[float, float], str]
"""The area code at a longitude and latitude in degrees; empty outside."""


@dataclass(frozen=True, slots=True)
class Community:
    """A community (社区、村) in which records are invented; its middle in CGCS2000 degrees."""

    code: str
    name: str
    street: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Made:
    """One invented thing. ``key``: the value of its natural key, by which relations name it."""

    type: str
    key: str
    attributes: JsonObject
    geometry: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation of one invented thing to another."""

    kind: str
    from_type: str
    from_key: str
    to_type: str
    to_key: str


@dataclass(slots=True)
class World:
    """What was invented so far. ``later`` is what became of some of it afterwards: the same things with other content."""

    seed: int
    division: str
    district: str
    located: Located
    departments: Mapping[str, str]
    things: list[Made] = field(default_factory=list)
    later: list[Made] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311  # a demonstration that must repeat, not a secret

    def add(self, type_id: str, key: str, attributes: JsonObject, geometry: JsonObject | None = None) -> Made:
        made = Made(type_id, key, attributes, geometry)
        self.things.append(made)
        return made

    def tie(self, kind: str, made: Made, to_type: str, to_key: str) -> None:
        self.ties.append(Tie(kind, made.type, made.key, to_type, to_key))


def point(longitude: float, latitude: float) -> JsonObject:
    """GeoJSON of a place."""
    return {"type": "Point", "coordinates": [round(longitude, 7), round(latitude, 7)]}
