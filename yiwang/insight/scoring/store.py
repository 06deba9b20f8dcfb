"""All SQL of counting: progress, lives, what cases entered, sums of the days. Every table stands twice, one per side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np

from yiwang.insight.scoring.lives import LIFE, LIFE_COLUMNS, Net
from yiwang.insight.scoring.slices import Slice
from yiwang.insight.scoring.totals import SUM, without_amounts
from yiwang.insight.scoring.wire import Columns, Numbers, Rows, Wire, uuid_of
from yiwang.kernel.database import Connection, Record

LIFE_WIRE: Final = Wire(LIFE)
_KEYED: Final = [("object", "i4"), ("day", "i4"), ("case_hi", "i8"), ("case_lo", "i8")]
_FACT_WIRE: Final = Wire(np.dtype([*_KEYED, ("bits", "i8")]))
_MANY_WIRE: Final = Wire(np.dtype([*_KEYED, ("count", "i2"), ("n", "i4")]))
_SUM_WIRE: Final = Wire(SUM)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the journal was followed. ``slices``: those counted on the side that is read; ``rebuild_*``: of a
    recomputation under way, None otherwise."""

    side: int
    tx: int
    seq: int
    as_of: datetime
    slices: frozenset[int]
    rebuild_tx: int | None
    rebuild_at: tuple[int, int] | None
    rebuild_slices: frozenset[int]
    rebuild_from: UUID | None
    rebuild_done: int
    rebuild_of: int
    rebuild_began: datetime | None


def _progress(row: Record) -> Progress:
    at = None if row["rebuild_at_tx"] is None else (row["rebuild_at_tx"], row["rebuild_at_seq"])
    return Progress(
        side=row["side"],
        tx=row["tx"],
        seq=row["seq"],
        as_of=row["as_of"],
        slices=_numbers(row["scopes"]),
        rebuild_tx=row["rebuild_tx"],
        rebuild_at=at,
        rebuild_slices=_numbers(row["rebuild_scopes"] or ""),
        rebuild_from=row["rebuild_from"],
        rebuild_done=row["rebuild_done"],
        rebuild_of=row["rebuild_of"],
        rebuild_began=row["rebuild_began"],
    )


def _numbers(text: str) -> frozenset[int]:
    return frozenset(int(word) for word in text.split(",") if word)


def written(slices: frozenset[int]) -> str:
    """Numbers of slices as the progress row keeps them."""
    return ",".join(map(str, sorted(slices)))


async def progress(connection: Connection) -> Progress:
    row = await connection.fetchrow("select * from insight_progress")
    if row is None:
        raise RuntimeError("insight has no progress row; run the migrations")
    return _progress(row)


async def locked_progress(connection: Connection, *, wait: bool = False) -> Progress | None:
    """The progress, locked; None while another process has it."""
    row = await connection.fetchrow(f"select * from insight_progress for update{'' if wait else ' skip locked'}")
    return None if row is None else _progress(row)


async def slices(connection: Connection, numbers: frozenset[int] | None = None) -> list[Slice]:
    """The slices that are kept; only those with these numbers."""
    rows = await connection.fetch("select number, condition from insight_slice order by number")
    return [
        Slice(row["number"], tuple(row["condition"].get("types", ())), tuple(row["condition"].get("channels", ())))
        for row in rows
        if numbers is None or row["number"] in numbers
    ]


async def lives_of(connection: Connection, side: int, cases: Sequence[UUID]) -> Rows:
    """The lives of these cases, as far as they have one."""
    columns = ", ".join(LIFE_COLUMNS)
    return await LIFE_WIRE.read(
        connection, f"select {columns} from insight_life_{side} where case_id = any($1::uuid[])", list(cases)
    )


async def watched(connection: Connection, side: int, now: datetime, limit: int) -> list[UUID]:
    """Cases of which a limit has passed by ``now`` that is not counted yet."""
    rows = await connection.fetch(
        f"select case_id from insight_life_{side} where watch_at <= $1 and watch_at < 'infinity'"
        " order by watch_at limit $2",
        now,
        limit,
    )
    return [row["case_id"] for row in rows]


async def write_lives(connection: Connection, side: int, lives: Rows, *, known: Sequence[UUID] = ()) -> None:
    """Write lives; ``known``: those that stand there already and are replaced."""
    if known:
        await connection.execute(f"delete from insight_life_{side} where case_id = any($1::uuid[])", list(known))
    await LIFE_WIRE.write(connection, f"insight_life_{side}", LIFE_COLUMNS, lives)


def keyed(rows: Rows, lives: Rows, wire: Wire) -> Rows:
    """Rows by number of their life → by case id, as the tables have them."""
    found = np.zeros(len(rows), dtype=wire.rows)
    for name in wire.names:
        found[name] = lives[name][rows["row"]] if name.startswith("case_") else rows[name]
    return found


async def add_entered(connection: Connection, side: int, facts: Rows, many: Rows, lives: Rows) -> None:
    """Add what cases entered that have entered nothing before."""
    await _FACT_WIRE.write(
        connection, f"insight_fact_{side}", ("object", "day", "case_id", "facts"), keyed(facts, lives, _FACT_WIRE)
    )
    await _MANY_WIRE.write(
        connection, f"insight_many_{side}", ("object", "day", "case_id", "fact", "n"), keyed(many, lives, _MANY_WIRE)
    )


async def add_sums(connection: Connection, side: int, sums: Rows) -> None:
    """Add rows of sums as they are; :func:`compact_sums` brings equal keys together."""
    await _SUM_WIRE.write(connection, f"insight_count_{side}", ("object", "day", "slice", "fact", "n"), sums)


async def change_sums(connection: Connection, side: int, sums: Rows) -> None:
    """Add to the sums of the days."""
    if len(sums):
        await connection.execute(
            f"insert into insight_count_{side} as c (object, day, slice, fact, n)"
            " select o, date '2000-01-01' + d, s, f, n"
            " from unnest($1::int4[], $2::int4[], $3::int2[], $4::int2[], $5::int8[]) as u (o, d, s, f, n)"
            " on conflict (object, slice, fact, day) do update set n = c.n + excluded.n",
            *(sums[name].tolist() for name in ("object", "day", "slice", "count", "n")),
        )


_Key = tuple[int, int, UUID]


async def change_entered(connection: Connection, side: int, net: Net, lives: Rows) -> None:
    """Change what cases entered by the net of new emissions."""
    net = without_amounts(net)
    if not len(net.n):
        return
    deltas: dict[_Key, dict[int, int]] = {}
    for row, thing, day, count, by in zip(*(column.tolist() for column in net), strict=True):
        key = (thing, day, uuid_of(lives["case_hi"][row], lives["case_lo"][row]))
        deltas.setdefault(key, {})[count] = by
    keys = sorted(deltas)
    stored = await _stored(connection, side, keys)
    bits: dict[_Key, int] = {}
    many: list[tuple[int, int, UUID, int, int]] = []
    for key, change_of in deltas.items():
        entries = stored.get(key, {})
        touched = {count: entries.get(count, 0) + by for count, by in change_of.items()}
        entries = {**entries, **touched}
        bits[key] = sum(1 << count for count, times in entries.items() if times)
        many += [(*key, count, times) for count, times in touched.items()]
    await _write_entered(connection, side, bits, many)


async def _stored(connection: Connection, side: int, keys: Sequence[_Key]) -> dict[_Key, dict[int, int]]:
    """How often the keys' cases have entered each count so far."""
    columns = [thing for thing, _, _ in keys], [day for _, day, _ in keys], [case for _, _, case in keys]
    rows = await connection.fetch(
        f"select f.object, f.day - date '2000-01-01' as day, f.case_id, f.facts,"
        f" (select coalesce(jsonb_object_agg(m.fact, m.n), '{{}}') from insight_many_{side} m"
        "  where m.object = f.object and m.day = f.day and m.case_id = f.case_id) as many"
        " from unnest($1::int4[], $2::int4[], $3::uuid[]) as w (o, d, c)"
        f" join insight_fact_{side} f on f.object = w.o and f.day = date '2000-01-01' + w.d and f.case_id = w.c",
        *columns,
    )
    found: dict[_Key, dict[int, int]] = {}
    for row in rows:
        often: Mapping[str, int] = row["many"]
        found[row["object"], row["day"], row["case_id"]] = {
            count: often.get(str(count), 1) for count in range(63) if row["facts"] >> count & 1
        }
    return found


async def _write_entered(
    connection: Connection, side: int, bits: Mapping[_Key, int], many: Sequence[tuple[int, int, UUID, int, int]]
) -> None:
    rows = [(*key, value) for key, value in bits.items()]
    await connection.execute(
        f"with w as (select o, date '2000-01-01' + d as d, c, b from unnest($1::int4[], $2::int4[], $3::uuid[], $4::int8[])"
        f" as u (o, d, c, b)), gone as (delete from insight_fact_{side} f using w"
        "   where w.b = 0 and f.object = w.o and f.day = w.d and f.case_id = w.c)"
        f" insert into insight_fact_{side} (object, day, case_id, facts) select * from w where b <> 0"
        " on conflict (object, day, case_id) do update set facts = excluded.facts",
        *([row[at] for row in rows] for at in range(4)),
    )
    await connection.execute(
        "with w as (select o, date '2000-01-01' + d as d, c, f, n"
        " from unnest($1::int4[], $2::int4[], $3::uuid[], $4::int2[], $5::int4[]) as u (o, d, c, f, n)),"
        f" gone as (delete from insight_many_{side} m using w where w.n in (0, 1)"
        "   and m.object = w.o and m.day = w.d and m.case_id = w.c and m.fact = w.f)"
        f" insert into insight_many_{side} (object, day, case_id, fact, n) select * from w where n not in (0, 1)"
        " on conflict (object, day, case_id, fact) do update set n = excluded.n",
        *([entry[at] for entry in many] for at in range(5)),
    )


async def moved_on(connection: Connection, tx: int, seq: int, as_of: datetime) -> None:
    await connection.execute("update insight_progress set tx = $1, seq = $2, as_of = $3", tx, seq, as_of)


# -- the other side -------------------------------------------------------------------------------------------------


async def clear_side(connection: Connection, side: int) -> None:
    """Empty a side, without the indexes that would slow its filling."""
    await connection.execute(
        f"truncate insight_life_{side}, insight_fact_{side}, insight_many_{side}, insight_count_{side};"
        f" alter table insight_fact_{side} drop constraint if exists insight_fact_{side}_pkey;"
        f" alter table insight_count_{side} drop constraint if exists insight_count_{side}_pkey"
    )


_FINISHING: Final = (
    "set local statement_timeout = 0; set local work_mem = '64MB'; set local maintenance_work_mem = '64MB';"
    " set local enable_hashagg = off; set local max_parallel_workers_per_gather = 0;"
    " set local max_parallel_maintenance_workers = 0;"
)
"""Runs that are sorted within the processor's own memory and then merged are sorted sooner than all at once. Sums and facts
are finished side by side, each by one process: more of them would take the processor from one another."""
_KEY: Final = "(object::int8 << 38) | (slice::int8 << 22) | (fact::int8 << 16) | (day - date '2000-01-01' + 32768)"
"""One number that sorts as (object, slice, fact, day) do: see the bits of :mod:`yiwang.insight.scoring.lives`."""


async def finish_sums(connection: Connection, side: int) -> None:
    """Bring equal keys of sums together, in the order in which they are read, and make their index.

    Sums are whole numbers below 2^53, so that they may be added as floating-point numbers: five times as fast as ``numeric``.
    """
    await connection.execute(
        f"{_FINISHING} alter table insight_count_{side} drop constraint if exists insight_count_{side}_pkey;"
        f" create temp table summed on commit drop as select {_KEY} as key, sum(n::float8)::int8 as n"
        f" from insight_count_{side} group by 1 having sum(n::float8) <> 0;"
        f" truncate insight_count_{side};"
        f" insert into insight_count_{side} (object, day, slice, fact, n)"
        " select key >> 38, date '2000-01-01' + ((key & 65535)::int4 - 32768), (key >> 22) & 65535, (key >> 16) & 63, n"
        " from summed;"
        f" alter table insight_count_{side} add constraint insight_count_{side}_pkey primary key (object, slice, fact, day);"
        f" analyze insight_count_{side}"
    )


async def finish_facts(connection: Connection, side: int) -> None:
    """Make the index of what cases have entered."""
    await connection.execute(
        f"{_FINISHING} alter table insight_fact_{side} drop constraint if exists insight_fact_{side}_pkey;"
        f" alter table insight_fact_{side} add constraint insight_fact_{side}_pkey primary key (object, day, case_id);"
        f" analyze insight_fact_{side}; analyze insight_life_{side}"
    )


async def boundary(connection: Connection, after: UUID, entries: int) -> UUID | None:
    """The subject of the ``entries``-th journal entry about subjects beyond this one; None when fewer are left."""
    found: UUID | None = await connection.fetchval(
        "select subject_id from journal where subject_id > $1 order by subject_id, seq offset $2 limit 1",
        after,
        entries - 1,
    )
    return found


def distinct(rows: Rows | Columns) -> tuple[list[UUID], Numbers]:
    """The different cases of rows with ``case_hi``, ``case_lo``, and for each row the place of its own among them."""
    if not len(rows):
        return [], np.empty(0, dtype="i8")
    hi, lo = rows["case_hi"], rows["case_lo"]
    order = np.lexsort((lo, hi))
    high, low = hi[order], lo[order]
    new = np.r_[True, (high[1:] != high[:-1]) | (low[1:] != low[:-1])]
    places = np.empty(len(rows), dtype="i8")
    places[order] = np.cumsum(new) - 1
    return [uuid_of(*pair) for pair in zip(high[new].tolist(), low[new].tolist(), strict=True)], places
