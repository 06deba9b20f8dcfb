"""Run a revision's SQL file through the connection that Alembic has open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import asyncpg
from alembic import op

_SQL = Path(__file__).parent / "sql"


def sql_file(name: str) -> Callable[[], None]:
    """A function that executes ``sql/<name>`` (many statements) in the revision's transaction."""

    def run() -> None:
        text = (_SQL / name).read_text(encoding="utf-8")

        async def execute(connection: asyncpg.Connection[asyncpg.Record]) -> None:
            await connection.execute(text)

        adapted = op.get_bind().connection.dbapi_connection
        if adapted is None:
            raise RuntimeError("the migration has no open connection")
        op.execute("select 1")  # makes the driver open its transaction before the file runs
        adapted.run_async(execute)

    return run
