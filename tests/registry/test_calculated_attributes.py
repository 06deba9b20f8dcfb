"""计算字段:随输入而变,无人填写 — calculated attributes follow their inputs and nobody writes them."""

from __future__ import annotations

import pytest
import yaml
from registry.conftest import Registry

from yiwang.kernel.access import Actor
from yiwang.kernel.formulas import FormulaInvalid, Formulas
from yiwang.registry.declarations import ThingType
from yiwang.registry.errors import AttributesInvalid
from yiwang.registry.model import Asked, Recorded

CLUB = """
id: club
names: {zh: 社团, en: Club}
area: none
attributes:
  name: {names: {zh: 名称, en: Name}, schema: {type: string}, required: true}
  members: {names: {zh: 人数, en: Members}, schema: {type: integer}, counted: {relation: member-of, of: fellow}}
  paid:
    names: {zh: 已缴, en: Paid}
    schema: {type: number}
    counted: {relation: member-of, of: fellow, sum: fee, where: {state: paid}}
  mean: {names: {zh: 人均, en: Mean}, schema: {type: number}, calculated: "it.members == 0 ? 0.0 : it.paid / double(it.members)"}
keys: {name: [name]}
presentation: {title: [name]}
"""
FELLOW = """
id: fellow
names: {zh: 会员, en: Fellow}
area: none
attributes:
  name: {names: {zh: 姓名, en: Name}, schema: {type: string}, required: true}
  rate: {names: {zh: 单价, en: Rate}, schema: {type: number}}
  months: {names: {zh: 月数, en: Months}, schema: {type: integer}}
  fee: {names: {zh: 会费, en: Fee}, schema: {type: number, maximum: 1000}, calculated: "round(it.rate * double(it.months), 2)"}
  band: {names: {zh: 档次, en: Band}, schema: {enum: [low, high]}, calculated: "it.fee >= 100.0 ? 'high' : 'low'", filter: true}
  state: {names: {zh: 状态, en: State}, schema: {enum: [paid, open]}}
keys: {name: [name]}
relations:
  member-of: {names: {zh: 加入, en: Member of}, inverse: {zh: 会员, en: Members}, to: club}
presentation: {title: [name]}
"""


@pytest.fixture(scope="module")
async def clubs(registry: Registry) -> Registry:
    types = [("clubs", ThingType.model_validate(yaml.safe_load(text))) for text in (CLUB, FELLOW)]
    async with registry.database.transaction() as connection:
        await registry.service.publish(connection, types, registry.clock.now())
    await registry.service.refresh()
    return registry


async def _attributes(registry: Registry, by: Actor, made: Recorded, type_id: str = "fellow") -> dict[str, object]:
    async with registry.database.connection() as connection:
        return dict((await registry.service.reading.thing(connection, by, type_id, made.thing_id)).attributes)


async def test_输入一变_结果即变_所填不算(clubs: Registry, registrar: Actor) -> None:
    made = await clubs.record("fellow", registrar, name="王一", rate=12.335, months=3, fee=1, band="low")
    assert await _attributes(clubs, registrar, made) == {
        "name": "王一",
        "rate": 12.335,
        "months": 3,
        "fee": 37.01,
        "band": "low",
    }
    clubs.later(hours=1)
    await clubs.record("fellow", registrar, name="王一", rate=50, months=3)
    assert (await _attributes(clubs, registrar, made))["fee"] == 150
    async with clubs.database.connection() as connection:
        high = await clubs.service.reading.things(connection, registrar, "fellow", Asked(filters={"band": "high"}))
    assert [fact.thing_id for fact in high.items] == [made.thing_id]


async def test_缺了输入就没有结果(clubs: Registry, registrar: Actor) -> None:
    made = await clubs.record("fellow", registrar, name="王二", months=3)
    assert await _attributes(clubs, registrar, made) == {"name": "王二", "months": 3}


async def test_结果超出所声明的范围_登记被拒(clubs: Registry, registrar: Actor) -> None:
    with pytest.raises(AttributesInvalid) as refused:
        await clubs.record("fellow", registrar, name="王三", rate=900, months=12)
    assert "会费" in str(refused.value.errors)


async def test_关联统计总是当下的(clubs: Registry, registrar: Actor) -> None:
    club = await clubs.record("club", registrar, name="书法社", members=99)
    assert await _attributes(clubs, registrar, club, "club") == {
        "name": "书法社",
        "members": 0,
        "paid": 0.0,
        "mean": 0.0,
    }
    ties = []
    for name, state in (("李一", "paid"), ("李二", "paid"), ("李三", "open")):
        fellow = await clubs.record("fellow", registrar, name=name, rate=10, months=2, state=state)
        async with clubs.database.transaction() as connection:
            ties.append(
                await clubs.service.recording.relate(connection, registrar, fellow.thing_id, "member-of", club.thing_id)
            )
    seen = await _attributes(clubs, registrar, club, "club")
    assert (seen["members"], seen["paid"], seen["mean"]) == (3, 40.0, 13.333333)
    clubs.later(hours=1)
    async with clubs.database.transaction() as connection:
        await clubs.service.recording.unrelate(connection, registrar, ties[0])
    await clubs.record("fellow", registrar, name="李二", rate=30, months=2, state="paid")
    seen = await _attributes(clubs, registrar, club, "club")
    assert (seen["members"], seen["paid"]) == (2, 60.0)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"a": "it.b", "b": "it.a"}, "循环"),
        ({"a": "it. +"}, "CEL"),
        ({"a": "[1].all(x, [1].all(y, [1].all(z, true)))"}, "循环超过"),
    ],
)
def test_不能用的表达式(texts: dict[str, str], reason: str) -> None:
    with pytest.raises(FormulaInvalid) as refused:
        Formulas(texts, {"a": {}, "b": {}})
    assert reason in refused.value.zh
