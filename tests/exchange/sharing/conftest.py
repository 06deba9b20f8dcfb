"""One city of offices per module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.offices import Offices, open_offices


@pytest.fixture(scope="module")
async def offices(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Offices]:
    async with open_offices(database_url, tmp_path_factory.mktemp("home")) as found:
        yield found
