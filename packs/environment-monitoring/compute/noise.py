"""声环境 by GB 3096-2008: equivalent levels of hour, day and night, and how far they lie above the limit of the zone.

dB(A). Day is 06:00–22:00, night 22:00–06:00 of the city's clock. A calendar day has its night before six and after ten.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from math import log10

from yiwang.sensing.computing.window import Sample, Window

LIMITS = {"0": (50, 40), "1": (55, 45), "2": (60, 50), "3": (65, 55), "4a": (70, 55), "4b": (70, 60)}
"""Day and night by zone (声环境功能区): convalescence, residence, mixed, industry, trunk road, railway."""
SUDDEN = 15
"""A sudden sound at night may exceed the limit by so much."""
SHARE_OF_AN_HOUR = Decimal("0.75")
_TENTH = Decimal("0.1")


def zone_of(text: str) -> str | None:
    """The zone as the register writes it: 2类, 4a类, 2; None where it names none."""
    word = text.replace("类", "").replace("区", "").strip().lower()
    return word if word in LIMITS else None


def is_day(at: datetime) -> bool:
    return 6 <= at.hour < 22


def limit_at(zone: str, at: datetime) -> int:
    """The limit of a zone at this hour."""
    day, night = LIMITS[zone]
    return day if is_day(at) else night


def level(levels: Iterable[Decimal]) -> Decimal | None:
    """等效声级 Leq: the level of the mean energy of equally long parts; to 0.1 dB."""
    energies = [10.0 ** (float(one) / 10) for one in levels]
    return Decimal(str(10 * log10(sum(energies) / len(energies)))).quantize(_TENTH) if energies else None


def day_night(day: Decimal, night: Decimal) -> Decimal:
    """昼夜等效声级 Ldn: nights count ten decibels more."""
    energy = (16 * 10 ** (float(day) / 10) + 8 * 10 ** ((float(night) + 10) / 10)) / 24
    return Decimal(str(10 * log10(energy))).quantize(_TENTH)


def _level_of(samples: list[Sample], hours: int) -> Decimal | None:
    enough = len(samples) >= SHARE_OF_AN_HOUR * 60 * hours
    return level(sample.mean for sample in samples) if enough else None


def hourly(window: Window) -> dict[str, Decimal | None]:
    """``leq`` of the hour from levels by the minute, at least 45 of them, and its ``excess`` over the limit of the zone."""
    leq = _level_of(list(window.samples("noise")), 1)
    zone = zone_of(window.fact("zone"))
    return {"leq": leq, "excess": None if leq is None or zone is None else leq - limit_at(zone, window.begin)}


def daily(window: Window) -> dict[str, Decimal | int | None]:
    """``day``, ``night`` and ``ldn`` of the calendar day; their excess over the limits; ``peak_excess`` of the loudest sound at
    night over the limit for sudden ones; ``meets`` 1 where day and night keep the limits (达标)."""
    samples = window.samples("noise")
    of_day = [sample for sample in samples if is_day(sample.at)]
    of_night = [sample for sample in samples if not is_day(sample.at)]
    day, night = _level_of(of_day, 16), _level_of(of_night, 8)
    zone = zone_of(window.fact("zone"))
    found: dict[str, Decimal | int | None] = {
        "day": day,
        "night": night,
        "ldn": None if day is None or night is None else day_night(day, night),
        "day_excess": None,
        "night_excess": None,
        "peak_excess": None,
        "meets": None,
    }
    if zone is None:
        return found
    by_day, by_night = LIMITS[zone]
    if day is not None:
        found["day_excess"] = day - by_day
    if night is not None:
        found["night_excess"] = night - by_night
        found["peak_excess"] = max(sample.high for sample in of_night) - by_night - SUDDEN
    if day is not None and night is not None:
        found["meets"] = int(day <= by_day and night <= by_night)
    return found
