"""Plausible curves of a day for simulated devices: the value of a quantity at a moment, the same for the same seed.

A curve is a mean with a swing over the day (one or two peaks at given hours of the city), a slower swing over days, and noise
that is smooth from minute to minute. Nothing here claims to be a model of weather or traffic. Times are aware; the hours of
peaks are hours of Asia/Shanghai. Values are in the unit that :data:`CURVES` names, rounded to the decimals given there.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from datetime import datetime

_SHANGHAI_SECONDS = 8 * 3600
_DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Curve:
    """``mean`` ± ``swing`` over the day with peaks at the hours ``peaks``, ± ``days`` from day to day, ± ``noise``."""

    mean: float
    swing: float
    noise: float
    peaks: tuple[float, ...] = (14.0,)
    days: float = 0.0
    low: float = 0.0
    high: float = math.inf
    decimals: int = 1
    unit: str = ""

    def at(self, when: datetime, seed: str) -> float:
        """The value at ``when`` for the device ``seed``; the same arguments give the same value."""
        seconds = when.timestamp()
        start = _unit_number(f"{seed}:phase")
        hour = ((seconds + _SHANGHAI_SECONDS) % _DAY_SECONDS) / 3600.0
        day = sum(_bump(hour, peak) for peak in self.peaks)
        slow = math.sin(2 * math.pi * (seconds / (_DAY_SECONDS * 4.3) + start))
        value = self.mean + self.swing * day + self.days * slow + self.noise * _smooth_noise(seconds / 240.0, seed)
        return round(min(max(value, self.low), self.high), self.decimals)


CURVES: dict[str, Curve] = {
    # air
    "pm25": Curve(38, 12, 7, (8, 20), 14, 1, 500, 0, "µg/m³"),
    "pm10": Curve(70, 22, 12, (8, 19), 22, 2, 800, 0, "µg/m³"),
    "tsp": Curve(180, 90, 40, (9, 15), 30, 10, 3000, 0, "µg/m³"),
    "so2": Curve(9, 3, 2, (9,), 2, 1, 300, 0, "µg/m³"),
    "no2": Curve(36, 14, 6, (8, 19), 6, 2, 300, 0, "µg/m³"),
    "co": Curve(0.8, 0.3, 0.12, (8, 19), 0.15, 0.1, 15, 2, "mg/m³"),
    "o3": Curve(72, 58, 9, (15,), 14, 2, 400, 0, "µg/m³"),
    "temperature": Curve(19, 6, 0.6, (14.5,), 3, -25, 45, 1, "°C"),
    "humidity": Curve(58, -18, 3, (14.5,), 8, 5, 100, 1, "%"),
    "pressure": Curve(101.3, 0.2, 0.05, (10,), 0.6, 95, 106, 2, "kPa"),
    "wind_speed": Curve(2.4, 1.1, 0.8, (15,), 0.6, 0, 32, 1, "m/s"),
    "wind_direction": Curve(190, 60, 40, (15,), 50, 0, 359, 0, "°"),
    # water
    "ph": Curve(7.6, 0.25, 0.05, (15,), 0.1, 0, 14, 2, ""),
    "dissolved_oxygen": Curve(7.4, 1.4, 0.2, (15,), 0.4, 0, 20, 2, "mg/L"),
    "water_temperature": Curve(17, 1.6, 0.1, (16,), 1.2, 0, 40, 1, "°C"),
    "conductivity": Curve(620, 30, 12, (12,), 40, 10, 5000, 0, "µS/cm"),
    "turbidity": Curve(18, 4, 3, (10,), 6, 0, 1000, 1, "NTU"),
    "cod": Curve(19, 3, 1.2, (11, 20), 2, 1, 500, 1, "mg/L"),
    "discharge": Curve(12, 4, 1, (10, 20), 0.6, 0, 500, 1, "L/s"),
    "permanganate": Curve(4.2, 0.5, 0.2, (11, 20), 0.5, 0.2, 50, 1, "mg/L"),
    "ammonia": Curve(0.55, 0.15, 0.06, (11, 20), 0.1, 0.02, 30, 2, "mg/L"),
    "total_phosphorus": Curve(0.14, 0.03, 0.01, (11,), 0.02, 0.01, 5, 3, "mg/L"),
    "total_nitrogen": Curve(1.6, 0.3, 0.1, (11,), 0.2, 0.05, 40, 2, "mg/L"),
    "flow": Curve(42, 14, 3, (9, 20), 4, 0, 2000, 1, "L/s"),
    "water_level": Curve(0.02, 0.005, 0.008, (9,), 0.005, 0, 5, 3, "m"),
    # sound
    "noise": Curve(55, 8, 2.5, (9, 18), 1, 28, 110, 1, "dB"),
    # facilities
    "battery": Curve(3.58, 0.02, 0.005, (14,), 0.03, 2.6, 4.2, 2, "V"),
    "tilt": Curve(0.6, 0.1, 0.15, (14,), 0.1, 0, 90, 1, "°"),
    "water_pressure": Curve(0.31, -0.05, 0.01, (7.5, 19), 0.01, 0, 1.6, 3, "MPa"),
    "voltage": Curve(228, -4, 1.2, (20,), 1, 0, 270, 1, "V"),
    "current": Curve(2.1, 1.6, 0.1, (22,), 0.1, 0, 30, 2, "A"),
    "lamp_on": Curve(0.5, 0.9, 0, (23.5,), 0, 0, 1, 0, ""),
    "leakage_current": Curve(0.004, 0.002, 0.002, (22,), 0.001, 0, 5, 3, "A"),
    "cover_open": Curve(0, 0, 0, (12,), 0, 0, 1, 0, ""),
    "vibration": Curve(3, 1.5, 1, (8, 18), 0.5, 0, 500, 1, "mm/s"),
    "well_gap": Curve(1.8, -0.15, 0.05, (8, 20), 0.1, 0, 20, 2, "m"),
    "illuminance": Curve(9000, 30000, 800, (12.5,), 3000, 0, 120000, 0, "lx"),
    # care of the old
    "help_pressed": Curve(0, 0, 0, (12,), 0, 0, 1, 0, ""),
    "fallen": Curve(0, 0, 0, (12,), 0, 0, 1, 0, ""),
    "heart_rate": Curve(74, 8, 4, (10, 17), 2, 50, 110, 0, "1/min"),
    "blood_oxygen": Curve(97, 0.5, 0.6, (14,), 0.3, 93, 100, 1, "%"),
    "systolic_pressure": Curve(132, 6, 4, (9, 17), 4, 95, 170, 0, "mmHg"),
    "diastolic_pressure": Curve(80, 4, 3, (9, 17), 2, 55, 100, 0, "mmHg"),
    "battery_left": Curve(70, -6, 2, (20,), 10, 15, 100, 0, "%"),
    "signal": Curve(-86, 2, 3, (3,), 2, -125, -50, 0, "dBm"),
    "rain": Curve(-2, 0, 3, (15,), 1.5, 0, 120, 1, "mm/h"),
}
DEFAULT = Curve(10, 3, 1, (13,), 1, 0, math.inf, 2)


def value(metric: str, at: datetime, seed: str, *, bounds: tuple[float, float] | None = None) -> float:
    """The value of ``metric`` at ``at`` for the device ``seed``, in the unit of its curve.

    A metric without a curve of its own swings about the middle of its ``bounds``, where they are given.
    """
    curve = CURVES.get(metric)
    if curve is None:
        if bounds is None:
            curve = DEFAULT
        else:
            low, high = bounds
            span = high - low
            curve = Curve(low + span * 0.3, span * 0.08, span * 0.02, (13.0,), span * 0.03, low, high, 2)
    return curve.at(at, f"{seed}:{metric}")


def _bump(hour: float, peak: float) -> float:
    """1 at the peak hour, falling to about -0.4 half a day away."""
    distance = min(abs(hour - peak), 24.0 - abs(hour - peak))
    return 1.4 * math.exp(-((distance / 4.0) ** 2)) - 0.4


def _smooth_noise(position: float, seed: str) -> float:
    """Between -1 and 1; neighbouring positions are alike."""
    left = math.floor(position)
    share = position - left
    share = share * share * (3 - 2 * share)
    first = 2 * _unit_number(f"{seed}:{left}") - 1
    second = 2 * _unit_number(f"{seed}:{left + 1}") - 1
    return first + (second - first) * share


def _unit_number(text: str) -> float:
    """A number in [0, 1) that belongs to the text."""
    return zlib.crc32(text.encode()) / 4294967296.0
