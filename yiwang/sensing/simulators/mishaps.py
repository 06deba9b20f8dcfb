"""What goes wrong now and then with the simulated devices of a demo city: a pole leaks, an underpass floods, a site raises dust.

A mishap has a beginning and an end, so that its alarm is raised, opens its case and is cleared again. When it happens hangs
on the device, the metric and the day alone: the same city has the same day each time. Values are in the metric's own unit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

_SHANGHAI_SECONDS = 8 * 3600
_DAY_SECONDS = 86400.0
_FIRST_HOUR, _LAST_HOUR = 7.5, 20.0
"""Hours of Shanghai between which mishaps begin: when people are there to see what follows."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """``value`` for ``minutes``, on the share ``often`` of all days."""

    value: float
    minutes: float
    often: float


MISHAPS: dict[tuple[str, str], Mishap] = {
    ("lamp-pole", "leakage_current"): Mishap(0.36, 150, 0.25),
    ("underpass-gauge", "water_level"): Mishap(0.34, 120, 0.3),
    ("manhole-cover", "cover_open"): Mishap(1, 90, 0.1),
    ("hydrant", "cover_open"): Mishap(1, 45, 0.06),
    ("hydrant", "water_pressure"): Mishap(0.06, 100, 0.08),
    ("dust-station", "pm10"): Mishap(420, 80, 0.2),
    ("noise-station", "noise"): Mishap(81, 130, 0.15),
    ("outfall-monitor", "cod"): Mishap(190, 150, 0.35),
    ("surface-water-station", "dissolved_oxygen"): Mishap(1.4, 90, 0.1),
    ("elder-terminal", "help_pressed"): Mishap(1, 70, 0.3),
    ("elder-band", "fallen"): Mishap(1, 25, 0.1),
    ("elder-band", "heart_rate"): Mishap(128, 40, 0.1),
    ("hazmat-vehicle", "speed"): Mishap(96, 12, 0.2),
}
"""By kind of device (profile) and metric."""


def mishap(profile: str, metric: str, device: str, at: datetime) -> float | None:
    """The value that a mishap makes the device send at ``at`` (aware), None while all is well."""
    found = MISHAPS.get((profile, metric))
    if found is None:
        return None
    day, second = divmod(at.timestamp() + _SHANGHAI_SECONDS, _DAY_SECONDS)
    seed = f"{device}:{metric}:{int(day)}"
    if _share(f"{seed}:whether") >= found.often:
        return None
    begins = (_FIRST_HOUR + _share(f"{seed}:when") * (_LAST_HOUR - _FIRST_HOUR)) * 3600
    return found.value if begins <= second < begins + found.minutes * 60 else None


def _share(text: str) -> float:
    """A number in [0, 1) that belongs to the text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) / 4294967296.0
