"""The SQL of computed metrics: roll-ups read as samples, values kept as roll-ups of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from yiwang.kernel.database import Connection, Record
from yiwang.sensing.model import Grain


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of a device, ``begin`` ≤ t < ``end``, UTC."""

    device: int
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Value:
    """What was computed for a bucket; ``value`` None: there is none. ``at``: the last input that it rests on."""

    bucket: Bucket
    metric: int
    value: float | None
    at: datetime


async def rollups_of(
    connection: Connection, buckets: Sequence[Bucket], metrics: Sequence[int], grain: Grain, width: Grain
) -> list[Record]:
    """Roll-ups within the buckets: device_id, begin (of the bucket), metric_id, at, count, valid, low, high, sum, last_at."""
    return await connection.fetch(
        "select w.device_id, w.begin, r.metric_id, r.at, r.count, r.valid, r.low, r.high, r.sum, r.last_at"
        " from unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) w (device_id, begin, until)"
        " join rollup r on r.device_id = w.device_id and r.metric_id = any($4::smallint[]) and r.grain = $5"
        " and r.width = $6 and r.at >= w.begin and r.at < w.until order by r.at",
        [one.device for one in buckets],
        [one.begin for one in buckets],
        [one.end for one in buckets],
        list(metrics),
        int(grain),
        int(width),
    )


async def keep(connection: Connection, values: Sequence[Value], width: Grain) -> set[tuple[int, int, datetime]]:
    """Write the values as roll-ups of this grain and width; which (device, metric, begin) have another value than before."""
    there = [value for value in values if value.value is not None]
    gone = [value for value in values if value.value is None]
    rows = await connection.fetch(
        "insert into rollup as kept (device_id, metric_id, grain, width, at, count, valid, low, high, sum, last, last_at)"
        " select device_id, metric_id, $1, $1, at, 1, 1, value, value, value, value, last_at"
        " from unnest($2::int[], $3::smallint[], $4::timestamptz[], $5::float8[], $6::timestamptz[])"
        " v (device_id, metric_id, at, value, last_at)"
        " on conflict (device_id, metric_id, grain, width, at) do update set low = excluded.low, high = excluded.high,"
        " sum = excluded.sum, last = excluded.last, last_at = excluded.last_at"
        " where kept.sum <> excluded.sum or kept.last_at <> excluded.last_at"
        " returning device_id, metric_id, at",
        int(width),
        [value.bucket.device for value in there],
        [value.metric for value in there],
        [value.bucket.begin for value in there],
        [value.value for value in there],
        [value.at for value in there],
    )
    removed = await connection.fetch(
        "delete from rollup r using unnest($2::int[], $3::smallint[], $4::timestamptz[]) v (device_id, metric_id, at)"
        " where r.device_id = v.device_id and r.metric_id = v.metric_id and r.grain = $1 and r.width = $1 and r.at = v.at"
        " returning r.device_id, r.metric_id, r.at",
        int(width),
        [value.bucket.device for value in gone],
        [value.metric for value in gone],
        [value.bucket.begin for value in gone],
    )
    return {(row["device_id"], row["metric_id"], row["at"]) for row in (*rows, *removed)}


async def keep_days(connection: Connection, metrics: Sequence[int], days: Sequence[Bucket]) -> None:
    """Bring the days of hourly values after them: count, lowest, highest, sum, last."""
    if not metrics or not days:
        return
    devices, begins, ends = [one.device for one in days], [one.begin for one in days], [one.end for one in days]
    await connection.execute(
        "delete from rollup r using unnest($1::int[], $2::timestamptz[]) d (device_id, begin)"
        " where r.device_id = d.device_id and r.metric_id = any($3::smallint[]) and r.grain = 2 and r.width = 3"
        " and r.at = d.begin",
        devices,
        begins,
        list(metrics),
    )
    await connection.execute(
        "insert into rollup (device_id, metric_id, grain, width, at, count, valid, low, high, sum, last, last_at)"
        " select r.device_id, r.metric_id, 2, 3, d.begin, count(*), count(*), min(r.low), max(r.high), sum(r.sum),"
        " (array_agg(r.last order by r.at desc))[1], max(r.last_at)"
        " from unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) d (device_id, begin, until)"
        " join rollup r on r.device_id = d.device_id and r.metric_id = any($4::smallint[]) and r.grain = 2 and r.width = 2"
        " and r.at >= d.begin and r.at < d.until group by r.device_id, r.metric_id, d.begin",
        devices,
        begins,
        ends,
        list(metrics),
    )


async def bring_latest(connection: Connection, values: Sequence[Value]) -> None:
    """Show the newest values on maps and lists."""
    newest: dict[tuple[int, int], Value] = {}
    for value in sorted(values, key=lambda one: one.at):
        newest[value.bucket.device, value.metric] = value
    await connection.execute(
        "insert into latest (device_id, metric_id, at, value, quality)"
        " select * from unnest($1::int[], $2::smallint[], $3::timestamptz[], $4::float8[], $5::smallint[])"
        " on conflict (device_id, metric_id) do update set at = excluded.at, value = excluded.value"
        " where excluded.at >= latest.at",
        [value.bucket.device for value in newest.values()],
        [value.metric for value in newest.values()],
        [value.at for value in newest.values()],
        [value.value for value in newest.values()],
        [0] * len(newest),
    )


async def devices_with_rollups(
    connection: Connection, devices: Sequence[int], since: datetime, until: datetime
) -> list[int]:
    """Those of the devices that have hourly roll-ups in this span."""
    rows = await connection.fetch(
        "select d.id from unnest($1::int[]) d (id) where exists (select from rollup r where r.device_id = d.id"
        " and r.width = 2 and r.at >= $2 and r.at < $3) order by 1",
        list(devices),
        since,
        until,
    )
    return [row["id"] for row in rows]
