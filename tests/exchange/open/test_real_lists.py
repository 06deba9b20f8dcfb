"""Lists of the real world: a province's service items come in whole and their faults are told; all divisions are one tree."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from support.standing_clock import StandingClock

from yiwang.exchange.quality.model import Record
from yiwang.exchange.quality.rules import Known, Rules
from yiwang.geo import divisions
from yiwang.geo.locator import Locator
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.settings import Settings
from yiwang.registry.declarations import ThingType
from yiwang.registry.importing.runner import Wanted, import_things
from yiwang.registry.model import Asked
from yiwang.registry.service import RegistryService

ROOT = Path(__file__).resolve().parents[3]
TYPE = ROOT / "packs" / "service-items" / "types" / "service-item.yaml"
STEWARD = Actor(
    "person", new_id(), "数据管理员", 1, grants=(Grant("thing", frozenset({"read", "record", "import", "export"})),)
)
LEFT_OUT = {"_id", "ORGCODE", "TASK_TAG", "AREA_CODE_TEXT", "matter_type", "matter_name", "matter_code", "visit_number"}


@pytest.fixture(scope="module")
def items(shared_dir: Path) -> list[dict[str, object]]:
    path = shared_dir / "data" / "government" / "service_items.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path}")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
async def registry(database: Database) -> RegistryService:
    clock = StandingClock(datetime(2026, 6, 18, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai")))
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    service = RegistryService(Context(database, clock, load_calendar(calendar_files()), settings), Locator())
    declared = ThingType.model_validate(yaml.safe_load(TYPE.read_text("utf-8")))
    async with database.transaction() as connection:
        await service.publish(connection, [("service-items", declared)], clock.now())
    await service.refresh()
    return service


def _table(path: Path, items: list[dict[str, object]]) -> Path:
    """The list as a department sends it: one row an item, lists with 、 between, the office's code from the item's."""
    units = {"自": "1", "工": "2"}
    rows = []
    for item in items:
        row = {name: "、".join(value) if isinstance(value, list) else value for name, value in item.items()}
        row = {name: value for name, value in row.items() if name not in LEFT_OUT}
        row["实施主体编码"] = str(item["TASK_CODE"])[:18]
        for name, limit in (("法定时限单位", "handle_time"), ("承诺时限单位", "handle_time_limit")):
            row[name] = units.get(str(item[limit]).partition("(")[2][:1], "")
        row["courier_service"] = "是" if item["courier_service"] == "是" else "否"
        rows.append(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return path


async def test_1110项政务服务事项全部导入_并按类说出哪里不对(
    registry: RegistryService, items: list[dict[str, object]], tmp_path: Path
) -> None:
    report, refused = tmp_path / "report.csv", tmp_path / "refused.csv"
    path = _table(tmp_path / "items.csv", items)
    first = await import_things(registry, STEWARD, "service-item", path, Wanted(report=report, refused=refused))
    assert first.counts == {"new": 1105, "changed": 0, "refused": 5}, report.read_text("utf-8")[:2000]
    with report.open(encoding="utf-8-sig", newline="") as file:
        faults = list(csv.DictReader(file))
    assert {row["列 column"] for row in faults} == {"实施主体编码"}
    assert all("校验位" in row["问题 problem"] for row in faults)
    with refused.open(encoding="utf-8-sig", newline="") as file:
        back = list(csv.DictReader(file))
    for row in back:  # the office's code has a wrong check digit: left out until the office tells the right one
        row["实施主体编码"] = ""
    with (tmp_path / "again.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(back[0]))
        out.writeheader()
        out.writerows(back)
    second = await import_things(registry, STEWARD, "service-item", tmp_path / "again.csv", Wanted())
    assert second.counts == {"new": 5, "changed": 0, "refused": 0}
    assert await _faults_by_kind(registry) == {
        "code-of-31": 192,
        "office-known": 5,
        "type-of-the-standard": 764,
        "type-and-name-agree": 799,
        "state-known": 1110,
        "legal-limit-known": 344,
        "promise-known": 266,
        "materials-known": 686,
        "conditions-known": sum(item["accept_standard"] in (None, "", "无") for item in items),
        "questions-answered": 134,
    }


async def _faults_by_kind(registry: RegistryService) -> Counter[str]:
    """How many items break each rule of the type."""
    kind = registry.types.type("service-item")
    rules, found, asked = Rules(kind), Counter[str](), Asked(limit=200)
    now = registry.context.clock.now()
    async with registry.context.database.connection() as connection:
        while True:
            page = await registry.reading.things(connection, STEWARD, "service-item", asked)
            for fact in page.items:
                record = Record(fact.thing_id, fact.type_version, fact.attributes, "", 1, fact.recorded_from, {})
                found.update(rules.judge(record, fact.attributes, Known(), now).broken)
            if page.after is None:
                return found
            asked = Asked(limit=200, after=page.after)


def test_全国区划代码成一棵树_没有孤儿(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "divisions"
    found: set[str] = set()
    for name in ("areas.csv", "streets.csv", "villages_5places.csv"):
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                found |= {divisions.parse(row["code"]).code, row["cityCode"], row["provinceCode"]}
    assert len(found) > 44_000
    assert divisions.orphans(found) == []
