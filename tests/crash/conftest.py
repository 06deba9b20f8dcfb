"""A web server of its own on the shared test database server, with the small city and people who have tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bench.served import Served, serve_small_city
from yiwang.kernel.cluster import EmbeddedServer


@pytest.fixture(scope="module")
async def served(server: EmbeddedServer, database_url: str) -> AsyncIterator[Served]:
    """Two web workers, as in production."""
    async with serve_small_city(server.dsn("postgres"), database_url) as found:
        yield found
