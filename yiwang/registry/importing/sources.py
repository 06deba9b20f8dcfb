"""The files of an import as one shape: a header and numbered rows of text, whatever they are.

CSV and Excel (:mod:`yiwang.kernel.sheets`); GeoJSON and lines of GeoJSON, streamed; Shapefile in a zip and GeoPackage
(:mod:`yiwang.geo.survey_files`). A geometry stands as GeoJSON text in the column :data:`GEOMETRY`, in the file's coordinates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

import orjson
import shapely

from yiwang.geo.survey_files import SurveyRow, read_survey
from yiwang.kernel.database import Json
from yiwang.kernel.errors import Problem
from yiwang.kernel.sheets import Limits, Remark, Sheet, SheetUnreadable, check_zip
from yiwang.registry.judging import most_vertices

GEOMETRY = "geometry"
FAULTY = "!"
"""Begins a geometry that could not be read; why follows."""
SUFFIXES = frozenset(
    {".csv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".geojson", ".json", ".geojsonl", ".zip", ".gpkg"}
)
_piece = 1 << 20
_longest_feature = 64 * 2**20
_rows_of_examples, _longest_example = 20, 60
_features = re.compile(r'"features"\s*:\s*\[')
_between = re.compile(r"[\s,\x1e]*")


class Table(Protocol):
    """What an import reads. ``rows`` may be begun again and again; ``remarks`` are of the file as a whole; ``sheets`` names
    the worksheets of a workbook."""

    header: list[str]
    remarks: list[Remark]
    sheets: list[str]

    def rows(self) -> Iterator[tuple[int, list[str]]]: ...


def open_table(path: Path, *, sheet: str | None = None, limits: Limits | None = None) -> Table:
    """The table of a file; ``sheet`` names a worksheet or a layer where there are several.

    Raises:
        SheetUnreadable: no such file, or not readable, or beyond the limits.
    """
    suffix = path.suffix.lower()
    if suffix in (".geojson", ".json", ".geojsonl"):
        return _Features(path)
    if suffix in (".zip", ".gpkg"):
        if suffix == ".zip" and path.is_file():
            check_zip(path, limits or Limits())
        return _Survey(path, sheet)
    return Sheet(path, sheet=sheet, limits=limits)


def examples_of(table: Table) -> dict[str, str]:
    """For each column the first cell with a text among the first rows, shortened: what a mapping is checked against."""
    found: dict[str, str] = {}
    for _, cells in islice(table.rows(), _rows_of_examples):
        for name, cell in zip(table.header, cells, strict=False):
            if name and name not in found and (text := cell.strip()):
                found[name] = text[:_longest_example]
    return found


class _Survey:
    """A Shapefile or GeoPackage."""

    def __init__(self, path: Path, layer: str | None) -> None:
        self._path, self._layer = path, layer
        self.remarks: list[Remark] = []
        self.sheets: list[str] = []
        first = next(self._read(), None)
        self.header = [*(first.values if first else {}), GEOMETRY]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        for number, row in enumerate(self._read(), start=1):
            yield number, [*row.values.values(), _shape_text(row)]

    def _read(self) -> Iterator[SurveyRow]:
        try:
            yield from read_survey(self._path, layer=self._layer)
        except Problem as error:
            raise SheetUnreadable(
                file=self._path.name, reason_zh=error.message("zh"), reason_en=error.message("en")
            ) from error


def _shape_text(row: SurveyRow) -> str:
    """GeoJSON, or :data:`FAULTY` and why there is none. What is refused for its size anyway is not written out first."""
    if row.geometry is None:
        return FAULTY + row.fault
    count = shapely.get_num_coordinates(row.geometry)
    return (
        f"{FAULTY}{count} > {most_vertices} vertices 顶点"
        if count > most_vertices
        else shapely.to_geojson(row.geometry)
    )


class _Features:
    """A GeoJSON FeatureCollection, or one feature a line; never wholly in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.remarks: list[Remark] = []
        self.sheets: list[str] = []
        if not path.is_file():
            raise self._unreadable("文件不存在", "there is no such file")
        names: dict[str, None] = {}
        for _, feature in self._each():
            properties = feature.get("properties")
            if isinstance(properties, dict):
                names.update(dict.fromkeys(properties))
        self._names = [name for name in names if name != GEOMETRY]
        self.header = [*self._names, GEOMETRY]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        names = self._names
        for number, feature in self._each():
            properties = feature.get("properties")
            given = properties if isinstance(properties, dict) else {}
            shape = feature.get("geometry")
            cells = [cell_text(given.get(name)) for name in names]
            yield number, [*cells, orjson.dumps(shape).decode() if isinstance(shape, dict) else ""]

    def _each(self) -> Iterator[tuple[int, dict[str, Json]]]:
        for number, found in enumerate(self._values(), start=1):
            if not isinstance(found, dict) or found.get("type") != "Feature":
                raise self._unreadable(f"第 {number} 项不是 Feature", f"item {number} is not a Feature")
            yield number, found

    def _values(self) -> Iterator[Json]:
        """The features one after the other; the buffer holds little more than one of them."""
        decode = json.JSONDecoder().raw_decode
        with self._path.open(encoding="utf-8-sig") as file:
            try:
                buffer = file.read(_piece)
                start = _features.search(buffer)
                collection = start is not None and '"FeatureCollection"' in buffer
                place, wanted, ended = (start.end() if start is not None and collection else 0), _piece, False
                while True:
                    found = _between.match(buffer, place)
                    place = found.end() if found else place
                    if collection and buffer.startswith("]", place):
                        return
                    try:
                        value, place = decode(buffer, place)
                    except (json.JSONDecodeError, StopIteration) as error:
                        if ended:
                            if place >= len(buffer) and not collection:
                                return
                            raise self._unreadable(f"GeoJSON 不完整:{error}", f"broken GeoJSON: {error}") from error
                        if len(buffer) - place > _longest_feature:
                            raise self._unreadable(
                                "有一个图形超过 64 MiB,请先简化", "a feature is larger than 64 MiB; simplify it first"
                            ) from error
                        more = file.read(wanted)
                        wanted = min(wanted * 2, _longest_feature)  # a long feature is not tried again for each piece
                        ended = not more
                        buffer, place = buffer[place:] + more, 0
                        continue
                    wanted = _piece
                    yield value
            except UnicodeDecodeError as error:
                raise self._unreadable("不是 UTF-8", "it is not UTF-8") from error

    def _unreadable(self, zh: str, en: str) -> SheetUnreadable:
        return SheetUnreadable(file=self._path.name, reason_zh=zh, reason_en=en)


def cell_text(value: Json) -> str:
    """A JSON value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return orjson.dumps(value).decode()
