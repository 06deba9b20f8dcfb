"""Division codes (行政区划代码): their structure, their tree, and the ranges that select a subtree.

Promises: a code is text of digits whose prefix is its parent, so that ``120111`` ⊃ ``120111001`` ⊃ ``120111001001`` ⊃
``120111001001001`` and a subtree is one range of a column with collation "C".

====================  ======  ====================================================================
level                 digits  standard
====================  ======  ====================================================================
province, city        2, 4    GB/T 2260 without its trailing zeros (``211100`` is the area ``2111``)
district              6       GB/T 2260 (县级): 01–20, 51–70 市辖区 …
street                9       + 3, GB/T 10114: 001–099 街道, 100–199 镇, 200–399 乡, 400–599 政企合一
community             12      + 3, statistical code: 001–199 居委会, 200–399 村委会, 400–599 类似单位
unit grid (单元网格)  15      + 3, GB/T 30428.1 / 47678: serial from north-west to south-east
====================  ======  ====================================================================

Codes change with the years and the statistical set differs from the civil-affairs set: whoever stores a code stores
beside it the name of its code system (:data:`STATISTICAL_2023` …).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yiwang.geo.errors import InvalidDivisionCode

STATISTICAL_2023 = "stat-2023"
"""The statistical division codes (统计用区划代码) of 2023, the last that were published by page."""

CIVIL_AFFAIRS = "mca"
"""The legal list of the Ministry of Civil Affairs; append the year: ``mca-2024``."""


class Level(enum.StrEnum):
    """The steps of the division tree, coarse to fine."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    UNIT_GRID = "unit_grid"


DIGITS: Mapping[Level, int] = {
    Level.PROVINCE: 2,
    Level.CITY: 4,
    Level.DISTRICT: 6,
    Level.STREET: 9,
    Level.COMMUNITY: 12,
    Level.UNIT_GRID: 15,
}
_LEVEL_OF_DIGITS = {digits: level for level, digits in DIGITS.items()}

LEVELS_FINE_TO_COARSE = tuple(reversed(Level))

# GB/T 2260: 11–15 华北, 21–23 东北, 31–37 华东, 41–46 中南, 50–54 西南, 61–65 西北, 71 台湾, 81–82 港澳.
_PROVINCES = frozenset(
    str(number)
    for numbers in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82),
    )
    for number in numbers
)


class Kind(enum.StrEnum):
    """What an area is in its level."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    TOWN = "town"
    TOWNSHIP = "township"
    RESIDENTS_COMMITTEE = "residents_committee"
    VILLAGERS_COMMITTEE = "villagers_committee"
    STATISTICAL_UNIT = "statistical_unit"
    UNIT_GRID = "unit_grid"


@dataclass(frozen=True, slots=True)
class Division:
    """A parsed code. ``code`` is the area code (no trailing zeros); ``parent`` its parent's, None for a province."""

    code: str
    level: Level
    kind: Kind
    parent: str | None

    @property
    def is_statistical_unit(self) -> bool:
        """True for units that only the statistics know (开发区, 虚拟社区 …): kept, but not streets or communities in
        law."""
        return self.kind is Kind.STATISTICAL_UNIT


def area_code(text: str) -> str:
    """The area code of a written code: spaces dropped, trailing zero groups of each standard dropped.

    ``211100`` → ``2111``, ``120000`` → ``12``, ``120111000000`` → ``120111``, ``120111001`` stays.

    Raises:
        InvalidDivisionCode: not digits, a length that no level has, an unknown province, or an empty group inside.
    """
    code = text.strip()
    if not (code.isascii() and code.isdigit()):
        raise InvalidDivisionCode(text=text[:40], reason_zh="只能是数字", reason_en="it must consist of digits")
    if len(code) not in _LEVEL_OF_DIGITS:
        raise InvalidDivisionCode(
            text=text[:40],
            reason_zh=f"应为 2、4、6、9、12 或 15 位,现为 {len(code)} 位",
            reason_en=f"it must have 2, 4, 6, 9, 12 or 15 digits, not {len(code)}",
        )
    if code[:2] not in _PROVINCES:
        raise InvalidDivisionCode(
            text=text[:40], reason_zh=f"没有省级代码 {code[:2]}", reason_en=f"there is no province {code[:2]}"
        )
    return _without_empty_groups(code, text)


def _without_empty_groups(code: str, text: str) -> str:
    while len(code) > 2:
        shorter = len(code) - (3 if len(code) > 6 else 2)
        if code[shorter:].strip("0"):
            break
        code = code[:shorter]
    # 441900 is a city without districts whose streets are 441900xxx: the group "00" at district level may stay inside.
    for start, end in ((2, 4), (6, 9), (9, 12)):
        if len(code) > end and not code[start:end].strip("0"):
            raise InvalidDivisionCode(
                text=text[:40],
                reason_zh=f"第 {start + 1}–{end} 位不能全为 0",
                reason_en=f"digits {start + 1}–{end} cannot all be 0",
            )
    return code


def parse(text: str) -> Division:
    """Level, kind and parent of a written code.

    Raises:
        InvalidDivisionCode: see :func:`area_code`.
    """
    code = area_code(text)
    level = _LEVEL_OF_DIGITS[len(code)]
    return Division(code, level, _kind(code, level), parent(code))


def is_valid(text: str) -> bool:
    """Whether :func:`parse` takes the code."""
    try:
        parse(text)
    except InvalidDivisionCode:
        return False
    return True


def level_of(code: str) -> Level:
    """The level of a code by its length.

    Raises:
        InvalidDivisionCode: see :func:`area_code`.
    """
    return _LEVEL_OF_DIGITS[len(area_code(code))]


def _kind(code: str, level: Level) -> Kind:
    if level not in (Level.STREET, Level.COMMUNITY):
        return Kind(level.value)
    serial = int(code[-3:])
    bounds: tuple[tuple[int, Kind], ...]
    if level is Level.STREET:
        bounds = ((100, Kind.STREET), (200, Kind.TOWN), (400, Kind.TOWNSHIP))
    else:
        bounds = ((200, Kind.RESIDENTS_COMMITTEE), (400, Kind.VILLAGERS_COMMITTEE))
    return next((kind for bound, kind in bounds if serial < bound), Kind.STATISTICAL_UNIT)


def parent(code: str) -> str | None:
    """The area code one level up, None for a province."""
    digits = len(code)
    if digits <= 2:
        return None
    return _without_empty_groups(code[: digits - (3 if digits > 6 else 2)], code)


def ancestor(code: str, level: Level) -> str | None:
    """The part of an area code that names its ancestor (or itself) at ``level``; None if the code is coarser."""
    digits = DIGITS[level]
    if len(code) < digits or not code[:digits].strip("0") or code[digits - 2 : digits] == "00" == code[4:6]:
        return None
    return code[:digits]


def is_within(code: str, ancestor_code: str) -> bool:
    """Whether ``code`` is ``ancestor_code`` or lies below it; both are area codes; "" contains everything."""
    return code.startswith(ancestor_code)


def subtree_range(code: str) -> tuple[str, str]:
    """``(low, high)`` such that ``column >= low and column < high`` selects the code and all below it under collation
    "C".

    Responsibility grid codes (``120111001001R01``) lie in the range of their community.

    Raises:
        InvalidDivisionCode: see :func:`area_code`.
    """
    low = area_code(code)
    return low, low[:-1] + chr(ord(low[-1]) + 1)


def national_code(code: str) -> str:
    """The code as its standard writes it: provinces and cities filled with zeros to 6 digits (``2111`` →
    ``211100``)."""
    return code.ljust(6, "0")


def orphans(codes: Iterable[str]) -> list[str]:
    """Codes whose parent is missing among ``codes``, sorted; the coarsest level present needs no parent."""
    known = {area_code(code) for code in codes}
    if not known:
        return []
    top = min(len(code) for code in known)
    return sorted(code for code in known if len(code) > top and parent(code) not in known)
