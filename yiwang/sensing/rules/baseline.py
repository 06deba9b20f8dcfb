"""What is usual for a device at this hour of this weekday (自适应基线): learned hour by hour, robust, small enough to keep.

One learned hour is a cell (hour of the week, week): its mean, and the spread of single values within it estimated from its
range (Shewhart: range / d2(n)). The usual value is the median of the cells of that hour and its neighbours over the last
ten weeks; its deviation joins the scaled median absolute deviation of those means with the usual spread within an hour.
Learning the same hour again writes the same cell: learning is idempotent. 13 kB for a device and metric. Pure: no I/O.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]

HOURS = 168
WEEKS = 10
HOUR = timedelta(hours=1)
_MONDAY = datetime(1970, 1, 5)  # noqa: DTZ001  # local weeks are counted from a local Monday
_MAD = 1.4826
_FEW = 6
"""Below so many cells of the same hour and weekday, other days of the same kind speak, too."""
_D2 = (0.0, 1.0, 1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078, 3.173, 3.258)
"""Mean range of n normal values in standard deviations (control chart constants), n = 0…12."""
_BYTES = HOURS * WEEKS * 4


@dataclass(frozen=True, slots=True)
class HourSeen:
    """An hour that is over: ``at`` its beginning (aware), count of valid values, least, greatest, mean."""

    at: datetime
    count: int
    low: float
    high: float
    mean: float


@dataclass(slots=True)
class Baseline:
    """The learned hours of one device and metric, in the city's ``zone``."""

    zone: tzinfo = UTC
    means: Floats = field(default_factory=lambda: np.full((HOURS, WEEKS), np.nan, dtype=np.float32))
    spreads: Floats = field(default_factory=lambda: np.full((HOURS, WEEKS), np.nan, dtype=np.float32))
    hours: int = 0

    def learn(self, seen: HourSeen) -> None:
        """Take an hour in; hours without a value are left out."""
        if seen.count <= 0:
            return
        slot, week = self._cell(seen.at)
        self.hours += bool(np.isnan(self.means[slot, week]))
        self.means[slot, week] = seen.mean
        self.spreads[slot, week] = (seen.high - seen.low) / mean_range(seen.count) if seen.count > 1 else np.nan

    def usual(self, at: datetime, least_hours: int) -> tuple[float, float] | None:
        """(usual value, its deviation) at this time; None before ``least_hours`` have been learned."""
        if self.hours < max(least_hours, 1):
            return None
        slot, _ = self._cell(at)
        near = [(slot + step) % HOURS for step in (-1, 0, 1)]
        known = self.means[near]
        if np.count_nonzero(~np.isnan(known[1])) * 3 < _FEW:
            near = [other * 24 + hour % 24 for other in _same_kind(slot // 24) for hour in near]
            known = self.means[near]
        values = known[~np.isnan(known)]
        if not len(values):
            values = self.means[~np.isnan(self.means)]
        centre = float(np.median(values))
        scattered = _MAD * float(np.median(np.abs(values - centre)))
        inside = self.spreads[near]
        inside = inside[~np.isnan(inside)]
        within = float(np.median(inside)) if len(inside) else 0.0
        return centre, math.hypot(scattered, within)

    def pack(self) -> bytes:
        """The learned hours as bytes, little endian."""
        return self.means.astype("<f4").tobytes() + self.spreads.astype("<f4").tobytes()

    @classmethod
    def unpack(cls, data: bytes, zone: tzinfo) -> Baseline:
        """The inverse of :meth:`pack`."""
        means = np.frombuffer(data[:_BYTES], dtype="<f4").astype(np.float32).reshape(HOURS, WEEKS)
        spreads = np.frombuffer(data[_BYTES:], dtype="<f4").astype(np.float32).reshape(HOURS, WEEKS)
        return cls(zone, means, spreads, int(np.count_nonzero(~np.isnan(means))))

    def _cell(self, at: datetime) -> tuple[int, int]:
        hours = int((at.astimezone(self.zone).replace(tzinfo=None) - _MONDAY) // HOUR)
        return hours % HOURS, hours // HOURS % WEEKS


def mean_range(count: int) -> float:
    """d2(n): beyond twelve values the usual approximation of its growth."""
    return _D2[count] if count < len(_D2) else 3.258 + 0.71 * math.log(count / 12)


def _same_kind(day: int) -> range:
    """Monday to Friday, or Saturday and Sunday (day 0 is a Monday)."""
    return range(5) if day < 5 else range(5, 7)
