"""A registry over an empty database, with a few types and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from support.standing_clock import StandingClock

from yiwang.geo.locator import Locator
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database, JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.settings import Settings
from yiwang.registry.declarations import ThingType
from yiwang.registry.model import Draft, Recorded
from yiwang.registry.service import RegistryService

CHINA = ZoneInfo("Asia/Shanghai")

PERSON = """
id: person
names: {zh: 人口, en: Person}
area: division
attributes:
  name: {names: {zh: 姓名, en: Name}, schema: {type: string, maxLength: 50}, required: true, personal: name, search: true}
  number:
    names: {zh: 公民身份号码, en: Identity number}
    schema: {type: string, format: citizen-number}
    personal: identity-number
  phone: {names: {zh: 电话, en: Telephone}, schema: {type: string, format: phone-number}, personal: phone}
  sex:
    names: {zh: 性别, en: Sex}
    schema: {enum: ["1", "2"]}
    words: {"1": {zh: 男, en: Male}, "2": {zh: 女, en: Female}}
    filter: true
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {number: [number]}
relations:
  lives-in: {names: {zh: 居住于, en: Lives in}, inverse: {zh: 住户, en: Residents}, to: house, many: false}
  owns: {names: {zh: 拥有, en: Owns}, inverse: {zh: 权利人, en: Owners}, to: house}
  child-of: {names: {zh: 父母, en: Parent}, inverse: {zh: 子女, en: Children}, to: person, acyclic: true}
presentation: {title: [name], list: [name, sex]}
"""
HOUSE = """
id: house
names: {zh: 房屋, en: House}
geometry: point
area: division
attributes:
  address: {names: {zh: 地址, en: Address}, schema: {type: string, maxLength: 200}, required: true, search: true}
  floors: {names: {zh: 层数, en: Floors}, schema: {type: integer, minimum: 1, maximum: 200}}
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {address: [address]}
presentation: {title: [address]}
"""


@dataclass
class Registry:
    """What tests do to the registry, in the words of a registrar."""

    database: Database
    clock: StandingClock
    service: RegistryService

    async def record(self, type_id: str, by: Actor, /, at: datetime | None = None, **attributes: object) -> Recorded:
        draft = Draft(dict(attributes))  # type: ignore[arg-type]  # tests write plain values
        async with self.database.transaction() as connection:
            return await self.service.recording.record(connection, by, type_id, draft, valid_from=at)

    async def person(self, by: Actor, /, at: datetime | None = None, **attributes: object) -> Recorded:
        given: JsonObject = {"name": "张三丰", "division": "120111001", "number": "11010519491231002X"}
        return await self.record("person", by, at, **{**given, **attributes})

    def later(self, **by: float) -> datetime:
        self.clock.at += timedelta(**by)
        return self.clock.at


def actor(*verbs: str, area: str = "", name: str = "登记员") -> Actor:
    """Someone who may do these with every type, within an area."""
    return Actor("person", new_id(), name, 1, grants=(Grant("thing", frozenset(verbs), area),))


@pytest.fixture
def registrar() -> Actor:
    return actor("read", "record")


@pytest.fixture(scope="module")
async def registry(database: Database) -> Registry:
    clock = StandingClock(datetime(2026, 6, 18, 8, 0, tzinfo=CHINA))
    settings = Settings(_env_file=None)
    service = RegistryService(Context(database, clock, load_calendar(calendar_files()), settings), Locator())
    types = [("population", ThingType.model_validate(yaml.safe_load(text))) for text in (PERSON, HOUSE)]
    async with database.transaction() as connection:
        await service.publish(connection, types, clock.now())
    await service.refresh()
    return Registry(database, clock, service)
