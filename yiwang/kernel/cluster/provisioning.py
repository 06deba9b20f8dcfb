"""Databases and extensions on a running server, embedded or one's own. Owns the list of extensions and least versions.

Promises: every function may be called by several processes at once and again and again; refusals name the SQL or the
package that helps. URLs are ``postgresql://…``; messages never show a password.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

import asyncpg

from yiwang.kernel.cluster.problems import (
    EncodingWrong,
    ExtensionUnavailable,
    RightsMissing,
    ServerTooOld,
    ServerUnreachable,
)
from yiwang.kernel.database import AWAY, Connection

extensions = ("postgis", "btree_gist", "pg_trgm")
oldest_server = 150000
"""server_version_num: PostgreSQL 15."""
oldest_postgis = (3, 3)
connect_seconds = 10.0
recovery_seconds = 60.0

_PROVISIONING_LOCK = 0x5977_0001
"""Advisory lock that one process holds while it creates databases, templates or extensions."""


def describe(url: str) -> str:
    """``host:port/database`` of a URL, for messages; no user, no password."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}/{database_of(url)}"


def database_of(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path.lstrip("/")) or parse_qs(parts.query).get("dbname", [parts.username or ""])[0]


def with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(database)))


@asynccontextmanager
async def connection_to(url: str) -> AsyncIterator[Connection]:
    """A short-lived connection; waits while the server recovers from a crash.

    Raises:
        ServerUnreachable: with the driver's reason. A database that does not exist raises asyncpg's own error.
    """
    try:
        connection = await _connect(url)
    except asyncpg.InvalidCatalogNameError:
        raise
    except (*AWAY, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise ServerUnreachable(where=describe(url), reason=reason) from error
    try:
        yield connection
    finally:
        await connection.close(timeout=connect_seconds)


async def ensure_database(admin_url: str, name: str) -> None:
    """Create the database ``name`` with our extensions where it is missing, as a user who may create databases."""
    async with connection_to(admin_url) as admin:
        if not await _exists(admin, name):
            async with _alone(admin):
                if not await _exists(admin, name):
                    await admin.execute(f"create database {_identifier(name)} template template0 encoding 'UTF8'")
    await ensure_extensions(with_database(admin_url, name))


async def ensure_extensions(url: str) -> None:
    """Create the extensions that the database lacks.

    Raises:
        ExtensionUnavailable: the server does not have the files of one.
        RightsMissing: we may not; names the SQL for the database administrator.
        ServerTooOld: PostGIS is older than 3.3.
    """
    async with connection_to(url) as connection:
        missing = await missing_extensions(connection)
        if missing:
            async with _alone(connection):
                await _create_extensions(connection, await missing_extensions(connection), url)
        found = await connection.fetchval("select extversion from pg_extension where extname = 'postgis'")
        if version_tuple(found) < oldest_postgis:
            raise ServerTooOld(what="PostGIS", where=describe(url), have=found, need="3.3")


async def missing_extensions(connection: Connection) -> list[str]:
    rows = await connection.fetch("select extname from pg_extension where extname = any($1::text[])", list(extensions))
    have = {row["extname"] for row in rows}
    return [name for name in extensions if name not in have]


async def prepare_own_server(url: str) -> None:
    """Check one's own server and make its database ready: version, encoding, database, extensions.

    Raises:
        ServerUnreachable, ServerTooOld, EncodingWrong, ExtensionUnavailable, RightsMissing.
    """
    await _ensure_own_database(url)
    async with connection_to(url) as connection:
        number = int(await connection.fetchval("show server_version_num"))
        if number < oldest_server:
            raise ServerTooOld(what="PostgreSQL", where=describe(url), have=str(number // 10000), need="15")
        encoding = await connection.fetchval("show server_encoding")
        if encoding != "UTF8":
            sql = f"CREATE DATABASE {_identifier(database_of(url) + '_utf8')} TEMPLATE template0 ENCODING 'UTF8';"
            raise EncodingWrong(where=describe(url), have=encoding, sql=sql)
    await ensure_extensions(url)


async def ensure_template(
    admin_url: str, name: str, build: Callable[[str], Awaitable[None]], *, like: str = "template0"
) -> None:
    """Make the template database ``name`` once, however many processes ask: a copy of the template ``like``, it gets our
    extensions, then ``build(url)`` fills it, then it is closed for connections. If ``build`` fails, it is dropped again."""
    async with connection_to(admin_url) as admin, _alone(admin):
        if await admin.fetchval("select datistemplate from pg_database where datname = $1", name):
            return
        quoted = _identifier(name)
        await admin.execute(f"drop database if exists {quoted} with (force)")
        await admin.execute(f"create database {quoted} template {_identifier(like)} encoding 'UTF8'")
        url = with_database(admin_url, name)
        await ensure_extensions(url)
        await build(url)
        await admin.execute(f"alter database {quoted} with is_template true allow_connections false")


async def create_database(admin_url: str, name: str, *, template: str) -> str:
    """Create ``name`` as a copy of ``template``; returns its URL."""
    async with connection_to(admin_url) as admin:
        await admin.execute(f"create database {_identifier(name)} template {_identifier(template)}")
    return with_database(admin_url, name)


async def drop_database(admin_url: str, name: str) -> None:
    """Drop ``name``, ending its sessions; a template too; nothing happens where it does not exist."""
    async with connection_to(admin_url) as admin:
        if await admin.fetchval("select datistemplate from pg_database where datname = $1", name):
            await admin.execute(f"alter database {_identifier(name)} with is_template false")
        await admin.execute(f"drop database if exists {_identifier(name)} with (force)")


async def other_sessions(admin_url: str) -> int:
    """How many client sessions the server has besides ours."""
    async with connection_to(admin_url) as admin:
        count: int = await admin.fetchval(
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
    return count


def version_tuple(text: str) -> tuple[int, ...]:
    """``3.4.0dev`` → (3, 4, 0)."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


async def _ensure_own_database(url: str) -> None:
    """Create the database that ``url`` names if it is missing and we may."""
    try:
        async with connection_to(url):
            return
    except asyncpg.InvalidCatalogNameError:
        name = database_of(url)
    create = f"CREATE DATABASE {_identifier(name)} TEMPLATE template0 ENCODING 'UTF8'"
    try:
        async with connection_to(with_database(url, "postgres")) as admin:
            user = await admin.fetchval("select current_user")
            try:
                await admin.execute(create)
            except asyncpg.DuplicateDatabaseError:
                return
            except asyncpg.InsufficientPrivilegeError as error:
                sql = f"{create} OWNER {_identifier(user)};"
                raise RightsMissing(user=user, where=describe(url), sql=sql) from error
    except asyncpg.InvalidCatalogNameError as error:
        raise ServerUnreachable(where=describe(url), reason=f"there is no database {name}; run: {create};") from error


async def _create_extensions(connection: Connection, missing: list[str], url: str) -> None:
    """One after another; what we may not create is collected into one sentence for the administrator."""
    refused: list[str] = []
    for name in missing:
        try:
            await connection.execute(f"create extension if not exists {name}")
        except asyncpg.InsufficientPrivilegeError:
            refused.append(name)
        except (asyncpg.UndefinedFileError, asyncpg.FeatureNotSupportedError) as error:
            major = connection.get_server_version().major
            raise ExtensionUnavailable(where=describe(url), extension=name, major=major) from error
    if refused:
        user = await connection.fetchval("select current_user")
        sql = " ".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in refused)
        raise RightsMissing(user=user, where=describe(url), sql=f"\\c {database_of(url)} {sql}")


async def _exists(admin: Connection, name: str) -> bool:
    return bool(await admin.fetchval("select exists (select from pg_database where datname = $1)", name))


@asynccontextmanager
async def _alone(connection: Connection) -> AsyncIterator[None]:
    """Hold the provisioning lock of this database; it is freed if we die."""
    await connection.execute(f"select pg_advisory_lock({_PROVISIONING_LOCK})")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(f"select pg_advisory_unlock({_PROVISIONING_LOCK})")


async def _connect(url: str) -> Connection:
    deadline = asyncio.get_running_loop().time() + recovery_seconds
    while True:
        try:
            return await asyncpg.connect(url, timeout=connect_seconds, server_settings={"application_name": "yiwang"})
        except asyncpg.CannotConnectNowError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
