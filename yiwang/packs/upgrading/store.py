"""SQL of the packs as the city has them, and the counts that a change of packs must know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yiwang.kernel.database import Connection, JsonObject

Standing = Literal["here", "retired", "left"]


@dataclass(frozen=True, slots=True)
class InstalledPack:
    """A pack as it was last published. ``declared``: names in both languages, case types, types."""

    id: str
    version: str
    digest: str
    standing: Standing
    declared: JsonObject


@dataclass(frozen=True, slots=True)
class StoredType:
    """A published type of things."""

    id: str
    pack: str
    declaration: JsonObject


async def installed(connection: Connection) -> dict[str, InstalledPack]:
    """Every pack that the city has or had, by id."""
    rows = await connection.fetch("select id, version, digest, standing, declared from installed_pack order by id")
    return {row["id"]: InstalledPack(*tuple(row)) for row in rows}


async def put(connection: Connection, packs: Iterable[InstalledPack], at: datetime) -> int:
    """Write how packs stand; returns how many are new or changed."""
    changed = 0
    for pack in packs:
        row = await connection.fetchval(
            "insert into installed_pack (id, version, digest, standing, declared, since, changed_at)"
            " values ($1, $2, $3, $4, $5, $6, $6) on conflict (id) do update set version = excluded.version,"
            " digest = excluded.digest, standing = excluded.standing, declared = excluded.declared,"
            " changed_at = excluded.changed_at"
            " where (installed_pack.version, installed_pack.digest, installed_pack.standing)"
            " is distinct from (excluded.version, excluded.digest, excluded.standing) returning id",
            pack.id, pack.version, pack.digest, pack.standing, pack.declared, at,
        )  # fmt: skip
        changed += row is not None
    return changed


async def case_types(connection: Connection) -> dict[str, JsonObject]:
    """The newest version of every case type that takes new cases, by id."""
    rows = await connection.fetch("select distinct on (key) key, body from case_type order by key, version desc")
    return {row["key"]: row["body"] for row in rows if row["body"].get("retired") is not True}


async def open_cases(connection: Connection) -> dict[str, int]:
    """How many cases run, by case type."""
    rows = await connection.fetch("select type, count(*) as count from case_file where state = 'open' group by type")
    return {row["type"]: row["count"] for row in rows}


async def flows(connection: Connection) -> dict[str, tuple[int, str, str]]:
    """(version, digest, drawing) of every flow in force, by key."""
    rows = await connection.fetch("select key, version, digest, xml from flow_definition where state = 'published'")
    return {row["key"]: (row["version"], row["digest"], row["xml"]) for row in rows}


async def types(connection: Connection) -> dict[str, StoredType]:
    """Every published type of things, by id."""
    rows = await connection.fetch("select id, pack, declaration from thing_type where state = 'published' order by id")
    return {row["id"]: StoredType(*tuple(row)) for row in rows}


async def records(connection: Connection, type_id: str) -> int:
    """How many records of a type are believed now."""
    found: int = await connection.fetchval(
        "select count(*) from thing_fact where type = $1 and upper_inf(recorded)", type_id
    )
    return found


async def records_with(connection: Connection, type_id: str, attribute: str) -> int:
    """How many records of a type hold a value of the attribute."""
    found: int = await connection.fetchval(
        "select count(*) from thing_fact where type = $1 and upper_inf(recorded) and attributes ? $2",
        type_id,
        attribute,
    )
    return found


async def records_on_map(connection: Connection, type_id: str) -> int:
    """How many records of a type have a place."""
    found: int = await connection.fetchval(
        "select count(*) from thing_fact where type = $1 and upper_inf(recorded) and geometry is not null", type_id
    )
    return found
