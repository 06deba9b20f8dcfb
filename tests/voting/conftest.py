"""One estate whose owners vote."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.estates import CITY, Estate, record_estate
from support.small_city import ROOT

from yiwang.http.services import open_services
from yiwang.kernel.clock import set_clock
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city


@pytest.fixture(scope="module")
async def estate(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Estate]:
    settings = Settings(
        _env_file=None, home=tmp_path_factory.mktemp("home"), city=CITY, packs=ROOT / "packs", demo=True
    )
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, CITY, begin=services.context.clock.now())
        await services.identity.directory.refresh()
        await services.refresh()
        async with services.context.database.transaction() as connection:
            services.clock.state = await set_clock(connection, speed=0)
        yield Estate(services, await record_estate(services), {})
