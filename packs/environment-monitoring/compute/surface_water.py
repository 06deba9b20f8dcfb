"""地表水水质类别 by GB 3838-2002: single-factor evaluation, as the guideline of 2011 (环办〔2011〕22号) lays down.

mg/L unless said otherwise. Of table 1, water temperature, total nitrogen and faecal coliforms are not counted; phosphorus has
limits of its own in lakes and reservoirs. The class of a section is the worst of its factors: 1–5 for Ⅰ–Ⅴ, 6 for worse (劣Ⅴ).
A value at the limit is within the class.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from yiwang.sensing.computing.window import Window

AT_MOST = {
    "permanganate": ("2", "4", "6", "10", "15"),
    "cod": ("15", "15", "20", "30", "40"),
    "bod5": ("3", "3", "4", "6", "10"),
    "ammonia": ("0.15", "0.5", "1.0", "1.5", "2.0"),
    "total_phosphorus": ("0.02", "0.1", "0.2", "0.3", "0.4"),
    "copper": ("0.01", "1.0", "1.0", "1.0", "1.0"),
    "zinc": ("0.05", "1.0", "1.0", "2.0", "2.0"),
    "fluoride": ("1.0", "1.0", "1.0", "1.5", "1.5"),
    "selenium": ("0.01", "0.01", "0.01", "0.02", "0.02"),
    "arsenic": ("0.05", "0.05", "0.05", "0.1", "0.1"),
    "mercury": ("0.00005", "0.00005", "0.0001", "0.001", "0.001"),
    "cadmium": ("0.001", "0.005", "0.005", "0.005", "0.01"),
    "chromium_vi": ("0.01", "0.05", "0.05", "0.05", "0.1"),
    "lead": ("0.01", "0.01", "0.05", "0.05", "0.1"),
    "cyanide": ("0.005", "0.05", "0.2", "0.2", "0.2"),
    "volatile_phenol": ("0.002", "0.002", "0.005", "0.01", "0.1"),
    "petroleum": ("0.05", "0.05", "0.05", "0.5", "1.0"),
    "surfactant": ("0.2", "0.2", "0.2", "0.3", "0.3"),
    "sulfide": ("0.05", "0.1", "0.2", "0.5", "1.0"),
}
"""Limits of classes Ⅰ to Ⅴ that a value may reach."""
PHOSPHORUS_OF_LAKES = ("0.01", "0.025", "0.05", "0.1", "0.2")
OXYGEN = ("7.5", "6", "5", "3", "2")
"""Dissolved oxygen that a class needs; class Ⅰ also with 90 % of saturation."""
ACIDITY = ("6", "9")
WORSE_THAN_V = 6
NOT_COUNTED = ("water_temperature", "total_nitrogen", "faecal_coliform")

FACTORS = ("ph", "dissolved_oxygen", "permanganate", "ammonia", "total_phosphorus")
"""What an automatic station measures of it; the number of the worst factor counts from 1 in this order."""
_DIGITS = {
    "ph": "0.01",
    "dissolved_oxygen": "0.01",
    "permanganate": "0.1",
    "ammonia": "0.01",
    "total_phosphorus": "0.001",
}
_GOALS = (("Ⅰ", "I", "1"), ("Ⅱ", "II", "2"), ("Ⅲ", "III", "3"), ("Ⅳ", "IV", "4"), ("Ⅴ", "V", "5"))
SHARE_OF_A_DAY = Decimal("0.6")
"""Share of the values due that a daily mean needs."""


def class_of(factor: str, value: Decimal, *, lake: bool = False, saturation: Decimal | None = None) -> int | None:
    """The class by one factor, 1–6; None for a factor that is not counted. ``saturation`` of oxygen in per cent."""
    if factor == "ph":
        return 1 if Decimal(ACIDITY[0]) <= value <= Decimal(ACIDITY[1]) else WORSE_THAN_V
    if factor == "dissolved_oxygen":
        if saturation is not None and saturation >= 90:
            return 1
        return next((place for place, least in enumerate(OXYGEN, 1) if value >= Decimal(least)), WORSE_THAN_V)
    if factor not in AT_MOST:
        return None
    limits = PHOSPHORUS_OF_LAKES if lake and factor == "total_phosphorus" else AT_MOST[factor]
    return next((place for place, most in enumerate(limits, 1) if value <= Decimal(most)), WORSE_THAN_V)


def saturation_of(oxygen: Decimal, temperature: Decimal) -> Decimal:
    """Per cent of the saturation of fresh water at this temperature in °C: 468 / (31.6 + T) mg/L."""
    return oxygen / (Decimal(468) / (Decimal("31.6") + temperature)) * 100


def classes(values: Mapping[str, Decimal], *, lake: bool = False) -> dict[str, int]:
    """The class by each factor that counts."""
    found: dict[str, int] = {}
    for factor, value in values.items():
        saturation = None
        if factor == "dissolved_oxygen" and "water_temperature" in values:
            saturation = saturation_of(value, values["water_temperature"])
        one = class_of(factor, value, lake=lake, saturation=saturation)
        if one is not None:
            found[factor] = one
    return found


def goal_of(text: str) -> int | None:
    """水质目标: Ⅳ类, IV, 4 …; None where nothing of the kind is written."""
    word = text.replace("类", "").strip()
    return next((number for number, words in enumerate(_GOALS, 1) if word in words), None)


def _evaluated(window: Window, least: Decimal) -> dict[str, int | None]:
    values: dict[str, Decimal] = {}
    for name in window.inputs:
        mean = window.mean(name, least)
        if mean is not None:
            values[name] = mean.quantize(Decimal(_DIGITS.get(name, "0.1")), rounding=ROUND_HALF_EVEN)
    found = classes(values, lake="湖" in window.fact("kind") or "库" in window.fact("kind"))
    if len(found) < 2:  # a station of which but one probe works has no class
        return {"class": None, "gap": None, "worst": None, "meets": None}
    worst = max(found.values())
    decisive = next(place for place, name in enumerate(FACTORS, 1) if found.get(name) == worst)
    goal = goal_of(window.fact("goal"))
    return {
        "class": worst,
        "worst": decisive if worst > 1 else 0,
        "gap": None if goal is None else worst - goal,
        "meets": None if goal is None else int(worst <= goal),
    }


def hourly(window: Window) -> dict[str, int | None]:
    """``class`` of the hour's means, its distance (``gap``) from the goal, the factor that decides (``worst``)."""
    return _evaluated(window, Decimal())


def daily(window: Window) -> dict[str, int | None]:
    """The same of the day's means; ``meets`` is 1 where the section reaches its goal (断面达标)."""
    return _evaluated(window, SHARE_OF_A_DAY)
