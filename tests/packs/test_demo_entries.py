"""演示城市的名单登记:由演示账号登记,等第二人核准;只一次,登记后怎样由人决定;无权登记的被拒绝。"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from tests.packs.conftest import ROOT
from yiwang.http.services import Services, open_services
from yiwang.kernel.database import Json
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.settings import Settings
from yiwang.packs.findings import Findings
from yiwang.packs.history.entries import give_entries
from yiwang.packs.install import install_city
from yiwang.packs.loader import load_city
from yiwang.packs.model.city import DemoEntry
from yiwang.packs.records.elders import ELDERS, invent_elders
from yiwang.packs.records.model import Community, World

ELDER_CITY = ROOT / "tests" / "cities" / "elders"
START = datetime.fromisoformat("2026-06-18T08:00+08:00")
ENTRY: dict[str, Json] = {
    "number": "YL00000101", "name": "王秀兰", "phone": "15471000000", "reason": "alone", "visit_every": 7,
    "basis": "老年人权益保障法关于探访的规定", "until": "2026-12-31", "division": "120199001001",
}  # fmt: skip


@pytest.fixture(scope="module")
async def services(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), city=ELDER_CITY, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as found:
        await install_city(found.context, found, ELDER_CITY, begin=START, past=True)  # it declares no entry
        yield found


async def give(services: Services, by: str) -> int:
    wanted = [DemoEntry(by=by, type="elder-care-entry", attributes=dict(ENTRY), reason="走访上报")]
    async with services.context.database.transaction() as connection:
        return await give_entries(services.registry, services.identity, connection, wanted)


async def test_养老专干登记一次_等负责人核准_再发布时什么也不做_无权的被拒绝(services: Services) -> None:
    with pytest.raises(Forbidden):
        await give(services, "elder-operator1")
    assert await give(services, "elder-officer1") == 1
    assert await give(services, "elder-officer1") == 0
    async with services.context.database.connection() as connection:
        rows = await connection.fetch("select state, asked_label from thing_authority")
    assert [(row["state"], row["asked_label"]) for row in rows] == [("waiting", "岳敏")]


def test_西青一开始就有待核准的_写的是档案里的老人() -> None:
    findings = Findings()
    city = load_city(ROOT / "cities" / "xiqing", ROOT / "packs", findings)
    assert city is not None
    demo = city.file.value.demo
    assert demo is not None
    assert demo.records is not None
    world = World(demo.records.seed, "120111", "西青区", lambda _x, _y: "", {})
    communities = [Community(code, code, code, 117.1, 39.1) for code in demo.records.areas]
    invent_elders(world, communities)
    elders = {made.key: made.attributes for made in world.things if made.type == "elder"}
    assert len(elders) == ELDERS
    assert demo.entries
    for entry in demo.entries:
        elder = elders[str(entry.attributes["number"])]
        for name in ("name", "phone"):
            assert entry.attributes[name] == elder[name]
        assert str(elder["division"]).startswith(str(entry.attributes["division"]))
