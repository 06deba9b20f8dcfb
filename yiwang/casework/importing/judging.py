"""One row of a source becomes a case of the past, or is refused with field and reason."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID

from yiwang.casework.importing.mapping import ImportMapping
from yiwang.casework.importing.times import time_reader
from yiwang.casework.intake.drafting import project
from yiwang.geo.coordinates import Crs, check_degrees, to_cgcs2000
from yiwang.geo.locator import Locator
from yiwang.identity.directory import Directory
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem
from yiwang.kernel.identifiers import new_code, new_id
from yiwang.kernel.text import clean, clean_line, search_terms

Level = Literal["refused", "warning"]
TEXT_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class RowNote:
    """What is said of a row: ``refused`` rows are not taken, ``warning`` rows are, without the faulty value."""

    row: int
    field: str
    value: str
    level: Level
    code: str
    zh: str
    en: str


@dataclass(slots=True)
class PastCase:
    """A case of the past. ``x``, ``y`` are EPSG:3857 metres; ``terms`` are those under which it is found, some twice."""

    id: UUID
    source_number: str
    text: str
    class_code: str | None
    channel: str
    address: str
    lon: float | None
    lat: float | None
    x: float | None
    y: float | None
    area: str
    grid: str
    department_id: int | None
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    is_open: bool
    follow_code: str
    terms: tuple[str, ...]
    fields: JsonObject
    notes: list[RowNote] = field(default_factory=list)


_REASONS = {
    "import.row_short": ("本行列数不足", "the row has too few cells"),
    "import.number_missing": ("缺少来源编号", "the source number is missing"),
    "import.number_twice": ("来源编号在文件中重复", "the source number stands twice in the file"),
    "import.already_there": ("该来源编号已导入过", "this source number is in the system already"),
    "import.text_missing": ("缺少内容", "the text is missing"),
    "import.text_cut": ("内容超过 4000 字,已截断", "the text was cut at 4,000 characters"),
    "import.time_missing": ("缺少上报时间", "the time of the report is missing"),
    "import.time_unreadable": ("时间无法识别", "the time cannot be read"),
    "import.closed_before_reported": ("结案早于上报,已忽略结案时间先后", "closed before it was reported"),
    "import.place_missing": ("没有坐标", "there are no coordinates"),
    "import.place_placeholder": ("坐标是占位值,按无坐标处理", "the coordinates are a placeholder; taken as none"),
    "import.place_unreadable": ("坐标无法识别", "the coordinates cannot be read"),
    "import.place_outside": ("坐标不在本市范围", "the place lies outside the city"),
    "import.due_missing": ("没有办理期限", "there is no due time"),
    "import.closed_unknown": ("状态为已办结但没有结案时间", "the status is closed but there is no closing time"),
}


def note(row: int, name: str, value: str, level: Level, code: str) -> RowNote:
    zh, en = _REASONS[code]
    return RowNote(row, name, value[:200], level, code, zh, en)


class Judge:
    """Judges the rows of one import. ``placeholders`` are coordinate pairs, as written, that stand for no place."""

    def __init__(
        self, mapping: ImportMapping, locator: Locator, directory: Directory, placeholders: set[tuple[str, str]]
    ) -> None:
        self._mapping = mapping
        self._locator = locator
        self._placeholders = placeholders
        columns = mapping.columns
        self._places = {name: place for place, name in enumerate(mapping.wanted_columns())}
        self._number = self._place_of(columns.number)
        self._text = self._place_of(columns.text)
        self._reported_at = self._place_of(columns.reported_at)
        self._class = self._place_of(columns.class_)
        self._channel = self._place_of(columns.channel)
        self._due_at = self._place_of(columns.due_at)
        self._closed_at = self._place_of(columns.closed_at)
        self._status = self._place_of(columns.status)
        self._department = self._place_of(columns.department)
        self._address = self._place_of(columns.address)
        self._lon, self._lat = self._place_of(columns.lon), self._place_of(columns.lat)
        centre = directory.serving("centre", "")
        self._whole = centre.area if centre is not None else ""  # of what has no place, as at intake
        self._fields = {key: self._places[column] for key, column in mapping.fields.items()}
        self._open = frozenset(mapping.open_statuses)
        self._seen: set[str] = set()
        self._departments: dict[str, int | None] = {}
        for value, code in mapping.departments.items():
            found = directory.organisation_by_code(code) or directory.serving(code, "")
            self._departments[value] = found.id if found else None
        self._time = time_reader(mapping)
        self._terms = lru_cache(maxsize=50_000)(lambda text: tuple(search_terms(text)))

    def _place_of(self, column: str | None) -> int:
        """Where a column stands in a row; −1, behind whose last value judging puts an empty one, where there is none."""
        return -1 if column is None else self._places[column]

    def judge(self, row: int, values: Sequence[str] | None) -> PastCase | list[RowNote]:
        """The case of a row with its warnings, or why it is refused."""
        if values is None:
            return [note(row, "", "", "refused", "import.row_short")]
        notes: list[RowNote] = []
        cells = [value.strip() for value in values]
        cells.append("")
        number = clean_line(cells[self._number])
        if not number:
            return [note(row, "number", "", "refused", "import.number_missing")]
        if number in self._seen:
            return [note(row, "number", number, "refused", "import.number_twice")]
        text = clean(cells[self._text])
        if not text:
            return [note(row, "text", "", "refused", "import.text_missing")]
        if len(text) > TEXT_LIMIT:
            notes.append(note(row, "text", text[:50], "warning", "import.text_cut"))
            text = text[:TEXT_LIMIT]
        reported_at = self._time(cells[self._reported_at])
        if reported_at is None:
            code = "import.time_unreadable" if cells[self._reported_at] else "import.time_missing"
            return [note(row, "reported_at", cells[self._reported_at], "refused", code)]
        due_at, closed_at, is_open = self._times(row, cells, reported_at, notes)
        place = self._locate(row, cells[self._lon], cells[self._lat], notes)
        if place is None:
            return notes
        self._seen.add(number)
        lon, lat, area, grid = place
        x, y = project(lon, lat) if lon is not None and lat is not None and abs(lat) < 85 else (None, None)
        address = clean_line(cells[self._address])[:300]
        fields: JsonObject = {key: values[at] for key, at in self._fields.items() if values[at]}
        department = cells[self._department]
        if department:
            fields["agency"] = department
        return PastCase(
            id=new_id(),
            source_number=number,
            text=text,
            class_code=clean_line(cells[self._class])[:100] or None,
            channel=self._mapping.channels.get(cells[self._channel], self._mapping.default_channel),
            address=address,
            lon=lon,
            lat=lat,
            x=x,
            y=y,
            area=area,
            grid=grid,
            department_id=self._departments.get(department),
            reported_at=reported_at,
            due_at=due_at,
            closed_at=None if is_open else closed_at or reported_at,
            is_open=is_open,
            follow_code=new_code(),
            terms=(*self._terms(text), *self._terms(address), number.casefold()),
            fields=fields,
            notes=notes,
        )

    def _times(
        self, row: int, cells: Sequence[str], reported_at: datetime, notes: list[RowNote]
    ) -> tuple[datetime | None, datetime | None, bool]:
        """(due, closed, still open)."""
        due_at = self._optional_time(row, "due_at", cells[self._due_at], notes)
        closed_at = self._optional_time(row, "closed_at", cells[self._closed_at], notes)
        is_open = cells[self._status] in self._open if self._status >= 0 else closed_at is None
        if self._due_at >= 0 and due_at is None and not cells[self._due_at]:
            notes.append(note(row, "due_at", "", "warning", "import.due_missing"))
        if not is_open and closed_at is None:
            notes.append(note(row, "closed_at", cells[self._status], "warning", "import.closed_unknown"))
        if closed_at is not None and closed_at < reported_at:
            notes.append(note(row, "closed_at", cells[self._closed_at], "warning", "import.closed_before_reported"))
        return due_at, closed_at, is_open

    def _optional_time(self, row: int, name: str, text: str, notes: list[RowNote]) -> datetime | None:
        if not text:
            return None
        found = self._time(text)
        if found is None:
            notes.append(note(row, name, text, "warning", "import.time_unreadable"))
        return found

    def _locate(
        self, row: int, lon: str, lat: str, notes: list[RowNote]
    ) -> tuple[float | None, float | None, str, str] | None:
        nowhere = (None, None, self._whole, "")
        if self._lon < 0:
            return nowhere
        if not lon or not lat:
            notes.append(note(row, "lon", "", "warning", "import.place_missing"))
            return nowhere
        if (lon, lat) in self._placeholders:
            notes.append(note(row, "lon", f"{lon}, {lat}", "warning", "import.place_placeholder"))
            return nowhere
        try:
            x, y = float(lon), float(lat)
            check_degrees(x, y)
            if self._mapping.crs != Crs.CGCS2000:
                x, y = to_cgcs2000(x, y, self._mapping.crs)
        except (ValueError, Problem):
            notes.append(note(row, "lon", f"{lon}, {lat}", "warning", "import.place_unreadable"))
            return nowhere
        found = self._locator.locate(x, y)
        if found is not None:
            return x, y, found.area_code, found.responsibility_grid or ""
        if self._mapping.outside == "refuse":
            notes.append(note(row, "lon", f"{lon}, {lat}", "refused", "import.place_outside"))
            return None
        return x, y, "", ""


def suspected_placeholders(pairs: Counter[tuple[str, str]], rows: int) -> set[tuple[str, str]]:
    """Coordinate pairs that cannot be places: whole degrees in both, or (0, 0), or one pair on over 1 % of at least 100 rows."""
    found: set[tuple[str, str]] = set()
    for (lon, lat), count in pairs.items():
        try:
            x, y = float(lon), float(lat)
        except ValueError:
            continue
        whole = x == int(x) and y == int(y) if math.isfinite(x) and math.isfinite(y) else False
        if whole or (rows >= 100 and count > rows / 100):
            found.add((lon, lat))
    return found
