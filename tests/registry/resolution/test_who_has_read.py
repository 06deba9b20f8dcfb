"""谁看过我的信息:登记库里的查看也算在内 — reads of a person's record in the registers are told to that person."""

from __future__ import annotations

from registry.resolution.conftest import Office

from yiwang.registry.retention import erase_expired


async def test_按姓名和电话找到自己的被查看记录_库里不存原文(office: Office) -> None:
    me = await office.record(name="王小明", phone="13812345678")
    await office.record(name="王小明", phone="13912345678")
    start = office.clock.at
    office.later(minutes=5)
    reading = office.service.reading
    async with office.database.transaction() as connection:
        await reading.unmasked(connection, office.clerk, "resident", me, "核对低保资格")
        found = await reading.reads_of_person(connection, "王小明", "+86 138 1234 5678", start, limit=10)
        others = [
            await reading.reads_of_person(connection, "王小明", "13912345678", start, limit=10),
            await reading.reads_of_person(connection, "王大明", "13812345678", start, limit=10),
            await reading.reads_of_person(connection, "王小明", "13812345678", office.later(days=1), limit=10),
        ]
        kept = await connection.fetchval("select who from thing_read")
    assert [(read.type, read.purpose, read.organisation_id) for read in found] == [("resident", "核对低保资格", 1)]
    assert others == [[], [], []]
    assert "13812345678" not in kept
    assert "王小明" not in kept


async def test_没有电话的记录_只记给管理者看(office: Office) -> None:
    me = await office.record(name="王小明")
    async with office.database.transaction() as connection:
        await office.service.reading.unmasked(connection, office.clerk, "resident", me, "核对低保资格")
        assert await connection.fetchval("select who from thing_read") is None
    assert await erase_expired(office.service) == 0
