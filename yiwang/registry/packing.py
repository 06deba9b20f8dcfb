"""Judged drafts as packed rows of ``thing_fact``: all but what only the writer knows (which thing, since when, by whom).

Packing costs as much as judging, so it is done where judging is done; what the writer receives it only puts together.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import shapely

from yiwang.kernel.copying import NULL, packed, packed_int, packed_text, packed_word
from yiwang.kernel.identifiers import new_id
from yiwang.registry.model import Ready

BODY_COLUMNS = ("area", "title", "attributes", "digest", "geometry", "terms", "source_row")
_count = struct.Struct(">i").pack
_POINT_WITH_SRID, _DEGREES = 0x20000001, 4326
_point_length = _count(25)
_point = struct.Struct("<BIIdd").pack
_GAP = "\0\0\0"


@dataclass(slots=True)
class PackedRows:
    """Rows side by side. ``facts`` and ``things`` are fresh ids (16 bytes), those of things for rows that are new;
    ``keys``: (name, key) of each row's natural keys; ``bodies``: the packed values of :data:`BODY_COLUMNS`."""

    numbers: list[int] = field(default_factory=list)
    keys: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    facts: list[bytes] = field(default_factory=list)
    things: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, number: int, ready: Ready) -> None:
        """Append a judged row."""
        self.numbers.append(number)
        self.keys.append(tuple(ready.keys.items()))
        self.areas.append(ready.area)
        self.digests.append(ready.digest)
        self.facts.append(new_id().bytes)
        self.things.append(new_id().bytes)
        attributes = orjson.dumps(ready.attributes)
        self.bodies.append(
            b"".join(
                (
                    packed_word(ready.area),
                    packed_text(ready.title),
                    _count(len(attributes) + 1),
                    b"\x01",
                    attributes,
                    packed(ready.digest),
                    _geometry(ready),
                    _terms(ready.terms),
                    packed_int(number),
                )
            )
        )


def pack(rows: Sequence[tuple[int, Ready]]) -> PackedRows:
    """(row of the source, judged draft) as packed rows."""
    found = PackedRows()
    for number, ready in rows:
        found.add(number, ready)
    return found


def _geometry(ready: Ready) -> bytes:
    """EWKB of longitude and latitude."""
    if ready.point is not None:
        return _point_length + _point(1, _POINT_WITH_SRID, _DEGREES, *ready.point)
    if ready.geometry is None:
        return NULL
    return packed(shapely.to_wkb(shapely.set_srid(shapely.from_geojson(ready.geometry), _DEGREES), include_srid=True))


def _terms(lexemes: Sequence[str]) -> bytes:
    """A ``tsvector`` without positions; the server sorts the lexemes."""
    if not lexemes:
        return b"\0\0\0\x04\0\0\0\0"
    body = (_GAP.join(lexemes) + _GAP).encode()
    return _count(len(body) + 4) + _count(len(lexemes)) + body
