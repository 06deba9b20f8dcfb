"""Which days of the invented past were wet, and how busy a day of the week is."""

from __future__ import annotations

import random
from datetime import date

BY_WEEKDAY = (1.12, 1.08, 1.05, 1.04, 1.06, 0.86, 0.79)
"""Reports of a day from Monday on against the week's average (sum 7)."""
_dry_days, _spell_days = 6.0, (1, 1, 2)


def wetness(seed: int, days: int) -> list[float]:
    """For each day how hard it rained, from 0 (dry) to 1 (a storm); rain comes in spells of a day or two."""
    chance = random.Random(f"{seed}/weather")  # noqa: S311 – an invention, not a secret
    found = [0.0] * days
    day = int(chance.expovariate(1 / _dry_days))
    while day < days:
        for _ in range(chance.choice(_spell_days)):
            if day < days:
                found[day] = round(chance.uniform(0.25, 1.0), 2)
            day += 1
        day += 1 + int(chance.expovariate(1 / _dry_days))
    return found


def busyness(day: date, *, working: bool) -> float:
    """How many reports come on a day against the average day; a public holiday is like a Sunday, a shifted one not."""
    if working:
        return BY_WEEKDAY[day.weekday()] if day.weekday() < 5 else 1.0
    return BY_WEEKDAY[day.weekday()] if day.weekday() >= 5 else BY_WEEKDAY[6]
