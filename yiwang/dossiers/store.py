"""SQL of files: the cases that name a thing, and which things cases name."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from yiwang.casework.store.lists import case_scope
from yiwang.dossiers.gathering import FiledCase
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection

_most_cases = 500


async def cases_of(
    connection: Connection, actor: Actor, case_type: str, field: str, keys: Sequence[str]
) -> dict[str, list[FiledCase]]:
    """By key, the cases of a type whose field holds it, newest first, as far as the reader reaches."""
    args = Sql()
    scope, kind, name, wanted = (
        case_scope(actor, "read", args),
        args.bind(case_type),
        args.bind(field),
        args.bind(list(keys)),
    )
    rows = await connection.fetch(
        f"select k.key, c.id, c.number, c.type, c.state, c.status, c.class_code, c.reported_at, c.closed_at, c.fields"
        f" from unnest({wanted}::text[]) as k(key) cross join lateral (select c.* from case_file c where {scope}"
        f" and c.type = {kind} and c.fields->>{name}::text = k.key and c.state not in ('void', 'folded')"
        f" order by c.reported_at desc, c.id desc limit {args.bind(_most_cases)}) c",
        *args.values,
    )
    found: dict[str, list[FiledCase]] = {}
    for row in rows:
        found.setdefault(row["key"], []).append(FiledCase(*tuple(row)[1:]))
    return found


async def keys_named(
    connection: Connection, case_type: str, field: str, after: str, limit: int, among: Sequence[UUID] | None = None
) -> list[str]:
    """Keys that cases of a type name, in order beyond ``after``; with ``among`` only those of these cases."""
    rows = await connection.fetch(
        "select distinct fields->>$2::text as key from case_file where type = $1 and fields->>$2::text > $3"
        " and ($5::uuid[] is null or id = any($5)) order by key limit $4",
        case_type, field, after, limit, None if among is None else list(among),
    )  # fmt: skip
    return [row["key"] for row in rows]
