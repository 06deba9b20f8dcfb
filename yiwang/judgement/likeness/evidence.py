"""Weighing two reports: are they the same matter? Each feature gives evidence in bits, and the bits are added.

The rule is Fellegi and Sunter's (A Theory for Record Linkage, 1969): a bit halves or doubles the odds. Nothing is
learned and nothing hidden: what a person is shown is exactly what was added. Of the person who reports only one fact
counts, whether it is the same caller, and only where the desk may see it; it is compared, never stored.

Time in hours, distance in metres on the sphere between points in degrees CGCS2000 (equal to WGS-84 for this purpose).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yiwang.judgement.likeness.rarity import Rarity
from yiwang.kernel.text import clean_line, half_width, search_terms

Feature = Literal["number", "text", "place", "address", "class", "time", "caller"]

PRIOR = -11.0
"""Of two thousand reports that stand near each other in the list, one is a repetition."""

SAME_MATTER = 0.5
"""The probability from which on two reports are taken for one matter."""

_EARTH = 6_371_008.8
_FAMILY = 4
"""Leading digits of a class code that stand for its family (大类、小类 of GB/T 30428.2)."""
_LONGEST = 2_000
"""Characters of a text that are compared: a letter says its matter at its beginning."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is compared of a report. ``class_code`` is any code or name of a class; ``caller`` an opaque key."""

    terms: frozenset[str]
    said: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    class_code: str = ""
    at: datetime | None = None
    caller: str = ""
    number: str = ""

    @property
    def placed(self) -> bool:
        return self.lon is not None and self.lat is not None


@dataclass(frozen=True, slots=True)
class Reason:
    """What one feature says: ``bits`` for (positive) or against; ``value`` in the feature's own measure, with words.

    Measures: text and address 0…1, place in metres, time in hours, the others 1 (same), 0.5 (of one family) or 0.
    """

    feature: Feature
    bits: float
    value: float

    @property
    def zh(self) -> str:
        return _words(self.feature, self.value)[0]

    @property
    def en(self) -> str:
        return _words(self.feature, self.value)[1]


def _words(feature: Feature, value: float) -> tuple[str, str]:
    match feature:
        case "text":
            return f"文字相近 {value:.0%}", f"texts are {value:.0%} alike"
        case "place":
            return f"相距 {value:,.0f} 米", f"{value:,.0f} m apart"
        case "address":
            same = ("地址相同", "the same address")
            return same if value == 1 else (f"地址相近 {value:.0%}", f"addresses are {value:.0%} alike")
        case "class":
            same = ("同一分类", "the same class") if value == 1 else ("分类相近", "a class of the same family")
            return same if value else ("分类不同", "another class")
        case "time" if value >= 1:
            return f"相隔 {value:,.0f} 小时", f"{value:,.0f} h apart"
        case "time":
            return f"相隔 {value * 60:,.0f} 分钟", f"{value * 60:,.0f} min apart"
        case "caller":
            return "同一来电人", "the same caller"
        case _:
            return "来源编号相同", "the same number at the source"


@dataclass(frozen=True, slots=True)
class Likeness:
    """The sum of the evidence, as bits and as the probability that both tell of the same matter."""

    bits: float
    reasons: tuple[Reason, ...]

    @property
    def probability(self) -> float:
        return 1.0 / (1.0 + math.exp2(-max(-60.0, min(60.0, self.bits))))


def telling(
    text: str,
    *,
    address: str = "",
    lon: float | None = None,
    lat: float | None = None,
    class_code: str | None = None,
    at: datetime | None = None,
    caller: str = "",
    number: str = "",
) -> Telling:
    """A report made ready for comparison; of a very long text only the beginning counts.

    Words of the class's own name are left out of the text: what the class says already is not said twice.
    """
    said = _folded(text[:_LONGEST])
    terms = frozenset(search_terms(said))
    if class_code and not class_code.isdigit():
        terms -= frozenset(search_terms(class_code))
    return Telling(terms, said, _folded(address), lon, lat, class_code or "", at, caller, number)


def compare(one: Telling, other: Telling, rarity: Rarity, *, unfinished: bool = False) -> Likeness:
    """All evidence for ``one`` and ``other`` being the same matter; features that either lacks say nothing.

    ``unfinished``: ``one`` is still being typed, so that what it does not say yet speaks less against it.
    """
    found = [
        reason
        for reason in (
            _number(one, other),
            _text(one, other, rarity, unfinished),
            _place(one, other),
            _class(one, other),
            _time(one, other),
            _caller(one, other),
        )
        if reason is not None
    ]
    return Likeness(round(PRIOR + sum(reason.bits for reason in found), 2), tuple(found))


def metres_between(lon: float, lat: float, lon2: float, lat2: float) -> float:
    """Great-circle distance of two points in degrees (haversine on the mean sphere)."""
    north, east = math.radians(lat2 - lat), math.radians(lon2 - lon)
    half = (
        math.sin(north / 2) ** 2 + math.cos(math.radians(lat)) * math.cos(math.radians(lat2)) * math.sin(east / 2) ** 2
    )
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(half)))


def text_likeness(
    one: frozenset[str], other: frozenset[str], rarity: Rarity, *, unfinished: bool
) -> tuple[float, float]:
    """(likeness 0…1, bits of what both say). Shared weight over all weight; for an unfinished text also over its own."""
    shared = rarity.weight(one & other)
    if not shared:
        return 0.0, 0.0
    mine, theirs = rarity.weight(one), rarity.weight(other)
    likeness = shared / (mine + theirs - shared)
    if unfinished:
        likeness = max(likeness, 0.9 * shared / mine)
    return min(1.0, likeness), shared


def _text(one: Telling, other: Telling, rarity: Rarity, unfinished: bool) -> Reason | None:
    if not one.terms or not other.terms:
        return None
    likeness, shared = text_likeness(one.terms, other.terms, rarity, unfinished=unfinished)
    most = min(14.0, 0.35 * shared)
    if one.said == other.said:
        likeness, most = 1.0, min(most, rarity.most(one.said))
    against = -2.0 if unfinished else -5.0
    bits = against + (most - against) * likeness
    return Reason("text", round(bits, 2), round(likeness, 3))


def _place(one: Telling, other: Telling) -> Reason | None:
    if one.lon is not None and one.lat is not None and other.lon is not None and other.lat is not None:
        metres = metres_between(one.lon, one.lat, other.lon, other.lat)
        bits = max(-9.0, 6.0 - 2.6 * math.log2(1.0 + metres / 25.0))
        if one.address and other.address and one.address != other.address:
            bits = min(bits, 1.0)
        return Reason("place", round(bits, 2), round(metres, 1))
    if one.address and other.address:
        if one.address == other.address:
            return Reason("address", 6.0, 1)
        mine, theirs = set(search_terms(one.address)), set(search_terms(other.address))
        alike = min(0.999, len(mine & theirs) / max(1, len(mine | theirs)))
        return Reason("address", round(-6.0 + 7.0 * alike, 2), round(alike, 3))
    return None


def _class(one: Telling, other: Telling) -> Reason | None:
    if not one.class_code or not other.class_code:
        return None
    if one.class_code == other.class_code:
        return Reason("class", 3.0, 1)
    family = one.class_code.isdigit() and len(one.class_code) >= _FAMILY
    if family and one.class_code[:_FAMILY] == other.class_code[:_FAMILY]:
        return Reason("class", 0.5, 0.5)
    return Reason("class", -4.0, 0)


def _time(one: Telling, other: Telling) -> Reason | None:
    if one.at is None or other.at is None:
        return None
    hours = abs((one.at - other.at).total_seconds()) / 3600
    return Reason("time", round(max(-6.0, 4.0 - math.log2(1.0 + hours)), 2), round(hours, 2))


def _caller(one: Telling, other: Telling) -> Reason | None:
    return Reason("caller", 4.0, 1) if one.caller and one.caller == other.caller else None


def _number(one: Telling, other: Telling) -> Reason | None:
    return Reason("number", 16.0, 1) if one.number and one.number == other.number else None


def _folded(text: str) -> str:
    return clean_line(half_width(text)).casefold()
