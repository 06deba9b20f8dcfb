"""The parts of a Chinese address by which doors are told apart: road, number, compound, building, unit, room.

Province to community are passed over: they are left out, or written otherwise, more often than they tell doors apart. This is
reading by form, for comparing; places named in free text are another matter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_DIGITS = {each: str(value) for value, each in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_COUNTED = re.compile(r"[零〇一二三四五六七八九十百两]+(?=号|栋|幢|座|楼|单元|门|层|室|房)")
_ABOVE = re.compile(
    r"^(?:[^\d]{2,8}?(?:省|自治区))?(?:[^\d]{2,7}?市)?(?:[^\d小社园]{1,7}?[区县旗])?(?:[^\d]{1,8}?(?:街道办事处|街道|镇|乡))?"
    r"(?:[^\d]{1,10}?(?:社区|居委会|村委会))?"
)
_ROAD = re.compile(r"[^\d\-()]{1,10}?(?:大街|大道|公路|路|街|道|胡同|巷)(?=\d|[^\d]|$)")
_COMPOUND = re.compile(
    r"[^\d\-()号]{1,12}?(?:小区|花园|家园|公寓|新村|庄园|名邸|大厦|广场|中心|苑|园|里|庭|府|湾|庄|村|城|居)(?=\d|[A-Z]|$|-)"
)
_NUMBER = re.compile(r"(\d+(?:[-甲乙丙]\d*)?)号(?!楼|院?\d*号楼$)")
_BUILDING = re.compile(r"(\d+|[A-Z]\d*)(?:号楼|栋|幢|座|楼(?!层))")
_UNIT = re.compile(r"(\d+)(?:单元|门(?!牌))")
_ROOM = re.compile(r"(\d+[A-Z]?)(?:室|房)")
_DASHED = re.compile(r"(?:(\d+)-)?(\d+)-(\d{2,4})$")
_LAST = re.compile(r"(?:单元|门|号楼|栋|幢|座|楼)(\d{2,4})$")


@dataclass(frozen=True, slots=True)
class AddressParts:
    """What was found of each part; empty where nothing was."""

    road: str = ""
    number: str = ""
    compound: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""

    @property
    def door(self) -> str:
        """The door in one word: below its compound where that is told, else below road and number; empty where the parts
        do not tell a door."""
        if not (self.room or self.building or self.number) or not (self.road or self.compound):
            return ""
        outer = (self.compound,) if self.compound else (self.road, self.number)
        return "|".join((*outer, self.building, self.unit, self.room))


WEIGHTS = {"road": 2.0, "number": 2.0, "compound": 2.0, "building": 2.0, "unit": 1.0, "room": 3.0}


@lru_cache(maxsize=1 << 16)
def parts_of(address: str) -> AddressParts:
    """The parts of an address as far as its form tells them."""
    text = re.sub(r"[\s,。、#]", "", unicodedata.normalize("NFKC", address).upper())
    text = _COUNTED.sub(lambda found: _number(found[0]), text)
    text = _ABOVE.sub("", text, count=1)
    road = _ROAD.match(text)
    rest = text[road.end() :] if road else text
    number = _NUMBER.match(rest) or (None if road is None else _NUMBER.search(rest))
    after = rest[number.end() :] if number else rest
    compound = _COMPOUND.match(after.lstrip("院"))
    if number is None and compound is not None:
        number = _NUMBER.match(after[compound.end() :])
    building, unit, room = (_first(pattern, after) for pattern in (_BUILDING, _UNIT, _ROOM))
    if dashed := _DASHED.search(after):
        if dashed[1] is not None:
            building, unit = building or dashed[1], unit or dashed[2]
        elif building:
            unit = unit or dashed[2]
        else:
            building = dashed[2]
        room = room or dashed[3]
    elif not room and (last := _LAST.search(after)):
        room = last[1]
    return AddressParts(
        road[0] if road else "", number[1] if number else "", compound[0] if compound else "", building, unit, room
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _number(words: str) -> str:
    """十二 → 12, 三〇五 → 305, 一百零二 → 102."""
    if "十" not in words and "百" not in words:
        return "".join(_DIGITS.get(each, "") for each in words)
    hundreds, _, rest = words.rpartition("百")
    tens, has_ten, ones = rest.rpartition("十")
    value = int(_DIGITS.get(hundreds, "0") or "0") * 100 if hundreds else (100 if "百" in words else 0)
    value += int(_DIGITS.get(tens.lstrip("零〇"), "1")) * 10 if has_ten else 0
    return str(value + int(_DIGITS.get(ones.lstrip("零〇"), "0") if ones.lstrip("零〇") else "0"))
