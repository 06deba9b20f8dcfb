"""The small city, installed and standing still at Thursday 18 June 2026, 08:00."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.small_city import ROOT, SMALL_CITY, START, SmallCity

from yiwang.http.services import open_services
from yiwang.kernel.clock import set_clock
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city


@pytest.fixture(scope="module")
async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SmallCity]:
    """One small city per test module."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, city=SMALL_CITY, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, SMALL_CITY, begin=START)
        await services.identity.directory.refresh()
        await services.refresh()
        found = SmallCity(services)
        async with services.context.database.transaction() as connection:
            await set_clock(connection, speed=0)
            await services.clock.refresh(connection)
        yield found
