"""A fresh place of readings for each test, on the module's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from reading_world import ReadingWorld, reading_world

from yiwang.kernel.database import Database


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[ReadingWorld]:
    async with reading_world(database, tmp_path) as found:
        yield found
