"""返工 goes on with the same clock or begins a new one, as the case type declares (``rework``)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from support.small_city import ROOT, SMALL_CITY, START, SmallCity

from yiwang.http.services import open_services
from yiwang.kernel.clock import set_clock
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city

CONTINUE = """\
pack: urban-management
target: cases/urban-case
why: {zh: 返工不重新计时, en: Rework is no new start}
change:
  - {at: rework, to: continue}
"""


@pytest.fixture(scope="module")
async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SmallCity]:
    """The small city, in which an urban case's rework goes on with the same clock; a hotline case's does not."""
    folder = tmp_path_factory.mktemp("cities") / "small"
    shutil.copytree(SMALL_CITY, folder)
    (folder / "overrides").mkdir(exist_ok=True)
    (folder / "overrides" / "rework.yaml").write_text(CONTINUE, encoding="utf-8")
    settings = Settings(home=tmp_path_factory.mktemp("home"), city=folder, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, folder, begin=START)
        await services.identity.directory.refresh()
        await services.refresh()
        async with services.context.database.transaction() as connection:
            await set_clock(connection, speed=0)
            await services.clock.refresh(connection)
        yield SmallCity(services)


async def due(city: SmallCity, case_id: object) -> datetime:
    found = (await city.case(case_id)).due_at  # type: ignore[arg-type]
    assert found is not None
    return found


async def test_返工接着算_已用的时间不退还(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "receive")
    first = await due(city, opened.id)
    await city.wait(minutes=30)
    await city.to(opened, "check")
    await city.wait(minutes=20)
    await city.step(opened.id, "not_pass", note="没清干净")
    assert (await city.task(opened.id)).node == "rework"
    later = city.services.context.calendar.working_seconds(first, await due(city, opened.id))
    assert later == pytest.approx(20 * 60, abs=1)  # the check took them; what handling took is gone


async def test_默认返工重新计时(city: SmallCity) -> None:
    operator = "operator1"
    opened = await city.report(
        "小区停水一天了", by=operator, type="hotline-case", channel="phone", lon=None, lat=None, address="和平里小区"
    )
    await city.to(opened, "receive")
    first = await due(city, opened.id)
    await city.wait(minutes=30)
    await city.to(opened, "visit")
    await city.step(opened.id, "not_solved", note="还是没水", satisfaction=1)
    assert (await city.task(opened.id)).node == "rework"
    later = city.services.context.calendar.working_seconds(first, await due(city, opened.id))
    assert later == pytest.approx(30 * 60, abs=1)  # the whole limit again
