"""Writing cases of the past: binary COPY into each table, one transaction for a batch with its progress mark.

Closed cases get no flow; open ones get theirs, so that no open case is without a task. Each case has its journal entries
at the real times of the source: ``case.imported`` when it was reported, ``case.closed`` when it was closed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from yiwang.casework import store
from yiwang.casework.catalogue import CaseType
from yiwang.casework.importing.judging import PastCase
from yiwang.casework.importing.mapping import ImportMapping
from yiwang.flow.model import Start
from yiwang.flow.service import FlowService
from yiwang.identity.directory import Directory
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Connection, JsonObject

_POINT = struct.Struct("<BIIdd")
_POINT_WITH_SRID = 0x20000001
_WEB_MERCATOR = 3857

_CASE_COLUMNS = (
    "id", "number", "type", "type_version", "state", "status", "stage", "class_code", "class_system", "class_source",
    "channel", "text", "address", "lon", "lat", "point", "area", "grid", "organisation_id", "department_id", "urgency",
    "reported_at", "handled_at", "closed_at", "archived_at", "due_at", "source_number", "fields",
)  # fmt: skip


def _point(place: tuple[float, float]) -> bytes:
    """EWKB of a point in EPSG:3857."""
    return _POINT.pack(1, _POINT_WITH_SRID, _WEB_MERCATOR, *place)


def _no_reading(_: bytes) -> object:
    raise TypeError("this connection only writes")


def _tsvector(lexemes: list[str]) -> bytes:
    """The binary form of a tsvector without positions; the server sorts the lexemes."""
    return struct.pack(">i", len(lexemes)) + b"".join(lexeme.encode() + b"\0\0\0" for lexeme in lexemes)


async def prepare(connection: Connection) -> None:
    """Teach a connection the binary forms that COPY needs."""
    schema = await connection.fetchval(
        "select nspname from pg_type t join pg_namespace n on n.oid = t.typnamespace where typname = 'geometry' limit 1"
    )
    await connection.set_type_codec("geometry", schema=schema, encoder=_point, decoder=_no_reading, format="binary")
    await connection.set_type_codec(
        "tsvector", schema="pg_catalog", encoder=_tsvector, decoder=_no_reading, format="binary"
    )


class Writer:
    """Writes the batches of one import."""

    def __init__(
        self,
        mapping: ImportMapping,
        case_type: CaseType,
        flow: FlowService,
        directory: Directory,
        calendar: WorkingCalendar,
    ) -> None:
        self._mapping = mapping
        self._case_type = case_type
        self._flow = flow
        self._calendar = calendar
        centre = directory.serving("centre", "")
        self._centre = centre.id if centre else None
        self._division = centre.area[:6] if centre else ""
        self._rule = case_type.number.rule.replace("{division}", self._division)

    async def write(self, connection: Connection, cases: Sequence[PastCase]) -> None:
        """Write a batch in the caller's transaction; its source numbers are new."""
        if not cases:
            return
        numbers = await self._numbers(connection, cases)
        starts = [self._start(case) for case in cases if case.is_open]
        planned = self._flow.plan_starts(starts, max(case.reported_at for case in cases)) if starts else []
        first = {answer.instance_id: (answer.status, answer.stage) for _, answer in planned}
        await connection.copy_records_to_table(
            "case_file",
            columns=_CASE_COLUMNS,
            records=[self._row(case, number, first.get(case.id)) for case, number in zip(cases, numbers, strict=True)],
        )
        await connection.copy_records_to_table(
            "case_reporter",
            columns=("case_id", "code", "name", "phone", "account_id"),
            records=[(case.id, case.follow_code, "", "", None) for case in cases],
        )
        await connection.copy_records_to_table(
            "case_text",
            columns=("case_id", "terms"),
            records=[(case.id, case.lexemes) for case in cases if case.lexemes],
        )
        if planned:
            await self._flow.write_starts(connection, planned)
        await journal.copy(connection, self._entries(cases, numbers))

    async def _numbers(self, connection: Connection, cases: Sequence[PastCase]) -> list[str]:
        zone = self._calendar.hours.timezone
        days = [case.reported_at.astimezone(zone).date() for case in cases]
        wanted: dict[tuple[str, date], int] = {}
        for day in days:
            wanted[(self._rule, day)] = wanted.get((self._rule, day), 0) + 1
        serials = await store.take_numbers(connection, wanted)
        numbers: list[str] = []
        for day in days:
            numbers.append(self._case_type.number.number(serials[(self._rule, day)], day, self._division))
            serials[(self._rule, day)] += 1
        return numbers

    def _start(self, case: PastCase) -> Start:
        return Start(
            instance_id=case.id,
            definition=self._case_type.definition,
            subject_kind="case",
            subject_id=case.id,
            area=case.area,
            grid=case.grid,
            variables={
                "centre": self._centre,
                "area": case.area,
                "grid": case.grid or case.area,
                "channel": case.channel,
                "class": None,
                "urgency": "normal",
                "department": case.department_id,
                "limit": None,
                "verify": False,
                "visit": False,
                "warn": self._case_type.declaration.warn,
            },
        )

    def _row(self, case: PastCase, number: str, first: tuple[str, str] | None) -> tuple[object, ...]:
        status, stage = first or ("已结案", "closed")
        closed = None if case.is_open else case.closed_at
        return (
            case.id, number, self._mapping.type, self._case_type.version, "open" if case.is_open else "closed",
            status, stage, case.class_code, self._mapping.system, "import", case.channel, case.text, case.address,
            case.lon, case.lat, (case.x, case.y) if case.x is not None else None, case.area, case.grid,
            case.department_id or self._centre, case.department_id, "normal", case.reported_at, closed, closed, closed,
            case.due_at, case.source_number, case.fields,
        )  # fmt: skip

    def _entries(self, cases: Sequence[PastCase], numbers: Sequence[str]) -> list[journal.Entry]:
        entries: list[journal.Entry] = []
        for case, number in zip(cases, numbers, strict=True):
            data: JsonObject = {
                "number": number,
                "type": self._mapping.type,
                "class": case.class_code,
                "organisation": case.department_id or self._centre,
                "grid": case.grid,
                "lon": case.lon,
                "lat": case.lat,
                "source": case.source_number,
            }
            entries.append(_entry(case, "case.imported", {**data, "status": "已上报"}, case.id))
            if case.closed_at is not None:
                entries.append(_entry(case, "case.closed", {**data, "status": "已结案"}, case.id))
        return entries


def _entry(case: PastCase, verb: str, data: JsonObject, case_id: UUID) -> journal.Entry:
    at = case.closed_at if verb == "case.closed" and case.closed_at is not None else case.reported_at
    return journal.Entry(at, verb, "case", case_id, SYSTEM.kind, None, SYSTEM.label, case.area, data)
