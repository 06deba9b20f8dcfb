"""环境空气质量指数 AQI: HJ 633-2012, and HJ 633-2026 for what is observed from 2026-03-01 on.

Concentrations are µg/m³, CO mg/m³; all arithmetic is decimal, because the index is rounded up: a float that is 1e-14 too
large would make 101 of 100. Source: breakpoints of table 1, primary pollutant and levels of clauses 4 and 5 of both editions,
with the limits of GB 3095-2012 and GB 3095-2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from yiwang.sensing.computing.window import Window

IN_FORCE_2026 = date(2026, 3, 1)
"""The first day of HJ 633-2026 and GB 3095-2026."""

INDEX = (0, 50, 100, 150, 200, 300, 400, 500)
"""IAQI at each breakpoint."""

_COMMON = {
    "so2_24h": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "so2_1h": (0, 150, 500, 650, 800),
    "no2_24h": (0, 40, 80, 180, 280, 565, 750, 940),
    "no2_1h": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "co_24h": (0, 2, 4, 14, 24, 36, 48, 60),
    "co_1h": (0, 5, 10, 35, 60, 90, 120, 150),
    "o3_1h": (0, 160, 200, 300, 400, 800, 1000, 1200),
    "o3_8h": (0, 100, 160, 215, 265, 800),
}
BREAKPOINTS_2012 = {
    **_COMMON,
    "pm10_24h": (0, 50, 150, 250, 350, 420, 500, 600),
    "pm25_24h": (0, 35, 75, 115, 150, 250, 350, 500),
}
BREAKPOINTS_2026 = {
    **_COMMON,
    "pm10_24h": (0, 50, 120, 250, 350, 420, 500, 600),
    "pm25_24h": (0, 35, 60, 115, 150, 250, 350, 500),
}

POLLUTANTS = ("so2", "no2", "pm10", "co", "o3", "pm25")
FLAG = {"so2": 1, "no2": 2, "pm10": 4, "co": 8, "o3": 16, "pm25": 32}
"""How the primary pollutant is kept as a number; several that share the highest index are the sum."""

LEVELS = (
    (50, 1, "一级", "优", "绿色", (0, 228, 0)),
    (100, 2, "二级", "良", "黄色", (255, 255, 0)),
    (150, 3, "三级", "轻度污染", "橙色", (255, 126, 0)),
    (200, 4, "四级", "中度污染", "红色", (255, 0, 0)),
    (300, 5, "五级", "重度污染", "紫色", (153, 0, 76)),
    (500, 6, "六级", "严重污染", "褐红色", (126, 0, 35)),
)
"""Highest index, number, level, category, colour, and the colour as red, green, blue."""

HOURLY = {"so2": "so2_1h", "no2": "no2_1h", "pm10": "pm10_24h", "co": "co_1h", "o3": "o3_1h", "pm25": "pm25_24h"}
"""Which table an hourly report uses: particles have no table for an hour, theirs of 24 hours is used."""
DAILY = {"so2": "so2_24h", "no2": "no2_24h", "pm10": "pm10_24h", "co": "co_24h", "o3": "o3_8h", "pm25": "pm25_24h"}

HOURS_OF_A_DAY = 20
"""Hourly means that a daily mean needs (GB 3095)."""
SHARE_OF_AN_HOUR = Decimal("0.75")
"""45 minutes of sampling make an hour (GB 3095)."""


def breakpoints(on: date) -> Mapping[str, tuple[int, ...]]:
    """The tables in force on the day of observation."""
    return BREAKPOINTS_2026 if on >= IN_FORCE_2026 else BREAKPOINTS_2012


def rounded(pollutant: str, value: Decimal) -> Decimal:
    """The concentration as it is reported: whole µg/m³, CO to 0.1 mg/m³, by GB/T 8170."""
    return value.quantize(Decimal("0.1") if pollutant == "co" else Decimal(1), rounding=ROUND_HALF_EVEN)


def iaqi(table: str, value: Decimal, on: date) -> int | None:
    """空气质量分指数 of one concentration; None where the table does not reach so far and another one has to be used."""
    points = breakpoints(on)[table]
    if value > points[-1]:
        if len(points) == len(INDEX):
            return INDEX[-1]
        return INDEX[len(points) - 1] if on >= IN_FORCE_2026 else None
    for place in range(1, len(points)):
        if value <= points[place]:
            low, high = Decimal(points[place - 1]), Decimal(points[place])
            below, above = INDEX[place - 1], INDEX[place]
            exact = (above - below) * (max(value, low) - low) / (high - low) + below
            return int(exact.to_integral_value(rounding=ROUND_CEILING))
    return None


def index(values: Mapping[str, Decimal | None], tables: Mapping[str, str], on: date) -> dict[str, int]:
    """IAQI by pollutant, of those that were measured. ``values`` may hold ``so2_24h`` and ``o3_1h`` for what 2012 leaves to
    another table."""
    found: dict[str, int] = {}
    for pollutant in POLLUTANTS:
        value = values.get(pollutant)
        if value is None:
            continue
        one = iaqi(tables[pollutant], rounded(pollutant, value), on)
        if one is None:
            instead = {"so2_1h": "so2_24h", "o3_8h": "o3_1h"}[tables[pollutant]]
            other = values.get(instead)
            one = None if other is None else iaqi(instead, rounded(pollutant, other), on)
        if one is not None:
            found[pollutant] = one
    return found


def primary(indices: Mapping[str, int]) -> tuple[str, ...]:
    """首要污染物: above 50, whatever has the highest index, all that share it."""
    worst = max(indices.values(), default=0)
    return tuple(name for name in POLLUTANTS if worst > 50 and indices.get(name) == worst)


def level(aqi: int) -> tuple[int, str, str, str, tuple[int, int, int]]:
    """Number, level, category, colour, colour as red, green, blue."""
    for highest, number, name, category, colour, rgb in LEVELS:
        if aqi <= highest:
            return number, name, category, colour, rgb
    raise ValueError(f"an index is at most 500, not {aqi}")


def _given(indices: Mapping[str, int]) -> dict[str, int | None]:
    found: dict[str, int | None] = {f"iaqi_{name}": indices.get(name) for name in POLLUTANTS}
    if not indices:
        return {**found, "aqi": None, "level": None, "primary": None}
    worst = max(indices.values())
    flags = sum(FLAG[name] for name in primary(indices))
    return {**found, "aqi": worst, "level": level(worst)[0], "primary": flags}


def hourly(window: Window) -> dict[str, int | None]:
    """AQI 实时报: of the hour's means, each with at least 45 minutes of valid values."""
    values = {name: window.mean(name, SHARE_OF_AN_HOUR) for name in POLLUTANTS}
    return _given(index(values, HOURLY, window.begin.date()))


def ozone_eight_hours(hours: Mapping[datetime, Decimal], begin: datetime) -> Decimal | None:
    """臭氧日最大 8 小时平均: the highest mean of eight hours that end at 8 to 24 o'clock, each of at least six hours.

    Needs 14 such means, unless what there is exceeds 160 already (GB 3095).
    """
    means = []
    for last in range(7, 24):
        eight = [hours.get(begin + timedelta(hours=hour)) for hour in range(last - 7, last + 1)]
        there = [value for value in eight if value is not None]
        if len(there) >= 6:
            means.append(sum(there, Decimal()) / len(there))
    highest = max(means, default=None)
    return highest if highest is not None and (len(means) >= 14 or highest > 160) else None


def daily(window: Window) -> dict[str, int | None]:
    """AQI 日报, of hourly means: 24-hour means of at least 20 hours, and of ozone the highest eight hours.

    ``good`` is 1 on a day of an index up to 100 (优良天), ``exceeds`` 1 on one above.
    """
    values: dict[str, Decimal | None] = {}
    for name in POLLUTANTS:
        hours = {sample.at: sample.mean for sample in window.samples(name, SHARE_OF_AN_HOUR)}
        if name == "o3":
            values["o3"], values["o3_1h"] = ozone_eight_hours(hours, window.begin), max(hours.values(), default=None)
        else:
            values[name] = sum(hours.values(), Decimal()) / len(hours) if len(hours) >= HOURS_OF_A_DAY else None
    found = _given(index(values, DAILY, window.begin.date()))
    aqi = found["aqi"]
    return {
        **found,
        "good": None if aqi is None else int(aqi <= 100),
        "exceeds": None if aqi is None else int(aqi > 100),
    }
