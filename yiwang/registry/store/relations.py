"""Relations between things, in two times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Range, Record

from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection, JsonObject
from yiwang.registry.model import Relation
from yiwang.registry.store.facts import moment

_RELATION = (
    "select r.id, r.kind, r.from_id, tf.type as from_type, r.to_id, tt.type as to_type, r.valid, r.recorded, r.attributes,"
    " coalesce(ff.title, '') as from_title, coalesce(ft.title, '') as to_title from thing_relation r"
    " join thing tf on tf.id = r.from_id join thing tt on tt.id = r.to_id"
    " left join lateral (select title from thing_fact f where f.thing_id = r.from_id and upper_inf(f.recorded)"
    "   order by lower(f.valid) desc nulls last limit 1) ff on true"
    " left join lateral (select title from thing_fact f where f.thing_id = r.to_id and upper_inf(f.recorded)"
    "   order by lower(f.valid) desc nulls last limit 1) ft on true"
)


def _relation(row: Record) -> Relation:
    return Relation(
        row["id"],
        row["kind"],
        row["from_id"],
        row["from_type"],
        row["from_title"],
        row["to_id"],
        row["to_type"],
        row["to_title"],
        row["valid"].lower,
        row["valid"].upper,
        row["recorded"].lower,
        row["attributes"],
    )


async def relations_of(
    connection: Connection, thing_id: UUID, valid_at: datetime, known_at: datetime | None, *, limit: int
) -> list[Relation]:
    """Relations in both directions as true at ``valid_at`` and known at ``known_at`` (None: now)."""
    args = Sql()
    me = args.bind(thing_id)
    when = f"{moment('r.valid', valid_at, args, now=valid_at)} and {moment('r.recorded', known_at, args, now=valid_at)}"
    rows = await connection.fetch(
        f"{_RELATION} where (r.from_id = {me} or r.to_id = {me}) and {when} order by r.kind, r.id limit {args.bind(limit)}",
        *args.values,
    )
    return [_relation(row) for row in rows]


async def counted(
    connection: Connection,
    thing_ids: Sequence[UUID],
    relation: str,
    at: datetime,
    *,
    incoming_from: str | None = None,
    total: str | None = None,
    where: JsonObject | None = None,
) -> dict[UUID, float]:
    """How many things are related to each now (or the sum of their number ``total``): those that its relation leads to, or,
    with ``incoming_from``, things of that type whose relation leads to it."""
    me, other = ("r.to_id", "r.from_id") if incoming_from is not None else ("r.from_id", "r.to_id")
    number = "(case when jsonb_typeof(f.attributes -> $4) = 'number' then (f.attributes ->> $4)::numeric else 0 end)"
    rows = await connection.fetch(
        f"select {me} as id, count(*) as things, coalesce(sum({number}), 0)::float8 as total from thing_relation r"
        f" join thing t on t.id = {other} and ($5::text is null or t.type = $5)"
        f" join thing_fact f on f.thing_id = {other} and f.valid @> $3::timestamptz and upper_inf(f.recorded)"
        " and f.attributes @> $6::jsonb"
        f" where {me} = any($1::uuid[]) and r.kind = $2 and r.valid @> $3::timestamptz and upper_inf(r.recorded)"
        f" group by {me}",
        list(thing_ids),
        relation,
        at,
        total or "",
        incoming_from,
        where or {},
    )
    return {row["id"]: row["total"] if total else float(row["things"]) for row in rows}


async def linked_to(
    connection: Connection, goals: Sequence[UUID], kind: str, valid_at: datetime
) -> list[tuple[UUID, UUID]]:
    """(from, to) of all believed relations of a kind that lead to these things at a moment."""
    rows = await connection.fetch(
        "select from_id, to_id from thing_relation where to_id = any($1) and kind = $2 and upper_inf(recorded)"
        " and valid @> $3::timestamptz order by id",
        list(goals),
        kind,
        valid_at,
    )
    return [(row["from_id"], row["to_id"]) for row in rows]


async def relation_by_id(connection: Connection, id: UUID) -> Relation | None:
    row = await connection.fetchrow(f"{_RELATION} where r.id = $1 and upper_inf(r.recorded)", id)
    return None if row is None else _relation(row)


async def has_relation(
    connection: Connection, from_id: UUID, kind: str, since: datetime, until: datetime | None
) -> bool:
    """Whether a believed relation of that kind goes out from the thing within the period."""
    found: bool = await connection.fetchval(
        "select exists (select from thing_relation where from_id = $1 and kind = $2 and upper_inf(recorded)"
        " and valid && tstzrange($3, $4))",
        from_id,
        kind,
        since,
        until,
    )
    return found


async def reaches(connection: Connection, start: UUID, kind: str, goal: UUID, *, most_steps: int) -> bool:
    """Whether ``goal`` is reached from ``start`` along believed relations of a kind, within so many steps."""
    found: bool = await connection.fetchval(
        "with recursive way (id, steps) as (select $1::uuid, 0 union"
        " select r.to_id, way.steps + 1 from way join thing_relation r on r.from_id = way.id"
        " where r.kind = $2 and upper_inf(r.recorded) and way.steps < $4)"
        " select exists (select from way where id = $3)",
        start,
        kind,
        goal,
        most_steps,
    )
    return found


async def insert_relation(
    connection: Connection,
    *,
    id: UUID,
    kind: str,
    ends: tuple[UUID, UUID],
    valid: tuple[datetime | None, datetime | None],
    at: datetime,
    attributes: JsonObject,
    source_id: int | None,
    actor: Actor,
) -> None:
    """Raises asyncpg.ExclusionViolationError when the same relation is believed for part of that time already."""
    await connection.execute(
        "insert into thing_relation (id, kind, from_id, to_id, valid, recorded, attributes, source_id, recorded_by,"
        " recorded_label) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        kind,
        ends[0],
        ends[1],
        Range(valid[0], valid[1]),
        Range(at, None),
        attributes,
        source_id,
        actor.account_id,
        actor.label,
    )


async def insert_relations(
    connection: Connection,
    rows: Sequence[tuple[UUID, str, UUID, UUID]],
    *,
    since: datetime,
    at: datetime,
    source_id: int | None,
    actor: Actor,
) -> int:
    """Relations (id, kind, from, to) true from ``since`` on; those believed for that time already are passed over."""
    done = await connection.execute(
        "insert into thing_relation (id, kind, from_id, to_id, valid, recorded, attributes, source_id, recorded_by,"
        " recorded_label) select w.id, w.kind, w.from_id, w.to_id, tstzrange($5, null), tstzrange($6, null), '{}', $7, $8, $9"
        " from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) as w (id, kind, from_id, to_id)"
        " on conflict do nothing",
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
        since,
        at,
        source_id,
        actor.account_id,
        actor.label,
    )
    return int(done.rpartition(" ")[2])


async def end_relation(connection: Connection, relation: Relation, new_id: UUID, until: datetime, at: datetime) -> None:
    """The relation is believed only until ``until`` from now on; what was believed before stays on record."""
    await connection.execute(
        "update thing_relation set recorded = tstzrange(lower(recorded), $2) where id = $1", relation.id, at
    )
    if relation.valid_from is None or relation.valid_from < until:
        await connection.execute(
            "insert into thing_relation (id, kind, from_id, to_id, valid, recorded, attributes, source_id, recorded_by,"
            " recorded_label) select $2, kind, from_id, to_id, tstzrange(lower(valid), $3), tstzrange($4, null), attributes,"
            " source_id, recorded_by, recorded_label from thing_relation where id = $1",
            relation.id,
            new_id,
            until,
            at,
        )
