"""Delivery as a database view: one role that may log in, and one view that it may select from; nothing else is granted to it.

What is created: ``exchange_views.share_<number>`` (a security barrier over the current facts of the type, with the granted
columns, filter and area) and the role of the same name with a password that is shown once. Personal and sealed items never
stand in a view. Both are dropped when the grant ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import asyncpg

from yiwang.exchange.errors import ViewImpossible
from yiwang.exchange.sharing.model import ShareGrant
from yiwang.kernel.database import Connection

SCHEMA = "exchange_views"
_connections = 3


async def create_view(connection: Connection, grant: ShareGrant, version: int, filters: str) -> tuple[str, str]:
    """(name of view and role, password). ``version``: the type's; ``filters``: tsquery literal of the row filter, "" for none.

    Raises:
        ViewImpossible: records of an older version of the type are there, or the database lets nobody make roles.
    """
    older = await connection.fetchval(
        "select exists (select from thing_fact where type = $1 and type_version <> $2 and upper_inf(recorded))",
        grant.type,
        version,
    )
    if older:
        raise ViewImpossible(
            reason_zh="该类型仍有按旧版本登记的记录", reason_en="there are records of an older version of the type"
        )
    name, password = f"share_{grant.id.hex[-16:]}", secrets.token_urlsafe(24)
    columns = ", ".join(["f.attributes ->> %L as %I"] * len(grant.wanted.items))
    names = [each for item in grant.wanted.items for each in (item, item)]
    condition, values = "", []
    if filters:
        condition, values = " and f.terms @@ %L::tsquery", [filters]
    if grant.wanted.within:
        condition += " and f.area >= %L and f.area < %L"
        values += [grant.wanted.within, grant.wanted.within + "\U0010ffff"]
    try:
        await connection.execute(f"create schema if not exists {SCHEMA}")
        await _run(
            connection,
            f"create view {SCHEMA}.%I with (security_barrier) as select f.thing_id as id, f.area, {columns}"
            " from thing_fact f where f.type = %L and upper_inf(f.recorded) and upper_inf(f.valid)" + condition,
            [name, *names, grant.type, *values],
        )
        await _run(connection, f"create role %I login password %L connection limit {_connections}", [name, password])
        await _run(connection, f"grant usage on schema {SCHEMA} to %I", [name])
        await _run(connection, f"grant select on {SCHEMA}.%I to %I", [name, name])
    except asyncpg.InsufficientPrivilegeError as error:
        raise ViewImpossible(
            reason_zh="数据库账号没有建立角色的权限", reason_en="the database's account may not create roles"
        ) from error
    return name, password


async def drop_view(connection: Connection, name: str) -> None:
    """View and role are no more; whoever is connected with it is cut off."""
    known = await connection.fetchval("select exists (select from pg_roles where rolname = $1)", name)
    await _run(connection, f"drop view if exists {SCHEMA}.%I", [name])
    if not known:
        return
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and pid <> pg_backend_pid()", name
    )
    await _run(connection, "drop owned by %I", [name])
    await _run(connection, "drop role %I", [name])


async def _run(connection: Connection, template: str, values: Sequence[str]) -> None:
    """Data definition takes no parameters: the database itself quotes names (%I) and literals (%L)."""
    await connection.execute(
        await connection.fetchval("select format($1, variadic $2::text[])", template, list(values))
    )
