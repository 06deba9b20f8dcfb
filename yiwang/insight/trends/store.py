"""SQL of trends: counting days after the journal, reading series within a reader's scope, alarms.

A day's count is always made from its cases, so that counting again gives the same; the journal only tells which days to
count again. Streets (the first nine characters of an area code) are the finest area kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.kernel.journal.store import FINAL

STREET = 9
ENTRIES_AT_ONCE = 20_000
DAYS_AT_ONCE = 40

By = Literal["class", "area", "all"]
Kind = Literal["more", "fewer"]

# What changes how many cases of which class and place a day has. A class is chosen at verifying, filing or dispatching.
_CHANGING = (
    "(j.verb in ('case.opened', 'case.imported', 'case.voided', 'case.reopened', 'case.classified')"
    " or (j.verb = 'case.step' and j.data ->> 'stage' in ('verify', 'accept', 'dispatch')))"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases count. ``area`` and ``class_code`` are beginnings of codes; days are the city's own, both included."""

    first: date
    last: date
    by: By = "all"
    type: str | None = None
    class_code: str | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A day out of the ordinary; class and area '' stand for all."""

    id: UUID
    day: date
    class_code: str
    area: str
    kind: Kind
    cases: int
    expected: float
    low: float
    high: float
    chance: float
    raised_at: datetime


async def mark_stale(connection: Connection, zone: str) -> int:
    """Read on in the journal and mark the days whose counts may have changed; how many entries were read."""
    row = await connection.fetchrow(
        "select tx, seq from trend_progress union all select 0, 0 order by tx desc, seq desc limit 1"
    )
    after = (row["tx"], row["seq"]) if row else (0, 0)
    read = await connection.fetchrow(
        "with batch as materialized (select j.tx, j.seq, j.verb, j.subject_id, j.data from journal j"
        f" where (j.tx, j.seq) > ($1, $2) and j.tx < {FINAL} order by j.tx, j.seq limit {ENTRIES_AT_ONCE}),"
        " touched as (select distinct (c.reported_at at time zone $3)::date as day from batch j"
        f" join case_file c on c.id = j.subject_id where {_CHANGING}),"
        " marked as (insert into trend_stale (day) select day from touched on conflict do nothing)"
        " select count(*) as n, (select tx from batch order by tx desc, seq desc limit 1) as tx,"
        " (select seq from batch order by tx desc, seq desc limit 1) as seq from batch",
        after[0],
        after[1],
        zone,
    )
    if read is None or not read["n"]:
        return 0
    await connection.execute(
        "insert into trend_progress (tx, seq) values ($1, $2)"
        " on conflict (one) do update set tx = excluded.tx, seq = excluded.seq",
        read["tx"],
        read["seq"],
    )
    count: int = read["n"]
    return count


async def count_stale(connection: Connection, zone: str) -> int:
    """Count the newest marked days anew from their cases; how many days. In the caller's transaction."""
    rows = await connection.fetch(
        f"delete from trend_stale where day in (select day from trend_stale order by day desc limit {DAYS_AT_ONCE}"
        " for update skip locked) returning day"
    )
    days = sorted(row["day"] for row in rows)
    if not days:
        return 0
    await connection.execute("delete from trend_count where day = any($1::date[])", days)
    await connection.execute(
        "insert into trend_count (day, type, class_code, area, cases)"
        f" select d.day, c.type, coalesce(c.class_code, ''), left(c.area, {STREET}), count(*)"
        " from unnest($1::date[]) as d (day) join case_file c"
        " on c.reported_at >= d.day::timestamp at time zone $2 and c.reported_at < (d.day + 1)::timestamp at time zone $2"
        " where c.state <> 'void' group by 1, 2, 3, 4",
        days,
        zone,
    )
    return len(days)


def scope(actor: Actor, args: Sql, area: str) -> str:
    """The streets whose cases the actor may read. A grant for single offices or grids reaches no count of a street."""
    return scope_condition(actor, "case", "read", args, area=area)


async def known_days(connection: Connection, actor: Actor) -> tuple[date, date] | None:
    """The first and last day on which anything is counted for this reader."""
    args = Sql()
    row = await connection.fetchrow(
        f"select min(t.day) as first, max(t.day) as last from trend_count t where {scope(actor, args, 't.area')}",
        *args.values,
    )
    return (row["first"], row["last"]) if row and row["first"] is not None else None


async def series(connection: Connection, actor: Actor, wanted: Wanted) -> list[tuple[str, date, int]]:
    """(class, street or "", day, cases) where there were any, in no order."""
    args = Sql()
    key = {"class": "t.class_code", "area": "t.area", "all": "''"}[wanted.by]
    where = [
        f"t.day >= {args.bind(wanted.first)}",
        f"t.day <= {args.bind(wanted.last)}",
        scope(actor, args, "t.area"),
    ]
    if wanted.type:
        where.append(f"t.type = {args.bind(wanted.type)}")
    for column, value in (("t.class_code", wanted.class_code), ("t.area", wanted.area)):
        if value:
            where.append(f"({column} >= {args.bind(value)} and {column} < {args.bind(value + chr(0x10FFFF))})")
    rows = await connection.fetch(
        f"select {key} as key, t.day, sum(t.cases)::int as cases from trend_count t where {' and '.join(where)} group by 1, 2",
        *args.values,
    )
    return [(row["key"], row["day"], row["cases"]) for row in rows]


async def common_area(connection: Connection) -> str:
    """The area code that all counted streets begin with: the city or district itself."""
    row = await connection.fetchrow("select min(area) as low, max(area) as high from trend_count where area <> ''")
    if row is None or row["low"] is None:
        return ""
    low, high = str(row["low"]), str(row["high"])
    same = next((place for place, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]), len(low))
    return low[:same] if same == len(low) else low[: same - same % 2]


async def add_alarms(connection: Connection, alarms: Sequence[Alarm]) -> list[Alarm]:
    """Those that were not raised before; counts of one that was are brought up to date."""
    fresh: list[Alarm] = []
    for alarm in alarms:
        row = await connection.fetchrow(
            "insert into trend_alarm (id, day, class_code, area, kind, cases, expected, low, high, chance, raised_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            " on conflict (day, class_code, area, kind) do update set cases = excluded.cases, chance = excluded.chance"
            " returning id",
            alarm.id, alarm.day, alarm.class_code, alarm.area, alarm.kind, alarm.cases, alarm.expected, alarm.low,
            alarm.high, alarm.chance, alarm.raised_at,
        )  # fmt: skip
        if row is not None and row["id"] == alarm.id:
            fresh.append(alarm)
    return fresh


async def alarms(connection: Connection, actor: Actor, *, before: tuple[date, UUID] | None, limit: int) -> list[Alarm]:
    """Alarms of the places that the actor may read, newest day first."""
    args = Sql()
    where = [scope(actor, args, "a.area")]
    if before is not None:
        where.append(f"(a.day, a.id) < ({args.bind(before[0])}, {args.bind(before[1])})")
    rows = await connection.fetch(
        "select a.id, a.day, a.class_code, a.area, a.kind, a.cases, a.expected, a.low, a.high, a.chance, a.raised_at"
        f" from trend_alarm a where {' and '.join(where)} order by a.day desc, a.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [Alarm(*row) for row in rows]


async def area_names(connection: Connection, codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Names of streets (Chinese, English), where the city has drawn them."""
    rows = await connection.fetch("select code, name_zh, name_en from area where code = any($1::text[])", list(codes))
    return {row["code"]: (row["name_zh"], row["name_en"] or row["name_zh"]) for row in rows}


async def progress(connection: Connection) -> tuple[int, int] | None:
    """How far the journal was read."""
    row = await connection.fetchrow("select tx, seq from trend_progress")
    return (row["tx"], row["seq"]) if row else None


async def watched_to(connection: Connection) -> date | None:
    """The last whole day for which alarms were looked for."""
    found: date | None = await connection.fetchval("select watched_to from trend_progress")
    return found


async def set_watched(connection: Connection, day: date) -> None:
    await connection.execute("update trend_progress set watched_to = $1", day)
