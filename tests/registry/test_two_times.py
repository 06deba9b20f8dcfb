"""双时态:什么时候为真,什么时候得知 — what was true when, and what was known when."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from registry.conftest import Registry, actor

from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden
from yiwang.registry.errors import (
    AttributesInvalid,
    ChangedMeanwhile,
    KeyTaken,
    PeriodImpossible,
    RelationRefused,
    ThingUnknown,
)
from yiwang.registry.model import Asked, Draft

CHINA = ZoneInfo("Asia/Shanghai")


async def test_更正不覆盖_三月一日所知的一月一日(registry: Registry, registrar: Actor) -> None:
    january, march = datetime(2026, 1, 1, tzinfo=CHINA), datetime(2026, 3, 1, tzinfo=CHINA)
    registry.clock.at = datetime(2025, 12, 1, 9, tzinfo=CHINA)
    made = await registry.person(registrar, sex="1")
    registry.clock.at = datetime(2026, 5, 1, 9, tzinfo=CHINA)
    await registry.person(registrar, at=datetime(2025, 12, 1, tzinfo=CHINA), sex="2")
    read = registry.service.reading
    async with registry.database.connection() as connection:
        then = await read.thing(connection, registrar, "person", made.thing_id, valid_at=january, known_at=march)
        now = await read.thing(connection, registrar, "person", made.thing_id, valid_at=january)
    assert (then.attributes["sex"], now.attributes["sex"]) == ("1", "2")


async def test_变更从某时起_此前仍是旧内容(registry: Registry, registrar: Actor) -> None:
    registry.clock.at = datetime(2026, 6, 1, 9, tzinfo=CHINA)
    made = await registry.record("house", registrar, address="学府路1号", floors=6, division="120111001")
    registry.later(days=10)
    await registry.record("house", registrar, address="学府路1号", floors=7, division="120111001")
    read = registry.service.reading
    async with registry.database.connection() as connection:
        old = await read.thing(
            connection, registrar, "house", made.thing_id, valid_at=datetime(2026, 6, 5, tzinfo=CHINA)
        )
        new = await read.thing(connection, registrar, "house", made.thing_id)
        facts = await read.history(connection, registrar, "house", made.thing_id)
    assert (old.attributes["floors"], new.attributes["floors"]) == (6, 7)
    assert old.valid_until == new.valid_from
    assert len(facts) == 3  # the first belief, superseded, and the two of now


async def test_同样内容再登记_什么也不写(registry: Registry, registrar: Actor) -> None:
    first = await registry.record("house", registrar, address="学府路2号", floors=6, division="120111001")
    registry.later(days=1)
    again = await registry.record("house", registrar, address="学府路2号", floors=6, division="120111001")
    assert (first.outcome, again.outcome, again.thing_id) == ("new", "same", first.thing_id)


async def test_数据库自己拒绝同一时刻的两种说法(registry: Registry, registrar: Actor) -> None:
    made = await registry.record("house", registrar, address="学府路3号", division="120111001")
    with pytest.raises(asyncpg.ExclusionViolationError):
        async with registry.database.transaction() as connection:
            await connection.execute(
                "insert into thing_fact (id, thing_id, type, type_version, valid, recorded, title, attributes, digest)"
                " select gen_random_uuid(), thing_id, type, type_version, valid, recorded, title, attributes, digest"
                " from thing_fact where thing_id = $1",
                made.thing_id,
            )


async def test_别人先改过_说明而不覆盖(registry: Registry, registrar: Actor) -> None:
    made = await registry.record("house", registrar, address="学府路4号", floors=2, division="120111001")
    registry.later(minutes=1)
    other = actor("read", "record", name="另一位登记员")
    await registry.record("house", other, address="学府路4号", floors=3, division="120111001")
    draft = Draft({"address": "学府路4号", "floors": 4, "division": "120111001"})
    with pytest.raises(ChangedMeanwhile, match="另一位登记员"):
        async with registry.database.transaction() as connection:
            await registry.service.recording.record(
                connection, registrar, "house", draft, thing_id=made.thing_id, expected=made.fact_id
            )


async def test_自然键只属于一条记录(registry: Registry, registrar: Actor) -> None:
    await registry.record("house", registrar, address="学府路5号", division="120111001")
    other = await registry.record("house", registrar, address="学府路6号", division="120111001")
    draft = Draft({"address": "学府路5号", "division": "120111001"})
    with pytest.raises(KeyTaken):
        async with registry.database.transaction() as connection:
            await registry.service.recording.record(connection, registrar, "house", draft, thing_id=other.thing_id)


async def test_校验位不对_说明应为什么(registry: Registry, registrar: Actor) -> None:
    with pytest.raises(AttributesInvalid) as told:
        await registry.person(registrar, number="110105194912310021", sex="3", colour="red")
    assert {error.where for error in told.value.errors} == {"/number", "/sex", "/"}
    assert any("校验位" in error.zh for error in told.value.errors)
    assert any("男、女" in error.zh for error in told.value.errors)


async def test_个人信息默认脱敏_按用途查看并留痕(registry: Registry, registrar: Actor) -> None:
    made = await registry.person(registrar, number="440524188001010014", name="李小明", phone="13812341234")
    reader = actor("read", "unmask", name="核查员")
    async with registry.database.transaction() as connection:
        masked = await registry.service.reading.thing(connection, registrar, "person", made.thing_id)
        with pytest.raises(Forbidden):
            await registry.service.reading.unmasked(connection, registrar, "person", made.thing_id, "核对居住证")
        full = await registry.service.reading.unmasked(connection, reader, "person", made.thing_id, "核对居住证")
        entry = await connection.fetchrow("select * from journal where verb = 'thing.read_personal'")
    assert masked.title == "李**"
    assert masked.attributes["number"] == "440524**********14"
    assert masked.attributes["phone"] == "138****1234"
    assert full.attributes["number"] == "440524188001010014"
    assert entry["data"]["purpose"] == "核对居住证"


async def test_辖区之外看不见也改不动(registry: Registry, registrar: Actor) -> None:
    made = await registry.record("house", registrar, address="辛口路1号", division="120111102")
    stranger = actor("read", "record", area="120111001")
    async with registry.database.transaction() as connection:
        with pytest.raises(ThingUnknown):
            await registry.service.reading.thing(connection, stranger, "house", made.thing_id)
        page = await registry.service.reading.things(connection, stranger, "house", Asked(words="辛口路"))
    assert page.items == []
    with pytest.raises(ThingUnknown):
        await registry.record("house", stranger, address="辛口路1号", floors=2, division="120111001")


async def test_列表按词_按值_按页(registry: Registry, registrar: Actor) -> None:
    numbers = ["11010519491231002X", "440524188001010014", None, None, None]
    for name, number, sex in zip(["周一鸣", "周二鸣", "周三鸣", "周四鸣", "吴五"], numbers, "12121", strict=True):
        given = {"name": name, "sex": sex, "division": "120111001"} | ({"number": number} if number else {})
        await registry.record("person", registrar, **given)
    read = registry.service.reading
    async with registry.database.connection() as connection:
        women = await read.things(connection, registrar, "person", Asked(words="周", filters={"sex": "2"}))
        first = await read.things(connection, registrar, "person", Asked(words="周", limit=1))
        second = await read.things(connection, registrar, "person", Asked(words="周", limit=1, after=first.after))
    assert len(women.items) == 2
    assert first.items[0].thing_id != second.items[0].thing_id


async def test_注销后历史仍在(registry: Registry, registrar: Actor) -> None:
    made = await registry.record("house", registrar, address="学府路9号", division="120111001")
    registry.later(days=3)
    async with registry.database.transaction() as connection:
        await registry.service.recording.end(connection, registrar, made.thing_id, reason="拆除")
    registry.later(days=1)
    async with registry.database.connection() as connection:
        page = await registry.service.reading.things(connection, registrar, "house", Asked(words="学府路9号"))
        last = await registry.service.reading.thing(connection, registrar, "house", made.thing_id)
    assert page.items == []
    assert last.valid_until is not None


async def test_关系带日期_唯一_不成环(registry: Registry, registrar: Actor) -> None:
    child = await registry.record("person", registrar, name="甲", division="120111001")
    parent = await registry.record("person", registrar, name="乙", division="120111001")
    house = await registry.record("house", registrar, address="学府路10号", division="120111001")
    other = await registry.record("house", registrar, address="学府路11号", division="120111001")
    verbs = registry.service.recording
    async with registry.database.transaction() as connection:
        await verbs.relate(connection, registrar, child.thing_id, "lives-in", house.thing_id)
        with pytest.raises(RelationRefused, match="one"):
            await verbs.relate(connection, registrar, child.thing_id, "lives-in", other.thing_id)
        await verbs.relate(connection, registrar, child.thing_id, "child-of", parent.thing_id)
        with pytest.raises(RelationRefused, match="circle"):
            await verbs.relate(connection, registrar, parent.thing_id, "child-of", child.thing_id)
        found = await registry.service.reading.relations(connection, registrar, "house", house.thing_id)
    assert [relation.from_title for relation in found] == ["甲"] or found[0].from_title.startswith("甲")
    registry.later(days=2)
    async with registry.database.transaction() as connection:
        await verbs.unrelate(connection, registrar, found[0].id)
        await verbs.relate(connection, registrar, child.thing_id, "lives-in", other.thing_id)
    async with registry.database.connection() as connection:
        before = await registry.service.reading.relations(
            connection,
            registrar,
            "person",
            child.thing_id,
            valid_at=registry.clock.at.replace(day=registry.clock.at.day - 1),
        )
    assert house.thing_id in {relation.to_id for relation in before}


async def test_结束早于开始被拒绝(registry: Registry, registrar: Actor) -> None:
    draft = Draft({"address": "学府路12号", "division": "120111001"})
    with pytest.raises(PeriodImpossible):
        async with registry.database.transaction() as connection:
            await registry.service.recording.record(
                connection, registrar, "house", draft,
                valid_from=datetime(2026, 2, 1, tzinfo=CHINA), valid_until=datetime(2026, 1, 1, tzinfo=CHINA),
            )  # fmt: skip
