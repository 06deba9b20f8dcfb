"""The small city with gauges; each test begins without alarms and rules."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from alarm_world import AlarmWorld
from support.small_city import ROOT, SMALL_CITY, START, SmallCity

from yiwang.http.services import open_services
from yiwang.kernel.clock import set_clock
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city


@pytest.fixture(scope="module")
async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SmallCity]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, city=SMALL_CITY, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, SMALL_CITY, begin=START)
        await services.identity.directory.refresh()
        await services.refresh()
        async with services.context.database.transaction() as connection:
            await set_clock(connection, speed=0)
            await services.clock.refresh(connection)
        yield SmallCity(services)


@pytest.fixture(scope="module")
async def founded(city: SmallCity) -> AlarmWorld:
    world = AlarmWorld(city)
    await world.found()
    return world


@pytest.fixture
async def world(founded: AlarmWorld) -> AlarmWorld:
    await founded.rules()
    async with founded.context.database.transaction() as connection:
        await connection.execute("delete from alarm_news")
        await connection.execute("delete from alarm_opening")
        await connection.execute("update alarm set folded_into = null")
        await connection.execute("delete from alarm")
        await connection.execute("delete from alarm_shelf")
        await connection.execute("delete from rule_state")
        await connection.execute("update rule_epoch set epoch = epoch + 1")
    await founded.judge()
    founded.following = founded.new_worker()
    await founded.city.wait(hours=6)
    return founded
