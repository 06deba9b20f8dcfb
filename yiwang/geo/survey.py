"""Checks the rows of a survey before they are stored: areas and responsibility grids with their geometry.

Promises: good rows are never lost to bad ones; every refused row is named with its number, the field, and the reason
in Chinese and English; the result depends only on the file and on what is already stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo import coverage
from yiwang.geo.coordinates import geometries_to_cgcs2000
from yiwang.geo.coverage import Geometries
from yiwang.geo.divisions import DIGITS, area_code, parent
from yiwang.geo.errors import InvalidDivisionCode
from yiwang.geo.survey_files import SurveyRow
from yiwang.kernel.errors import FieldError
from yiwang.kernel.text import clean_line

OVERLAP_SHARE = 0.01
"""Share of the smaller of two areas that may be covered by the other: survey tolerance, not a real overlap."""

OUTSIDE_SHARE = 0.01
"""Share of an area that may lie outside its parent."""

NAME_LENGTH = 100

_CODE_FIELDS = (
    "code",
    "bgcode",
    "szdywgbsm",
    "dywgbm",
    "adcode",
    "区划代码",
    "网格编码",
    "单元网格编码",
    "代码",
    "编码",
)
_NAME_FIELDS = ("name_zh", "name", "bgname", "mc", "wgmc", "名称", "网格名称")
RESPONSIBILITY_CODE = re.compile(r"(\d{12})[A-Z]\d{2,3}")


@dataclass(frozen=True, slots=True)
class Fields:
    """Which attributes hold what; None: the usual names are tried (``code``, ``name``, ``区划代码`` …), any case."""

    code: str | None = None
    name_zh: str | None = None
    name_en: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row that may be stored. ``code`` is an area code or a responsibility grid code."""

    row: int
    code: str
    name_zh: str
    name_en: str
    geometry: BaseGeometry


class _Findings:
    """Refusals by row."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def refuse(self, row: int, field: str, code: str, zh: str, en: str) -> None:
        self.errors.append(FieldError(where=f"row {row}, {field}", code=f"geo.survey.{code}", zh=zh, en=en))


def check_areas(
    rows: Iterable[SurveyRow], *, crs: str, fields: Fields | None = None, known: Mapping[str, BaseGeometry | None]
) -> tuple[list[CheckedRow], list[FieldError], int]:
    """Rows that may be stored as areas, ordered by code; refusals ordered by row; how many rows there were.

    Args:
        rows: as read, in the coordinate system ``crs``.
        known: area code → geometry (CGCS2000, None if unknown) of stored areas that may be parents.

    Raises:
        UnknownCoordinateSystem, DatumNeedsParameters: ``crs`` cannot be used.
    """
    findings = _Findings()
    read = list(rows)
    candidates = _with_codes(read, fields or Fields(), findings, area=True)
    candidates = _with_geometry(candidates, crs, findings)
    accepted: dict[str, CheckedRow] = {}
    shapes: dict[str, BaseGeometry | None] = dict(known)
    top = min((len(code) for code in [*shapes, *(row.code for row in candidates)]), default=0)
    for digits in DIGITS.values():
        level = [row for row in candidates if len(row.code) == digits]
        inside = [row for row in level if digits == top or _within_parent(row, parent(row.code), shapes, findings)]
        for row in _without_overlaps(inside, findings):
            accepted[row.code] = row
            shapes[row.code] = row.geometry
    return sorted(accepted.values(), key=lambda row: row.code), _by_row(findings), len(read)


def check_responsibility_grids(
    rows: Iterable[SurveyRow], *, crs: str, fields: Fields | None = None, known: Mapping[str, BaseGeometry | None]
) -> tuple[list[CheckedRow], list[FieldError], int]:
    """As :func:`check_areas`, for responsibility grids: code = community (12 digits) + a letter + 2–3 digits."""
    findings = _Findings()
    read = list(rows)
    candidates = _with_geometry(_with_codes(read, fields or Fields(), findings, area=False), crs, findings)
    inside = [row for row in candidates if _within_parent(row, row.code[:12], known, findings)]
    return sorted(_without_overlaps(inside, findings), key=lambda row: row.code), _by_row(findings), len(read)


def _by_row(findings: _Findings) -> list[FieldError]:
    return sorted(findings.errors, key=lambda error: int(error.where.split(",")[0].removeprefix("row ")))


def _value(values: Mapping[str, str], named: str | None, usual: Sequence[str]) -> tuple[str, str]:
    """(attribute's name, value) of the named attribute, or of the first usual one that is there."""
    if named is not None:
        return named, values.get(named, "")
    folded = {name.casefold(): (name, value) for name, value in values.items()}
    return next((folded[name] for name in usual if name in folded), (usual[0] if usual else "", ""))


def _with_codes(rows: list[SurveyRow], fields: Fields, findings: _Findings, *, area: bool) -> list[CheckedRow]:
    """Rows with a right, unrepeated code and some geometry (still in the file's coordinates)."""
    first_row: dict[str, int] = {}
    good: list[CheckedRow] = []
    for row in rows:
        field, written = _value(row.values, fields.code, _CODE_FIELDS)
        try:
            code = area_code(written) if area else _responsibility_code(written)
        except InvalidDivisionCode as error:
            findings.refuse(row.row, field, "bad_code", error.message("zh"), error.message("en"))
            continue
        if code in first_row:
            before = first_row[code]
            zh, en = f"代码 {code} 与第 {before} 行重复。", f"Code {code} stands in row {before} already."
            findings.refuse(row.row, field, "duplicate_code", zh, en)
            continue
        first_row[code] = row.row
        if row.geometry is None:
            zh, en = f"图形无法读取:{row.fault}。", f"The geometry cannot be read: {row.fault}."
            findings.refuse(row.row, "geometry", "no_geometry", zh, en)
            continue
        name_zh = clean_line(_value(row.values, fields.name_zh, _NAME_FIELDS)[1])[:NAME_LENGTH] or code
        name_en = clean_line(_value(row.values, fields.name_en, ("name_en",))[1])[:NAME_LENGTH]
        good.append(CheckedRow(row.row, code, name_zh, name_en, row.geometry))
    return good


def _responsibility_code(text: str) -> str:
    code = text.strip().upper()
    match = RESPONSIBILITY_CODE.fullmatch(code)
    if match is None or area_code(match.group(1)) != match.group(1):
        raise InvalidDivisionCode(
            text=text[:40],
            reason_zh="应为 12 位社区代码 + 一个字母 + 2–3 位序号",
            reason_en="it must be the community's 12 digits, a letter and 2–3 digits",
        )
    return code


def _with_geometry(rows: list[CheckedRow], crs: str, findings: _Findings) -> list[CheckedRow]:
    """Rows whose geometry, brought to CGCS2000, is a valid area in degrees; Polygon or MultiPolygon."""
    if not rows:
        return []
    shapes = geometries_to_cgcs2000(coverage.geometry_array(row.geometry for row in rows), crs)
    kinds, bounds = shapely.get_type_id(shapes), shapely.bounds(shapes)
    valid = shapely.is_valid(shapes).tolist()
    most = np.nan_to_num(np.abs(bounds), nan=np.inf).reshape(-1, 2, 2).max(axis=1)
    in_degrees = (most <= (180.0, 90.0)).all(axis=1).tolist()
    good: list[CheckedRow] = []
    for i, row in enumerate(rows):
        if kinds[i] not in (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON):
            zh, en = "图形不是面。", "The geometry is not an area (polygon)."
        elif not in_degrees[i]:
            zh, en = f"图形为空,或坐标不符合声明的坐标系 {crs}。", f"Empty, or not in the declared coordinates {crs}."
        elif not valid[i]:
            reason = shapely.is_valid_reason(shapes[i])
            zh, en = f"图形无效:{reason}。", f"The geometry is not valid: {reason}."
        else:
            good.append(CheckedRow(row.row, row.code, row.name_zh, row.name_en, shapes[i]))
            continue
        findings.refuse(row.row, "geometry", "invalid_geometry", zh, en)
    return good


def _within_parent(
    row: CheckedRow, parent_code: str | None, shapes: Mapping[str, BaseGeometry | None], findings: _Findings
) -> bool:
    """Whether the parent is known and holds the row's geometry (a parent without geometry holds everything)."""
    if parent_code is None or parent_code not in shapes:
        zh, en = f"上级区域 {parent_code} 不存在或未通过检查。", f"Its parent {parent_code} is missing or was refused."
        findings.refuse(row.row, "code", "no_parent", zh, en)
        return False
    ground = shapes[parent_code]
    if ground is None:
        return True
    shapely.prepare(ground)
    if shapely.covers(ground, row.geometry):
        return True
    share = float(shapely.area(shapely.difference(row.geometry, ground)) / shapely.area(row.geometry))
    if share <= OUTSIDE_SHARE:
        return True
    zh = f"有 {share:.0%} 的面积在上级区域 {parent_code} 之外。"
    findings.refuse(
        row.row, "geometry", "outside_parent", zh, f"{share:.0%} of it lies outside its parent {parent_code}."
    )
    return False


def _without_overlaps(rows: list[CheckedRow], findings: _Findings) -> list[CheckedRow]:
    """Rows of one level that do not overlap an accepted row before them by more than the tolerance."""
    if len(rows) < 2:
        return rows
    shapes: Geometries = coverage.geometry_array(row.geometry for row in rows)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    keep = one > other
    one, other = one[keep], other[keep]
    touching = shapely.touches(shapes[one], shapes[other])
    one, other = one[~touching], other[~touching]
    common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    area = shapely.area(shapes)
    share = common / np.minimum(area[one], area[other])
    over = share > OVERLAP_SHARE
    refused: set[int] = set()
    for later, earlier, part in sorted(
        zip(one[over].tolist(), other[over].tolist(), share[over].tolist(), strict=True)
    ):
        if later in refused or earlier in refused:
            continue
        refused.add(later)
        first = rows[earlier]
        zh = f"与第 {first.row} 行({first.code})重叠 {part:.0%}。"
        en = f"{part:.0%} overlap with row {first.row} ({first.code})."
        findings.refuse(rows[later].row, "geometry", "overlap", zh, en)
    return [row for i, row in enumerate(rows) if i not in refused]
