"""SQL that writes organisations and posts; bulk statements only, so that thousands are one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yiwang.kernel.database import Connection


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """A row to insert or to bring up to date; the parent by id, the path filled in later by :func:`set_paths`."""

    code: str
    parent_id: int | None
    name_zh: str
    name_en: str
    kind: str
    area: str
    serves: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post as it stands in the table; names None are those of its kind."""

    id: int
    organisation_id: int
    code: str
    area: str
    name_zh: str | None
    name_en: str | None
    source: str
    active: bool


@dataclass(frozen=True, slots=True)
class PlacedPost:
    """A post with its organisation's code."""

    id: int
    organisation_id: int
    organisation: str
    code: str
    area: str
    active: bool


_PLACED = "p.id, p.organisation_id, o.code as organisation, p.code, p.area, p.active"


async def post(connection: Connection, post_id: int) -> PlacedPost | None:
    row = await connection.fetchrow(
        f"select {_PLACED} from post p join organisation o on o.id = p.organisation_id where p.id = $1", post_id
    )
    return PlacedPost(*row) if row else None


async def placed_posts(connection: Connection, organisations: Sequence[str], codes: Sequence[str]) -> list[PlacedPost]:
    """Active posts of these kinds in these organisations."""
    rows = await connection.fetch(
        f"select {_PLACED} from post p join organisation o on o.id = p.organisation_id"
        " where p.active and o.code = any($1::text[]) and p.code = any($2::text[]) order by p.id",
        organisations,
        codes,
    )
    return [PlacedPost(*row) for row in rows]


async def positions(connection: Connection) -> dict[int, int]:
    """Where each organisation stands among its siblings."""
    return {row["id"]: row["position"] for row in await connection.fetch("select id, position from organisation")}


async def insert(connection: Connection, rows: Sequence[NewOrganisation]) -> dict[str, int]:
    """Insert organisations; returns their ids by code. Their paths must be set afterwards."""
    inserted = await connection.fetch(
        "insert into organisation (code, parent_id, name_zh, name_en, kind, area, serves, position, path)"
        " select code, parent_id, name_zh, name_en, kind, area, string_to_array(serves, ' '), position, '{}'"
        " from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[])"
        " as new (code, parent_id, name_zh, name_en, kind, area, serves, position) returning code, id",
        *_columns(rows),
    )
    return {row["code"]: row["id"] for row in inserted}


async def update(connection: Connection, rows: Sequence[NewOrganisation]) -> None:
    """Bring organisations up to date by code, and make them active."""
    await connection.execute(
        "update organisation o set parent_id = new.parent_id, name_zh = new.name_zh, name_en = new.name_en,"
        " kind = new.kind, area = new.area, serves = string_to_array(new.serves, ' '), position = new.position,"
        " active = true"
        " from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[])"
        " as new (code, parent_id, name_zh, name_en, kind, area, serves, position) where o.code = new.code",
        *_columns(rows),
    )


def _columns(rows: Sequence[NewOrganisation]) -> tuple[list[object], ...]:
    return (
        [row.code for row in rows],
        [row.parent_id for row in rows],
        [row.name_zh for row in rows],
        [row.name_en for row in rows],
        [row.kind for row in rows],
        [row.area for row in rows],
        [" ".join(row.serves) for row in rows],  # codes hold no blanks
        [row.position for row in rows],
    )


async def set_paths(connection: Connection, paths: dict[int, tuple[int, ...]]) -> None:
    """Write the paths of organisations by id."""
    await connection.execute(
        "update organisation o set path = string_to_array(new.path, ' ')::int[]"
        " from unnest($1::int[], $2::text[]) as new (id, path) where o.id = new.id",
        list(paths),
        [" ".join(map(str, path)) for path in paths.values()],
    )


async def deactivate(connection: Connection, ids: Sequence[int]) -> None:
    """Close organisations and all their posts."""
    await connection.execute("update organisation set active = false where id = any($1::int[])", ids)
    await connection.execute("update post set active = false where organisation_id = any($1::int[]) and active", ids)


async def posts(connection: Connection, organisation_ids: Sequence[int] | None, source: str) -> list[StoredPost]:
    """All posts of some organisations (None: of none in particular), and all of one source, active or not."""
    rows = await connection.fetch(
        "select id, organisation_id, code, area, name_zh, name_en, source, active from post"
        " where source = $2 or organisation_id = any($1::int[])",
        organisation_ids or [],
        source,
    )
    return [StoredPost(*row) for row in rows]


async def write_posts(connection: Connection, rows: Sequence[StoredPost]) -> None:
    """Insert posts, or bring those of the same organisation, code and area up to date; ids of the rows are not read."""
    await connection.execute(
        "insert into post (organisation_id, code, area, name_zh, name_en, source, active)"
        " select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[])"
        " on conflict (organisation_id, code, area) do update set name_zh = excluded.name_zh,"
        " name_en = excluded.name_en, source = excluded.source, active = excluded.active",
        [row.organisation_id for row in rows],
        [row.code for row in rows],
        [row.area for row in rows],
        [row.name_zh for row in rows],
        [row.name_en for row in rows],
        [row.source for row in rows],
        [row.active for row in rows],
    )


async def move_posts(connection: Connection, areas: dict[int, str]) -> None:
    """Give posts, by id, another area; whoever holds them keeps them."""
    await connection.executemany("update post set area = $2 where id = $1", list(areas.items()))


async def close_posts(connection: Connection, ids: Sequence[int]) -> None:
    """Make posts inactive; appointments to them stay but count no more."""
    await connection.execute("update post set active = false where id = any($1::int[])", ids)
