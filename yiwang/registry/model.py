"""The nouns of the registry: things, facts in two times, relations, sources, and what a list asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.database import JsonObject

Outcome = Literal["out_of_reach", "key_taken", "twice"]
"""Why a row of a bulk load was not taken though it was sound in itself."""

KIND = "thing"
"""The kind of the grants: ``thing`` reaches every type, ``thing-<type>`` one. See :func:`kinds_of`."""


def kinds_of(type_id: str) -> tuple[str, str]:
    """The kinds of grant that reach things of a type."""
    return KIND, f"{KIND}-{type_id}"


@dataclass(frozen=True, slots=True)
class Fact:
    """What was true of a thing from ``valid_from`` until ``valid_until``, as recorded from ``recorded_from`` until
    ``recorded_until`` (UTC; None: still). ``geometry`` is GeoJSON, longitude and latitude in CGCS2000 degrees."""

    id: UUID
    thing_id: UUID
    type: str
    type_version: int
    valid_from: datetime | None
    valid_until: datetime | None
    recorded_from: datetime
    recorded_until: datetime | None
    area: str
    organisation_id: int | None
    title: str
    attributes: JsonObject
    geometry: JsonObject | None
    source_id: int | None
    source_row: int | None
    recorded_by: UUID | None
    recorded_label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What shall be recorded: attributes as they came, GeoJSON geometry, where it came from."""

    attributes: JsonObject
    geometry: JsonObject | None = None
    organisation_id: int | None = None
    source_id: int | None = None
    source_row: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft that was judged: normalised, located, with its keys and search terms; sealed attributes are encrypted.
    ``point``: longitude and latitude where ``geometry`` (GeoJSON) is a point."""

    attributes: JsonObject
    geometry: str | None
    area: str
    title: str
    keys: Mapping[str, str]
    terms: tuple[str, ...]
    digest: bytes
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a draft. ``outcome``: ``new``, ``changed`` or ``same`` (nothing written)."""

    thing_id: UUID
    fact_id: UUID | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Relation:
    """How one thing belongs to another. ``from_title``/``to_title``: what they are called now."""

    id: UUID
    kind: str
    from_id: UUID
    from_type: str
    from_title: str
    to_id: UUID
    to_type: str
    to_title: str
    valid_from: datetime | None
    valid_until: datetime | None
    recorded_from: datetime
    attributes: JsonObject


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from: a file, a form, a pull."""

    id: int
    kind: str
    name: str
    digest: str
    organisation_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list asks for. ``valid_at``/``known_at`` None: now. ``bbox``: west, south, east, north in degrees;
    ``near``: longitude, latitude, metres; ``within``: an area code whose outline holds the thing's area."""

    filters: Mapping[str, str] = field(default_factory=dict)
    words: str = ""
    area: str = ""
    bbox: tuple[float, float, float, float] | None = None
    near: tuple[float, float, float] | None = None
    valid_at: datetime | None = None
    known_at: datetime | None = None
    after: UUID | None = None
    limit: int = 50
    standing: str = ""
    """Of a list with second approval: only entries that stand so (waiting, in_force …); "": all."""
