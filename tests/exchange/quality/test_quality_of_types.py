"""数据质量:规则逐条判定,按来源与类型评分,可续做,问题派发到来源单位。"""

from __future__ import annotations

import pytest
import yaml
from support.data_flows import SHOP, STEWARD, declare, give, grant, record, shop, somebody, source
from support.http_city import HttpCity, a_city, refused

from yiwang.exchange.quality.errors import QualityRuleUnknown
from yiwang.exchange.quality.judging import Judging
from yiwang.exchange.quality.model import Run
from yiwang.exchange.quality.rules import unknown_in
from yiwang.exchange.quality.service import QualityService, TypeQuality
from yiwang.kernel.errors import Forbidden
from yiwang.registry.declarations import ThingType
from yiwang.registry.model import Draft
from yiwang.registry.types import CompiledType

city = a_city()


@pytest.fixture(scope="module")
async def quality(city: HttpCity) -> QualityService:
    await declare(city)
    water, management = source(city, "water-bureau"), source(city, "city-management")
    await record(city, "trade", Draft({"code": "51", "name": "批发"}))
    await shop(city, "W1", of=water, trade="51")
    await shop(city, "W2", of=water, trade="99")
    await shop(city, "M1", of=management, phone=...)
    await shop(city, "M2", of=management, phone="13911112222", since="2031-01-01")
    await shop(city, "M3", of=management, phone="13911112222", until=...)
    return city.services.quality


async def check(quality: QualityService) -> TypeQuality:
    begun = await quality.begin(STEWARD, "shop")
    await quality.finish(begun.id)
    return await quality.type_quality(STEWARD, "shop")


def failed(found: TypeQuality, organisation: int) -> dict[str, int]:
    return {each.rule: each.failed for each in found.counts if each.organisation_id == organisation and each.failed}


async def test_每条规则按来源计数_无法判定的不算错(city: HttpCity, quality: QualityService) -> None:
    found = await check(quality)
    water, management = source(city, "water-bureau"), source(city, "city-management")
    assert failed(found, water) == {"auto-refers-trade": 1}
    assert failed(found, management) == {"reachable": 1, "dates": 1, "own-phone": 2}
    judged = {each.rule: each.judged for each in found.counts if each.organisation_id == management}
    assert judged["dates"] == 2, "a record without an end cannot be asked"
    assert judged["own-phone"] == 2, "a record without telephone shares none"
    assert "auto-refers-trade" not in judged
    assert judged["auto-required"] == judged["auto-schema"] == judged["fresh"] == 3
    assert {rule.dimension for rule in found.run.rules} == {
        "complete", "valid", "referential", "consistent", "timely", "unique",
    }  # fmt: skip


async def test_最差的在前_遮盖个人信息_只给有权查看者(city: HttpCity, quality: QualityService) -> None:
    await check(quality)
    rows = await quality.worst(STEWARD, "shop")
    assert rows[0].fact.title in ("店M1", "店M2")
    assert rows[0].defect.weight >= rows[-1].defect.weight
    assert all("1391111" not in str(row.fact.attributes) for row in rows)
    assert [row.fact.title for row in await quality.worst(STEWARD, "shop", rule="auto-refers-trade")] == ["店W2"]
    first = await quality.worst(STEWARD, "shop", limit=2)
    behind = (first[-1].defect.weight, first[-1].defect.thing_id)
    rest = await quality.worst(STEWARD, "shop", after=behind)
    assert [row.defect for row in first + rest] == [row.defect for row in rows]
    with pytest.raises(QualityRuleUnknown):
        await quality.worst(STEWARD, "shop", rule="no-such")
    no_reader = somebody(grant("quality", "read"))
    assert await quality.worst(no_reader, "shop") == []


async def test_来源单位只看到自己的得分(city: HttpCity, quality: QualityService) -> None:
    await check(quality)
    water = source(city, "water-bureau")
    own = somebody(grant("quality", "read", organisations={water}), grant("thing", "read", organisations={water}))
    found = await quality.type_quality(own, "shop")
    assert {each.organisation_id for each in found.counts} == {water}
    assert [row.fact.title for row in await quality.worst(own, "shop")] == ["店W2"]
    with pytest.raises(Forbidden):
        await quality.begin(own, "shop")
    street = somebody(grant("quality", "read", area="120199002"))
    assert (await quality.type_quality(street, "shop")).counts == []


async def test_中断后从断点续做_不重不漏(
    city: HttpCity, quality: QualityService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yiwang.exchange.quality.judging.BATCH", 2)
    begun = await quality.begin(STEWARD, "shop")
    assert (await quality.begin(STEWARD, "shop")).id == begun.id, "one check of a type at a time"
    assert await quality.work()
    other = Judging(city.services.context, city.services.registry)  # another process goes on
    while await other.step(begun.id):
        pass
    found = await quality.type_quality(STEWARD, "shop")
    assert found.run.id == begun.id
    assert found.run.judged == 5
    assert sum(each.judged for each in found.counts if each.rule == "auto-required") == 5
    assert len(await quality.worst(STEWARD, "shop")) == 4


async def test_每夜一次(quality: QualityService) -> None:
    first = await quality.begin_night()
    assert first > 0
    assert await quality.begin_night() == 0
    while await quality.work():
        pass
    board = {each.type: each for each in await quality.board(STEWARD)}
    assert isinstance(board["shop"].run, Run)
    assert board["shop"].run.night is not None
    assert board["trade"].score == 100
    assert board["shop"].before is not None


def test_文本函数可用_不存在的函数在检查时指出() -> None:
    kind = CompiledType(ThingType.model_validate(yaml.safe_load(SHOP)), "test")
    assert unknown_in(kind.declaration, "it.licence.substring(0, 2) == it.name.replace('-', '')") == ""
    assert "capitalise" in unknown_in(kind.declaration, "!has(it.name) || it.name.capitalise() == it.name")


async def test_接口给出看板_来源_问题数据(city: HttpCity, quality: QualityService) -> None:
    await check(quality)
    await give(city, "shift1", {"thing": ["read"], "quality": ["read", "run"]})
    client = await city.client("shift1")
    board = (await client.get("/api/v1/exchange/quality")).json()
    mine = next(item for item in board["items"] if item["type"] == "shop")
    assert board["may_run"] is True
    assert 0 < mine["score"] < 100
    assert set(mine["dimensions"]) == {"complete", "valid", "referential", "consistent", "timely", "unique"}
    detail = (await client.get("/api/v1/exchange/quality/shop")).json()
    assert [each["names"]["zh"] for each in detail["sources"]] == ["区城市管理委", "区水务局"], "the worst first"
    page = (await client.get("/api/v1/exchange/quality/shop/defects", params={"limit": 1})).json()
    rest = (await client.get("/api/v1/exchange/quality/shop/defects", params={"after": page["after"]})).json()
    assert len(page["items"] + rest["items"]) == 4
    begun = await client.post("/api/v1/exchange/quality/shop/runs")
    assert (begun.status_code, begun.json()["state"]) == (202, "waiting")
    while await quality.work():
        pass
    body = {"organisation": source(city, "water-bureau")}
    refused(await client.post("/api/v1/exchange/quality/shop/dispatches", json=body), 409, "quality.case_type_missing")
    nobody = await city.client()
    assert (await nobody.get("/api/v1/exchange/quality")).status_code == 401
