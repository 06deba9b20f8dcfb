"""An office whose register of residents says when two records are of the same person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from registry.conftest import CHINA, HOUSE
from support.standing_clock import StandingClock

from yiwang.geo.locator import Locator
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.settings import Settings
from yiwang.registry.declarations import ThingType
from yiwang.registry.model import Draft
from yiwang.registry.service import RegistryService

RESIDENT = """
id: resident
names: {zh: 居民, en: Resident}
area: division
keep_years: 5
attributes:
  name: {names: {zh: 姓名, en: Name}, schema: {type: string, maxLength: 50}, required: true, personal: name, search: true}
  number: {names: {zh: 身份号码, en: Number}, schema: {type: string}, personal: identity-number, sealed: true}
  born: {names: {zh: 出生日期, en: Born}, schema: {type: string, format: date}, personal: hidden}
  sex: {names: {zh: 性别, en: Sex}, schema: {enum: ["1", "2"]}, words: {"1": {zh: 男, en: Male}, "2": {zh: 女, en: Female}}}
  phone: {names: {zh: 电话, en: Telephone}, schema: {type: string}, personal: phone, sealed: true}
  address: {names: {zh: 住址, en: Address}, schema: {type: string}, personal: address}
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {number: [number]}
relations:
  lives-in: {names: {zh: 居住于, en: Lives in}, inverse: {zh: 住户, en: Residents}, to: house, many: false}
  owns: {names: {zh: 拥有, en: Owns}, inverse: {zh: 权利人, en: Owners}, to: house}
  child-of: {names: {zh: 父母, en: Parent}, inverse: {zh: 子女, en: Children}, to: resident, acyclic: true}
presentation: {title: [name]}
resolution:
  exact: [[number]]
  block:
    - [name, born]
    - [phone]
    - ["name:pinyin", "address:door"]
    - ["name:pinyin", "born:year", sex]
  compare:
    name: {as: name, agree: 5, differ: -6}
    born: {as: date, agree: 6, differ: -5}
    phone: {as: exact, agree: 4, differ: -1}
    address: {as: address, agree: 4, differ: -1}
    sex: {as: exact, agree: 0.5, differ: -5}
  same: 14
  review: 8
"""


@dataclass
class Office:
    """A register and who may do what with it."""

    service: RegistryService
    clock: StandingClock
    clerk: Actor

    @property
    def database(self) -> Database:
        return self.service.context.database

    async def record(self, type_id: str = "resident", at: datetime | None = None, **attributes: object) -> UUID:
        draft = Draft({"division": "120111001", **attributes})  # type: ignore[arg-type]  # tests write plain values
        async with self.database.transaction() as connection:
            made = await self.service.recording.record(connection, self.clerk, type_id, draft, valid_from=at)
        return made.thing_id

    async def relate(self, one: UUID, kind: str, other: UUID, **period: datetime) -> UUID:
        async with self.database.transaction() as connection:
            return await self.service.recording.relate(connection, self.clerk, one, kind, other, **period)

    async def merge(self, kept: UUID, merged: UUID, take: tuple[str, ...] = ()) -> UUID:
        async with self.database.transaction() as connection:
            return await self.service.merging.merge(connection, self.clerk, kept, merged, take=take, reason="同一人")

    async def undo(self, merge: UUID) -> None:
        async with self.database.transaction() as connection:
            await self.service.merging.undo(connection, self.clerk, merge, reason="弄错了")

    async def decide(self, pair: UUID, decision: str, by: Actor | None = None, **more: object) -> UUID | None:
        async with self.database.transaction() as connection:
            return await self.service.reviewing.decide(connection, by or self.clerk, pair, decision, **more)  # type: ignore[arg-type]

    def later(self, **by: float) -> datetime:
        self.clock.at += timedelta(**by)
        return self.clock.at

    async def believed(self) -> dict[str, set[tuple[object, ...]]]:
        """All that is believed now: facts, relations, and what keys name; without the ids of the beliefs."""
        async with self.database.connection() as connection:
            facts = await connection.fetch(
                "select thing_id, valid, area, organisation_id, title, attributes::text as a, digest, terms::text as t,"
                " ST_AsText(geometry) as g, type_version, recorded_label from thing_fact where upper_inf(recorded)"
            )
            relations = await connection.fetch(
                "select kind, from_id, to_id, valid, attributes::text as a from thing_relation where upper_inf(recorded)"
            )
            keys = await connection.fetch("select type, name, key, thing_id, first_thing_id from thing_key")
            merged = await connection.fetch("select id, merged_into from thing where merged_into is not null")
        rows = {"facts": facts, "relations": relations, "keys": keys, "merged": merged}
        return {name: {tuple(row.values()) for row in found} for name, found in rows.items()}


def actor(*verbs: str, area: str = "", name: str = "数据管理员") -> Actor:
    return Actor("person", new_id(), name, 1, grants=(Grant("thing", frozenset(verbs), area),))


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    """Nothing is recorded yet."""
    clock = StandingClock(datetime(2026, 6, 18, 8, tzinfo=CHINA))
    settings = Settings(_env_file=None, home=tmp_path)
    service = RegistryService(Context(database, clock, load_calendar(calendar_files()), settings), Locator())
    types = [("population", ThingType.model_validate(yaml.safe_load(text))) for text in (RESIDENT, HOUSE)]
    async with database.transaction() as connection:
        await connection.execute(
            "truncate thing, thing_fact, thing_key, thing_relation, resolution_pair, resolution_run, thing_merge, thing_read"
            " cascade"
        )
        await service.publish(connection, types, clock.now())
    await service.refresh()
    return Office(service, clock, actor("read", "record", "merge", "unmask"))
