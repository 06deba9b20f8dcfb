"""Facts of things: read in two times, closed, stated anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from asyncpg import Range, Record

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.kernel.text import search_query
from yiwang.registry.model import Asked, Fact, Ready, kinds_of

FACT_COLUMNS = (
    "f.id, f.thing_id, f.type, f.type_version, f.valid, f.recorded, f.area, f.organisation_id, f.title, f.attributes,"
    " ST_AsGeoJSON(f.geometry, 7) as geometry, f.source_id, f.source_row, f.recorded_by, f.recorded_label, f.reason"
)


def fact_of(row: Record) -> Fact:
    valid, recorded = row["valid"], row["recorded"]
    return Fact(
        row["id"],
        row["thing_id"],
        row["type"],
        row["type_version"],
        valid.lower,
        valid.upper,
        recorded.lower,
        recorded.upper,
        row["area"],
        row["organisation_id"],
        row["title"],
        row["attributes"],
        None if row["geometry"] is None else orjson.loads(row["geometry"]),
        row["source_id"],
        row["source_row"],
        row["recorded_by"],
        row["recorded_label"],
        row["reason"],
    )


def reach(actor: Actor, type_id: str, verb: str, args: Sql, alias: str = "f") -> str:
    """The condition that leaves exactly the facts of a type on which ``actor`` may do ``verb``."""
    conditions = [
        scope_condition(actor, kind, verb, args, area=f"{alias}.area", organisation=f"{alias}.organisation_id")
        for kind in kinds_of(type_id)
    ]
    if "true" in conditions:
        return "true"
    possible = [each for each in conditions if each != "false"]
    return "(" + " or ".join(possible) + ")" if possible else "false"


def moment(column: str, at: datetime | None, args: Sql, *, now: datetime) -> str:
    """``column`` (a period) holds the moment; for what is believed still, the open end is asked for.

    Worded as a truth, for the index of both periods leads with the thing: asked for a moment alone it would be read whole,
    which a plan that is kept for all values takes for cheap.
    """
    if at is None and column.endswith("recorded"):
        return f"upper_inf({column})"
    return f"({column} @> {args.bind(at or now)}::timestamptz) is true"


async def fact_at(connection: Connection, thing_id: UUID, valid_at: datetime, known_at: datetime | None) -> Fact | None:
    """What was true at ``valid_at`` as known at ``known_at`` (None: now)."""
    args = Sql()
    row = await connection.fetchrow(
        f"select {FACT_COLUMNS} from thing_fact f where f.thing_id = {args.bind(thing_id)}"
        f" and {moment('f.valid', valid_at, args, now=valid_at)} and {moment('f.recorded', known_at, args, now=valid_at)}",
        *args.values,
    )
    return None if row is None else fact_of(row)


async def facts_at(connection: Connection, things: Sequence[UUID], valid_at: datetime) -> list[Fact]:
    """What is believed of things at a moment."""
    rows = await connection.fetch(
        f"select {FACT_COLUMNS} from thing_fact f where f.thing_id = any($1) and upper_inf(f.recorded)"
        " and f.valid @> $2::timestamptz",
        list(things),
        valid_at,
    )
    return [fact_of(row) for row in rows]


async def newest_fact(connection: Connection, thing_id: UUID) -> Fact | None:
    """What is believed of the latest time: also of a thing that has ended."""
    row = await connection.fetchrow(
        f"select {FACT_COLUMNS} from thing_fact f where f.thing_id = $1 and upper_inf(f.recorded)"
        " order by lower(f.valid) desc nulls last limit 1",
        thing_id,
    )
    return None if row is None else fact_of(row)


async def fact_by_id(connection: Connection, id: UUID) -> Fact | None:
    """A fact, believed or superseded."""
    row = await connection.fetchrow(f"select {FACT_COLUMNS} from thing_fact f where f.id = $1", id)
    return None if row is None else fact_of(row)


async def newest_facts(connection: Connection, thing_ids: Sequence[UUID]) -> dict[UUID, Fact]:
    """What is believed of the latest time of each of these things, in one statement."""
    rows = await connection.fetch(
        f"select distinct on (f.thing_id) {FACT_COLUMNS} from thing_fact f where f.thing_id = any($1) and upper_inf(f.recorded)"
        " order by f.thing_id, lower(f.valid) desc nulls last",
        list(thing_ids),
    )
    return {row["thing_id"]: fact_of(row) for row in rows}


async def history(connection: Connection, thing_id: UUID, *, limit: int) -> list[Fact]:
    """All facts, believed and superseded, newest record first."""
    rows = await connection.fetch(
        f"select {FACT_COLUMNS} from thing_fact f where f.thing_id = $1"
        " order by lower(f.recorded) desc, lower(f.valid) desc nulls last, f.id desc limit $2",
        thing_id,
        limit,
    )
    return [fact_of(row) for row in rows]


async def believed(connection: Connection, thing_id: UUID, since: datetime, until: datetime | None) -> list[Fact]:
    """What is believed of the period, in order of time."""
    rows = await connection.fetch(
        f"select {FACT_COLUMNS} from thing_fact f where f.thing_id = $1 and upper_inf(f.recorded)"
        " and f.valid && tstzrange($2, $3) order by lower(f.valid) nulls first",
        thing_id,
        since,
        until,
    )
    return [fact_of(row) for row in rows]


async def listed(
    connection: Connection, actor: Actor, type_id: str, verb: str, asked: Asked, filters: str, now: datetime
) -> list[Fact]:
    """Things of a type, the newest first, at most one more than the limit (to tell whether there are more)."""
    args = Sql()
    parts = [
        f"f.type = {args.bind(type_id)}",
        moment("f.valid", asked.valid_at, args, now=now),
        moment("f.recorded", asked.known_at, args, now=now),
        reach(actor, type_id, verb, args),
    ]
    if asked.after is not None:
        parts.append(f"f.thing_id < {args.bind(asked.after)}")
    if asked.area:
        low, high = args.bind(asked.area), args.bind(asked.area + "\U0010ffff")
        parts.append(f"f.area >= {low} and f.area < {high}")
    if filters:
        parts.append(f"f.terms @@ {args.bind(filters)}::tsquery")
    if asked.standing:
        parts.append(
            f"exists (select from thing_authority a where a.thing_id = f.thing_id and a.state = {args.bind(asked.standing)}"
            f" and a.until > {args.bind(now)})"
        )
    if asked.words:
        query = search_query(asked.words)
        terms = [_quoted(term) for term in query.terms] + [_quoted(prefix) + ":*" for prefix in query.prefixes]
        parts.append(f"f.terms @@ {args.bind(' & '.join(terms))}::tsquery" if terms else "false")
    if asked.bbox is not None:
        corners = ", ".join(args.bind(each) for each in asked.bbox)
        parts.append(f"f.geometry && ST_MakeEnvelope({corners}, 4326)")
    if asked.near is not None:
        lon, lat, metres = (args.bind(each) for each in asked.near)
        point = f"ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)"
        parts.append(
            f"f.geometry && ST_Expand({point}, {metres}::float8 / 60000)"
            f" and ST_DWithin(f.geometry::geography, {point}::geography, {metres})"
        )
    rows = await connection.fetch(
        f"select {FACT_COLUMNS} from thing_fact f where {' and '.join(parts)} order by f.thing_id desc"
        f" limit {args.bind(asked.limit + 1)}",
        *args.values,
    )
    return [fact_of(row) for row in rows]


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


async def may(connection: Connection, actor: Actor, fact: Fact, verb: str) -> bool:
    """Whether ``actor`` may do ``verb`` with the thing as it stands in ``fact``."""
    return any(
        actor.reaches(kind, verb, area=fact.area, organisation=fact.organisation_id) for kind in kinds_of(fact.type)
    )


async def close_facts(connection: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """No longer believed from ``at`` on."""
    await connection.execute(
        "update thing_fact set recorded = tstzrange(lower(recorded), $2), tx = default"
        " where id = any($1) and upper_inf(recorded)",
        list(ids),
        at,
    )


async def insert_fact(
    connection: Connection,
    *,
    id: UUID,
    thing_id: UUID,
    type_id: str,
    type_version: int,
    valid: tuple[datetime | None, datetime | None],
    recorded_from: datetime,
    ready: Ready,
    organisation_id: int | None,
    source: tuple[int | None, int | None],
    actor: Actor,
    reason: str,
) -> None:
    """A new belief. Raises asyncpg.ExclusionViolationError when another belief covers part of the same time."""
    await connection.execute(
        "insert into thing_fact (id, thing_id, type, type_version, valid, recorded, area, organisation_id, title,"
        " attributes, digest, geometry, terms, source_id, source_row, recorded_by, recorded_label, reason) values"
        " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ST_SetSRID(ST_GeomFromGeoJSON($12), 4326), $13::tsvector, $14,"
        " $15, $16, $17, $18)",
        id,
        thing_id,
        type_id,
        type_version,
        Range(valid[0], valid[1]),
        Range(recorded_from, None),
        ready.area,
        organisation_id,
        ready.title,
        ready.attributes,
        ready.digest,
        ready.geometry,
        " ".join(_quoted(term) for term in ready.terms),
        source[0],
        source[1],
        actor.account_id,
        actor.label,
        reason,
    )


async def copy_fact(
    connection: Connection,
    *,
    of: UUID,
    id: UUID,
    valid: tuple[datetime | None, datetime | None],
    recorded_from: datetime,
) -> None:
    """The content of a superseded fact, believed on for another period."""
    await connection.execute(
        "insert into thing_fact (id, thing_id, type, type_version, valid, recorded, area, organisation_id, title,"
        " attributes, digest, geometry, terms, source_id, source_row, recorded_by, recorded_label, reason)"
        " select $2, thing_id, type, type_version, $3, $4, area, organisation_id, title, attributes, digest, geometry,"
        " terms, source_id, source_row, recorded_by, recorded_label, reason from thing_fact where id = $1",
        of,
        id,
        Range(valid[0], valid[1]),
        Range(recorded_from, None),
    )


async def digest_of_fact(connection: Connection, id: UUID) -> bytes:
    found: bytes = await connection.fetchval("select digest from thing_fact where id = $1", id)
    return found
