"""SQL of identity resolution: records to compare, runs, and the queue of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.registry.resolution.model import Level, Pair, Reason, Run, State
from yiwang.registry.store import reach

_PAIR = (
    "p.id, p.type, p.low, p.high, p.score, p.reasons, p.level, p.state, p.found_at, p.postponed_at, p.decided_at,"
    " p.decided_label, p.note"
)
_NEW = ("id", "low", "high", "score", "reasons", "level")


def _pair(row: Record) -> Pair:
    return Pair(
        row["id"],
        row["type"],
        row["low"],
        row["high"],
        round(row["score"], 2),  # stored with seven digits
        row["level"],
        row["state"],
        [Reason(each["attribute"], each["how"], each["similarity"], each["points"]) for each in row["reasons"]],
        row["found_at"],
        row["postponed_at"],
        row["decided_at"],
        row["decided_label"],
        row["note"],
    )


async def facts_to_compare(
    connection: Connection, type_id: str, at: datetime, after: UUID, *, limit: int
) -> list[tuple[UUID, int, JsonObject]]:
    """(thing, version of its type, attributes) of what is believed to be true at the moment, by thing."""
    rows = await connection.fetch(
        "select thing_id, type_version, attributes from thing_fact f where type = $1 and upper_inf(recorded)"
        " and valid @> $2::timestamptz and thing_id > $3 order by thing_id limit $4",
        type_id,
        at,
        after,
        limit,
    )
    return [(row["thing_id"], row["type_version"], row["attributes"]) for row in rows]


async def keep_pairs(
    connection: Connection,
    type_id: str,
    run_id: UUID,
    pairs: Sequence[tuple[UUID, UUID, float, Sequence[Reason], Level]],
    at: datetime,
) -> tuple[int, int]:
    """Take over what a search found: open pairs are renewed, those no longer found are dropped, decided ones stay as they
    are. Returns how many are new, and how many were dropped."""
    await connection.execute(
        "create temporary table found_pair (id uuid, low uuid, high uuid, score real, reasons jsonb, level text)"
        " on commit drop"
    )
    await connection.copy_records_to_table(
        "found_pair",
        columns=_NEW,
        records=[
            (new_id(), low, high, score, [_as_json(each) for each in reasons], level)
            for low, high, score, reasons, level in pairs
        ],
    )
    await connection.execute(
        "update resolution_pair p set score = f.score, reasons = f.reasons, level = f.level, run_id = $1"
        " from found_pair f where p.low = f.low and p.high = f.high and p.state = 'open'",
        run_id,
    )
    made = await connection.execute(
        "insert into resolution_pair (id, type, low, high, score, reasons, level, run_id, found_at)"
        " select id, $1, low, high, score, reasons, level, $2, $3 from found_pair on conflict (low, high) do nothing",
        type_id,
        run_id,
        at,
    )
    dropped = await connection.execute(
        "delete from resolution_pair where type = $1 and state = 'open' and run_id is distinct from $2", type_id, run_id
    )
    return int(made.rpartition(" ")[2]), int(dropped.rpartition(" ")[2])


def _as_json(reason: Reason) -> JsonObject:
    return {
        "attribute": reason.attribute,
        "how": reason.how,
        "similarity": reason.similarity,
        "points": reason.points,
    }


async def keep_run(connection: Connection, run: Run) -> None:
    await connection.execute(
        "insert into resolution_run (id, type, started_at, finished_at, things, compared, counts, by_label)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        run.id,
        run.type,
        run.started_at,
        run.finished_at,
        run.things,
        run.compared,
        run.counts,
        run.by_label,
    )


async def last_runs(connection: Connection) -> dict[str, Run]:
    """The newest search of each type."""
    rows = await connection.fetch(
        "select distinct on (type) id, type, started_at, finished_at, things, compared, counts, by_label"
        " from resolution_run order by type, finished_at desc"
    )
    return {
        row["type"]: Run(
            row["id"], row["type"], row["started_at"], row["finished_at"], row["things"], row["compared"],
            row["counts"], row["by_label"],
        )
        for row in rows
    }  # fmt: skip


def _both_within(actor: Actor, type_id: str, args: Sql) -> str:
    """Both records are believed still and within the actor's reach for merging."""
    parts = []
    for side, alias in (("low", "fl"), ("high", "fh")):
        condition = reach(actor, type_id, "merge", args, alias)
        parts.append(
            f"exists (select from thing_fact {alias} where {alias}.thing_id = p.{side} and upper_inf({alias}.recorded)"
            f" and {condition})"
        )
    return " and ".join(parts)


async def queue(
    connection: Connection,
    actor: Actor,
    type_id: str,
    *,
    level: Level | None,
    after: UUID | None,
    limit: int,
) -> list[Pair]:
    """Open pairs, those put off last, the surest first; at most one more than the limit."""
    args = Sql()
    parts = [f"p.type = {args.bind(type_id)}", "p.state = 'open'", _both_within(actor, type_id, args)]
    if level is not None:
        parts.append(f"p.level = {args.bind(level)}")
    order = "coalesce(p.postponed_at, '-infinity')"
    if after is not None:
        last = args.bind(after)
        parts.append(
            f"({order}, -p.score, p.id) > (select coalesce(b.postponed_at, '-infinity'), -b.score, b.id"
            f" from resolution_pair b where b.id = {last})"
        )
    rows = await connection.fetch(
        f"select {_PAIR} from resolution_pair p where {' and '.join(parts)} order by {order}, p.score desc, p.id"
        f" limit {args.bind(limit + 1)}",
        *args.values,
    )
    return [_pair(row) for row in rows]


async def open_counts(connection: Connection, actor: Actor, type_id: str) -> dict[str, int]:
    """Open pairs within reach by level, counted up to ten thousand."""
    args = Sql()
    kind = args.bind(type_id)
    within = _both_within(actor, type_id, args)
    rows = await connection.fetch(
        f"select level, count(*) as n from (select p.level from resolution_pair p where p.type = {kind}"
        f" and p.state = 'open' and {within} limit 10000) few group by level",
        *args.values,
    )
    return {row["level"]: row["n"] for row in rows}


async def pair_by_id(connection: Connection, id: UUID, *, lock: bool = False) -> Pair | None:
    row = await connection.fetchrow(
        f"select {_PAIR} from resolution_pair p where p.id = $1{' for update' if lock else ''}", id
    )
    return None if row is None else _pair(row)


async def pair_of(connection: Connection, one: UUID, other: UUID) -> Pair | None:
    low, high = sorted((one, other))
    row = await connection.fetchrow(
        f"select {_PAIR} from resolution_pair p where p.low = $1 and p.high = $2", low, high
    )
    return None if row is None else _pair(row)


async def open_pairs(connection: Connection, type_id: str, level: Level) -> list[Pair]:
    """Of all the type, the surest first: for merging without a person."""
    rows = await connection.fetch(
        f"select {_PAIR} from resolution_pair p where p.type = $1 and p.level = $2 and p.state = 'open'"
        " order by p.score desc, p.id",
        type_id,
        level,
    )
    return [_pair(row) for row in rows]


async def decide(
    connection: Connection, one: UUID, other: UUID, state: State, actor: Actor, note: str, at: datetime
) -> None:
    """What was decided of a pair, if the two are one."""
    low, high = sorted((one, other))
    await connection.execute(
        "update resolution_pair set state = $3, decided_at = $4, decided_by = $5, decided_label = $6, note = $7"
        " where low = $1 and high = $2",
        low,
        high,
        state,
        at,
        actor.account_id,
        actor.label,
        note,
    )


async def postpone(connection: Connection, id: UUID, at: datetime) -> None:
    await connection.execute("update resolution_pair set postponed_at = $2 where id = $1", id, at)


async def reopen(connection: Connection, id: UUID) -> None:
    await connection.execute(
        "update resolution_pair set state = 'open', decided_at = null, decided_by = null, decided_label = '', note = ''"
        " where id = $1",
        id,
    )


async def drop_open_pairs_of(connection: Connection, thing_id: UUID) -> None:
    """A record that was merged is compared no more."""
    await connection.execute("delete from resolution_pair where state = 'open' and (low = $1 or high = $1)", thing_id)
