"""What a test that follows the journal waits for."""

from __future__ import annotations

import asyncio

from yiwang.kernel.database import Database
from yiwang.kernel.journal.store import FINAL


async def until_final(database: Database) -> None:
    """Until followers of the journal can see all that was written: transactions of other databases of the server, those of
    the tests beside this one, hold it back for a moment."""
    async with database.connection() as connection:
        for _ in range(2400):
            if not await connection.fetchval(f"select exists (select from journal where tx >= {FINAL})"):
                return
            await asyncio.sleep(0.05)
    raise AssertionError("a transaction of this server has been open for two minutes")
