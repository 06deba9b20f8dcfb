"""Rows of a table become packed drafts, or are refused with column, reason and remedy. No I/O; runs in its own process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo.coordinates import Crs, geometries_to_cgcs2000, to_cgcs2000
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, Problem
from yiwang.registry.errors import AttributesInvalid
from yiwang.registry.importing.converting import converter, is_nothing, nearest
from yiwang.registry.importing.mapping import ImportMapping
from yiwang.registry.importing.sources import FAULTY
from yiwang.registry.judging import DIGITS, Judge
from yiwang.registry.model import Draft
from yiwang.registry.packing import PackedRows
from yiwang.registry.reading import masked
from yiwang.registry.types import CompiledType

_longest_value = 200


@dataclass(frozen=True, slots=True)
class RowNote:
    """Why a row was refused: where, what stands there (masked where personal), what is wrong, how to correct it."""

    row: int
    column: str
    value: str
    code: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str


@dataclass(slots=True)
class JudgedRows:
    """A stretch of the table. ``rows`` counts all its rows; ``refused`` those with notes; ``plain`` (dry run only): the
    attributes of each packed row as they came."""

    rows: int = 0
    refused: int = 0
    packed: PackedRows = field(default_factory=PackedRows)
    notes: list[RowNote] = field(default_factory=list)
    plain: list[JsonObject] = field(default_factory=list)


class RowJudge:
    """Judges the rows of one import."""

    def __init__(self, kind: CompiledType, mapping: ImportMapping, header: Sequence[str], judge: Judge) -> None:
        self._kind, self._judge = kind, judge
        attributes = kind.declaration.attributes
        self._columns = {attribute: column for column, attribute in mapping.columns.items()}
        self._reads = [
            (header.index(column), name, converter(attributes[name], mapping.values.get(name)),
             attributes[name].json_schema.get("type") == "boolean")
            for column, name in mapping.columns.items()
        ]  # fmt: skip
        self._personal = frozenset(kind.declaration.personal)
        self._constants: JsonObject = dict(mapping.constants)
        self._crs = mapping.crs
        self._lon = -1 if mapping.lon is None else header.index(mapping.lon)
        self._lat = -1 if mapping.lat is None else header.index(mapping.lat)
        self._shape = -1 if mapping.geometry is None else header.index(mapping.geometry)
        self._place_column = mapping.geometry or f"{mapping.lon or ''} {mapping.lat or ''}".strip()
        self._width = len(header)
        self._seen: dict[int, int] = {}

    def batches(
        self, rows: Iterator[tuple[int, list[str]]], size: int, *, skip: int = 0, plain: bool = False
    ) -> Iterator[JudgedRows]:
        """Judge ``size`` rows at a time. The first ``skip`` rows were taken before; their keys still count as seen."""
        for number, cells in islice(rows, skip):
            self._judge_row(number, cells, JudgedRows(), plain=False)
        while True:
            self._judge.sealer.refresh()
            found = JudgedRows()
            for number, cells in islice(rows, size):
                found.rows += 1
                self._judge_row(number, cells, found, plain=plain)
            if not found.rows:
                return
            yield found

    def _judge_row(self, number: int, cells: list[str], found: JudgedRows, *, plain: bool) -> None:
        if len(cells) < self._width:
            cells = [*cells, *[""] * (self._width - len(cells))]
        attributes = self._constants.copy()
        hidden = ""
        for at, name, convert, tells_nothing in self._reads:
            text = cells[at].strip()
            if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
                text = text[1:]  # as our own reports and exports keep it from being a formula
            if text and (tells_nothing or not is_nothing(text)):
                attributes[name] = convert(text)
                if name in self._personal and "**" in text:
                    hidden = name
        if hidden:
            found.notes.append(self._hidden(number, hidden))
            found.refused += 1
            return
        try:
            shape = self._geometry(cells)
            ready = self._judge.ready(self._kind, Draft(attributes), shape)
        except AttributesInvalid as problem:
            found.notes += [self._note(number, error, attributes, cells) for error in problem.errors]
            found.refused += 1
            return
        except _Unplaced as fault:
            found.notes.append(fault.note(number, self._place_column))
            found.refused += 1
            return
        for each in ready.keys.items():
            first = self._seen.setdefault(hash(each), number)
            if first != number:
                found.notes.append(self._twice(number, each[0], first))
                found.refused += 1
                return
        found.packed.add(number, ready)
        if plain:
            found.plain.append(self._kind.normal(attributes))

    def _geometry(self, cells: list[str]) -> BaseGeometry | None:
        if self._shape >= 0 and (text := cells[self._shape].strip()):
            return self._as_shape(text)
        if self._lon < 0:
            return None
        lon, lat = cells[self._lon].strip(), cells[self._lat].strip()
        if is_nothing(lon) and is_nothing(lat):
            return None
        try:
            x, y = float(lon), float(lat)
        except ValueError:
            raise _Unplaced(f"{lon}, {lat}", "坐标不是数字", "the coordinates are not numbers",
                            "写成十进制度,如 117.0512", "write decimal degrees such as 117.0512") from None  # fmt: skip
        if self._crs != Crs.CGCS2000:
            x, y = self._converted(x, y)
        if abs(y) > 90 >= abs(x):
            raise _Unplaced(f"{lon}, {lat}", "纬度超出范围", "the latitude is impossible",
                            "经度、纬度可能填反了,请对调", "longitude and latitude may be swapped")  # fmt: skip
        return shapely.Point(round(x, DIGITS), round(y, DIGITS))

    def _converted(self, x: float, y: float) -> tuple[float, float]:
        try:
            return to_cgcs2000(x, y, self._crs)
        except Problem as error:
            raise _Unplaced(
                f"{x}, {y}", error.message("zh"), error.message("en"), "核对坐标系", "check the crs"
            ) from error

    def _as_shape(self, text: str) -> BaseGeometry:
        """GeoJSON or WKT, in the coordinates of the file."""
        if text.startswith(FAULTY):
            raise _Unplaced("", f"图形不能读取({text[1:200]})", f"the geometry cannot be read ({text[1:200]})",
                            "在地图软件中修正或简化图形后重新导出", "correct or simplify it and export it again")  # fmt: skip
        try:
            shape = shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)
            if self._crs != Crs.CGCS2000:
                shape = geometries_to_cgcs2000(np.array([shape], dtype=object), self._crs)[0]
        except (shapely.errors.GEOSException, ValueError, Problem) as error:
            raise _Unplaced(text[:60], f"图形不能识别({error})"[:200], f"the geometry cannot be read ({error})"[:200],
                            "写成 GeoJSON 或 WKT,并核对坐标系", "write GeoJSON or WKT, and check the crs") from error  # fmt: skip
        return shape

    def _note(self, row: int, error: FieldError, attributes: JsonObject, cells: list[str]) -> RowNote:
        name = error.where.strip("/").split("/")[0]
        if name == "geometry" and name not in self._kind.declaration.attributes:
            return RowNote(row, self._place_column, "", error.code, error.zh, error.en,
                           "在地图软件中修正图形后重新导出", "correct the geometry and export it again")  # fmt: skip
        column = self._column(name)
        value = attributes.get(name)
        fix = self._remedy(error, name, "" if value is None else str(value))
        return RowNote(row, column, self._shown(name, value), error.code, error.zh, error.en, *fix)

    def _column(self, name: str) -> str:
        """The column that an attribute is read from; without one, what the attribute is called."""
        declared = self._kind.declaration.attributes.get(name)
        return self._columns.get(name) or (declared.names.zh if declared else name)

    def _shown(self, name: str, value: object) -> str:
        declared = self._kind.declaration.attributes.get(name)
        if value is None or declared is None:
            return ""
        text = str(value)[:_longest_value]
        if declared.personal is not None:
            return str(masked(text, declared.personal))
        return "***" if declared.sealed else text

    def _remedy(self, error: FieldError, name: str, text: str) -> tuple[str, str]:
        declared = self._kind.declaration.attributes.get(name)
        if error.code == "thing.missing" and name not in self._columns:
            return (
                "文件里没有这一列:补上这一列,或改列的对应",
                "the file has no such column: add it, or say which column it is",
            )
        if error.code == "thing.missing":
            return "补填这一项", "fill it in"
        if declared is not None and error.code == "thing.not_an_option":
            near = nearest(declared, text)
            if near is not None:
                return f"是否应为“{near}”?", f"did you mean “{near}”?"
            return "从列出的选项中选一个", "take one of the options"
        if error.code == "thing.format":
            return "对照原件核对后重填;在 Excel 中请把该列设为文本", "check the original; make the column text in Excel"
        wanted = "" if declared is None else str(declared.json_schema.get("type", ""))
        if wanted in ("integer", "number"):
            return "只填数字,不带单位和说明", "write the number alone"
        return "按说明改正", "correct it as said"

    def _hidden(self, row: int, name: str) -> RowNote:
        return RowNote(row, self._column(name), "***", "thing.value_masked", "这是脱敏后的值,不能登记",
                       "the value is masked and cannot be recorded", "填写原值,或去掉这一列",
                       "write the original, or leave the column out")  # fmt: skip

    def _twice(self, row: int, key: str, first: int) -> RowNote:
        parts = self._kind.declaration.keys[key]
        column = " + ".join(self._column(part) for part in parts)
        return RowNote(row, column, "", "thing.key_twice", f"与第 {first} 行是同一条记录(自然键相同)",
                       f"the same record as row {first} (equal natural key)",
                       "只保留一行;如是两条记录,请更正其中一个的键", "keep one of them, or correct a key")  # fmt: skip


class _Unplaced(Exception):
    """A place that cannot be read."""

    def __init__(self, value: str, zh: str, en: str, fix_zh: str, fix_en: str) -> None:
        super().__init__(en)
        self._words = (value, "thing.geometry_invalid", zh, en, fix_zh, fix_en)

    def note(self, row: int, column: str) -> RowNote:
        return RowNote(row, column, *self._words)


REFUSED_BY_REGISTRY = {
    "out_of_reach": (
        "thing.out_of_reach", "这条记录不在您的管理范围", "the record lies beyond your reach",
        "核对区划;或请有权的部门导入", "check the division, or ask the office concerned to import it",
    ),
    "key_taken": (
        "thing.key_taken", "几个自然键分别属于不同的已有记录", "its natural keys name different records",
        "核对各个键,只保留正确的", "check the keys and keep the right ones",
    ),
    "twice": (
        "thing.key_twice", "与前面的行是同一条记录", "the same record as an earlier row",
        "只保留一行", "keep one of the rows",
    ),
}  # fmt: skip
"""What the registry itself refuses: code, words, remedies."""


def refusal(row: int, outcome: str) -> RowNote:
    code, zh, en, fix_zh, fix_en = REFUSED_BY_REGISTRY[outcome]
    return RowNote(row, "", "", code, zh, en, fix_zh, fix_en)
