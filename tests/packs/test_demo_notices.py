"""演示城市的公告:由演示账号写、发布,只一次;有人写过公告的城市不给;没有发布权限的账号被拒绝。"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.packs.conftest import ROOT
from tests.support.small_city import SMALL_CITY, START
from yiwang.casework.notices import Notices
from yiwang.http.services import Services, open_services
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.settings import Settings
from yiwang.packs.findings import Findings
from yiwang.packs.history.notices import give_notices
from yiwang.packs.install import install_city
from yiwang.packs.loader import load_city
from yiwang.packs.model.city import DemoNotice
from yiwang.packs.model.pack import Words

WORDS = Words(zh="汛期出行提示", en="Flood season advice")


@pytest.fixture(scope="module")
async def services(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), city=SMALL_CITY, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as found:
        await install_city(found.context, found, SMALL_CITY, begin=START, past=True)  # it declares no notice
        yield found


async def give(services: Services, by: str) -> int:
    wanted = [DemoNotice(by=by, kind="warning", title=WORDS, text=WORDS)]
    async with services.context.database.connection() as connection:
        return await give_notices(services.context, services.identity, connection, "120199", wanted)


async def test_值班长发布一次_再发布时什么也不做_没有权限的被拒绝(services: Services) -> None:
    notices = Notices(services.context)
    assert await notices.public(limit=10) == []
    with pytest.raises(Forbidden):
        await give(services, "operator1")
    assert await notices.public(limit=10) == []
    assert await give(services, "shift1") == 1
    assert await give(services, "shift1") == 0
    shown = await notices.public(limit=10)
    assert [(one.title_zh, one.kind, one.published_at) for one in shown] == [("汛期出行提示", "warning", START)]


def test_西青门户一开始就有公告() -> None:
    findings = Findings()
    city = load_city(ROOT / "cities" / "xiqing", ROOT / "packs", findings)
    assert city is not None
    assert city.file.value.demo is not None
    declared = city.file.value.demo.notices
    assert declared
    assert all("演示" in one.title.zh and "demonstration" in one.text.en for one in declared)
