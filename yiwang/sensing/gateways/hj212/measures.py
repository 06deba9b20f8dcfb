"""From a data area to packed readings: which field of which factor is which metric of a profile, in the metric's
unit.

A profile's wire code is a factor code (``a34004``: the value itself, that is Rtd of an upload of now, Avg of a
mean) or a factor code with a suffix (``a34004-Max``, ``a21026-ZsAvg``, ``SB1-RS``): that field, as a metric of its
own. Where the profile names a code of 2017, the code that a device of 2005 sends for it is understood too. The data
flag of a factor marks all its values.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from yiwang.sensing.devices.model import Measure
from yiwang.sensing.gateways.hj212.codes import codes_2005
from yiwang.sensing.gateways.hj212.fields import DataArea
from yiwang.sensing.model import READING, Grain, Quality

_pack = struct.Struct("<ihbbqdh").pack
ROW_BYTES: Final = READING.itemsize

FLAGS: Final[dict[str, int]] = {
    "": Quality.GOOD,
    "N": Quality.GOOD,
    "F": Quality.DEVICE_STOPPED,
    "M": Quality.MAINTENANCE,
    "S": Quality.MANUAL,
    "D": Quality.DEVICE_FAULT,
    "C": Quality.CALIBRATING,
    "T": Quality.OVER_RANGE,
    "B": Quality.COMMUNICATION,
}
"""Data flags (数据标记, table 8)."""
LETTERS: Final[dict[Quality, str]] = {Quality(value): letter for letter, value in FLAGS.items() if letter}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A metric that a factor's fields give: the first of ``suffixes`` that is there, × ``factor`` + ``offset``."""

    suffixes: tuple[str, ...]
    metric: int
    factor: float
    offset: float


_OWN: Final[dict[Grain, tuple[str, ...]]] = {
    Grain.REAL: ("Rtd", "Data", "Info", "RS"),
    Grain.MINUTE: ("Avg", "Data"),
    Grain.HOUR: ("Avg", "Data"),
    Grain.DAY: ("Avg", "Data", "RT"),
}


class WireTable:
    """The measures of one profile by factor code, for each grain."""

    __slots__ = ("_by_grain",)

    def __init__(self, measures: Mapping[str, Measure]) -> None:
        self._by_grain: dict[Grain, dict[str, tuple[Wanted, ...]]] = {grain: {} for grain in Grain}
        aliases = codes_2005()
        for measure in measures.values():
            code, dash, suffix = measure.code.rpartition("-")
            named = (suffix,) if dash and code else ()
            code = code if named else measure.code
            for name in (code, *(alias for alias in aliases.get(code, ()) if alias not in measures)):
                for grain in Grain:
                    wanted = Wanted(named or _OWN[grain], measure.metric_id, measure.factor, measure.offset)
                    table = self._by_grain[grain]
                    table[name] = (*table.get(name, ()), wanted)

    def for_grain(self, grain: Grain) -> Mapping[str, tuple[Wanted, ...]]:
        return self._by_grain[grain]


@dataclass(slots=True)
class Taken:
    """Packed rows of a data area, how many they are, and what gave none: codes that the profile does not name, and
    factors of which a named value was missing or unreadable."""

    rows: bytes = b""
    count: int = 0
    unknown: list[str] = field(default_factory=list)
    missing: int = 0


def take(area: DataArea, table: WireTable, device: int, grain: Grain, at: int) -> Taken:
    """The readings of a data area. ``at``: microseconds UTC since 1970, the moment or the beginning of the period."""
    wanted_by_code = table.for_grain(grain)
    rows: list[bytes] = []
    unknown: list[str] = []
    missing = 0
    for factor in area.factors:
        wanted = wanted_by_code.get(factor.code)
        if wanted is None:
            unknown.append(factor.code)
            continue
        quality = FLAGS.get(factor.flag)
        if quality is None:
            quality = FLAGS.get(factor.flag.upper(), Quality.UNKNOWN_FLAG)
        numbers = factor.numbers
        found = False
        for one in wanted:
            for suffix in one.suffixes:
                if suffix in numbers:
                    value = numbers[suffix] * one.factor + one.offset
                    rows.append(_pack(device, one.metric, grain, 0, at, value, quality))
                    found = True
                    break
        if not found and (numbers or factor.texts):
            missing += 1
    return Taken(b"".join(rows), len(rows), unknown, missing)
