"""Which column of a file is which attribute: guessed from headers, checked, remembered for the next file of the same shape."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator

from yiwang.geo.coordinates import crs_name
from yiwang.kernel.errors import Problem
from yiwang.kernel.text import half_width
from yiwang.registry.declarations import Attribute
from yiwang.registry.importing.errors import MappingUnfit
from yiwang.registry.importing.sources import GEOMETRY
from yiwang.registry.types import CompiledType

Column = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Target = Literal["lon", "lat", "geometry"]

_ALIKE = 0.78
_LONGITUDE = ("经度", "东经", "lon", "lng", "long", "longitude", "x坐标", "坐标x", "x")
_LATITUDE = ("纬度", "北纬", "lat", "latitude", "y坐标", "坐标y", "y")
_SHAPE = (GEOMETRY, "几何", "图形", "geojson", "geom", "wkt", "shape")
_OFFSETS = {"GCJ-02": ("gcj", "火星", "高德", "腾讯", "国测局"), "BD-09": ("bd09", "bd-09", "百度")}
_OF_FORMATS = {
    "citizen-number": ("身份证号", "身份证号码", "身份证", "公民身份号码", "公民身份证号码", "证件号码", "id number"),
    "credit-code": ("统一社会信用代码", "社会信用代码", "信用代码"),
    "phone-number": ("联系电话", "电话", "手机", "手机号", "手机号码", "电话号码", "phone", "mobile"),
    "division-code": ("行政区划代码", "区划代码", "行政区划", "区划", "所属区划"),
    "plate-number": ("车牌号", "车牌", "号牌号码"),
    "component-code": ("部件代码", "部件标识码", "部件编码"),
}
"""What offices call the identifiers of the national standards, whatever the type calls them."""
_bracketed = re.compile(r"[(（\[【<《].*?[)）\]】>》]")
_blank = re.compile(r"[\s_\-*＊:：/、.]+")
REPORT_COLUMNS = frozenset({"问题 problem", "如何改正 how to correct"})
"""Columns that a report adds to the rows it gives back; they are not read when the rows are sent again."""


class ImportMapping(BaseModel):
    """Which column is what. ``columns``: column → attribute; ``crs``: coordinates of the file (``EPSG:…``, GCJ-02, BD-09);
    ``values``: attribute → (word of the file → value); ``constants``: attribute → value of every row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[Column, Attribute] = Field(default_factory=dict, max_length=200)
    lon: Column | None = None
    lat: Column | None = None
    geometry: Column | None = None
    crs: str = Field("EPSG:4490", max_length=20)
    values: dict[Attribute, dict[str, JsonValue]] = Field(default_factory=dict, max_length=200)
    constants: dict[Attribute, JsonValue] = Field(default_factory=dict, max_length=200)

    @field_validator("crs")
    @classmethod
    def _known_crs(cls, value: str) -> str:
        try:
            return crs_name(value)
        except Problem as error:
            raise ValueError(error.message("en")) from error

    @property
    def digest(self) -> str:
        """Identifies this mapping, in whatever order its members stand, for resuming."""
        body = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True)
class Guess:
    """A mapping and how sure each column is (0…1); ``unread``: columns that nothing was found for."""

    mapping: ImportMapping
    sureness: dict[str, float]
    unread: list[str]
    remembered: bool = False


def header_digest(header: Sequence[str]) -> str:
    """The same for files of the same columns, in whatever order."""
    names = sorted({name for name in header if name and name not in REPORT_COLUMNS})
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def guess(kind: CompiledType, header: Sequence[str]) -> Guess:
    """The mapping that the headers suggest: declared headers and names first, then what looks alike."""
    columns = [name for name in dict.fromkeys(header) if name and name not in REPORT_COLUMNS]
    places: dict[Target, str] = {}
    if kind.declaration.geometry != "none":
        places = _places(columns)
    known = _spellings(kind)
    scored = sorted(
        (
            (score, -at, name, attribute)
            for at, name in enumerate(columns)
            if name not in places.values()
            for attribute, spellings in known.items()
            if (score := _score(_folded(name), spellings)) >= _ALIKE
        ),
        reverse=True,
    )
    chosen: dict[str, str] = {}
    sureness = dict.fromkeys(places.values(), 1.0)
    for score, _, name, attribute in scored:
        if name not in chosen and attribute not in chosen.values():
            chosen[name] = attribute
            sureness[name] = round(score, 2)
    mapping = ImportMapping(
        columns={name: chosen[name] for name in columns if name in chosen},
        crs=_crs_of(list(places.values())),
        lon=places.get("lon"),
        lat=places.get("lat"),
        geometry=places.get("geometry"),
    )
    return Guess(mapping, sureness, [name for name in columns if name not in sureness])


def check_mapping(kind: CompiledType, mapping: ImportMapping, header: Sequence[str]) -> None:
    """Raises MappingUnfit: a column that the file has not, an attribute that the type has not, or one twice."""
    known = kind.declaration.attributes
    asked = [*mapping.columns, *(each for each in (mapping.lon, mapping.lat, mapping.geometry) if each is not None)]
    zh = en = ""
    if missing := [name for name in asked if name not in header]:
        zh, en = f"文件没有列“{'、'.join(missing)}”", f"the file has no column {', '.join(missing)}"
    elif strange := [
        name for name in {*mapping.columns.values(), *mapping.constants, *mapping.values} if name not in known
    ]:
        zh, en = f"没有字段“{'、'.join(strange)}”", f"there is no attribute {', '.join(strange)}"
    elif len(set(mapping.columns.values())) < len(mapping.columns):
        zh, en = "同一字段对应了两列", "two columns are the same attribute"
    elif (mapping.lon is None) != (mapping.lat is None):
        zh, en = "经度、纬度须成对", "longitude and latitude belong together"
    elif not mapping.columns:
        zh, en = "没有一列能对上字段", "no column was recognised as an attribute"
    if zh:
        raise MappingUnfit(reason_zh=zh, reason_en=en, columns=", ".join(header)[:500])


def _places(columns: Sequence[str]) -> dict[Target, str]:
    found: dict[Target, str] = {}
    for target, spellings in (("lon", _LONGITUDE), ("lat", _LATITUDE), ("geometry", _SHAPE)):
        for name in columns:
            folded = _folded(name)
            if folded in spellings or (len(folded) > 2 and any(len(s) > 1 and s in folded for s in spellings[:2])):
                found[target] = name  # type: ignore[index]  # the three literals above
                break
    if ("lon" in found) != ("lat" in found):
        found.pop("lon", None)
        found.pop("lat", None)
    return found


def _crs_of(names: Sequence[str]) -> str:
    """The offset that headers such as “经度(百度)” name."""
    folded = " ".join(names).casefold()
    return next((crs for crs, words in _OFFSETS.items() if any(word in folded for word in words)), "EPSG:4490")


def _folded(text: str) -> str:
    """A header as it is compared: without brackets (units), marks of required columns, blanks, and letter case."""
    tidy = half_width(text).casefold()
    return _blank.sub("", _bracketed.sub("", tidy)) or _blank.sub("", tidy)


def _spellings(kind: CompiledType) -> dict[str, dict[str, float]]:
    """Attribute → spelling → how sure it would be."""
    found: dict[str, dict[str, float]] = {}
    for name, each in kind.declaration.attributes.items():
        spellings = {_folded(header): 1.0 for header in each.headers}
        for text, score in ((each.names.zh, 0.99), (each.names.en, 0.98), (name, 0.97)):
            spellings.setdefault(_folded(text), score)
        for text in _OF_FORMATS.get(str(each.json_schema.get("format")), ()):
            spellings.setdefault(_folded(text), 0.95)
        found[name] = spellings
    return found


def _score(folded: str, spellings: dict[str, float]) -> float:
    if folded in spellings:
        return spellings[folded]
    best = 0.0
    for spelling in spellings:
        if len(spelling) >= 2 and (spelling in folded or folded in spelling) and len(folded) >= 2:
            best = max(best, 0.8 + 0.1 * min(len(spelling), len(folded)) / max(len(spelling), len(folded)))
        best = max(best, SequenceMatcher(None, folded, spelling).ratio() * 0.95)
    return best
