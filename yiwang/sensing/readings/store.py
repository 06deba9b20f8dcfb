"""The SQL of storing a batch: staged, inserted where new, the latest values and the arrival with it, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from yiwang.kernel.database import Connection
from yiwang.sensing.model import Flags, Grain, Longs, Rows
from yiwang.sensing.readings import packing

STAGING = "reading_staging"
DAY_LOCK = 0x59574459
_DAY = 86_400_000_000
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class ArchivedDay:
    """A day whose readings have left the table; an empty ``path``: they were dropped."""

    day: date
    path: str


def key_order(rows: Rows) -> npt.NDArray[np.intp]:
    """The order of the table's key: device, metric, grain, time; equal keys in the order given."""
    return np.lexsort((rows["at"], rows["grain"], rows["metric"], rows["device"]))


def first_of_key(ordered: Rows) -> Flags:
    """In rows in key order, the first of each key; what follows says the same time again."""
    first = np.ones(len(ordered), dtype=np.bool_)
    same = np.ones(max(len(ordered) - 1, 0), dtype=np.bool_)
    for name in ("device", "metric", "grain", "at"):
        same &= ordered[name][1:] == ordered[name][:-1]
    first[1:] = ~same
    return first


def newest_of_metric(ordered: Rows) -> Flags:
    """In unique rows in key order, the last real-time row of each device and metric."""
    newest = np.ones(len(ordered), dtype=np.bool_)
    same = np.ones(max(len(ordered) - 1, 0), dtype=np.bool_)
    for name in ("device", "metric", "grain"):
        same &= ordered[name][1:] == ordered[name][:-1]
    newest[:-1] = ~same
    found: Flags = newest & (ordered["grain"] == Grain.REAL)
    return found


def days_of(rows: Rows) -> list[date]:
    """The UTC days of the rows, ascending."""
    return [day_of(number) for number in np.unique(rows["at"] // _DAY).tolist()]


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - _FIRST_DAY).days


def day_of(number: int) -> date:
    """The day so many days after 1970-01-01."""
    return _FIRST_DAY + timedelta(days=number)


def is_warm(day: date, now: datetime) -> bool:
    """Whether a day is too young to be archived or dropped, so that writers need not ask."""
    return day >= now.astimezone(UTC).date() - timedelta(days=1)


async def prepare(connection: Connection) -> None:
    """Make the staging table of a connection that will store batches."""
    await connection.execute(
        f"create temporary table if not exists {STAGING} (ordinal int not null, device_id int not null, "
        "metric_id smallint not null, grain smallint not null, at timestamptz not null, value float8 not null, "
        "quality smallint not null, newest boolean not null, fresh boolean not null) on commit delete rows"
    )


async def hold_days(connection: Connection, days: list[date]) -> dict[date, str]:
    """Keep these days from being archived until the transaction ends; those that are archived, with their path."""
    for day in days:
        await connection.execute("select pg_advisory_xact_lock_shared($1, $2)", DAY_LOCK, day_number(day))
    rows = await connection.fetch("select day, path from reading_archive where day = any($1::date[])", days)
    return {row["day"]: row["path"] for row in rows}


async def insert_new(connection: Connection, ordered: Rows, fresh: Flags) -> Flags:
    """Store unique rows in key order where their key is new, and bring ``latest`` up to them; which were new.

    ``fresh`` rows are believed to be new and take the short way, straight into the table.

    Raises:
        asyncpg.CheckViolationError: a day has no partition; make it and begin the transaction again.
        asyncpg.UniqueViolationError: a fresh row was none; begin the transaction again with none called so.
    """
    newest = newest_of_metric(ordered)
    if fresh.any():
        await packing.copy_in(connection, "reading", ordered[fresh])
    await packing.stage(connection, STAGING, ordered, np.flatnonzero(newest | ~fresh), newest, fresh)
    new = np.ones(len(ordered), dtype=np.bool_)
    if not fresh.all():
        status = await connection.execute(_INSERT)
        if int(status.rsplit(" ", 1)[-1]) != len(ordered) - np.count_nonzero(fresh):
            mine = await connection.fetch(_MINE)
            new = fresh.copy()
            new[[row["ordinal"] for row in mine]] = True
    if newest.any():
        await connection.execute(_BRING_LATEST)
    return new


_INSERT = f"""insert into reading (device_id, metric_id, grain, at, value, quality)
  select device_id, metric_id, grain, at, value, quality from {STAGING} where not fresh on conflict do nothing"""

# offset 0 keeps the planner at one look into the key's index for each row: the staging table has no statistics.
_MINE = f"""select s.ordinal from {STAGING} s cross join lateral (
  select from reading r where r.device_id = s.device_id and r.metric_id = s.metric_id and r.grain = s.grain and r.at = s.at
  and r.xmin = pg_current_xact_id()::xid offset 0) mine where not s.fresh"""

_BRING_LATEST = f"""insert into latest (device_id, metric_id, at, value, quality)
  select device_id, metric_id, at, value, quality from {STAGING} where newest
  on conflict (device_id, metric_id) do update set at = excluded.at, value = excluded.value, quality = excluded.quality
  where excluded.at > latest.at"""


async def last_values(connection: Connection, keys: Longs) -> tuple[Longs, npt.NDArray[np.float64]]:
    """Time (microseconds, 0: none) and value of ``latest`` for keys of device and metric (device · 65536 + metric)."""
    at, value = np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys))
    found = await packing.copy_fixed(
        connection,
        _LAST_ROW,
        "select l.device_id, l.metric_id, l.at, l.value from latest l "
        "join unnest($1::int[], $2::smallint[]) as wanted(device_id, metric_id) using (device_id, metric_id)",
        (keys >> 16).tolist(),
        (keys & 0xFFFF).tolist(),
    )
    places = np.searchsorted(keys, (found["device"].astype(np.int64) << 16) | found["metric"].astype(np.int64))
    at[places], value[places] = packing.since_1970(found["at"]), found["value"]
    return at, value


_LAST_ROW = packing.copy_dtype([("device", "i4"), ("metric", "i2"), ("at", "i8"), ("value", "f8")])


def days_between(since: datetime, until: datetime) -> list[date]:
    """The UTC days that touch ``since`` ≤ at < ``until``."""
    first = since.astimezone(UTC).date()
    last = (until - timedelta(microseconds=1)).astimezone(UTC).date()
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]
