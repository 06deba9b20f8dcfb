"""Run migrations from code; every function is blocking and meant for commands and tests."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

from yiwang.kernel.errors import Problem

_HERE = Path(__file__).parent


class DatabaseNewer(Problem):
    code = "migrations.database_newer"
    status = 500
    zh = "数据库的结构版本是 {revision},比本程序(到 {head})新。请升级程序,或恢复升级前的备份。"
    en = (
        "The database is at revision {revision}, newer than this software, which ends at {head}."
        " Upgrade the software, or restore the backup made before the upgrade."
    )


def configuration(url: str) -> Config:
    """Alembic's configuration for the database at ``url``."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["url"] = url
    return config


def engine_url(url: str) -> str:
    """SQLAlchemy's spelling of a postgresql:// URL, with the driver that the application uses."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


def head() -> str:
    """The newest revision that this version of the software knows."""
    revision = ScriptDirectory.from_config(configuration("")).get_current_head()
    if revision is None:
        raise LookupError("no migrations are installed")
    return revision


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` up to ``revision``; each revision is one transaction.

    Raises:
        DatabaseNewer: it has a revision that this software does not know.
    """
    pending(url)
    command.upgrade(configuration(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` for none).

    Raises:
        DatabaseNewer: it has a revision that this software does not know.
    """
    pending(url)
    command.downgrade(configuration(url), revision)


def pending(url: str) -> list[str]:
    """Revisions that the database at ``url`` does not have yet, oldest first.

    Raises:
        DatabaseNewer: it has a revision that this software does not know.
    """

    async def current() -> str | None:
        engine = create_async_engine(engine_url(url), poolclass=pool.NullPool)
        async with engine.connect() as connection:
            found = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
        await engine.dispose()
        return found

    known = [item.revision for item in ScriptDirectory.from_config(configuration(url)).walk_revisions()]
    have = asyncio.run(current())
    if have is not None and have not in known:
        raise DatabaseNewer(revision=have, head=known[0])
    return (known[: known.index(have)] if have is not None else known)[::-1]
