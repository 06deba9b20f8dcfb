"""Curves: a metric of a device over any span in as many points as the screen needs, from the grain that fits.

Short spans come from the readings themselves, longer ones from minutes, hours or days; raw readings may lie in the lake.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from yiwang.kernel.database import Connection
from yiwang.sensing.errors import SpanNotUsable, TooManyReadings
from yiwang.sensing.model import Grain, Longs, Rows, micros, moment, valid_rows
from yiwang.sensing.readings import packing, raw
from yiwang.sensing.readings.lake import Lake
from yiwang.sensing.readings.rollups import LENGTHS, SECOND, bucket_begins

Source: TypeAlias = Literal["raw", "minute", "hour", "day"]

MOST_POINTS = 5_000
MOST_YEARS = 50
_RAW_STEPS = (1, 2, 5, 10, 15, 20, 30)
_MINUTE_STEPS = (1, 2, 3, 5, 10, 15, 20, 30)
_HOUR_STEPS = (1, 2, 3, 4, 6, 8, 12)
_MOST_RAW = 200_000
_RAW_INSTEAD = timedelta(days=8)
_RAW_FIRST = timedelta(days=2)

BUCKET = np.dtype(
    [
        ("at", "<i8"), ("count", "<i8"), ("valid", "<i8"), ("low", "<f8"), ("high", "<f8"), ("sum", "<f8"),
        ("last", "<f8"), ("last_at", "<i8"),
    ]
)  # fmt: skip
_STORED = packing.copy_dtype(
    [
        ("at", "i8"), ("count", "i4"), ("valid", "i4"), ("low", "f8"), ("high", "f8"), ("sum", "f8"),
        ("last", "f8"), ("last_at", "i8"),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a device measured from ``at`` (UTC) on, for the series' step. ``low``, ``high``, ``mean``, ``last`` are of valid
    values and None where there is none; ``valid_share`` is of all values that came, 0–1."""

    at: datetime
    count: int
    low: float | None
    high: float | None
    mean: float | None
    last: float | None
    valid_share: float


@dataclass(frozen=True, slots=True)
class Series:
    """Buckets of dtype :data:`BUCKET` in time order, empty ones left out. ``step``: seconds from one to the next; 0: each is
    one reading."""

    source: Source
    step: int
    buckets: npt.NDArray[np.void]

    def mean(self) -> npt.NDArray[np.float64]:
        """Mean of the valid values of each bucket, NaN without any."""
        valid = self.buckets["valid"]
        return np.where(valid > 0, self.buckets["sum"] / np.maximum(valid, 1), np.nan)

    def records(self) -> list[Bucket]:
        """The buckets as records."""
        found = []
        for at, count, valid, low, high, total, last, _ in self.buckets.tolist():
            some = valid > 0
            found.append(
                Bucket(
                    moment(at),
                    count,
                    low if some else None,
                    high if some else None,
                    total / valid if some else None,
                    last if some else None,
                    valid / count,
                )
            )
        return found


@dataclass(frozen=True, slots=True)
class _Plan:
    """Take ``width`` (REAL: readings) and put ``times`` of it (REAL: seconds) into one point; 0: no putting together."""

    width: Grain
    times: int

    @property
    def step(self) -> int:
        return self.times if self.width is Grain.REAL else self.times * LENGTHS[self.width] // SECOND


def _plans(grain: Grain) -> list[_Plan]:
    found = []
    if grain is Grain.REAL:
        found += [_Plan(Grain.REAL, step) for step in _RAW_STEPS]
        found += [_Plan(Grain.MINUTE, step) for step in _MINUTE_STEPS]
    elif grain is Grain.MINUTE:  # a device's own minute values are as many as their roll-ups would be
        found += [_Plan(Grain.REAL, step * 60) for step in _MINUTE_STEPS]
    if grain is not Grain.DAY:
        found += [_Plan(Grain.HOUR, step) for step in _HOUR_STEPS]
    return found


def plan(since: datetime, until: datetime, points: int, grain: Grain = Grain.REAL) -> _Plan:
    """The finest way that gives at most ``points`` points, whose begins are aligned to their step."""
    begin, end = micros(since), micros(until)
    for found in _plans(grain):
        step = found.step * SECOND
        if (end - 1) // step - begin // step + 1 <= points:
            return found
    days = (end - begin) // LENGTHS[Grain.DAY] + 2
    return _Plan(Grain.DAY, -(-days // max(points - 1, 1)) if days > points else 1)


async def series(
    connection: Connection,
    lake: Lake,
    zone: ZoneInfo,
    device: int,
    metric: int,
    since: datetime,
    until: datetime,
    *,
    points: int = 500,
    grain: Grain = Grain.REAL,
    minutes_since: datetime | None = None,
) -> Series:
    """The curve of a metric of a device for ``since`` ≤ at < ``until`` in at most ``points`` points.

    ``grain``: REAL for what it measured, else the means that it reports itself. ``minutes_since``: before this, the roll-ups by
    minute are no longer kept.

    Raises:
        SpanNotUsable: the end is not after the begin, or it is longer than fifty years.
    """
    check_span(since, until)
    wanted = raw.Wanted(since, until, (device,), metric, grain)
    if until - since <= _RAW_FIRST:  # as they came, where there are no more of them than points
        with contextlib.suppress(TooManyReadings):
            rows = await raw.read(connection, lake, wanted, limit=points)
            if len(rows) or grain not in (Grain.HOUR, Grain.DAY):  # computed values have no readings, but roll-ups
                return Series("raw", 0, _single(rows))
    chosen = plan(since, until, points, grain)
    if chosen.width is Grain.MINUTE and minutes_since is not None and since < minutes_since:
        long = until - since > _RAW_INSTEAD
        chosen = _Plan(Grain.HOUR, 1) if long else _Plan(Grain.REAL, chosen.step)
    if chosen.width is Grain.REAL:
        try:
            rows = await raw.read(connection, lake, wanted, limit=_MOST_RAW)
        except TooManyReadings:
            chosen = _Plan(Grain.MINUTE if grain is Grain.REAL else Grain.HOUR, max(1, chosen.step // 60))
        else:
            single = _single(rows)
            if len(rows) <= points:
                return Series("raw", 0, single)
            step = chosen.step * SECOND
            return Series("raw", chosen.step, together(single, single["at"] - single["at"] % step))
    stored = await _stored(connection, zone, device, metric, grain, chosen.width, since, until)
    begins = _begins(stored["at"], chosen, zone)
    source: Source = "minute" if chosen.width is Grain.MINUTE else "hour" if chosen.width is Grain.HOUR else "day"
    return Series(source, chosen.step, together(stored, begins) if chosen.times > 1 else stored)


def check_span(since: datetime, until: datetime) -> None:
    """Raises SpanNotUsable for a span that cannot be drawn."""
    check_time(since)
    check_time(until)
    if until <= since:
        raise SpanNotUsable(reason_zh="结束时间须晚于开始时间", reason_en="the end must lie after the begin")
    if until - since > timedelta(days=366 * MOST_YEARS):
        raise SpanNotUsable(reason_zh="最长五十年", reason_en="fifty years at most")


def check_time(at: datetime) -> None:
    """Raises SpanNotUsable for years in which nobody measures: before 1971 or after 2999."""
    if not 1971 <= at.year <= 2999:
        raise SpanNotUsable(reason_zh="年份须在 1971 至 2999 之间", reason_en="years from 1971 to 2999 only")


async def _stored(
    connection: Connection,
    zone: ZoneInfo,
    device: int,
    metric: int,
    grain: Grain,
    width: Grain,
    since: datetime,
    until: datetime,
) -> npt.NDArray[np.void]:
    begin = moment(int(bucket_begins(np.array([micros(since)], dtype=np.int64), width, zone)[0]))
    packed = await packing.copy_fixed(
        connection,
        _STORED,
        "select at, count, valid, coalesce(low, 'NaN'), coalesce(high, 'NaN'), sum, coalesce(last, 'NaN'), "
        "coalesce(last_at, 'epoch') from rollup where device_id = $1 and metric_id = $2 and grain = $3 and width = $4 "
        "and at >= $5 and at < $6 order by at",
        device, metric, int(grain), int(width), begin, until,
    )  # fmt: skip
    found = np.zeros(len(packed), dtype=BUCKET)
    for name in ("count", "valid", "low", "high", "sum", "last"):
        found[name] = packed[name]
    found["at"], found["last_at"] = packing.since_1970(packed["at"]), packing.since_1970(packed["last_at"])
    return found


def _single(rows: Rows) -> npt.NDArray[np.void]:
    """Each reading as a bucket of its own."""
    valid = valid_rows(rows)
    found = np.zeros(len(rows), dtype=BUCKET)
    found["at"], found["count"], found["valid"] = rows["at"], 1, valid
    for name in ("low", "high", "last"):
        found[name] = np.where(valid, rows["value"], np.nan)
    found["sum"] = np.where(valid, rows["value"], 0.0)
    found["last_at"] = np.where(valid, rows["at"], 0)
    return found


def together(buckets: npt.NDArray[np.void], begins: Longs) -> npt.NDArray[np.void]:
    """Neighbouring buckets with the same begin as one."""
    if not len(buckets):
        return buckets
    first = np.concatenate([[0], np.flatnonzero(begins[1:] != begins[:-1]) + 1])
    found = np.zeros(len(first), dtype=BUCKET)
    found["at"] = begins[first]
    for name in ("count", "valid", "sum"):
        found[name] = np.add.reduceat(buckets[name], first)
    found["low"] = np.fmin.reduceat(buckets["low"], first)
    found["high"] = np.fmax.reduceat(buckets["high"], first)
    last = np.maximum.reduceat(np.where(buckets["valid"] > 0, np.arange(len(buckets)), -1), first)
    found["last"] = np.where(last >= 0, buckets["last"][last], np.nan)
    found["last_at"] = np.where(last >= 0, buckets["last_at"][last], 0)
    return found


def _begins(at: Longs, chosen: _Plan, zone: ZoneInfo) -> Longs:
    if chosen.width is not Grain.DAY:
        return at - at % (chosen.step * SECOND)
    ordinals = np.array([moment(value).astimezone(zone).toordinal() for value in at.tolist()], dtype=np.int64)
    groups = ordinals - ordinals % max(chosen.times, 1)
    local = [datetime.fromordinal(max(value, 1)).replace(tzinfo=zone) for value in groups.tolist()]
    return np.array([micros(value) for value in local], dtype=np.int64)
