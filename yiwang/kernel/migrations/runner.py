"""Run migrations from code; every function is blocking and meant for commands and tests."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import pool

_HERE = Path(__file__).parent


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["url"] = url
    return config


def engine_url(url: str) -> str:
    """SQLAlchemy's spelling of a postgresql:// URL, with the driver that the application uses."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


def head() -> str:
    """The newest revision that this version of the software knows."""
    revision = ScriptDirectory.from_config(_config("")).get_current_head()
    if revision is None:
        raise LookupError("no migrations are installed")
    return revision


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` up to ``revision``; each revision is one transaction."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` for none)."""
    command.downgrade(_config(url), revision)


def pending(url: str) -> list[str]:
    """Revisions that the database at ``url`` does not have yet, oldest first."""
    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def current() -> str | None:
        engine = create_async_engine(engine_url(url), poolclass=pool.NullPool)
        async with engine.connect() as connection:
            found = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
        await engine.dispose()
        return found

    script = ScriptDirectory.from_config(_config(url))
    have = asyncio.run(current())
    todo: list[str] = []
    for revision in script.walk_revisions():
        if revision.revision == have:
            break
        todo.append(revision.revision)
    return todo[::-1]
