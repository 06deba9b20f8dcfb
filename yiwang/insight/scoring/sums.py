"""SQL of reading: the counts of objects over days, and the cases behind a count. Only objects asked for are looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from yiwang.casework.store.lists import case_scope
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection

Sums = dict[str, dict[int, dict[int, int]]]
"""Object's key → slice → count's number → sum."""


async def objects_of(connection: Connection, kind: str) -> dict[str, int]:
    """All objects of a kind by key."""
    rows = await connection.fetch("select key, id from insight_object where kind = $1", kind)
    return {row["key"]: row["id"] for row in rows}


async def sums_of(
    connection: Connection,
    side: int,
    groups: Mapping[int, str],
    first: date,
    last: date,
    slices: Collection[int],
    counts: Collection[int],
) -> Sums:
    """The counts of objects from a day to another; objects of one group are added up. ``groups``: object → group."""
    if not groups or not slices or not counts:
        return {}
    names = sorted(set(groups.values()))
    number = {name: at for at, name in enumerate(names)}
    ids = list(groups)
    rows = await connection.fetch(
        "select g.name as part, c.slice, c.fact, sum(c.n::float8)::int8 as n"
        " from unnest($1::int4[], $2::int4[]) as g (object, name)"
        f" join insight_count_{side} c on c.object = g.object and c.day >= $3 and c.day <= $4"
        " where c.slice = any($5::int2[]) and c.fact = any($6::int2[]) group by 1, 2, 3",
        ids,
        [number[groups[one]] for one in ids],
        first,
        last,
        sorted(slices),
        sorted(counts),
    )
    found: Sums = {}
    for row in rows:
        found.setdefault(names[row["part"]], {}).setdefault(row["slice"], {})[row["fact"]] = row["n"]
    return found


@dataclass(frozen=True, slots=True)
class Behind:
    """A case behind a count: on which day and how often it entered it."""

    case_id: UUID
    day: date
    times: int
    number: str
    status: str
    state: str
    class_code: str | None
    text: str
    address: str
    area: str
    department_id: int | None


async def cases_behind(
    connection: Connection,
    side: int,
    actor: Actor,
    objects: Sequence[int],
    first: date,
    last: date,
    slice_: int,
    counts: Sequence[int],
    *,
    without: Sequence[int] = (),
    after: tuple[date, UUID] | None = None,
    limit: int = 50,
) -> list[Behind]:
    """Cases that entered one of these counts for one of these objects, and none of ``without`` on the same day; the
    newest day first. Only those that the actor may read."""
    args = Sql()
    bits = sum(1 << count for count in counts)
    barred = sum(1 << count for count in without)
    scope = case_scope(actor, "read", args)
    conditions = [
        f"f.object = any({args.bind(list(objects))}::int4[])",
        f"f.day >= {args.bind(first)} and f.day <= {args.bind(last)}",
        f"f.facts & {args.bind(bits)}::int8 <> 0",
        f"f.facts & {args.bind(barred)}::int8 = 0",
        f"l.slices = any(array(select s.id from insight_slice_set s where {args.bind(slice_)}::int2 = any(s.slices)))",
        scope,
    ]
    if after is not None:
        conditions.append(f"(f.day, f.case_id) < ({args.bind(after[0])}, {args.bind(after[1])})")
    chosen = args.bind(list(counts))
    rows = await connection.fetch(
        "select f.case_id, f.day, coalesce((select max(m.n) from insight_many_"
        f"{side} m where m.object = f.object and m.day = f.day and m.case_id = f.case_id"
        f" and m.fact = any({chosen}::int2[])), 1) as times, c.number, c.status, c.state, c.class_code, c.text, c.address,"
        f" c.area, c.department_id from insight_fact_{side} f join insight_life_{side} l on l.case_id = f.case_id"
        f" join case_file c on c.id = f.case_id where {' and '.join(conditions)}"
        f" order by f.day desc, f.case_id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [Behind(*tuple(row)) for row in rows]
