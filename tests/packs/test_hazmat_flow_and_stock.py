"""Flow of vehicles and stock of stores, added up from waybills and ledger entries exactly and within the reader's reach."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
import yaml
from pydantic import ValidationError

from tests.packs.conftest import ROOT
from yiwang.geo.locator import Locator
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database, JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.settings import Settings
from yiwang.registry.declarations import ThingType
from yiwang.registry.errors import FilterUnknown, SummaryUnknown
from yiwang.registry.model import Draft
from yiwang.registry.service import RegistryService

TYPES = ROOT / "packs" / "hazmat-transport-supervision" / "types"
NOW = datetime(2026, 7, 14, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


class StandingClock:
    def now(self) -> datetime:
        return NOW


class Books(NamedTuple):
    """The registry of dangerous goods."""

    database: Database
    service: RegistryService

    async def record(self, kind: str, **attributes: object) -> None:
        async with self.database.transaction() as connection:
            draft = Draft(dict(attributes))  # type: ignore[arg-type]  # tests write plain values
            await self.service.recording.record(connection, somebody("read", "record"), kind, draft)

    async def told(
        self, kind: str, name: str, *, by: Actor | None = None, since: str = "", until: str = "", **filters: str
    ) -> dict[tuple[str | None, ...], tuple[int, float]]:
        async with self.database.connection() as connection:
            found = await self.service.summarising.summary(
                connection, by or somebody("read"), kind, name, filters=filters, since=since, until=until
            )
        return {row.by: (row.things, float(row.sums[0])) for row in found.rows}


def somebody(*verbs: str, kind: str = "thing") -> Actor:
    return Actor("person", new_id(), "监管员", 1, grants=(Grant(kind, frozenset(verbs), ""),))


@pytest.fixture
async def books(database: Database) -> Books:
    context = Context(database, StandingClock(), load_calendar(calendar_files()), Settings(_env_file=None))
    service = RegistryService(context, Locator())
    texts = [path.read_text(encoding="utf-8") for path in sorted(TYPES.glob("*.yaml"))]
    types = [("hazmat", ThingType.model_validate(yaml.safe_load(text))) for text in texts]
    async with database.transaction() as connection:
        await service.publish(connection, types, NOW)
    await service.refresh()
    return Books(database, service)


MOVES = [("in", 80.5), ("out", 18.3), ("loss", 0.1), ("in", 0.2), ("out", 0.1)]


async def test_结存等于入库减出库减损耗_一分不差(books: Books) -> None:
    for number, (direction, tonnes) in enumerate(MOVES):
        common: JsonObject = {"day": "2026-07-14", "store": "CK-01", "un_number": "1203", "goods": "汽油"}
        await books.record("hazmat-movement", number=f"TZ-{number:04d}", direction=direction, tonnes=tonnes, **common)
    await books.record(
        "hazmat-movement", number="TZ-9001", day="2026-07-13", store="CK-02", direction="out", un_number="1202",
        goods="柴油", tonnes=3,
    )  # fmt: skip
    balance = await books.told("hazmat-movement", "balance")
    assert balance == {("CK-01", "1203"): (5, 62.2), ("CK-02", "1202"): (1, -3.0)}
    assert await books.told("hazmat-movement", "balance", store="CK-02") == {("CK-02", "1202"): (1, -3.0)}


async def test_更正台账后结存随之更正(books: Books) -> None:
    entry: JsonObject = {
        "number": "TZ-5001", "day": "2026-07-14", "store": "CK-03", "direction": "in", "un_number": "1203", "goods": "汽油",
    }  # fmt: skip
    await books.record("hazmat-movement", **entry, tonnes=80)
    await books.record("hazmat-movement", **entry, tonnes=8)
    assert await books.told("hazmat-movement", "balance", store="CK-03") == {("CK-03", "1203"): (1, 8.0)}


async def test_车辆流向按日按起讫汇总_无权的人看不到(books: Books) -> None:
    bill: JsonObject = {
        "plate": "津A10001", "carrier": "91350100M000100Y43", "driver": "王建国", "shipper": "油库", "consignee": "加油站",
        "un_number": "1203", "goods": "汽油", "goods_class": "3", "from_area": "120199002",
    }  # fmt: skip
    trips = [("14", "120199001", 18.5), ("14", "120199001", 11.2), ("14", "120112", 9), ("15", "120199001", 7)]
    for number, (day, to_area, tonnes) in enumerate(trips):
        await books.record(
            "hazmat-waybill", number=f"YD-{number:04d}", day=f"2026-07-{day}", to_area=to_area, tonnes=tonnes, **bill
        )
    span = {"since": "2026-07-14", "until": "2026-07-14"}
    assert await books.told("hazmat-waybill", "flow", **span) == {
        ("2026-07-14", "120199002", "120112"): (1, 9.0),
        ("2026-07-14", "120199002", "120199001"): (2, 29.7),
    }
    assert len(await books.told("hazmat-waybill", "flow")) == 3
    assert await books.told("hazmat-waybill", "flow", by=somebody("read", kind="thing-hazmat-store")) == {}


async def test_没有的汇总和不能筛选的字段说明可用的(books: Books) -> None:
    with pytest.raises(SummaryUnknown) as unknown:
        await books.told("hazmat-movement", "profit")
    assert "balance" in unknown.value.message("en")
    with pytest.raises(FilterUnknown):
        await books.told("hazmat-movement", "balance", keeper="孙守仓")


@pytest.mark.parametrize(("by", "sums"), [(["keeper"], ["tonnes"]), (["store"], ["goods"]), (["shelf"], ["tonnes"])])
def test_汇总不按个人信息_只加数值(by: list[str], sums: list[str]) -> None:
    declared = yaml.safe_load((TYPES / "movement.yaml").read_text(encoding="utf-8"))
    declared["summaries"] = {"wrong": {"names": {"zh": "错", "en": "Wrong"}, "by": by, "sum": sums}}
    with pytest.raises(ValidationError):
        ThingType.model_validate(declared)
