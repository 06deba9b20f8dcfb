"""疑似重复队列:并列核对,合并、不同、稍后;看不到的不能处理,看得到的默认脱敏 — people decide."""

from __future__ import annotations

from uuid import UUID

import pytest
import yaml
from registry.resolution.conftest import RESIDENT, Office, actor

from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden
from yiwang.registry.declarations import ThingType
from yiwang.registry.errors import PurposeNeeded, ThingUnknown
from yiwang.registry.model import Draft
from yiwang.registry.resolution.errors import NotResolved, PairDecided, PairUnknown
from yiwang.registry.resolution.finding import Found, find
from yiwang.registry.resolution.reviewing import Listed

SAME = {"born": "1980-03-05", "sex": "1", "address": "天津市西青区秀川路12号金地小区3号楼2单元501室"}


async def search(office: Office) -> Found:
    return await find(office.service, office.clerk, "resident")


async def queue(office: Office, by: Actor | None = None) -> list[Listed]:
    async with office.database.connection() as connection:
        found, _ = await office.service.reviewing.queue(connection, by or office.clerk, "resident")
    return found


async def twice(office: Office, name: str = "王小明", again: str = "王晓明", **other: object) -> tuple[UUID, UUID]:
    """Somebody recorded by two offices: without a telephone the one, with the address written otherwise the other."""
    one = await office.record(name=name, **SAME)
    two = await office.record(name=again, phone="13812345678", **{**SAME, "address": "金地小区3-2-501", **other})
    return one, two


async def test_找到的按把握大小排队_标题脱敏_说明理由(office: Office) -> None:
    one, two = await twice(office)
    await office.record(name="李四", born="1980-03-05", sex="2", address="柳口路8号")
    found = await search(office)
    assert [pair.level for _, _, pair in found.pairs] == ["same"]
    [listed] = await queue(office)
    assert (listed.pair.low, listed.pair.high) == (one, two)
    assert listed.low == "王**"
    points = {reason.attribute: reason.points for reason in listed.pair.reasons}
    assert points["born"] == 6
    assert 0 < points["name"] < 5
    assert points["address"] == 4
    assert "phone" not in points  # one of them does not tell it: it says nothing


async def test_加密字段只比较盲索引_相同号码即相同(office: Office) -> None:
    one = await office.record(name="王一", phone="13812345678", born="1980-03-05", sex="1")
    two = await office.record(name="王一", phone="13812345678", sex="1")
    found = await search(office)
    assert {(low, high) for low, high, _ in found.pairs} == {(one, two)}
    async with office.database.connection() as connection:
        kept = await connection.fetchval("select reasons::text from resolution_pair")
    assert "13812345678" not in kept


async def test_并列核对_按原值判断异同_不泄露原值(office: Office) -> None:
    await twice(office)
    await search(office)
    [listed] = await queue(office)
    async with office.database.connection() as connection:
        beside = await office.service.reviewing.beside(connection, office.clerk, listed.pair.id)
    assert beside.agreement == {
        "name": "different", "born": "same", "sex": "same", "phone": "high", "address": "different", "division": "same",
    }  # fmt: skip
    assert beside.low.attributes["name"] == beside.high.attributes["name"] == "王**"
    assert beside.high.attributes["phone"] != "13812345678"


async def test_查看原文须有授权和用途_两条都留痕(office: Office) -> None:
    one, two = await twice(office)
    await search(office)
    [listed] = await queue(office)
    reviewing = office.service.reviewing
    async with office.database.transaction() as connection:
        beside = await reviewing.unmasked(connection, office.clerk, listed.pair.id, "核对疑似重复")
        reads = await connection.fetch("select thing_id, purpose from thing_read")
        verbs = await connection.fetch(
            "select subject_id from journal where verb = 'thing.read_personal' order by seq desc limit 2"
        )
    assert beside.high.attributes["phone"] == "13812345678"
    assert {(row["thing_id"], row["purpose"]) for row in reads} == {(one, "核对疑似重复"), (two, "核对疑似重复")}
    assert {str(row["subject_id"]) for row in verbs} == {str(one), str(two)}
    for who, purpose, problem in (
        (actor("read", "merge"), "核对疑似重复", Forbidden), (office.clerk, "看", PurposeNeeded),
    ):  # fmt: skip
        with pytest.raises(problem):
            async with office.database.transaction() as connection:
                await reviewing.unmasked(connection, who, listed.pair.id, purpose)


async def test_只能处理自己范围内的(office: Office) -> None:
    await twice(office, division="120111101")
    await search(office)
    [listed] = await queue(office)
    for who in (actor("merge", "read", area="120111001"), actor("read", "record")):
        assert await queue(office, who) == []
        with pytest.raises(PairUnknown):
            await office.decide(listed.pair.id, "merge", who)


async def test_不同_不再出现_撤回后再出现(office: Office) -> None:
    await twice(office)
    await search(office)
    [listed] = await queue(office)
    await office.decide(listed.pair.id, "different", note="父子同名")
    await search(office)
    assert await queue(office) == []
    with pytest.raises(PairDecided):
        await office.decide(listed.pair.id, "merge")
    await office.decide(listed.pair.id, "open")
    assert len(await queue(office)) == 1


async def test_稍后_排到最后(office: Office) -> None:
    await twice(office)
    await twice(office, "李大山", "李大山", born="1990-01-02")
    await twice(office, "赵敏", "赵敏", born="1991-01-02")
    await search(office)
    first, *rest = await queue(office)
    office.later(minutes=1)
    await office.decide(first.pair.id, "later")
    assert [each.pair.id for each in await queue(office)] == [*(each.pair.id for each in rest), first.pair.id]


async def test_翻页不重不漏(office: Office) -> None:
    for number in range(5):
        await twice(office, f"王{'一二三四五'[number]}", f"王{'一二三四五'[number]}", born=f"1980-03-0{number + 1}")
    await search(office)
    whole = [each.pair.id for each in await queue(office)]
    paged, after = [], None
    while True:
        async with office.database.connection() as connection:
            found, after = await office.service.reviewing.queue(
                connection, office.clerk, "resident", after=after, limit=2
            )
        paged += [each.pair.id for each in found]
        if after is None:
            break
    assert paged == whole


async def test_合并后出队_撤销后不再自动提出(office: Office) -> None:
    one, two = await twice(office)
    await search(office)
    [listed] = await queue(office)
    merge = await office.decide(listed.pair.id, "merge", keep=two, take=["address"])
    assert merge is not None
    assert await queue(office) == []
    await search(office)
    assert await queue(office) == []
    await office.undo(merge)
    await search(office)
    assert await queue(office) == []  # who took it back has said that they differ
    async with office.database.connection() as connection:
        for id in (one, two):
            await office.service.reading.thing(connection, office.clerk, "resident", id)


async def test_改正后不再相像的_出队(office: Office) -> None:
    one, _ = await twice(office)
    await search(office)
    office.later(minutes=1)
    async with office.database.transaction() as connection:
        draft = Draft({"name": "孙悟空", "born": "1950-01-01", "sex": "1", "division": "120111001"})
        await office.service.recording.record(connection, office.clerk, "resident", draft, thing_id=one)
    found = await search(office)
    assert found.run.counts["dropped"] == 1
    assert await queue(office) == []


async def test_类型声明自动合并的_相同即合并_其余仍由人处理(office: Office) -> None:
    one, two = await twice(office)
    unsure = await twice(office, "李大山", "李大海", born="1990-01-02")
    declared = yaml.safe_load(RESIDENT)
    declared["resolution"]["automatic"] = True
    async with office.database.transaction() as connection:
        await office.service.publish(
            connection, [("population", ThingType.model_validate(declared))], office.clock.now()
        )
    await office.service.refresh()
    office.later(minutes=1)
    found = await search(office)
    assert found.run.counts["merged"] == 1
    async with office.database.transaction() as connection:
        plain = await office.service.reading.unmasked(connection, office.clerk, "resident", one, "核对自动合并")
        assert plain.attributes["phone"] == "13812345678"  # what the kept record did not tell comes from the other
        with pytest.raises(ThingUnknown):
            await office.service.reading.thing(connection, actor("read", area="999"), "resident", two)
    assert {(each.pair.low, each.pair.high) for each in await queue(office)} <= {unsure}


async def test_过大的组不比较_并告知(office: Office) -> None:
    declared = yaml.safe_load(RESIDENT)
    declared["resolution"]["most"] = 3
    async with office.database.transaction() as connection:
        await office.service.publish(
            connection, [("population", ThingType.model_validate(declared))], office.clock.now()
        )
    await office.service.refresh()
    for _ in range(5):
        await office.record(name="王小明", phone="02227391234")
    found = await search(office)
    assert found.passed_over["phone"] == (1, 5)
    assert found.run.counts["passed_over"] >= 1


async def test_没有声明规则的类型_无权合并的人_都说明(office: Office) -> None:
    with pytest.raises(NotResolved):
        await find(office.service, office.clerk, "house")
    with pytest.raises(Forbidden):
        await find(office.service, actor("read"), "resident")


async def test_试查不留下任何东西(office: Office) -> None:
    await twice(office)
    found = await find(office.service, office.clerk, "resident", dry_run=True)
    assert len(found.pairs) == 1
    assert await queue(office) == []
