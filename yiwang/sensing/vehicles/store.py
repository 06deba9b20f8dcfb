"""All SQL about positions, trips and what is known of vehicles; one writer of each table. See ``fence_store`` for fences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import isnan

import numpy as np

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.sensing.model import micros, moment
from yiwang.sensing.vehicles.model import ROWS, Place, Point, Shift, Trip

CHANNEL = "yiwang_position"
STAGING = "position_staging"
MAKING_LOCK = 0x59575650
FOLLOW_LOCK = 0x59575646
_COLUMNS = (
    "device_id", "at", "digest", "lon", "lat", "altitude", "speed", "direction", "alarm", "status", "mileage", "fuel",
    "serial", "replayed", "items",
)  # fmt: skip
_NAMES = ", ".join(_COLUMNS)


async def prepare(connection: Connection) -> None:
    """Make the staging table of a connection that will store positions."""
    await connection.execute(
        f"create temporary table if not exists {STAGING} (ordinal int not null, device_id int, at timestamptz, digest int, "
        "lon float8, lat float8, altitude int, speed real, direction smallint, alarm bigint, status bigint, mileage float8, "
        "fuel real, serial int, replayed boolean, items bytea) on commit delete rows"
    )


async def make_days(connection: Connection, days: Iterable[date]) -> list[date]:
    """Make the partitions of these UTC days that are missing; which were made. In a transaction of its own, so not to be
    called within one."""
    wanted = {f"position_{day:%Y%m%d}": day for day in days}
    missing = await _missing(connection, wanted)
    if not missing:
        return []
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", MAKING_LOCK)
        missing = await _missing(connection, wanted)
        for name, day in missing.items():
            since, until = (datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (day, day + timedelta(1)))
            await connection.execute(
                f"create table {name} (like position including defaults including indexes);"
                f"alter table position attach partition {name} for values from ('{since}') to ('{until}');"
            )
    return list(missing.values())


async def _missing(connection: Connection, wanted: dict[str, date]) -> dict[str, date]:
    rows = await connection.fetch(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "where i.inhparent = 'position'::regclass and c.relname = any($1::text[])",
        list(wanted),
    )
    there = {row["relname"] for row in rows}
    return {name: day for name, day in wanted.items() if name not in there}


async def existing_days(connection: Connection) -> list[date]:
    """The UTC days that have a partition, ascending."""
    rows = await connection.fetch(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "where i.inhparent = 'position'::regclass order by c.relname"
    )
    return [date.fromisoformat(row["relname"][-8:]) for row in rows]


async def drop_day(connection: Connection, day: date) -> None:
    """Remove the positions of a UTC day for good."""
    await connection.execute(f"drop table if exists position_{day:%Y%m%d}")


async def store_new(connection: Connection, places: Sequence[Place], now: datetime) -> int:
    """Store positions (unique by device, time and digest) where they are new, in the caller's transaction: the latest of each
    vehicle and the outbox with them. How many were new.

    Raises:
        asyncpg.CheckViolationError: a day has no partition.
    """
    await connection.copy_records_to_table(
        STAGING, records=[(index, *place) for index, place in enumerate(places)], columns=("ordinal", *_COLUMNS)
    )
    status = await connection.execute(
        f"insert into position ({_NAMES}, received_at) select {_NAMES}, $1 from {STAGING} on conflict do nothing", now
    )
    stored = int(status.rsplit(" ", 1)[-1])
    new: Sequence[Place] = places
    if stored != len(places):
        mine = await connection.fetch(_MINE)
        new = [places[row["ordinal"]] for row in mine]
    if new:
        await connection.execute(_BRING_LATEST)
        await connection.execute(
            "insert into position_arrival (at, count, rows) values ($1, $2, $3)", now, len(new), pack(new).tobytes()
        )
    return stored


# offset 0 keeps the planner at one look into the key's index for each row: the staging table has no statistics.
_MINE = f"""select s.ordinal from {STAGING} s cross join lateral (
  select from position p where p.device_id = s.device_id and p.at = s.at and p.digest = s.digest
  and p.xmin = pg_current_xact_id()::xid offset 0) mine order by s.ordinal"""

_LATEST = "device_id, at, lon, lat, altitude, speed, direction, alarm, status, mileage, fuel"
_BRING_LATEST = f"""insert into position_latest ({_LATEST})
  select distinct on (device_id) {_LATEST} from {STAGING} where status & 34 = 2 order by device_id, at desc
  on conflict (device_id) do update set at = excluded.at, lon = excluded.lon, lat = excluded.lat,
    altitude = excluded.altitude, speed = excluded.speed, direction = excluded.direction, alarm = excluded.alarm,
    status = excluded.status, mileage = excluded.mileage, fuel = excluded.fuel, written = excluded.written
  where excluded.at > position_latest.at"""  # 34: fixed and encrypted; an encrypted place is none


def pack(places: Sequence[Place]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Positions of the outbox."""
    return np.array(
        [
            (
                place.device, micros(place.at), place.lon, place.lat, place.speed, place.direction, 0, place.alarm,
                place.status, np.nan if place.mileage is None else place.mileage,
            )
            for place in places
        ],
        dtype=ROWS,
    )  # fmt: skip


def unpack(data: bytes) -> list[Point]:
    """The points of an arrival, in their order."""
    return [
        Point(device, moment(at), lon, lat, speed, direction, alarm, status, None if isnan(mileage) else mileage)
        for device, at, lon, lat, speed, direction, _, alarm, status, mileage in np.frombuffer(
            data, dtype=ROWS
        ).tolist()
    ]


async def next_arrivals(connection: Connection, limit: int) -> list[Point]:
    """The points of the next ``limit`` batches, taken out of the outbox in the caller's transaction; empty also while another
    process follows. A batch that becomes visible after a later one is taken the next time."""
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", FOLLOW_LOCK):
        return []
    rows = await connection.fetch(
        "with next as (select id from position_arrival order by id limit $1) "
        "delete from position_arrival a using next where a.id = next.id returning a.id, a.rows",
        limit,
    )
    return [point for row in sorted(rows, key=lambda row: row["id"]) for point in unpack(row["rows"])]


async def waiting(connection: Connection) -> int:
    """Positions that were not followed yet."""
    found: int = await connection.fetchval("select coalesce(sum(count), 0)::bigint from position_arrival")
    return found


async def points_of(
    connection: Connection, device: int, since: datetime, until: datetime, *, every: float = 0, limit: int = 200_000
) -> list[Point]:
    """The fixed positions of a vehicle, since ≤ at < until, in order; with ``every`` > 0 at most one of so many seconds."""
    thin = "distinct on (date_bin(make_interval(secs => $5), at, $2)) " if every > 0 else ""
    order = "date_bin(make_interval(secs => $5), at, $2), at" if every > 0 else "at"
    rows = await connection.fetch(
        f"select {thin}device_id, at, lon, lat, speed, direction, alarm, status, mileage from position "
        f"where device_id = $1 and at >= $2 and at < $3 and status & 34 = 2 order by {order} limit $4",
        *([device, since, until, limit] + ([every] if every > 0 else [])),
    )
    return [Point(*row) for row in rows]


async def count_points(connection: Connection, device: int, since: datetime, until: datetime) -> int:
    """How many positions a span holds, fixed or not."""
    found: int = await connection.fetchval(
        "select count(*) from position where device_id = $1 and at >= $2 and at < $3", device, since, until
    )
    return found


async def latest_of(
    connection: Connection,
    actor: Actor,
    *,
    box: tuple[float, float, float, float] | None,
    profile: str | None,
    after: int,
    limit: int,
    vehicle: str | None = None,
) -> list[Record]:
    """Where the vehicles within the actor's reach are now, by device id; ``vehicle``: only the one of this code."""
    args = Sql()
    parts = [
        scope_condition(actor, "device", "read", args, area="d.area", organisation="d.organisation_id"),
        f"d.id > {args.bind(after)}",
        "d.retired_at is null",
    ]
    if box is not None:
        west, south, east, north = (args.bind(each) for each in box)
        parts.append(f"l.lon between {west} and {east} and l.lat between {south} and {north}")
    if profile is not None:
        parts.append(f"d.profile = {args.bind(profile)}")
    if vehicle is not None:
        parts.append(f"d.code = {args.bind(vehicle)}")
    return await connection.fetch(
        f"{_NOW} where {' and '.join(parts)} order by d.id limit {args.bind(limit)}", *args.values
    )


_NOW = (
    "select l.device_id, l.at, l.lon, l.lat, l.altitude, l.speed, l.direction, l.alarm, l.status, l.mileage, l.fuel, d.code, "
    "d.profile, d.names, d.area, d.organisation_id, d.attributes->>'plate' as plate, coalesce(s.online, false) as online "
    "from position_latest l join device d on d.id = l.device_id left join device_state s on s.device_id = d.id"
)


async def written_mark(connection: Connection) -> str:
    """A mark for :func:`latest_since`: whatever is committed from now on was written by it or by a later transaction."""
    found: str = await connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text")
    return found


async def latest_since(connection: Connection, mark: str) -> list[Record]:
    """The last positions that were written since a mark, of all vehicles in service; some that were known may come again."""
    return await connection.fetch(f"{_NOW} where l.written >= $1::text::xid8 and d.retired_at is null", mark)


async def reachable(connection: Connection, actor: Actor, verb: str, device: int) -> bool:
    """Whether the device is within the actor's reach."""
    args = Sql()
    condition = scope_condition(actor, "device", verb, args, area="d.area", organisation="d.organisation_id")
    found: bool | None = await connection.fetchval(
        f"select true from device d where d.id = {args.bind(device)} and {condition}", *args.values
    )
    return bool(found)


# -- what is known of the present ---------------------------------------------------------------------------------


async def states(connection: Connection, devices: Iterable[int]) -> dict[int, JsonObject]:
    """What is known of these vehicles, locked until the transaction ends."""
    rows = await connection.fetch(
        "select device_id, state from vehicle_state where device_id = any($1::int[]) order by device_id for update",
        sorted(devices),
    )
    return {row["device_id"]: row["state"] for row in rows}


async def write_states(connection: Connection, found: Sequence[tuple[int, datetime, JsonObject]]) -> None:
    await connection.execute(
        "insert into vehicle_state (device_id, at, state) select * from unnest($1::int[], $2::timestamptz[], $3::jsonb[]) "
        "on conflict (device_id) do update set at = excluded.at, state = excluded.state",
        [each[0] for each in found],
        [each[1] for each in found],
        [each[2] for each in found],
    )


async def existing_devices(connection: Connection, devices: Iterable[int]) -> set[int]:
    rows = await connection.fetch("select id from device where id = any($1::int[])", sorted(devices))
    return {row["id"] for row in rows}


_TRIP = (
    "device_id, started_at, ended_at, open, from_lon, from_lat, to_lon, to_lat, kilometres, driving_seconds, "
    "standing_seconds, greatest_speed, positions, driver"
)


async def write_trips(connection: Connection, trips: Sequence[Trip]) -> None:
    """Insert trips, or bring open ones up to date."""
    await connection.executemany(
        f"insert into trip ({_TRIP}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
        "on conflict (device_id, started_at) do update set ended_at = excluded.ended_at, open = excluded.open, "
        "to_lon = excluded.to_lon, to_lat = excluded.to_lat, kilometres = excluded.kilometres, "
        "driving_seconds = excluded.driving_seconds, standing_seconds = excluded.standing_seconds, "
        "greatest_speed = excluded.greatest_speed, positions = excluded.positions, driver = excluded.driver",
        [
            (
                trip.device, trip.started_at, trip.ended_at, trip.open, trip.from_lon, trip.from_lat, trip.to_lon,
                trip.to_lat, trip.kilometres, trip.driving_seconds, trip.standing_seconds, trip.greatest_speed,
                trip.positions, trip.driver,
            )
            for trip in trips
        ],
    )  # fmt: skip


async def drop_trips_since(connection: Connection, device: int, since: datetime) -> datetime:
    """Remove the trips that end at or after ``since``; from when on positions must be read to count them anew."""
    first: datetime | None = await connection.fetchval(
        "with gone as (delete from trip where device_id = $1 and ended_at >= $2 returning started_at) "
        "select min(started_at) from gone",
        device,
        since,
    )
    return min(first, since) if first else since


async def trips_of(
    connection: Connection, device: int, since: datetime, until: datetime, before: datetime | None, limit: int
) -> list[Trip]:
    """Trips that touch the span, the newest first; ``before`` continues a page."""
    rows = await connection.fetch(
        f"select {_TRIP} from trip where device_id = $1 and ended_at >= $2 and started_at < $3 "
        "and ($4::timestamptz is null or started_at < $4) order by started_at desc limit $5",
        device,
        since,
        until,
        before,
        limit,
    )
    return [Trip(*row) for row in rows]


# -- drivers ------------------------------------------------------------------------------------------------------


async def card_inserted(connection: Connection, shift: Shift) -> None:
    """Note a driver; a card that was never taken out before ends with this one. Told twice, it is kept once."""
    await connection.execute(
        "update driver_shift set ended_at = $2 where device_id = $1 and ended_at is null and began_at < $2",
        shift.device,
        shift.began_at,
    )
    await connection.execute(
        "insert into driver_shift (device_id, began_at, ended_at, name, licence, agency, valid_until, card_result) "
        "values ($1, $2, (select min(began_at) from driver_shift where device_id = $1 and began_at > $2), $3, $4, $5, $6, $7) "
        "on conflict do nothing",
        shift.device,
        shift.began_at,
        shift.name,
        shift.licence,
        shift.agency,
        shift.valid_until,
        shift.card_result,
    )


async def card_removed(connection: Connection, device: int, at: datetime) -> None:
    await connection.execute(
        "update driver_shift set ended_at = $2 where device_id = $1 and ended_at is null and began_at <= $2", device, at
    )


async def drivers_now(connection: Connection, devices: Iterable[int]) -> dict[int, str]:
    """Who drives these vehicles now, by name; drivers whose card could not be read have none."""
    rows = await connection.fetch(
        "select device_id, name from driver_shift where device_id = any($1::int[]) and ended_at is null and name <> ''",
        sorted(devices),
    )
    return {row["device_id"]: row["name"] for row in rows}


async def shifts_of(connection: Connection, device: int, since: datetime, until: datetime, limit: int) -> list[Shift]:
    rows = await connection.fetch(
        "select device_id, began_at, ended_at, name, licence, agency, valid_until, card_result from driver_shift "
        "where device_id = $1 and began_at < $3 and coalesce(ended_at, 'infinity') >= $2 order by began_at desc limit $4",
        device,
        since,
        until,
        limit,
    )
    return [Shift(*row) for row in rows]
