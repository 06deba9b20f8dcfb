"""本人查询:凭码看到登记了什么、谁看过 — by a code the person concerned sees what is kept and who read it."""

from __future__ import annotations

import pytest
import yaml
from registry.conftest import PERSON, Registry, actor

from yiwang.kernel.errors import Forbidden
from yiwang.registry.declarations import ThingType
from yiwang.registry.errors import CodeWrong, NothingTold

FILE = """
id: service-file
names: {zh: 服务档案, en: File}
area: none
attributes:
  number: {names: {zh: 编号, en: Number}, schema: {type: string}, required: true}
  why: {names: {zh: 目的, en: Why}, schema: {type: string}, personal: hidden}
  inner: {names: {zh: 内部备注, en: Note}, schema: {type: string}}
keys: {number: [number]}
presentation: {title: [number]}
told: [number, why]
"""


@pytest.fixture(scope="module")
async def files(registry: Registry) -> Registry:
    types = [("files", ThingType.model_validate(yaml.safe_load(text))) for text in (FILE, PERSON)]
    async with registry.database.transaction() as connection:
        await registry.service.publish(connection, types, registry.clock.now())
    await registry.service.refresh()
    return registry


async def test_凭码看到所登记的和谁看过_别的看不到(files: Registry) -> None:
    keeper = actor("read", "record", "unmask")
    made = await files.record("service-file", keeper, number="F1", why="独居应急救助", inner="不外传")
    other = await files.record("service-file", keeper, number="F2", why="别人的")
    telling = files.service.telling
    async with files.database.transaction() as connection:
        code = await telling.give(connection, keeper, "service-file", made.thing_id, "self", instead=False)
        await files.service.reading.unmasked(connection, keeper, "service-file", made.thing_id, "上门前电话联系")
        await files.service.reading.unmasked(connection, keeper, "service-file", other.thing_id, "别的用途一则")
    async with files.database.connection() as connection:
        told = await telling.told(connection, f" {code[:4].lower()}-{code[4:]} ")
    assert told.attributes == {"number": "F1", "why": "独居应急救助"}
    assert [read.purpose for read in told.reads] == ["上门前电话联系"]


async def test_换发新码_旧码作废(files: Registry) -> None:
    keeper = actor("read", "record")
    made = await files.record("service-file", keeper, number="F3", why="甲乙")
    telling = files.service.telling
    async with files.database.transaction() as connection:
        old = await telling.give(connection, keeper, "service-file", made.thing_id, "self", instead=False)
        new = await telling.give(connection, keeper, "service-file", made.thing_id, "family", instead=True)
    async with files.database.connection() as connection:
        assert (await telling.told(connection, new)).attributes["number"] == "F3"
        for wrong in (old, "ABCDEFGHJKMN"):
            with pytest.raises(CodeWrong):
                await telling.told(connection, wrong)
        kept = await connection.fetchval("select count(*) from thing_code where digest = $1", new.encode())
    assert kept == 0


async def test_只有登记单位能发码_没有声明就没有码(files: Registry) -> None:
    keeper, reader = actor("read", "record"), actor("read")
    made = await files.record("service-file", keeper, number="F4")
    person = await files.person(keeper)
    telling = files.service.telling
    async with files.database.transaction() as connection:
        with pytest.raises(Forbidden):
            await telling.give(connection, reader, "service-file", made.thing_id, "self", instead=False)
        with pytest.raises(NothingTold):
            await telling.give(connection, keeper, "person", person.thing_id, "self", instead=False)
