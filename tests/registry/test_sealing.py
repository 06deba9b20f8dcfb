"""加密保存:库里读不出,按原值仍查得到;轮换密钥可中断、可与导入同时进行;到期删除 — sealed at rest."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from registry.conftest import CHINA, Registry, actor
from support.standing_clock import StandingClock

from yiwang.geo.locator import Locator
from yiwang.kernel.access import Actor
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.sealing import KeyMissing
from yiwang.kernel.settings import Settings
from yiwang.registry.declarations import ThingType
from yiwang.registry.importing import runner
from yiwang.registry.importing.runner import Wanted, import_things
from yiwang.registry.importing.store import ImportRun
from yiwang.registry.model import Asked, Draft
from yiwang.registry.resealing import reseal
from yiwang.registry.retention import erase_expired
from yiwang.registry.service import RegistryService

NUMBERS = ("11010519491231002X", "440524188001010014")
PATIENT = """
id: patient
names: {zh: 病人, en: Patient}
area: division
keep_years: 5
attributes:
  name: {names: {zh: 姓名, en: Name}, schema: {type: string}, required: true, personal: name, search: true}
  number:
    names: {zh: 身份证号, en: Identity number}
    schema: {type: string, format: citizen-number}
    personal: identity-number
    sealed: true
    filter: true
  weight: {names: {zh: 体重, en: Weight}, schema: {type: number}, sealed: true}
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {number: [number]}
presentation: {title: [name]}
"""


@dataclass
class Office:
    registry: Registry
    service: RegistryService
    keys: Path


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    from datetime import datetime

    await database.pool.execute("truncate thing, thing_type, thing_import, thing_mapping cascade")
    clock = StandingClock(datetime(2026, 6, 18, 8, tzinfo=CHINA))
    settings = Settings(_env_file=None).model_copy(update={"home": tmp_path})
    service = RegistryService(Context(database, clock, load_calendar(calendar_files()), settings), Locator())
    async with database.transaction() as connection:
        await service.publish(connection, [("health", ThingType.model_validate(yaml.safe_load(PATIENT)))], clock.now())
    await service.refresh()
    return Office(Registry(database, clock, service), service, tmp_path / "registry-keys")


@pytest.fixture
def doctor() -> Actor:
    return actor("read", "record", "import", "unmask", name="医生")


async def patient(office: Office, by: Actor, number: str, **more: object) -> object:
    made = await office.registry.record("patient", by, name="张三丰", division="120111001", number=number, **more)
    return made


async def test_库里没有原文_按原值仍查得到(office: Office, doctor: Actor) -> None:
    await patient(office, doctor, NUMBERS[0], weight=61.5)
    async with office.registry.database.transaction() as connection:
        stored = await connection.fetchval("select (f.*)::text || (k.*)::text from thing_fact f, thing_key k")
        assert NUMBERS[0] not in stored
        assert "61.5" not in stored
        read = office.service.reading
        found = await read.things(connection, doctor, "patient", Asked(filters={"number": NUMBERS[0].lower()}))
        other = await read.things(connection, doctor, "patient", Asked(filters={"number": NUMBERS[1]}))
        by_key = await read.by_key(connection, doctor, "patient", "number", [NUMBERS[0]])
        full = await read.unmasked(connection, doctor, "patient", by_key.thing_id, "会诊查阅")
    assert (len(found.items), len(other.items)) == (1, 0)
    assert by_key.attributes["number"] == "110105**********2X"
    assert (full.attributes["number"], full.attributes["weight"]) == (NUMBERS[0], 61.5)


async def test_同样内容再登记_仍知相同(office: Office, doctor: Actor) -> None:
    first = await patient(office, doctor, NUMBERS[0], weight=60)
    office.registry.later(days=1)
    again = await patient(office, doctor, NUMBERS[0], weight=60)
    changed = await patient(office, doctor, NUMBERS[0], weight=61)
    assert [getattr(each, "outcome", "") for each in (first, again, changed)] == ["new", "same", "changed"]
    async with office.registry.database.connection() as connection:
        data = await connection.fetchval(
            "select data from journal where verb = 'thing.changed' order by seq desc limit 1"
        )
    assert data["changed"] == ["weight"]


async def test_轮换后旧钥不再使用_键与筛选照常(office: Office, doctor: Actor) -> None:
    await patient(office, doctor, NUMBERS[0])
    old = office.service.sealer.newest()
    office.service.sealer.rotate()
    await patient(office, doctor, NUMBERS[1])
    assert await reseal(office.service) == 1
    assert await reseal(office.service) == 0  # begun again: nothing is left
    async with office.registry.database.connection() as connection:
        left = await connection.fetchval("select count(*) from thing_fact where attributes::text like $1", f"%{old}:%")
        found = await office.service.reading.by_key(connection, doctor, "patient", "number", [NUMBERS[0]])
    assert left == 0
    assert found.attributes["number"] == "110105**********2X"


async def test_导入进行中轮换_一行不丢_下一轮全部换新(
    office: Office, doctor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registry.test_importing import people

    monkeypatch.setattr(runner, "BATCH", 20)
    monkeypatch.setattr(runner, "ROWS_FOR_A_PROCESS", 1)
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["姓名", "身份证号", "区划"], *([r[0], r[1], r[4]] for r in people(200, seed=5))])

    def rotate(run: ImportRun) -> None:
        if run.rows_done == 60:
            office.service.sealer.rotate()

    made = await import_things(office.service, doctor, "patient", path, Wanted(), progress=rotate)
    assert made.counts["new"] == 200
    assert await reseal(office.service) > 0
    newest = office.service.sealer.newest()
    async with office.registry.database.connection() as connection:
        count = await connection.fetchval(
            "select count(*) from thing_fact where attributes::text like $1", f"%{newest}:%"
        )
        page = await office.service.reading.things(connection, doctor, "patient", Asked(limit=200))
    assert count == 200
    assert all("*" in str(fact.attributes["number"]) for fact in page.items)


async def test_没有密钥文件_说明从备份恢复(office: Office, doctor: Actor, tmp_path: Path) -> None:
    made = await patient(office, doctor, NUMBERS[0])
    office.keys.rename(tmp_path / "elsewhere")
    fresh = RegistryService(
        replace(
            office.service.context, settings=office.service.context.settings.model_copy(update={"home": tmp_path / "x"})
        ),
        Locator(),
    )
    await fresh.refresh()
    async with office.registry.database.connection() as connection:
        with pytest.raises(KeyMissing):
            await fresh.reading.thing(connection, doctor, "patient", getattr(made, "thing_id"))  # noqa: B009


async def test_到期删除_只留下曾经有过(office: Office, doctor: Actor) -> None:
    made = await patient(office, doctor, NUMBERS[0])
    id = getattr(made, "thing_id")  # noqa: B009
    office.registry.later(days=10)
    async with office.registry.database.transaction() as connection:
        await office.service.recording.end(connection, doctor, id)
    office.registry.clock.at += timedelta(days=4 * 366)
    assert await erase_expired(office.service) == 0
    office.registry.clock.at += timedelta(days=366)
    assert await erase_expired(office.service) == 1
    assert await erase_expired(office.service) == 0
    async with office.registry.database.connection() as connection:
        facts = await connection.fetch("select title, attributes, valid from thing_fact where thing_id = $1", id)
        keys = await connection.fetchval("select count(*) from thing_key where thing_id = $1", id)
        told = await connection.fetchval(
            "select count(*) from journal where verb = 'thing.erased' and subject_id = $1", id
        )
    assert {(fact["title"], len(fact["attributes"])) for fact in facts} == {("", 0)}
    assert (keys, told) == (0, 1)


async def test_加密字段的摘要与键_别的登记类型算不出相同(office: Office) -> None:
    sealer = office.service.sealer
    assert sealer.blind("patient", NUMBERS[0]) == sealer.blind("patient", NUMBERS[0])
    assert sealer.blind("patient", NUMBERS[0]) != sealer.blind("person", NUMBERS[0])
    assert Draft({}).attributes == {}
