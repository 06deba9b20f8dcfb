"""Partitions of readings (by UTC day) and of roll-ups (minute and hour by month, day by year): made ahead and on demand.

Safe with any number of writers: who makes partitions holds a transaction advisory lock; a table is made first and attached
then, which stops nobody from reading or writing the other days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from yiwang.kernel.database import Connection
from yiwang.sensing.model import Grain

MAKING_LOCK = 0x59575041
_AT_ONCE = 16
_AHEAD_DAYS = 3


@dataclass(frozen=True, slots=True)
class Partition:
    """A table that holds ``since`` ≤ at < ``until`` of its ``parent``."""

    parent: str
    name: str
    since: datetime
    until: datetime


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def day_partition(day: date) -> Partition:
    """The partition of readings of a UTC day."""
    return Partition("reading", f"reading_{day:%Y%m%d}", _midnight(day), _midnight(day + timedelta(days=1)))


def rollup_partition(width: Grain, day: date) -> Partition:
    """The partition of roll-ups of this width that holds ``day``."""
    parent = f"rollup_{width.name.lower()}"
    if width is Grain.DAY:
        begin, end = date(day.year, 1, 1), date(day.year + 1, 1, 1)
        return Partition(parent, f"{parent}_{begin:%Y}", _midnight(begin), _midnight(end))
    begin = day.replace(day=1)
    end = (begin + timedelta(days=32)).replace(day=1)
    return Partition(parent, f"{parent}_{begin:%Y%m}", _midnight(begin), _midnight(end))


def partitions_around(days: Iterable[date]) -> list[Partition]:
    """All partitions that readings of these UTC days and their roll-ups need, each once.

    A day of the city's zone may begin on the UTC day before, and so in the month or year before.
    """
    found: dict[str, Partition] = {}
    for day in days:
        needed = [day_partition(day)]
        for width in (Grain.MINUTE, Grain.HOUR, Grain.DAY):
            needed += [rollup_partition(width, day), rollup_partition(width, day - timedelta(days=1))]
        for item in needed:
            found.setdefault(item.name, item)
    return list(found.values())


async def make_partitions(connection: Connection, days: Iterable[date]) -> list[str]:
    """Make what is missing of :func:`partitions_around`; the names of those that were made.

    In transactions of its own, so not to be called within one.
    """
    wanted = partitions_around(days)
    there = await _there(connection, wanted)
    missing = [item for item in wanted if item.name not in there]
    made: list[str] = []
    for begin in range(0, len(missing), _AT_ONCE):
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", MAKING_LOCK)
            part = missing[begin : begin + _AT_ONCE]
            there = await _there(connection, part)
            new = [item for item in part if item.name not in there]
            if new:
                await connection.execute("".join(map(_making, new)))
            made += [item.name for item in new]
    return made


async def _there(connection: Connection, wanted: list[Partition]) -> set[str]:
    rows = await connection.fetch(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "where c.relname = any($1::text[]) and i.inhparent = any($2::text[]::regclass[])",
        [item.name for item in wanted],
        sorted({item.parent for item in wanted}),
    )
    return {row["relname"] for row in rows}


def _making(item: Partition) -> str:
    span = f"from ('{item.since.isoformat()}') to ('{item.until.isoformat()}')"
    room = "" if item.parent == "reading" else " with (fillfactor = 80)"  # roll-ups are updated while they fill
    return (
        f"create table {item.name} (like {item.parent} including defaults including indexes){room};"
        f"alter table {item.parent} attach partition {item.name} for values {span};"
    )


async def make_ahead(connection: Connection, now: datetime) -> list[str]:
    """The partitions of yesterday, today and the next days."""
    today = now.astimezone(UTC).date()
    return await make_partitions(connection, [today + timedelta(days=step) for step in range(-1, _AHEAD_DAYS + 1)])


async def existing_days(connection: Connection) -> list[date]:
    """The UTC days whose readings have a partition, ascending."""
    rows = await connection.fetch(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "where i.inhparent = 'reading'::regclass order by c.relname"
    )
    return [datetime.strptime(row["relname"][-8:], "%Y%m%d").replace(tzinfo=UTC).date() for row in rows]
