"""The small city behind its application, one per test module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.http_city import HttpCity, http_city


@pytest.fixture(scope="module")
async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpCity]:
    async with http_city(database_url, tmp_path_factory.mktemp("home")) as found:
        yield found
