"""Cases of the past as packed rows of their tables, all but what only the writer knows: the case's number, and of an open
case the first step of its flow.

Packing costs as much as judging, so it is done where judging is done; what the writer receives it only puts together.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import orjson

from yiwang.casework.catalogue import CaseType
from yiwang.casework.importing.judging import Judge, PastCase, RowNote
from yiwang.casework.importing.mapping import ImportMapping
from yiwang.casework.search import stored_vector
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.copying import (
    NULL,
    packed,
    packed_float,
    packed_int,
    packed_json,
    packed_text,
    packed_time,
    packed_uuid,
    packed_word,
    row_head,
)
from yiwang.kernel.database import JsonObject

# What is the same for all cases of an import stands together, so that it is packed once.
CASE_COLUMNS = (
    "number", "type", "type_version", "class_system", "class_source", "urgency", "state", "status", "stage",
    "id", "class_code", "channel", "text", "address", "lon", "lat", "point", "area", "grid", "organisation_id",
    "department_id", "reported_at", "handled_at", "closed_at", "archived_at", "due_at", "source_number", "fields",
)  # fmt: skip
REPORTER_COLUMNS = ("case_id", "code", "name", "phone", "account_id")
TEXT_COLUMNS = ("case_id", "terms")

_CASE_HEAD, _REPORTER_HEAD, _TEXT_HEAD = (
    row_head(len(columns)) for columns in (CASE_COLUMNS, REPORTER_COLUMNS, TEXT_COLUMNS)
)
_NOBODY = packed_text("") + packed_text("") + NULL
_POINT = struct.Struct("<BIIdd")
_POINT_WITH_SRID = 0x20000001
_WEB_MERCATOR = 3857


@dataclass(slots=True)
class Batch:
    """A stretch of the source, judged. ``rows`` counts all its rows; the lists stand side by side, a place for each case
    that was taken. ``cases`` lack head and number; those of ``opened`` (by place) are still to be packed."""

    rows: int = 0
    notes: list[RowNote] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    source_numbers: list[str] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    cases: list[bytes] = field(default_factory=list)
    reporters: list[bytes] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    entries: list[list[tuple[bytes, bytes]]] = field(default_factory=list)
    opened: dict[int, PastCase] = field(default_factory=dict)

    def without(self, places: set[int]) -> Batch:
        """The batch without the cases at some places."""
        kept = [place for place in range(len(self.cases)) if place not in places]
        return Batch(
            self.rows,
            self.notes,
            [self.row_numbers[place] for place in kept],
            [self.source_numbers[place] for place in kept],
            [self.days[place] for place in kept],
            [self.cases[place] for place in kept],
            [self.reporters[place] for place in kept],
            [self.texts[place] for place in kept],
            [self.entries[place] for place in kept],
            {at: self.opened[place] for at, place in enumerate(kept) if place in self.opened},
        )


class Packer:
    """Packs the cases of one import. ``centre`` is the organisation of those that no department is known for; ``zone``
    tells on which day a case was reported."""

    def __init__(self, mapping: ImportMapping, case_type: CaseType, centre: int | None, zone: ZoneInfo) -> None:
        self._type = mapping.type
        self._centre = centre
        self._zone = zone
        version = packed_int(case_type.version)
        self._same = (
            packed_text(mapping.type)
            + version
            + b"".join(map(packed_text, (mapping.system, "import", "normal")))  # class system and source, urgency
        )
        self._closed = self._same + b"".join(map(packed_text, ("closed", "已结案", "closed")))

    def add(self, batch: Batch, row: int, case: PastCase) -> None:
        """Append a case to a batch."""
        key = packed_uuid(case.id)
        if case.is_open:
            batch.opened[len(batch.cases)] = case
        batch.row_numbers.append(row)
        batch.source_numbers.append(case.source_number)
        batch.days.append(case.reported_at.astimezone(self._zone).date())
        batch.cases.append(b"" if case.is_open else self._closed + self._case(key, case))
        batch.reporters.append(_REPORTER_HEAD + key + packed_text(case.follow_code) + _NOBODY)
        batch.texts.append(_TEXT_HEAD + key + packed(stored_vector(case.terms, case.reported_at)))
        batch.entries.append(self._entries(case))

    def open_case(self, case: PastCase, status: str, stage: str) -> bytes:
        """The row of an open case, whose flow has come to this status and stage."""
        return self._same + b"".join(map(packed_text, ("open", status, stage))) + self._case(packed_uuid(case.id), case)

    def _case(self, key: bytes, case: PastCase) -> bytes:
        closed = NULL if case.is_open else packed_time(case.closed_at)
        return b"".join(
            (
                key,
                packed_word(case.class_code),
                packed_word(case.channel),
                packed_text(case.text),
                packed_text(case.address),
                packed_float(case.lon),
                packed_float(case.lat),
                _packed_point(case.x, case.y),
                packed_word(case.area),
                packed_word(case.grid),
                packed_int(case.department_id or self._centre),
                packed_int(case.department_id),
                packed_time(case.reported_at),
                closed,  # handled, closed, archived
                closed,
                closed,
                packed_time(case.due_at),
                packed_text(case.source_number),
                packed_json(case.fields),
            )
        )

    def _entries(self, case: PastCase) -> list[tuple[bytes, bytes]]:
        """The journal entries of a case, each as (its data behind the number, the rest)."""
        data: JsonObject = {
            "type": self._type,
            "class": case.class_code,
            "organisation": case.department_id or self._centre,
            "grid": case.grid,
            "lon": case.lon,
            "lat": case.lat,
            "source": case.source_number,
            "channel": case.channel,
            "department_id": case.department_id,
            "due": case.due_at.isoformat() if case.due_at is not None else None,
        }
        told = orjson.dumps(data)[1:-1]
        entries = [(told + _REPORTED, _entry(case, "case.imported", case.reported_at))]
        if case.closed_at is not None:
            entries.append((told + _CLOSED, _entry(case, "case.closed", case.closed_at)))
        return entries


_REPORTED, _CLOSED = (b"," + orjson.dumps({"status": status})[1:] for status in ("已上报", "已结案"))


def numbered(number: bytes, behind: bytes) -> bytes:
    """The data of a journal entry as JSON; ``number`` is the case's number as JSON."""
    return b'{"number":' + number + b"," + behind


def case_row(number: bytes, rest: bytes) -> bytes:
    """The row of a case; ``number`` is its packed number."""
    return _CASE_HEAD + number + rest


def _entry(case: PastCase, verb: str, at: datetime) -> bytes:
    return journal.pack(journal.Entry(at, verb, "case", case.id, SYSTEM.kind, None, SYSTEM.label, case.area, {}))


def _packed_point(x: float | None, y: float | None) -> bytes:
    """EWKB of a point in EPSG:3857."""
    if x is None or y is None:
        return NULL
    return packed(_POINT.pack(1, _POINT_WITH_SRID, _WEB_MERCATOR, x, y))


def batches(
    judge: Judge, packer: Packer, rows: Iterator[tuple[int, Sequence[str] | None]], size: int
) -> Iterator[Batch]:
    """Judge and pack ``size`` rows at a time, to the end of the source."""
    while True:
        batch = Batch()
        for number, values in islice(rows, size):
            batch.rows += 1
            found = judge.judge(number, values)
            if isinstance(found, PastCase):
                packer.add(batch, number, found)
                batch.notes += found.notes
            else:
                batch.notes += found
        if batch.rows == 0:
            return
        yield batch
