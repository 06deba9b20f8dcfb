"""关爱名单:有依据、有期限、二人核准、按用途查看 — lists with a legal basis, an end date and a second approver."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from registry.conftest import HOUSE, PERSON, Registry, actor

from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden
from yiwang.registry.declarations import ThingType
from yiwang.registry.errors import (
    AttributesInvalid,
    ChangedMeanwhile,
    NothingWaiting,
    PurposeNeeded,
    SamePerson,
    ThingUnknown,
)
from yiwang.registry.exporting import export_things
from yiwang.registry.model import Asked, Recorded

CHINA = ZoneInfo("Asia/Shanghai")
LIST = """
id: care-entry
names: {zh: 关爱名单, en: Care list}
area: division
attributes:
  name: {names: {zh: 姓名, en: Name}, schema: {type: string}, required: true, personal: name}
  phone: {names: {zh: 电话, en: Telephone}, schema: {type: string, format: phone-number}, personal: phone, required: true}
  basis: {names: {zh: 依据, en: Basis}, schema: {type: string, minLength: 4}, required: true}
  until: {names: {zh: 截止, en: Until}, schema: {type: string, format: date}, required: true}
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {phone: [phone]}
relations:
  of: {names: {zh: 本人, en: Person}, inverse: {zh: 关爱, en: Care}, to: person}
presentation: {title: [name]}
authority: {basis: basis, until: until, longest_days: 180}
"""
WHY = "上门探访前查看"


@pytest.fixture(scope="module")
async def care(registry: Registry) -> Registry:
    types = [("care", ThingType.model_validate(yaml.safe_load(text))) for text in (LIST, PERSON, HOUSE)]
    async with registry.database.transaction() as connection:
        await registry.service.publish(connection, types, registry.clock.now())
    await registry.service.refresh()
    return registry


def keeper(name: str = "民政专员") -> Actor:
    return actor("read", "record", "approve", "export", "unmask", name=name)


async def entry(care: Registry, by: Actor, phone: str, until: str = "2026-09-30") -> Recorded:
    care.clock.at = datetime(2026, 6, 18, 8, 0, tzinfo=CHINA)
    return await care.record(
        "care-entry", by, name="李秀英", phone=phone, basis="老年人权益保障法第三十七条", until=until, division="120111001"
    )  # fmt: skip


async def decide(care: Registry, by: Actor, made: Recorded, *, approve: bool = True) -> str:
    assert made.fact_id is not None
    async with care.database.transaction() as connection:
        decided = await care.service.authorities.decide(
            connection, by, "care-entry", made.thing_id, made.fact_id, approve=approve, note=""
        )
    return decided.state


async def seen(care: Registry, by: Actor, purpose: str = WHY) -> set[object]:
    async with care.database.transaction() as connection:
        page = await care.service.reading.things(connection, by, "care-entry", Asked(), purpose=purpose)
    return {fact.thing_id for fact in page.items}


async def test_登记人不能自己核准_核准后他人才看得到(care: Registry) -> None:
    first, second, grid_worker = keeper(), keeper("民政科长"), actor("read", name="网格员")
    made = await entry(care, first, "13800000001")
    assert made.thing_id not in await seen(care, grid_worker)
    with pytest.raises(SamePerson):
        await decide(care, first, made)
    with pytest.raises(Forbidden):
        await decide(care, grid_worker, made)
    assert await decide(care, second, made) == "in_force"
    assert made.thing_id in await seen(care, grid_worker)
    with pytest.raises(NothingWaiting):
        await decide(care, second, made)


async def test_改动内容须重新核准(care: Registry) -> None:
    first, second, grid_worker = keeper(), keeper("民政科长"), actor("read", name="网格员")
    made = await entry(care, first, "13800000002")
    await decide(care, second, made)
    longer = await entry(care, first, "13800000002", until="2026-10-31")
    assert made.thing_id not in await seen(care, grid_worker)
    with pytest.raises(ChangedMeanwhile):
        await decide(care, second, made)
    assert await decide(care, second, longer) == "in_force"
    assert made.thing_id in await seen(care, grid_worker)


async def test_到期自动退出(care: Registry) -> None:
    second, grid_worker = keeper("民政科长"), actor("read", name="网格员")
    made = await entry(care, keeper(), "13800000003", until="2026-06-20")
    await decide(care, second, made)
    care.clock.at = datetime(2026, 6, 20, 23, 59, tzinfo=CHINA)
    assert made.thing_id in await seen(care, grid_worker)
    care.clock.at = datetime(2026, 6, 21, 0, 0, tzinfo=CHINA)
    assert made.thing_id not in await seen(care, grid_worker)  # also before the timer has come round
    await care.service.authorities.end_due()
    async with care.database.transaction() as connection:
        verbs = await connection.fetch("select verb from journal where subject_id = $1", str(made.thing_id))
        with pytest.raises(ThingUnknown):
            await care.service.reading.thing(connection, grid_worker, "care-entry", made.thing_id, purpose=WHY)
    assert "thing.authority_ended" in {row["verb"] for row in verbs}


async def test_期限不能太长也不能已过(care: Registry) -> None:
    for until in ("2026-06-17", "2027-06-18"):
        with pytest.raises(AttributesInvalid):
            await entry(care, keeper(), "13800000004", until=until)


async def test_没有用途不能看_看过的人本人查得到(care: Registry, tmp_path: Path) -> None:
    second, grid_worker = keeper("民政科长"), actor("read", name="网格员")
    made = await entry(care, keeper(), "13800000005")
    await decide(care, second, made)
    for purpose in ("", "看看"):
        with pytest.raises(PurposeNeeded):
            await seen(care, grid_worker, purpose)
    with pytest.raises(PurposeNeeded):
        await export_things(care.service, second, "care-entry", "csv", tmp_path / "list.csv", Asked())
    async with care.database.transaction() as connection:
        shown = await care.service.reading.thing(connection, grid_worker, "care-entry", made.thing_id, purpose=WHY)
        reads = await care.service.reading.reads_of_person(
            connection, "李秀英", "13800000005", datetime(2026, 6, 1, tzinfo=CHINA), limit=10
        )
    assert shown.attributes["name"] == "李**"
    assert [each.purpose for each in reads] == [WHY]


async def test_名单之外看不出谁在名单里(care: Registry) -> None:
    second = keeper("民政科长")
    made = await entry(care, keeper(), "13800000006")
    await decide(care, second, made)
    person = await care.person(second, name="李秀英", number=None)
    async with care.database.transaction() as connection:
        await care.service.recording.relate(connection, second, made.thing_id, "of", person.thing_id)
        from_person = await care.service.reading.relations(connection, second, "person", person.thing_id)
        from_list = await care.service.reading.relations(connection, second, "care-entry", made.thing_id, purpose=WHY)
    assert ([each.kind for each in from_person], [each.kind for each in from_list]) == ([], ["of"])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"authority": {"basis": "basis", "until": "basis"}}, "日期"),
        ({"authority": {"basis": "nothing", "until": "until"}}, "必填"),
        ({"geometry": "point"}, "不上图"),
    ],
)
def test_声明有误(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ThingType.model_validate({**yaml.safe_load(LIST), **wrong})
