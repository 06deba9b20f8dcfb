"""All SQL of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from yiwang.exchange.catalogue.model import KIND, Asked, Content, Duty, Item, Resource, State, Step
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, Json, Record
from yiwang.kernel.text import search_query, search_terms

_COLUMNS = (
    "r.id, r.code, r.class_code, r.state, r.name_zh, r.name_en, r.abstract_zh, r.abstract_en, r.provider_id,"
    " r.provider_name, r.provider_code, r.area, r.format, r.format_detail, r.type, r.items, r.share_type,"
    " r.share_condition, r.share_method, r.open, r.open_condition, r.cycle, r.level, r.related, r.keywords, r.origin,"
    " r.revision, r.created_at, r.updated_at, r.published_at"
)
_most_published = 2000


def _resource(row: Record) -> Resource:
    return Resource(
        row["id"],
        row["code"],
        row["class_code"],
        row["state"],
        row["name_zh"],
        row["name_en"],
        row["abstract_zh"],
        row["abstract_en"],
        row["provider_id"],
        row["provider_name"],
        row["provider_code"],
        row["area"],
        row["format"],
        row["format_detail"],
        row["type"],
        tuple(Item(**item) for item in row["items"]),
        row["share_type"],
        row["share_condition"],
        row["share_method"],
        row["open"],
        row["open_condition"],
        row["cycle"],
        row["level"],
        tuple(row["related"]),
        tuple(row["keywords"]),
        row["origin"],
        row["revision"],
        row["created_at"],
        row["updated_at"],
        row["published_at"],
    )


def items_json(items: Sequence[Item]) -> list[Json]:
    """Items as stored."""
    return [
        {
            "name_zh": item.name_zh,
            "name_en": item.name_en,
            "data_type": item.data_type,
            "length": item.length,
            "attribute": item.attribute,
            "personal": item.personal,
            "sealed": item.sealed,
        }
        for item in items
    ]


def visible(actor: Actor, args: Sql, alias: str = "r") -> str:
    """The condition that leaves what an actor may see: what is published, and what they draft, audit or publish."""
    area, organisation = f"{alias}.area", f"{alias}.provider_id"
    read = scope_condition(actor, KIND, "read", args, area=area, organisation=organisation)
    own = [
        scope_condition(actor, KIND, verb, args, area=area, organisation=organisation)
        for verb in ("draft", "audit", "publish")
    ]
    parts = [f"({alias}.state in ('published', 'withdrawn') and {read})", *own]
    return "(" + " or ".join(parts) + ")"


def sees(actor: Actor, resource: Resource) -> bool:
    """The same question as :func:`visible`, for one resource in hand."""
    verbs = ["draft", "audit", "publish"]
    if resource.state in ("published", "withdrawn"):
        verbs.append("read")
    return any(actor.reaches(KIND, verb, area=resource.area, organisation=resource.provider_id) for verb in verbs)


async def published(connection: Connection, *, open_only: bool) -> list[Resource]:
    """Published resources by their code; with ``open_only`` those that their provider has opened to the public.

    At most 2,000: a district has some hundreds.
    """
    condition = "r.state = 'published'" + (" and r.open" if open_only else "")
    rows = await connection.fetch(
        f"select {_COLUMNS} from resource r where {condition} order by r.code limit $1", _most_published
    )
    return [_resource(row) for row in rows]


async def by_code(connection: Connection, code: str) -> Resource | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from resource r where r.code = $1", code)
    return None if row is None else _resource(row)


async def by_origin(connection: Connection, origin: str) -> tuple[Resource, str] | None:
    """The resource that a declaration made, with the digest of that declaration."""
    row = await connection.fetchrow(f"select {_COLUMNS}, r.digest from resource r where r.origin = $1", origin)
    return None if row is None else (_resource(row), row["digest"])


async def resource(connection: Connection, id: UUID, *, lock: bool = False) -> Resource | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from resource r where r.id = $1" + (" for update" if lock else ""), id
    )
    return None if row is None else _resource(row)


async def resources(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Resource]:
    rows = await connection.fetch(f"select {_COLUMNS} from resource r where r.id = any($1)", list(ids))
    return {row["id"]: _resource(row) for row in rows}


async def listed(connection: Connection, actor: Actor, asked: Asked) -> list[Resource]:
    """Resources that the actor may see, the newest first; at most one more than the limit."""
    args = Sql()
    parts = [visible(actor, args)]
    if asked.states:
        parts.append(f"r.state = any({args.bind(list(asked.states))})")
    if asked.class_code:
        parts.append(f"starts_with(r.class_code, {args.bind(asked.class_code)})")
    if asked.provider_id is not None:
        parts.append(f"r.provider_id = {args.bind(asked.provider_id)}")
    if asked.share_type is not None:
        parts.append(f"r.share_type = {args.bind(asked.share_type)}")
    if asked.open_only:
        parts.append("r.open")
    if asked.words:
        query = search_query(asked.words)
        parts.append("false" if query.empty else f"r.terms @@ {args.bind(query.tsquery)}::tsquery")
    if asked.after is not None:
        parts.append(f"r.id < {args.bind(asked.after)}")
    rows = await connection.fetch(
        f"select {_COLUMNS} from resource r where {' and '.join(parts)} order by r.id desc"
        f" limit {args.bind(asked.limit + 1)}",
        *args.values,
    )
    return [_resource(row) for row in rows]


async def counts(connection: Connection, actor: Actor) -> dict[str, int]:
    """How many resources the actor sees, by state."""
    args = Sql()
    rows = await connection.fetch(
        f"select r.state, count(*)::int as n from resource r where {visible(actor, args)} group by r.state",
        *args.values,
    )
    return {row["state"]: row["n"] for row in rows}


async def unknown_codes(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Those of these resource codes that nobody has."""
    rows = await connection.fetch(
        "select c from unnest($1::text[]) c where not exists (select from resource r where r.code = c)", list(codes)
    )
    return [row["c"] for row in rows]


async def next_serial(connection: Connection, class_code: str) -> int:
    """The next serial of a class; the row stays locked until the transaction ends."""
    found: int = await connection.fetchval(
        "insert into resource_serial (class_code, last) values ($1, 1)"
        " on conflict (class_code) do update set last = resource_serial.last + 1 returning last",
        class_code,
    )
    return found


def _terms(content: Content, provider_name: str) -> list[str]:
    words = [content.name_zh, content.name_en, content.abstract_zh, provider_name, *content.keywords]
    return search_terms("\n".join([*words, *(item.name_zh for item in content.items)]))


async def insert(
    connection: Connection,
    *,
    id: UUID,
    code: str,
    content: Content,
    provider: tuple[int, str, str],
    origin: str,
    digest: str,
    at: datetime,
) -> None:
    """A new draft. ``provider``: organisation id, its name, its area."""
    await connection.execute(
        "insert into resource (id, code, state, class_code, name_zh, name_en, abstract_zh, abstract_en, provider_code,"
        " format, format_detail, type, items, share_type, share_condition, share_method, open, open_condition, cycle,"
        " level, related, keywords, terms, provider_id, provider_name, area, origin, digest, created_at, updated_at)"
        " values ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,"
        " $21, array_to_tsvector($22::text[]), $23, $24, $25, $26, $27, $28, $28)",
        id,
        code,
        *_written(content, provider[1]),
        *provider,
        origin,
        digest,
        at,
    )


async def rewrite(connection: Connection, id: UUID, content: Content, provider_name: str, at: datetime) -> None:
    """The content anew; the state becomes draft again."""
    await connection.execute(
        "update resource set state = 'draft', class_code = $2, name_zh = $3, name_en = $4, abstract_zh = $5,"
        " abstract_en = $6, provider_code = $7, format = $8, format_detail = $9, type = $10, items = $11,"
        " share_type = $12, share_condition = $13, share_method = $14, open = $15, open_condition = $16, cycle = $17,"
        " level = $18, related = $19, keywords = $20, terms = array_to_tsvector($21::text[]), updated_at = $22,"
        " revision = revision + 1 where id = $1",
        id,
        *_written(content, provider_name),
        at,
    )


def _written(content: Content, provider_name: str) -> tuple[object, ...]:
    """The columns of a content, in the order of the statements above."""
    return (
        content.class_code,
        content.name_zh,
        content.name_en,
        content.abstract_zh,
        content.abstract_en,
        content.provider_code,
        content.format,
        content.format_detail,
        content.type,
        items_json(content.items),
        content.share_type,
        content.share_condition,
        content.share_method,
        content.open,
        content.open_condition,
        content.cycle,
        content.level,
        list(content.related),
        list(content.keywords),
        _terms(content, provider_name),
    )


async def move(
    connection: Connection, before: Resource, after: State, verb: str, by: str, note: str, at: datetime
) -> None:
    """Another state, with who and why."""
    await connection.execute(
        "update resource set state = $2, updated_at = $3, revision = revision + 1,"
        " published_at = case when $2 = 'published' then $3 else published_at end where id = $1",
        before.id,
        after,
        at,
    )
    await add_step(connection, before.id, verb, before.state, after, by, note, at)


async def add_step(
    connection: Connection, id: UUID, verb: str, before: str, after: str, by: str, note: str, at: datetime
) -> None:
    await connection.execute(
        "insert into resource_step (resource_id, verb, before, after, by_label, note, at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        verb,
        before,
        after,
        by,
        note,
        at,
    )


async def set_origin_digest(connection: Connection, id: UUID, digest: str) -> None:
    await connection.execute("update resource set digest = $2 where id = $1", id, digest)


async def steps(connection: Connection, id: UUID) -> list[Step]:
    """The story of a resource, in order; at most 200."""
    rows = await connection.fetch(
        "select verb, before, after, by_label, note, at from resource_step where resource_id = $1 order by id limit 200",
        id,
    )
    return [Step(row["verb"], row["before"], row["after"], row["by_label"], row["note"], row["at"]) for row in rows]


async def duties(connection: Connection, actor: Actor) -> list[Duty]:
    """The responsibility list over what the actor sees, by office; at most 500 offices."""
    args = Sql()
    rows = await connection.fetch(
        "select r.provider_id, min(r.provider_name) as provider_name, count(*)::int as published,"
        " (count(*) filter (where r.share_type = 1))::int as unconditional,"
        " (count(*) filter (where r.share_type = 2))::int as conditional,"
        " (count(*) filter (where r.share_type = 3))::int as withheld,"
        " (count(*) filter (where r.open))::int as opened,"
        " (select count(*)::int from share_request s where s.provider_id = r.provider_id and s.state = 'asked') as waiting"
        f" from resource r where r.state = 'published' and {visible(actor, args)}"
        " group by r.provider_id order by r.provider_id limit 500",
        *args.values,
    )
    return [Duty(*row) for row in rows]
