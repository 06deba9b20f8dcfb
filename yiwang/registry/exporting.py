"""Export (导出) of things of a type as CSV, Excel or GeoJSON: within the reach of the grant ``export``, masked unless a purpose
is stated and the grant ``unmask`` covers the record; every export is journalled with its number of rows.

Texts that a spreadsheet would run as formulas are made harmless. Headers are the Chinese names, so that the file can be
brought back by an import.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import orjson

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.sheets import harmless
from yiwang.kernel.text import clean_line
from yiwang.registry import store
from yiwang.registry.declarations import AttributeDeclaration
from yiwang.registry.errors import ExportTooLarge, PurposeNeeded
from yiwang.registry.model import Asked, Fact, kinds_of
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

Form = Literal["csv", "xlsx", "geojson"]
_page = 1000
_shortest_purpose = 4
_most_rows_of_a_sheet = 1_048_575
_longest_cell = 32_000


@dataclass(frozen=True, slots=True)
class Exported:
    """``rows`` written; ``masked``: of how many of them personal values are masked."""

    rows: int
    masked: int


class _Out(Protocol):
    def write(self, fact: Fact) -> None: ...

    def close(self) -> None: ...


async def export_things(
    service: RegistryService, actor: Actor, type_id: str, form: Form, path: Path, asked: Asked, purpose: str = ""
) -> Exported:
    """Write the things that ``asked`` describes (its cursor and limit are not regarded) to ``path``.

    Raises:
        Forbidden, TypeUnknown, FilterUnknown; PurposeNeeded: too short a purpose; ExportTooLarge: more than a sheet holds.
    """
    kind = service.types.type(type_id)
    if not any(actor.may(each, "export") for each in kinds_of(type_id)):
        raise Forbidden(verb=f"thing-{type_id}:export")
    purpose = clean_line(purpose)
    if purpose and len(purpose) < _shortest_purpose:
        raise PurposeNeeded()
    if service.authorities.purpose(kind, purpose):
        asked = replace(asked, standing="in_force", valid_at=None, known_at=None)
    if purpose and not any(actor.may(each, "unmask") for each in kinds_of(type_id)):
        raise Forbidden(verb=f"thing-{type_id}:unmask")
    rows = masked = 0
    path.touch(mode=0o600)
    out: _Out = _Csv(kind, path) if form == "csv" else _Excel(kind, path) if form == "xlsx" else _GeoJson(kind, path)
    async with service.context.database.transaction() as connection:
        try:
            async for fact in _facts(service, connection, actor, kind, asked):
                may = bool(purpose) and await store.may(connection, actor, fact, "unmask")
                out.write(
                    replace(fact, attributes=service.reading.plain(kind, fact)) if may else service.reading.shown(fact)
                )
                rows += 1
                masked += not may and bool(kind.declaration.personal)
                if form == "xlsx" and rows >= _most_rows_of_a_sheet:
                    raise ExportTooLarge(limit=_most_rows_of_a_sheet)
        finally:
            out.close()
        data: JsonObject = {"type": type_id, "format": form, "rows": rows, "masked": masked}
        if purpose:
            data["purpose"] = purpose
        now = service.context.clock.now()
        await journal.append(connection, journal.entry(actor, now, "thing.exported", "thing", None, data=data))
    return Exported(rows, masked)


async def _facts(
    service: RegistryService, connection: Connection, actor: Actor, kind: CompiledType, asked: Asked
) -> AsyncIterator[Fact]:
    filters = service.reading.filter_query(kind, asked.filters)
    now, after = service.context.clock.now(), None
    while True:
        page = replace(asked, after=after, limit=_page)
        found = await store.listed(connection, actor, kind.id, "export", page, filters, now)
        for fact in await service.reading.completed(connection, kind, found[:_page]):
            yield fact
        if len(found) <= _page:
            return
        after = found[_page - 1].thing_id


def _header(kind: CompiledType) -> list[str]:
    names = [each.names.zh for each in kind.declaration.attributes.values()]
    geometry = kind.declaration.geometry
    return names + ([] if geometry == "none" else ["经度", "纬度"] if geometry == "point" else ["geometry"])


def _cells(kind: CompiledType, fact: Fact) -> list[str]:
    cells = [_text(each, fact.attributes.get(name)) for name, each in kind.declaration.attributes.items()]
    if kind.declaration.geometry == "point":
        place = fact.geometry.get("coordinates") if fact.geometry else None
        cells += [str(place[0]), str(place[1])] if isinstance(place, list) and len(place) >= 2 else ["", ""]
    elif kind.declaration.geometry != "none":
        cells.append(orjson.dumps(fact.geometry).decode() if fact.geometry else "")
    return cells


def _text(attribute: AttributeDeclaration, value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_text(attribute, each) for each in value)
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    words = attribute.words.get(str(value))
    return words.zh if words else str(value)


class _Csv:
    def __init__(self, kind: CompiledType, path: Path) -> None:
        self._kind = kind
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._out = csv.writer(self._file)
        self._out.writerow(map(harmless, _header(kind)))

    def write(self, fact: Fact) -> None:
        self._out.writerow(map(harmless, _cells(self._kind, fact)))

    def close(self) -> None:
        self._file.close()


class _Excel:
    def __init__(self, kind: CompiledType, path: Path) -> None:
        self._kind = kind
        import xlsxwriter  # 10 MB that only whoever exports needs

        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._sheet = self._book.add_worksheet(
            kind.declaration.names.zh[:31].translate({ord(c): "_" for c in "[]:*?/\\"})
        )
        self._row = 0
        self._put(_header(kind))

    def write(self, fact: Fact) -> None:
        self._put(_cells(self._kind, fact))

    def _put(self, cells: Sequence[str]) -> None:
        for column, text in enumerate(cells):
            self._sheet.write_string(self._row, column, text[:_longest_cell])
        self._row += 1

    def close(self) -> None:
        self._book.close()


class _GeoJson:
    """RFC 7946, written feature by feature."""

    def __init__(self, kind: CompiledType, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(b'{"type":"FeatureCollection","features":[')
        self._first = True

    def write(self, fact: Fact) -> None:
        feature = {
            "type": "Feature",
            "id": str(fact.thing_id),
            "geometry": fact.geometry,
            "properties": fact.attributes,
        }
        self._file.write((b"\n" if self._first else b",\n") + orjson.dumps(feature))
        self._first = False

    def close(self) -> None:
        self._file.write(b"\n]}\n")
        self._file.close()
