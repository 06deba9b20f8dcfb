"""When things are reported in the simulated city: a day's curve with a morning peak, and arrivals drawn from it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, tzinfo

BY_HOUR = (
    0.12, 0.08, 0.06, 0.06, 0.10, 0.25, 0.70, 1.50, 2.40, 2.40, 2.00, 1.50,
    0.90, 1.00, 1.60, 1.70, 1.50, 1.60, 1.30, 1.10, 0.90, 0.60, 0.40, 0.23,
)  # fmt: skip
"""Reports per hour of the local day against the day's average (sum 24): a peak from 8 to 10, a dip at noon."""


def share_at(at: datetime, zone: tzinfo) -> float:
    """How busy the city is at ``at`` against the day's average, between the hours in proportion."""
    local = at.astimezone(zone)
    share = (local.minute * 60 + local.second) / 3600
    return BY_HOUR[local.hour] * (1 - share) + BY_HOUR[(local.hour + 1) % 24] * share


def next_arrival(chance: random.Random, after: datetime, per_hour: float, zone: tzinfo) -> datetime:
    """The next moment of a Poisson process whose rate follows the day's curve (thinning)."""
    ceiling = per_hour * max(BY_HOUR)
    at = after
    while True:
        at += timedelta(hours=chance.expovariate(ceiling))
        if chance.random() * max(BY_HOUR) <= share_at(at, zone):
            return at
