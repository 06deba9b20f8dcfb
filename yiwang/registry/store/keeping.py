"""What happens to facts without their content being changed by anybody: sealed anew, erased when their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject


async def sealed_otherwise(
    connection: Connection, mark: str, key: str, after: UUID, *, limit: int
) -> list[tuple[UUID, JsonObject]]:
    """(fact, attributes) of the next facts that hold a value sealed under another key than ``key``, locked."""
    rows = await connection.fetch(
        "select id, attributes from thing_fact where id > $1 and exists (select from jsonb_each(attributes) a"
        " where jsonb_typeof(a.value) = 'object' and a.value ? $2 and not starts_with(a.value ->> $2, $3 || ':'))"
        " order by id limit $4 for update",
        after,
        mark,
        key,
        limit,
    )
    return [(row["id"], row["attributes"]) for row in rows]


async def replace_sealed(connection: Connection, facts: Sequence[tuple[UUID, JsonObject]]) -> None:
    """The same content, encrypted otherwise; its digest stays."""
    await connection.executemany("update thing_fact set attributes = $2 where id = $1", facts)


async def ended_before(connection: Connection, type_id: str, moment: datetime, *, limit: int) -> list[UUID]:
    """Things of which nothing is believed from the moment on, and that were not erased yet; locked."""
    rows = await connection.fetch(
        "select t.id from thing t where t.type = $1 and t.merged_into is null"
        " and exists (select from thing_fact f where f.thing_id = t.id"
        " and f.attributes <> '{}') and not exists (select from thing_fact f where f.thing_id = t.id"
        " and upper_inf(f.recorded) and (upper_inf(f.valid) or upper(f.valid) >= $2))"
        " order by t.id limit $3 for update skip locked",
        type_id,
        moment,
        limit,
    )
    return [row["id"] for row in rows]


async def erase(connection: Connection, things: Sequence[UUID], reason: str) -> None:
    """Only that they were, from when to when, stays; also of what was merged into them."""
    ids = await connection.fetchval(
        "with recursive gone (id) as (select unnest($1::uuid[]) union select t.id from gone join thing t"
        " on t.merged_into = gone.id) select array_agg(id) from gone",
        list(things),
    )
    await connection.execute("delete from resolution_pair where low = any($1) or high = any($1)", ids)
    await connection.execute("delete from thing_key where thing_id = any($1)", ids)
    await connection.execute("delete from thing_relation where from_id = any($1) or to_id = any($1)", ids)
    await connection.execute(
        "update thing_fact set attributes = '{}', title = '', terms = '', geometry = null, digest = '', reason = $2"
        " where thing_id = any($1)",
        ids,
        reason,
    )


@dataclass(frozen=True, slots=True)
class PersonalRead:
    """That personal values of a thing were shown unmasked; offices and posts by id, as the reader held them then."""

    at: datetime
    type: str
    organisation_id: int | None
    post_ids: tuple[int, ...]
    purpose: str


async def reads_of_person(connection: Connection, who: str, since: datetime, *, limit: int) -> list[PersonalRead]:
    """The readings of records with this blind of name and telephone number, the newest first."""
    rows = await connection.fetch(
        "select r.at, t.type, r.organisation_id, r.post_ids, r.purpose from thing_read r join thing t on t.id = r.thing_id"
        " where r.who = $1 and r.at >= $2 order by r.at desc limit $3",
        who,
        since,
        limit,
    )
    return [
        PersonalRead(row["at"], row["type"], row["organisation_id"], tuple(row["post_ids"]), row["purpose"])
        for row in rows
    ]


async def keep_read(
    connection: Connection, actor: Actor, thing_id: UUID, at: datetime, purpose: str, who: str | None
) -> None:
    """Write down that personal values of a thing were shown unmasked, in the transaction that shows them. ``who``: the blind
    of the name and telephone number among them."""
    await connection.execute(
        "insert into thing_read (thing_id, at, account_id, organisation_id, post_ids, purpose, who)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        thing_id,
        at,
        actor.account_id,
        actor.organisation_id,
        list(actor.posts),
        purpose,
        who,
    )
