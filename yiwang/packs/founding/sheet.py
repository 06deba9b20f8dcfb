"""Reads a sheet of organisations (CSV or Excel, first sheet), whose headings and words may be Chinese or codes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from yiwang.casework.errors import ImportFileInvalid
from yiwang.casework.importing.source import Source
from yiwang.identity.separation import ADMINISTRATOR_POSTS
from yiwang.packs.check.references import BUILT_IN_DEPARTMENTS
from yiwang.packs.findings import Finding, Findings, Place, suggestion
from yiwang.packs.founding.model import Office, SheetUnreadable
from yiwang.packs.loaded import Pack

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "code": ("code", "代码", "机构代码"),
        "name": ("name", "名称", "机构名称"),
        "name_en": ("name_en", "英文名称"),
        "kind": ("kind", "类型", "机构类型"),
        "parent": ("parent", "上级", "上级代码"),
        "area": ("area", "区域代码", "区划代码"),
        "serves": ("serves", "职责", "承担职责"),
        "posts": ("posts", "岗位"),
        "lon": ("lon", "经度"),
        "lat": ("lat", "纬度"),
    }
)
"""Column → its headings. ``code``, ``name``, ``kind`` must be there."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "政府": "government", "中心": "centre", "部门": "department", "委办局": "department", "科室": "section",
        "街道": "street", "乡镇": "town", "镇": "town", "乡": "town", "社区": "community", "村": "community",
        "企业": "enterprise", "事业单位": "institution",
    }
)  # fmt: skip
"""Chinese kind of organisation → its code."""

ROW_LIMIT = 5000
_REQUIRED = ("code", "name", "kind")
_SEPARATORS = re.compile(r"[、,，;;\s]+")


@dataclass(slots=True)
class Words:
    """Codes by the words that a sheet may use for them."""

    kinds: dict[str, str] = field(default_factory=dict)
    posts: dict[str, str] = field(default_factory=dict)
    serves: dict[str, str] = field(default_factory=dict)


def words_of(packs: Sequence[Pack]) -> Words:
    """The words that a sheet may use in a city with these packs."""
    found = Words(kinds={**KINDS, **{code: code for code in KINDS.values()}})
    for kind in ADMINISTRATOR_POSTS:
        found.posts |= {kind.code: kind.code, kind.names.zh: kind.code}
    for code in BUILT_IN_DEPARTMENTS:
        found.serves[code] = code
    for pack in packs:
        for post in pack.roles.value.posts if pack.roles else ():
            found.posts |= {post.code: post.code, post.names.zh: post.code, post.names.en.lower(): post.code}
        for code, names in pack.file.value.departments.items():
            found.serves |= {code: code, names.zh: code, names.en.lower(): code}
    return found


def unknown_words(offices: Sequence[Office], words: Words, sheet: str) -> list[Finding]:
    """What the sheet names and nobody knows, with the row and the nearest known words."""
    findings = Findings()
    for office in offices:
        place = Place(sheet, office.row)
        for what, given, known in (
            (("机构类型", "kind of organisation"), [office.kind], words.kinds),
            (("部门类别", "kind of department"), office.serves, words.serves),
            (("岗位", "post"), office.posts, words.posts),
        ):
            for word in given:
                if word not in known.values():
                    zh, en = suggestion(word, sorted(known))
                    names = {"what_zh": what[0], "what_en": what[1], "hint_zh": zh, "hint_en": en}
                    findings.add(place, "reference.unknown", id=word or "—", **names)
    return list(findings.items)


def read_offices(sheet: Path, words: Words | None = None) -> list[Office]:
    """The rows of the sheet; words that nobody knows stay as they are, so that the check names them.

    Raises:
        SheetUnreadable.
    """
    known = words or Words(kinds={**KINDS, **{code: code for code in KINDS.values()}})
    try:
        header = Source(sheet, []).header
        columns = {
            column: next((heading for heading in header if heading.strip().lower() in headings), None)
            for column, headings in COLUMNS.items()
        }
        missing = [COLUMNS[column][1] for column in _REQUIRED if columns[column] is None]
        if missing:
            raise SheetUnreadable(
                reason_zh=f"缺少列 {'、'.join(missing)}", reason_en=f"columns {', '.join(missing)} are missing"
            )
        there = {column: heading for column, heading in columns.items() if heading is not None}
        rows = list(Source(sheet, list(there.values())).rows())
    except ImportFileInvalid as problem:
        why = str(problem.data.get("why", ""))
        raise SheetUnreadable(reason_zh=why, reason_en=why) from problem
    if len(rows) > ROW_LIMIT:
        raise SheetUnreadable(reason_zh=f"超过 {ROW_LIMIT} 行", reason_en=f"it has more than {ROW_LIMIT} rows")
    found = []
    for number, values in rows:
        if values is None:
            raise SheetUnreadable(reason_zh=f"第 {number} 行单元格不全", reason_en=f"row {number} has too few cells")
        found.append(_office(number, dict(zip(there, (value.strip() for value in values), strict=True)), known))
    if not found:
        raise SheetUnreadable(reason_zh="没有机构", reason_en="it names no organisation")
    return found


def _office(row: int, values: Mapping[str, str], words: Words) -> Office:
    kind = values.get("kind", "")
    seat = None
    if values.get("lon") and values.get("lat"):
        try:
            seat = (float(values["lon"]), float(values["lat"]))
        except ValueError as error:
            raise SheetUnreadable(
                reason_zh=f"第 {row} 行的经纬度不是数字", reason_en=f"the coordinates of row {row} are no numbers"
            ) from error
    return Office(
        row,
        _whole(values.get("code", "")),
        values.get("name", ""),
        values.get("name_en", "") or values.get("name", ""),
        words.kinds.get(kind, kind),
        _whole(values.get("parent", "")),
        _whole(values.get("area", "")),
        [words.serves.get(item.lower(), words.serves.get(item, item)) for item in _items(values.get("serves", ""))],
        [words.posts.get(item.lower(), words.posts.get(item, item)) for item in _items(values.get("posts", ""))],
        seat,
    )


def _whole(text: str) -> str:
    """A code that a spreadsheet has kept as a number: ``120199001.0``."""
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def _items(text: str) -> list[str]:
    return [item for item in _SEPARATORS.split(text) if item]
