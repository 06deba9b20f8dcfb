"""Roll-ups 汇总: minute, hour and day of each device and metric, brought after the arrivals by adding what came.

Readings are only ever inserted, so the parts add up in any order: a late value goes into its old bucket like any other, and
the work is that of the rows that came. Each arrival counts once, because the mark moves in the transaction that adds it.
Minutes and hours begin on those of UTC; a day is one of the city's zone and stands at the UTC instant of its midnight.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np
import numpy.typing as npt

from yiwang.kernel.database import Connection, connect
from yiwang.sensing.model import COMPUTED, READING, Flags, Grain, Longs, Rows, micros, moment, valid_rows
from yiwang.sensing.readings import arrivals, packing, store
from yiwang.sensing.readings.partitions import make_partitions

FOLLOWER = "rollups"
WIDTHS = (Grain.MINUTE, Grain.HOUR, Grain.DAY)
SECOND = 1_000_000
LENGTHS = {Grain.MINUTE: 60 * SECOND, Grain.HOUR: 3600 * SECOND, Grain.DAY: 86_400 * SECOND}
"""Microseconds of each width; a day may be an hour longer or shorter where clocks are changed."""
_QUARTER = 900 * SECOND  # all zones of today begin their days on a quarter of an hour

ROLLUP = np.dtype(
    [
        ("device", "<i4"), ("metric", "<i2"), ("grain", "i1"), ("width", "i1"), ("at", "<i8"), ("count", "<i4"),
        ("valid", "<i4"), ("low", "<f8"), ("high", "<f8"), ("sum", "<f8"), ("last", "<f8"), ("last_at", "<i8"),
    ]
)  # fmt: skip
"""One bucket, packed. ``low``, ``high``, ``last`` are NaN and ``last_at`` is 0 where nothing in it was valid."""
Buckets = np.ndarray[tuple[int], np.dtype[np.void]]

_COLUMNS = [
    ("device", "i4"), ("metric", "i2"), ("grain", "i2"), ("width", "i2"), ("at", "i8"), ("count", "i4"), ("valid", "i4"),
    ("low", "f8"), ("high", "f8"), ("sum", "f8"), ("last", "f8"), ("last_at", "i8"),
]  # fmt: skip
_STAGING = "rollup_staging"


def rolls_into(grain: npt.NDArray[np.int8], width: Grain) -> Flags:
    """Which values count in buckets of this width: finer ones, and the device's own hour and day values as they are."""
    found: Flags = (grain < width) | ((grain == width) & (width != Grain.MINUTE))
    return found


def day_begins(at: Longs, zone: ZoneInfo) -> Longs:
    """The UTC instant (microseconds) at which the local day of each time began."""
    quarters, back = np.unique(at // _QUARTER, return_inverse=True)
    begins = np.array([_day_begin(quarter, zone) for quarter in quarters.tolist()], dtype=np.int64)
    return begins[back]


@lru_cache(maxsize=100_000)
def _day_begin(quarter: int, zone: ZoneInfo) -> int:
    local = moment(quarter * _QUARTER).astimezone(zone)
    return micros(datetime(local.year, local.month, local.day, tzinfo=zone))


def bucket_begins(at: Longs, width: Grain, zone: ZoneInfo) -> Longs:
    """When the bucket of each time begins, microseconds UTC."""
    if width is Grain.DAY:
        return day_begins(at, zone)
    return at - at % LENGTHS[width]


def aggregate(rows: Rows, zone: ZoneInfo) -> Buckets:
    """The buckets of all widths that these rows make, in key order."""
    ordered = rows[store.key_order(rows)]
    return np.concatenate([_of_width(ordered[rolls_into(ordered["grain"], width)], width, zone) for width in WIDTHS])


def _of_width(rows: Rows, width: Grain, zone: ZoneInfo) -> Buckets:
    if not len(rows):
        return np.zeros(0, dtype=ROLLUP)
    begin = bucket_begins(rows["at"], width, zone)
    changes = begin[1:] != begin[:-1]
    for name in ("device", "metric", "grain"):
        changes |= rows[name][1:] != rows[name][:-1]
    first = np.concatenate([[0], np.flatnonzero(changes) + 1])
    valid, value = valid_rows(rows), rows["value"]
    found = np.zeros(len(first), dtype=ROLLUP)
    for name in ("device", "metric", "grain"):
        found[name] = rows[name][first]
    found["width"], found["at"] = int(width), begin[first]
    found["count"] = np.diff(np.append(first, len(rows)))
    found["valid"] = np.add.reduceat(valid.astype(np.int32), first)
    found["low"] = np.minimum.reduceat(np.where(valid, value, np.inf), first)
    found["high"] = np.maximum.reduceat(np.where(valid, value, -np.inf), first)
    found["sum"] = np.add.reduceat(np.where(valid, value, 0.0), first)
    last = np.maximum.reduceat(np.where(valid, np.arange(len(rows)), -1), first)
    found["last"], found["last_at"] = value[last], rows["at"][last]
    without = found["valid"] == 0
    for name in ("low", "high", "last"):
        found[name][without] = np.nan
    found["last_at"][without] = 0
    return found


async def add(connection: Connection, buckets: Buckets) -> None:
    """Add buckets to what is there, in the caller's transaction."""
    if not len(buckets):
        return
    packed = packing.blank(_COLUMNS, len(buckets))
    for name, _ in _COLUMNS:
        packed[name] = buckets[name]
    packed["at"] = packing.since_2000(buckets["at"])
    packed["last_at"] = packing.since_2000(buckets["last_at"])
    await connection.execute(_MAKE_STAGING)
    await packing.copy_packed(connection, _STAGING, None, packed)
    await connection.execute(_ADD)


_MAKE_STAGING = f"""create temporary table if not exists {_STAGING} (
  device_id int not null, metric_id smallint not null, grain smallint not null, width smallint not null,
  at timestamptz not null, count int not null, valid int not null, low float8, high float8, sum float8 not null,
  last float8, last_at timestamptz) on commit delete rows"""

_ADD = f"""insert into rollup as kept (device_id, metric_id, grain, width, at, count, valid, low, high, sum, last, last_at)
  select device_id, metric_id, grain, width, at, count, valid, nullif(low, 'NaN'), nullif(high, 'NaN'), sum,
    nullif(last, 'NaN'), nullif(last_at, 'epoch') from {_STAGING}
  on conflict (device_id, metric_id, grain, width, at) do update set
    count = kept.count + excluded.count, valid = kept.valid + excluded.valid,
    low = least(kept.low, excluded.low), high = greatest(kept.high, excluded.high), sum = kept.sum + excluded.sum,
    last = case when kept.last_at is null or excluded.last_at >= kept.last_at then excluded.last else kept.last end,
    last_at = greatest(kept.last_at, excluded.last_at)"""


async def keep_up(connection: Connection, zone: ZoneInfo, limit: int = 20) -> int:
    """Add the next arrivals, at most ``limit``, in the caller's transaction; how many there were."""
    came = await arrivals.follow(connection, FOLLOWER, limit)
    if came:
        rows = np.concatenate([item.rows for item in came])
        await add(connection, aggregate(rows[rows["pad"] != COMPUTED], zone))
    return len(came)


class Rollups:
    """The follower of one process, on a connection of its own. Any number of processes may have one: one works at a time."""

    def __init__(self, url: str, zone: ZoneInfo) -> None:
        self._url, self._zone = url, zone
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def follow(self, limit: int = 20) -> bool:
        """One round; true when there may be more to do at once.

        Raises:
            any of AWAY: the database is away; the next round connects again and misses nothing.
        """
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._url)
            async with self._connection.transaction():
                return await keep_up(self._connection, self._zone, limit) >= limit
        except asyncpg.CheckViolationError:  # a month or year that nobody made yet
            await self._make_missing(limit)
            return True

    async def _make_missing(self, limit: int) -> None:
        if self._connection is None:
            return
        rows = await self._connection.fetch(
            "select rows from arrival where id > (select id from arrival_mark where follower = $1) order by id limit $2",
            FOLLOWER,
            limit,
        )
        for row in rows:
            await make_partitions(self._connection, store.days_of(np.frombuffer(row["rows"], dtype=READING)))

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def days_within(since: datetime, until: datetime, zone: ZoneInfo) -> Sequence[tuple[datetime, datetime]]:
    """The local days that touch ``since`` ≤ at < ``until``, each as its begin and end."""
    found = []
    local = since.astimezone(zone)
    begin = datetime(local.year, local.month, local.day, tzinfo=zone)
    while begin < until:
        following = begin.date() + timedelta(days=1)
        end = datetime(following.year, following.month, following.day, tzinfo=zone)
        found.append((begin, end))
        begin = end
    return found
