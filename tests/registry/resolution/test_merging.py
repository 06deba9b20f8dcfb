"""合并两条记录:关系跟随,历史保留;撤销合并,恢复如初 — merged, and exactly taken back."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry.conftest import CHINA
from registry.resolution.conftest import Office, actor

from yiwang.kernel.errors import Forbidden
from yiwang.registry import store
from yiwang.registry.errors import ChangedMeanwhile, ThingMerged, ThingUnknown
from yiwang.registry.model import Asked, Draft
from yiwang.registry.resolution.errors import MergeRefused, UndoRefused
from yiwang.registry.retention import erase_expired

NUMBERS = ("11010519491231002X", "440524188001010014")


async def test_合并后只见保留的一条_关系和钥匙跟随(office: Office) -> None:
    one, other = (
        await office.record(name="王小明", number=NUMBERS[0]),
        await office.record(name="王晓明", number=NUMBERS[1]),
    )
    house = await office.record("house", address="秀川路12号")
    await office.relate(other, "owns", house)
    before = office.clock.at
    office.later(days=1)
    await office.merge(one, other)
    reading = office.service.reading
    async with office.database.connection() as connection:
        page = await reading.things(connection, office.clerk, "resident", Asked())
        assert [fact.thing_id for fact in page.items] == [one]
        [tie] = await reading.relations(connection, office.clerk, "resident", one)
        assert (tie.kind, tie.to_id) == ("owns", house)
        named = await reading.by_key(connection, office.clerk, "resident", "number", [NUMBERS[1]])
        assert named.thing_id == one
        with pytest.raises(ThingMerged) as told:
            await reading.thing(connection, office.clerk, "resident", other)
        assert str(one) in told.value.message("zh")
        known = await reading.thing(connection, office.clerk, "resident", other, valid_at=before, known_at=before)
        assert known.title == "王**" or known.title.startswith("王")
        [listed] = await office.service.merging.merges(connection, office.clerk, "resident", one)
    assert listed[0].merged == other
    assert listed[0].reason == "同一人"
    assert listed[1].title != "王晓明"  # masked
    with pytest.raises(ThingMerged):
        await office.relate(other, "owns", house)


async def test_取用对方的字段_撤销后恢复原样(office: Office) -> None:
    one = await office.record(name="王小明", born="1980-03-05", number=NUMBERS[0])
    other = await office.record(name="王晓明", phone="13812345678", number=NUMBERS[1])
    before = await office.believed()
    office.later(days=1)
    merge = await office.merge(one, other, ("phone",))
    async with office.database.transaction() as connection:
        plain = await office.service.reading.unmasked(connection, office.clerk, "resident", one, "核对合并结果")
    assert plain.attributes["phone"] == "13812345678"
    assert plain.attributes["name"] == "王小明"
    office.later(days=1)
    await office.undo(merge)
    assert await office.believed() == before
    async with office.database.connection() as connection:
        story = [
            row["verb"] for row in await connection.fetch("select verb from journal where verb ~ 'merged' order by seq")
        ]
    assert story[-2:] == ["thing.merged", "thing.unmerged"]


async def test_保留的一条后来改过_撤销时不动它(office: Office) -> None:
    one, other = await office.record(name="王小明"), await office.record(name="王晓明", phone="13812345678")
    office.later(days=1)
    merge = await office.merge(one, other, ("phone",))
    office.later(days=1)
    async with office.database.transaction() as connection:
        fact = await store.newest_fact(connection, one)
        assert fact is not None
        plain = office.service.reading.plain(office.service.types.type("resident"), fact)
        await office.service.recording.record(
            connection, office.clerk, "resident", Draft({**plain, "name": "王明"}), thing_id=one
        )
    await office.undo(merge)
    async with office.database.connection() as connection:
        facts = await store.newest_facts(connection, [one, other])
    assert facts[one].title == "王明"
    assert facts[other].title == "王晓明"


async def test_同时只能有一处的关系_不会变成两处(office: Office) -> None:
    one, other = await office.record(name="王小明"), await office.record(name="王晓明")
    near, far = await office.record("house", address="秀川路12号"), await office.record("house", address="柳口路8号")
    start = datetime(2026, 1, 1, tzinfo=CHINA)
    await office.relate(one, "lives-in", near, valid_from=start + timedelta(days=90))
    await office.relate(other, "lives-in", far, valid_from=start)
    before = await office.believed()
    merge = await office.merge(one, other)
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select to_id, valid from thing_relation where from_id = $1 and upper_inf(recorded) order by lower(valid)",
            one,
        )
    assert [row["to_id"] for row in rows] == [far, near]
    assert rows[0]["valid"].upper == rows[1]["valid"].lower  # where they agree to differ, the kept record says it
    await office.undo(merge)
    assert await office.believed() == before


async def test_会成循环的不合并(office: Office) -> None:
    old, middle, young = [await office.record(name=name) for name in ("王一", "王二", "王三")]
    await office.relate(middle, "child-of", old)
    await office.relate(young, "child-of", middle)
    before = await office.believed()
    with pytest.raises(MergeRefused):
        await office.merge(old, young)
    assert await office.believed() == before


async def test_合并之上再合并_须按相反顺序撤销(office: Office) -> None:
    one, two, three = [await office.record(name=name) for name in ("王一", "王二", "王三")]
    house = await office.record("house", address="秀川路12号")
    await office.relate(one, "owns", house)
    before = await office.believed()
    first = await office.merge(two, one)
    between = await office.believed()
    second = await office.merge(three, two)
    with pytest.raises(UndoRefused):
        await office.undo(first)
    await office.undo(second)
    assert await office.believed() == between
    await office.undo(first)
    assert await office.believed() == before
    with pytest.raises(UndoRefused):
        await office.undo(first)


async def test_两条都并入同一条_先撤销的不带走后者的关系(office: Office) -> None:
    kept, one, two = [await office.record(name=name) for name in ("王一", "王二", "王三")]
    house = await office.record("house", address="秀川路12号")
    await office.relate(one, "owns", house)
    await office.relate(two, "owns", house)
    first = await office.merge(kept, one)
    await office.merge(kept, two)
    await office.undo(first)
    async with office.database.connection() as connection:
        owners = {
            tie.from_id for tie in await office.service.reading.relations(connection, office.clerk, "house", house)
        }
    assert owners == {kept, one}


async def test_无权者不能合并也不能撤销(office: Office) -> None:
    one, other = await office.record(name="王小明"), await office.record(name="王晓明")
    for who, problem in (
        (actor("read"), Forbidden), (actor("read", "merge", area="999"), ThingUnknown), (actor("merge"), ThingUnknown),
    ):  # fmt: skip
        with pytest.raises(problem):
            async with office.database.transaction() as connection:
                await office.service.merging.merge(connection, who, one, other)


async def test_看过之后又被修改_合并前告知(office: Office) -> None:
    one, other = await office.record(name="王小明"), await office.record(name="王晓明")
    async with office.database.connection() as connection:
        seen = [fact.id for fact in (await store.newest_facts(connection, [one, other])).values()]
    office.later(minutes=1)
    async with office.database.transaction() as connection:
        await office.service.recording.record(
            connection, office.clerk, "resident", Draft({"name": "王大明", "division": "120111001"}), thing_id=other
        )
    with pytest.raises(ChangedMeanwhile):
        async with office.database.transaction() as connection:
            await office.service.merging.merge(connection, office.clerk, one, other, seen=seen)


async def test_到期删除不动合并中的记录_并与保留的一条一起删除(office: Office) -> None:
    one, other = await office.record(name="王小明"), await office.record(name="王晓明", number=NUMBERS[1])
    await office.merge(one, other)
    assert await erase_expired(office.service) == 0
    async with office.database.transaction() as connection:
        await office.service.recording.end(connection, office.clerk, one)
    office.later(days=366 * 6)
    assert await erase_expired(office.service) == 1
    async with office.database.connection() as connection:
        left = await connection.fetchval("select count(*) from thing_fact where title <> '' or attributes <> '{}'")
        keys = await connection.fetchval("select count(*) from thing_key")
    assert (left, keys) == (0, 0)


@pytest.fixture
async def town(office: Office) -> Office:
    """Six residents, three houses, relations of any kind and time among them."""
    chance = random.Random(4)
    start = datetime(2026, 1, 1, tzinfo=CHINA)
    people = [await office.record(name=f"王{each}", number=f"N{each}", phone="1" * (each + 3)) for each in range(6)]
    houses = [await office.record("house", address=f"秀川路{each}号") for each in range(3)]
    for place, who in enumerate(people):
        since = start + timedelta(days=chance.randrange(100))
        await office.relate(who, "lives-in", chance.choice(houses), valid_from=since)
        await office.relate(
            who, "owns", chance.choice(houses), valid_from=since, valid_until=since + timedelta(days=60)
        )
        if place:
            await office.relate(who, "child-of", people[chance.randrange(place)])
    return office


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.booleans()), min_size=1, max_size=6))
async def test_任意次合并_逆序撤销_恢复如初(town: Office, steps: list[tuple[int, int, bool]]) -> None:
    """Whatever is merged with whatever: taken back in reverse order, everything is believed again as before each step."""
    async with town.database.connection() as connection:
        things = [row["id"] for row in await connection.fetch("select id from thing order by id")]
    done = []
    for kept, merged, take in steps:
        before = await town.believed()
        town.later(hours=1)
        try:
            done.append((await town.merge(things[kept], things[merged], ("phone",) if take else ()), before))
        except (MergeRefused, ThingMerged):
            assert await town.believed() == before
    for merge, before in reversed(done):
        town.later(hours=1)
        await town.undo(merge)
        assert await town.believed() == before
