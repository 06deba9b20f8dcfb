"""What commands stand on: settings, the database (brought up if need be), and the services of all engines.

The engines are imported only by the commands that need them, so that the others answer at once and the process that
watches over all others stays small.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from yiwang.http import database_url_variable
from yiwang.http.revision import newest_revision
from yiwang.kernel import logs
from yiwang.kernel.cluster import ensure_database_url
from yiwang.kernel.database import connect
from yiwang.kernel.errors import Problem
from yiwang.kernel.settings import Settings, load_settings

if TYPE_CHECKING:
    from yiwang.http.services import Services

Result = TypeVar("Result")


class MigrationsPending(Problem):
    code = "installation.migrations_pending"
    status = 503
    zh = "数据库结构({have})早于本版本({need}),请先执行:yiwang migrate"
    en = "The database ({have}) is older than this version needs ({need}); run first: yiwang migrate"


class DatabaseNewer(Problem):
    code = "installation.database_newer"
    status = 503
    zh = "数据库结构({have})比本版本({need})新,请升级软件后再启动。"
    en = "The database ({have}) is newer than this version ({need}); upgrade the software first."


@cache
def settings() -> Settings:
    """The settings of this process; logging is set up with them, quietly when a person watches."""
    found = load_settings()
    watched = sys.stderr.isatty() and "YIWANG_LOG_LEVEL" not in os.environ
    logs.configure("warning" if watched else found.log_level, "console" if watched else found.log_format)
    return found


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run an asynchronous command to its end."""
    return asyncio.run(work)


async def database_url(wanted: Settings | None = None) -> str:
    """The URL of the database, which is up afterwards; embedded unless YIWANG_DATABASE_URL names one.

    A child of ``yiwang run`` is told the address that its parent has brought up.
    """
    if database_url_variable in os.environ:
        return os.environ[database_url_variable]
    used = wanted or settings()
    return await ensure_database_url(used.database_url, used.home)


@asynccontextmanager
async def one_connection(url: str | None = None) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection to the migrated database, for commands that need no services."""
    connection = await connect(url or await database_url())
    try:
        await require_migrated(connection)
        yield connection
    finally:
        await connection.close()


async def revision_of(connection: asyncpg.Connection[asyncpg.Record]) -> str | None:
    """The revision of the database, None for an empty one."""
    if not await connection.fetchval("select to_regclass('alembic_version') is not null"):
        return None
    revision: str | None = await connection.fetchval("select version_num from alembic_version")
    return revision


async def require_migrated(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Refuse to work on a database of another shape.

    Raises:
        MigrationsPending, DatabaseNewer.
    """
    have, need = await revision_of(connection), newest_revision()
    if have != need:
        problem = DatabaseNewer if have is not None and have > need else MigrationsPending
        raise problem(have=have or "–", need=need)


@asynccontextmanager
async def services(*, connections: int = 4) -> AsyncIterator[Services]:
    """All engines on the migrated database, as a web worker has them."""
    from yiwang.http.services import open_services

    url = await database_url()
    async with one_connection(url):
        pass
    async with open_services(settings(), url, connections=connections) as opened:
        yield opened
