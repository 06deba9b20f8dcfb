"""What founding a city takes and gives: the wish, a row of the sheet, and what may be wrong with either as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from yiwang.kernel.errors import Problem
from yiwang.packs.findings import Finding

STREET, COMMUNITY = 9, 12
"""Digits of their area codes."""


class CityTaken(Problem):
    code = "founding.city_taken"
    status = 409
    zh = "城市 {id} 正在运行,请先停止再修改,或换一个代码。"
    en = "The city {id} is running; stop it before it is changed, or choose another code."


class SheetUnreadable(Problem):
    code = "founding.sheet_unreadable"
    status = 422
    zh = "机构表不能读取:{reason_zh}。第一行应为列名,至少有 代码、名称、类型。"
    en = (
        "The sheet of organisations cannot be read: {reason_en}. Its first row must name the columns; code, name and kind"
        " are needed."
    )


class BoundaryUnreadable(Problem):
    code = "founding.boundary_unreadable"
    status = 422
    zh = "边界文件不能读取:{reason_zh}。请给出 GeoJSON:一个多边形,或每个街镇一个带 code 和 name 的多边形。"
    en = "The boundary cannot be read: {reason_en}. Give GeoJSON: one polygon, or one for each street with code and name."


@dataclass(frozen=True, slots=True)
class Wish:
    """Which city is to be founded. ``password``: of the demo accounts; empty for a real city, which has none."""

    id: str
    zh: str
    en: str
    division: str
    packs: tuple[str, ...]
    coordinates: Literal["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"] = "EPSG:4490"
    surveyed: bool = False
    password: str = ""
    day: datetime | None = None


@dataclass(slots=True)
class Office:
    """A row of the sheet. ``line`` of its head in organisations.yaml is set when that is written."""

    row: int
    code: str
    name: str
    name_en: str
    kind: str
    parent: str
    area: str
    serves: list[str]
    posts: list[str]
    seat: tuple[float, float] | None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Founded:
    """What was written and what a check says of it; ``rows``: whether a finding's line is a row of the sheet."""

    folder: Path
    findings: tuple[Finding, ...]
    organisations: int
    posts: int
    streets: int
    communities: int
    accounts: int

    @property
    def good(self) -> bool:
        return all(item.level != "error" for item in self.findings)
