"""SQL of merges: what is closed, stated anew and moved, and all of it taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Range, Record

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id
from yiwang.registry.resolution.model import Merge

_MERGE = (
    "id, type, kept, merged, facts, kept_before, kept_after, relations, moved_from, moved, merged_at, merged_label, reason,"
    " undone_at, undone_label, undone_reason"
)
_FACT_BODY = (
    "thing_id, type, type_version, area, organisation_id, title, attributes, digest, geometry, terms, source_id, source_row,"
    " recorded_by, recorded_label, reason"
)


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation as far as merging must know it."""

    id: UUID
    kind: str
    from_id: UUID
    to_id: UUID
    recorded_from: datetime


def _merge(row: Record) -> Merge:
    return Merge(*(row[name] for name in Merge.__dataclass_fields__))


async def believed_ids(connection: Connection, thing_id: UUID) -> list[tuple[UUID, datetime]]:
    """(fact, since when it is believed) of all that is believed of a thing, of any time."""
    rows = await connection.fetch(
        "select id, lower(recorded) as since from thing_fact where thing_id = $1 and upper_inf(recorded) order by id",
        thing_id,
    )
    return [(row["id"], row["since"]) for row in rows]


async def restate_facts(connection: Connection, ids: Sequence[UUID], at: datetime) -> list[UUID]:
    """Believe again, from ``at`` on, what these facts say; returns the new facts in the same order."""
    fresh = [new_id() for _ in ids]
    await connection.execute(
        f"insert into thing_fact (id, valid, recorded, {_FACT_BODY}) select w.new, valid, tstzrange($3, null), {_FACT_BODY}"
        " from unnest($1::uuid[], $2::uuid[]) as w (old, new) join thing_fact f on f.id = w.old",
        list(ids),
        fresh,
        at,
    )
    return fresh


async def last_known(connection: Connection, thing_id: UUID) -> UUID | None:
    """The fact of a thing that was believed last, also when nothing is believed of it any more."""
    found: UUID | None = await connection.fetchval(
        "select id from thing_fact where thing_id = $1 order by upper(recorded) desc nulls first, lower(valid) desc nulls last"
        " limit 1",
        thing_id,
    )
    return found


async def ties_of(connection: Connection, thing_id: UUID) -> list[Tie]:
    """All believed relations of a thing, in both directions, locked."""
    rows = await connection.fetch(
        "select id, kind, from_id, to_id, lower(recorded) as since from thing_relation where (from_id = $1 or to_id = $1)"
        " and upper_inf(recorded) order by id for update",
        thing_id,
    )
    return [Tie(row["id"], row["kind"], row["from_id"], row["to_id"], row["since"]) for row in rows]


async def ties(connection: Connection, ids: Sequence[UUID]) -> list[Tie]:
    """Relations by id, believed or not."""
    rows = await connection.fetch(
        "select id, kind, from_id, to_id, lower(recorded) as since from thing_relation where id = any($1) order by id",
        list(ids),
    )
    return [Tie(row["id"], row["kind"], row["from_id"], row["to_id"], row["since"]) for row in rows]


async def close_relations(connection: Connection, ids: Sequence[UUID], at: datetime) -> list[UUID]:
    """No longer believed from ``at`` on; returns those that were believed until now."""
    rows = await connection.fetch(
        "update thing_relation set recorded = tstzrange(lower(recorded), $2) where id = any($1) and upper_inf(recorded)"
        " returning id",
        list(ids),
        at,
    )
    return [row["id"] for row in rows]


async def follow(
    connection: Connection, relation: UUID, ends: tuple[UUID, UUID], single: bool, at: datetime
) -> list[UUID]:
    """A relation goes on between other ends, for as much of its time as nothing of the kind is believed there already
    (``single``: with anything). Returns the new relations."""
    rows = await connection.fetch(
        "select unnest(tstzmultirange(r.valid) - coalesce((select range_agg(k.valid) from thing_relation k"
        " where k.from_id = $2 and k.kind = r.kind and upper_inf(k.recorded) and ($4 or k.to_id = $3)), '{}')) as part"
        " from thing_relation r where r.id = $1",
        relation,
        ends[0],
        ends[1],
        single,
    )
    made = []
    for row in rows:
        id = new_id()
        await _insert_again(connection, relation, id, ends, row["part"], at)
        made.append(id)
    return made


async def restate_relation(connection: Connection, relation: UUID, ends: tuple[UUID, UUID], at: datetime) -> UUID:
    """Believe a relation again from ``at`` on."""
    valid = await connection.fetchval("select valid from thing_relation where id = $1", relation)
    id = new_id()
    await _insert_again(connection, relation, id, ends, valid, at)
    return id


async def _insert_again(
    connection: Connection, relation: UUID, id: UUID, ends: tuple[UUID, UUID], valid: Range[datetime], at: datetime
) -> None:
    await connection.execute(
        "insert into thing_relation (id, kind, from_id, to_id, valid, recorded, attributes, source_id, recorded_by,"
        " recorded_label) select $2, kind, $3, $4, $5, tstzrange($6, null), attributes, source_id, recorded_by, recorded_label"
        " from thing_relation where id = $1",
        relation,
        id,
        ends[0],
        ends[1],
        valid,
        at,
    )


async def move_keys(connection: Connection, merged: UUID, kept: UUID) -> None:
    """What named the merged record names the kept one."""
    await connection.execute(
        "update thing_key set first_thing_id = coalesce(first_thing_id, thing_id), thing_id = $2 where thing_id = $1",
        merged,
        kept,
    )


async def return_keys(connection: Connection, merged: UUID, kept: UUID) -> None:
    """What named the merged record, or one merged into it before, names it again."""
    await connection.execute(
        "with recursive mine (id) as (select $1::uuid union select t.id from mine join thing t on t.merged_into = mine.id)"
        " update thing_key k set thing_id = $1, first_thing_id = nullif(k.first_thing_id, $1)"
        " where k.thing_id = $2 and k.first_thing_id in (select id from mine)",
        merged,
        kept,
    )


async def set_merged_into(connection: Connection, thing_id: UUID, into: UUID | None) -> None:
    await connection.execute("update thing set merged_into = $2 where id = $1", thing_id, into)


async def insert_merge(
    connection: Connection,
    *,
    id: UUID,
    type_id: str,
    kept: UUID,
    merged: UUID,
    facts: Sequence[UUID],
    kept_facts: tuple[Sequence[UUID], Sequence[UUID]],
    relations: Sequence[UUID],
    moved: Sequence[tuple[UUID, UUID]],
    at: datetime,
    actor: Actor,
    reason: str,
) -> None:
    await connection.execute(
        "insert into thing_merge (id, type, kept, merged, facts, kept_before, kept_after, relations, moved_from, moved,"
        " merged_at, merged_by, merged_label, reason) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        id,
        type_id,
        kept,
        merged,
        list(facts),
        list(kept_facts[0]),
        list(kept_facts[1]),
        list(relations),
        [old for old, _ in moved],
        [new for _, new in moved],
        at,
        actor.account_id,
        actor.label,
        reason,
    )


async def merge_by_id(connection: Connection, id: UUID) -> Merge | None:
    """The merge, locked."""
    row = await connection.fetchrow(f"select {_MERGE} from thing_merge where id = $1 for update", id)
    return None if row is None else _merge(row)


async def merges_of(connection: Connection, thing_id: UUID, *, limit: int) -> list[Merge]:
    """Merges of other records into this one, and of this one into another, the newest first."""
    rows = await connection.fetch(
        f"select {_MERGE} from thing_merge where kept = $1 or merged = $1 order by merged_at desc, id desc limit $2",
        thing_id,
        limit,
    )
    return [_merge(row) for row in rows]


async def standing_merges_into(connection: Connection, kept: UUID) -> list[Merge]:
    """Merges into a record that were not taken back, in their order."""
    rows = await connection.fetch(
        f"select {_MERGE} from thing_merge where kept = $1 and undone_at is null order by merged_at, id for update",
        kept,
    )
    return [_merge(row) for row in rows]


async def moved_on(connection: Connection, relations: Sequence[UUID]) -> UUID | None:
    """A standing merge that moved one of these relations on."""
    found: UUID | None = await connection.fetchval(
        "select id from thing_merge where undone_at is null and relations && $1 limit 1", list(relations)
    )
    return found


async def add_moved(connection: Connection, id: UUID, moved: Sequence[tuple[UUID, UUID]]) -> None:
    await connection.execute(
        "update thing_merge set moved_from = moved_from || $2::uuid[], moved = moved || $3::uuid[] where id = $1",
        id,
        [old for old, _ in moved],
        [new for _, new in moved],
    )


async def renamed(connection: Connection, column: str, old: Sequence[UUID], new: Sequence[UUID]) -> None:
    """Facts or relations that other standing merges speak of are now believed under other ids. ``column``: ``moved`` or
    ``kept_after``."""
    await connection.execute(
        f"update thing_merge m set {column} = (select array_agg(coalesce(w.new, e.id) order by e.place)"
        f" from unnest(m.{column}) with ordinality as e (id, place)"
        " left join unnest($1::uuid[], $2::uuid[]) as w (old, new) on w.old = e.id)"
        f" where undone_at is null and m.{column} && $1",
        list(old),
        list(new),
    )


async def set_undone(connection: Connection, id: UUID, actor: Actor, reason: str, at: datetime) -> None:
    await connection.execute(
        "update thing_merge set undone_at = $2, undone_by = $3, undone_label = $4, undone_reason = $5 where id = $1",
        id,
        at,
        actor.account_id,
        actor.label,
        reason,
    )
