"""SQL of roles, of the roles that come with kinds of post, and of what one account holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.identity.declarations import RoleClass
from yiwang.identity.grants import HeldRole, grants_from_json, grants_json
from yiwang.identity.model import RoleGrantRow, RoleRow, ScopedGrant
from yiwang.kernel.database import Connection


@dataclass(frozen=True, slots=True)
class PostKind:
    """A kind of post and its names."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Held:
    """What an account holds at a moment: its active posts (id, kind) and its roles, each with its scope."""

    posts: tuple[tuple[int, str], ...]
    roles: tuple[HeldRole, ...]
    names: tuple[tuple[str, str, str], ...]
    """Code, Chinese and English name of each role, in order of their codes."""
    administrator: bool
    """Whether one of the roles is that of one of the three administrators."""


async def roles(connection: Connection) -> list[RoleRow]:
    """All roles, inactive ones too."""
    rows = await connection.fetch(
        "select code, name_zh, name_en, class, grants, source, active from role order by code"
    )
    return [
        RoleRow(
            row["code"],
            row["name_zh"],
            row["name_en"],
            row["class"],
            grants_from_json(row["grants"]),
            row["source"],
            row["active"],
        )
        for row in rows
    ]


async def write_roles(connection: Connection, rows: Sequence[RoleRow]) -> None:
    """Insert roles or bring them up to date by code."""
    await connection.executemany(
        "insert into role (code, name_zh, name_en, class, grants, source, active) values ($1, $2, $3, $4, $5, $6, $7)"
        " on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en,"
        " class = excluded.class, grants = excluded.grants, source = excluded.source, active = excluded.active",
        [
            (row.code, row.name_zh, row.name_en, row.role_class, grants_json(row.grants), row.source, row.active)
            for row in rows
        ],
    )


async def post_kinds(connection: Connection) -> dict[str, PostKind]:
    """All kinds of post by code."""
    rows = await connection.fetch("select code, name_zh, name_en from post_kind order by code")
    return {row["code"]: PostKind(*row) for row in rows}


async def write_post_kinds(connection: Connection, kinds: Sequence[PostKind]) -> None:
    """Insert kinds of post or rename them."""
    await connection.executemany(
        "insert into post_kind (code, name_zh, name_en) values ($1, $2, $3)"
        " on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en",
        [(kind.code, kind.name_zh, kind.name_en) for kind in kinds],
    )


async def post_roles(connection: Connection) -> set[tuple[str, str, str]]:
    """Every (kind of post, role, source)."""
    rows = await connection.fetch("select post_code, role_code, source from post_role")
    return {(row["post_code"], row["role_code"], row["source"]) for row in rows}


async def change_post_roles(
    connection: Connection, added: set[tuple[str, str, str]], removed: set[tuple[str, str, str]]
) -> None:
    """Add and take away roles of kinds of post."""
    await connection.executemany(
        "delete from post_role where post_code = $1 and role_code = $2 and source = $3", sorted(removed)
    )
    await connection.executemany(
        "insert into post_role (post_code, role_code, source) values ($1, $2, $3)", sorted(added)
    )


_HELD = """
with held as (
  select p.id, p.code, p.area, p.organisation_id from appointment a join post p on p.id = a.post_id and p.active
  where a.account_id = $1 and a.starts_at <= $2 and (a.ends_at is null or a.ends_at > $2)
)
select h.id as post_id, h.code as post_code, h.area, h.organisation_id, '' as within_area,
  null::int as within_organisation, r.code as role_code, r.name_zh, r.name_en, r.grants,
  r.class as role_class
from held h left join (select distinct post_code, role_code from post_role) pr on pr.post_code = h.code
left join role r on r.code = pr.role_code and r.active
union all
select null, null, coalesce(nullif(g.area, ''), o.area, ''), coalesce(g.organisation_id, a.organisation_id), g.area,
  g.organisation_id, r.code, r.name_zh, r.name_en, r.grants, r.class
from account_role g join role r on r.code = g.role_code and r.active join account a on a.id = g.account_id
left join organisation o on o.id = coalesce(g.organisation_id, a.organisation_id)
where g.account_id = $1 and g.revoked_at is null
order by role_code, post_id
"""


async def held(connection: Connection, account_id: UUID, at: datetime) -> Held:
    """The posts and roles that an account holds at ``at`` (city time), in one query."""
    posts: dict[int, str] = {}
    found: list[HeldRole] = []
    names: dict[str, tuple[str, str, str]] = {}
    parsed: dict[str, tuple[ScopedGrant, ...]] = {}  # a role comes once per post that brings it
    administrator = False
    for row in await connection.fetch(_HELD, account_id, at):
        if row["post_id"] is not None:
            posts[row["post_id"]] = row["post_code"]
        if row["role_code"] is None:
            continue
        code = row["role_code"]
        administrator = administrator or row["role_class"] is not None
        if code not in parsed:
            parsed[code] = grants_from_json(row["grants"])
            names[code] = (code, row["name_zh"], row["name_en"])
        found.append(
            HeldRole(
                grants=parsed[code],
                area=row["area"],
                organisation_id=row["organisation_id"],
                within_area=row["within_area"],
                within_organisation=row["within_organisation"],
            )
        )
    return Held(tuple(sorted(posts.items())), tuple(found), tuple(names.values()), administrator)


_CLASSES = """
select h.account_id, array_agg(distinct r.class order by r.class) as classes
from (
  select a.account_id, pr.role_code from appointment a join post p on p.id = a.post_id and p.active
  join post_role pr on pr.post_code = p.code where (a.ends_at is null or a.ends_at > $1)
  union all
  select account_id, role_code from account_role where revoked_at is null
) h join role r on r.code = h.role_code and r.active and r.class is not null
where $2::uuid is null or h.account_id = $2
group by h.account_id
"""


async def classes(connection: Connection, account_id: UUID, at: datetime) -> frozenset[RoleClass]:
    """The administrator classes among the roles that an account has, or will have, from ``at`` on."""
    row = await connection.fetchrow(_CLASSES, at, account_id)
    return frozenset(row["classes"]) if row else frozenset()


async def collisions(connection: Connection, at: datetime) -> list[tuple[str, list[str]]]:
    """People (name and login) who have roles of more than one administrator class; at most 20."""
    rows = await connection.fetch(
        f"select a.name || ' (' || a.login || ')' as who, c.classes from ({_CLASSES}) c join account a"
        " on a.id = c.account_id where cardinality(c.classes) > 1 order by a.login limit 20",
        at,
        None,
    )
    return [(row["who"], row["classes"]) for row in rows]


async def mixed_post_kinds(connection: Connection) -> list[tuple[str, list[str]]]:
    """Kinds of post that bring roles of more than one administrator class."""
    rows = await connection.fetch(
        "select pr.post_code, array_agg(distinct r.class order by r.class) as classes from post_role pr"
        " join role r on r.code = pr.role_code and r.active and r.class is not null"
        " group by pr.post_code having count(distinct r.class) > 1 order by pr.post_code"
    )
    return [(row["post_code"], row["classes"]) for row in rows]


async def role_grants(connection: Connection, account_id: UUID) -> list[RoleGrantRow]:
    """Roles given to an account directly and not revoked."""
    rows = await connection.fetch(
        "select id, role_code, area, organisation_id, granted_at from account_role"
        " where account_id = $1 and revoked_at is null order by id",
        account_id,
    )
    return [RoleGrantRow(*row) for row in rows]


async def insert_role_grant(connection: Connection, account_id: UUID, row: RoleGrantRow, by: UUID | None) -> bool:
    """Give a role; False when the account has it with this scope already."""
    inserted = await connection.fetchval(
        "insert into account_role (id, account_id, role_code, area, organisation_id, granted_at, granted_by)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning true",
        row.id,
        account_id,
        row.role_code,
        row.area,
        row.organisation_id,
        row.granted_at,
        by,
    )
    return bool(inserted)


async def revoked_pairs(connection: Connection, account_ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """Account and role of every grant that was taken away."""
    rows = await connection.fetch(
        "select account_id, role_code from account_role where account_id = any($1::uuid[]) and revoked_at is not null",
        account_ids,
    )
    return {(row["account_id"], row["role_code"]) for row in rows}


async def revoke_role_grant(
    connection: Connection, account_id: UUID, grant_id: UUID, at: datetime
) -> RoleGrantRow | None:
    """Take a role away; None when the account does not have it."""
    row = await connection.fetchrow(
        "update account_role set revoked_at = $3 where id = $1 and account_id = $2 and revoked_at is null"
        " returning id, role_code, area, organisation_id, granted_at",
        grant_id,
        account_id,
        at,
    )
    return RoleGrantRow(*row) if row else None
