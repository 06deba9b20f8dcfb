"""Readings as they came, out of the database and the lake together; the caller does not know which day lies where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from yiwang.kernel.database import Connection
from yiwang.sensing.errors import TooManyReadings
from yiwang.sensing.model import Grain, Rows, micros
from yiwang.sensing.readings import packing, store
from yiwang.sensing.readings.lake import Lake, Selection

MOST = 500_000
_COLUMNS = ", ".join(packing.STORED_COLUMNS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readings: ``since`` ≤ at < ``until`` (aware); None: all devices, metrics or grains.
    ``between``: only devices from the first to the last id, both included."""

    since: datetime
    until: datetime
    devices: tuple[int, ...] | None = None
    metric: int | None = None
    grain: Grain | None = Grain.REAL
    between: tuple[int, int] | None = None

    def where(self) -> tuple[str, list[object]]:
        """The condition on the table's columns, with its parameters."""
        parts = ["at >= $1", "at < $2"]
        found: list[object] = [self.since, self.until]
        for column, value in (("metric_id", self.metric), ("grain", None if self.grain is None else int(self.grain))):
            if value is not None:
                found.append(value)
                parts.append(f"{column} = ${len(found)}")
        if self.devices is not None:
            found.append(list(self.devices))
            parts.append(f"device_id = any(${len(found)}::int[])")
        if self.between is not None:
            found += self.between
            parts.append(f"device_id between ${len(found) - 1} and ${len(found)}")
        return " and ".join(parts), found


async def read(connection: Connection, lake: Lake, wanted: Wanted, *, limit: int = MOST) -> Rows:
    """The wanted readings in key order (device, metric, grain, time).

    Raises:
        TooManyReadings: more than ``limit``. LakeDamaged: a file of the lake is missing or not readable.
    """
    where, values = wanted.where()
    warm = await packing.copy_out(
        connection, f"select {_COLUMNS} from reading where {where} limit {limit + 1}", *values
    )
    # Asked after the table: a day that is archived in between is then read twice rather than not at all.
    paths = await archived_paths(connection, wanted.since, wanted.until)
    cold = await lake.read(paths, selection_of(wanted))
    if len(warm) + len(cold) > limit:
        raise TooManyReadings(limit=limit)
    return unique(joined(warm, cold))


def selection_of(wanted: Wanted) -> Selection:
    """The same for the lake."""
    return Selection(
        micros(wanted.since),
        micros(wanted.until),
        wanted.devices,
        wanted.metric,
        None if wanted.grain is None else int(wanted.grain),
        wanted.between,
    )


def joined(warm: Rows, cold: Rows) -> Rows:
    """Both, one after the other."""
    return np.concatenate([warm, cold]) if len(cold) else warm


def unique(rows: Rows) -> Rows:
    """In key order, each key once."""
    ordered = rows[store.key_order(rows)]
    found: Rows = ordered[store.first_of_key(ordered)]
    return found


async def archived_paths(connection: Connection, since: datetime, until: datetime) -> list[str]:
    """The archive files of the UTC days that touch ``since`` ≤ at < ``until``."""
    rows = await connection.fetch(
        "select path from reading_archive where day >= $1 and day <= $2 and path <> '' order by day",
        since.astimezone(UTC).date(),
        (until - timedelta(microseconds=1)).astimezone(UTC).date(),
    )
    return [row["path"] for row in rows]


def utc_midnight(day: date) -> datetime:
    """When a UTC day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
