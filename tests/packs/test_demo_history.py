"""演示城市的历史:同一种子同样的历史;有工作日与雨天的起伏、一个升起又消退的热点;经导入进入,只一次,场景城市没有。"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import yaml

from tests.packs.conftest import ROOT
from tests.support.journal_final import until_final
from tests.support.small_city import CHINA, SMALL_CITY, START
from yiwang.casework.importing.known import imported_files
from yiwang.http.services import Services, open_services
from yiwang.insight.trends import store as trends
from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.kernel.deadline_grammar import parse_deadline
from yiwang.kernel.settings import Settings
from yiwang.packs.check.demo import MOST_PAST_CASES
from yiwang.packs.findings import Findings
from yiwang.packs.history.besides import NOWHERE
from yiwang.packs.history.giving import HistoryGiven, give_history
from yiwang.packs.history.inventing import Answered, Past, PastMatter
from yiwang.packs.history.weather import busyness, wetness
from yiwang.packs.install import install_city
from yiwang.packs.loaded import City
from yiwang.packs.loader import load_city
from yiwang.packs.model.city import DemoHistory
from yiwang.packs.simulation.matters import Matter

WANTED = DemoHistory(days=60, a_day=20, seed=5)


@pytest.fixture(scope="module")
def small() -> City:
    city = load_city(SMALL_CITY, ROOT / "packs", Findings())
    assert city is not None
    return city


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return load_calendar(calendar_files())


def answering(matter: Matter, office: str) -> Answered:
    return Answered("120199001001", office or matter.kind.department or "", parse_deadline(matter.standard.limit))


@pytest.fixture(scope="module")
def past(small: City, calendar: WorkingCalendar) -> list[PastMatter]:
    return Past(small, WANTED, calendar, START, answering).invent()


def test_同一种子得到同样的历史(small: City, calendar: WorkingCalendar, past: list[PastMatter]) -> None:
    assert Past(small, WANTED, calendar, START, answering).invent() == past
    other = WANTED.model_copy(update={"seed": 6})
    assert Past(small, other, calendar, START, answering).invent() != past


def test_案件按上报先后编号_都在开始之前上报并结案(past: list[PastMatter]) -> None:
    assert [item.reported_at for item in past] == sorted(item.reported_at for item in past)
    assert len({item.number for item in past}) == len(past)
    assert past[0].reported_at >= datetime(2026, 4, 19, tzinfo=CHINA)
    assert all(item.reported_at <= item.closed_at < START for item in past)


def test_大致每天这么多件_部分超期_周末少_雨天多(past: list[PastMatter], calendar: WorkingCalendar) -> None:
    by_day = Counter(item.reported_at.astimezone(CHINA).date() for item in past)
    assert 0.9 * WANTED.a_day * WANTED.days < len(past) < 1.4 * WANTED.a_day * WANTED.days
    late = sum(item.closed_at > item.due_at for item in past)
    assert 0.03 < late / len(past) < 0.15
    monday, sunday = datetime(2026, 6, 15).date(), datetime(2026, 6, 14).date()
    assert busyness(monday, working=True) > busyness(sunday, working=False)
    assert busyness(sunday, working=True) == 1.0
    days = sorted(by_day)
    wet = [day for day, rain in zip(days, wetness(WANTED.seed, len(days)), strict=True) if rain > 0.5]
    dry = [day for day, rain in zip(days, wetness(WANTED.seed, len(days)), strict=True) if not rain]
    assert sum(by_day[day] for day in wet) / len(wet) > sum(by_day[day] for day in dry) / len(dry)


def test_一个热点升起又消退(past: list[PastMatter]) -> None:
    first = (START - timedelta(days=38)).date()
    weeks: Counter[tuple[str, str, int]] = Counter()
    for item in past:
        week = (item.reported_at.astimezone(CHINA).date() - first).days // 7
        weeks[item.matter.kind.code, item.matter.spot.name, week] += 1
    (code, place, week), most = weeks.most_common(1)[0]
    assert week in (0, 1)
    assert most >= 8
    assert weeks[code, place, week] > 2 * max(weeks[code, place, -2], weeks[code, place, 3])


BESIDES = [
    {"type": "urban-case", "channel": "resident", "a_week": 7, "offices": ["sanitation", "water"],
     "matters": [{"class": "01001", "text": "分解任务"}]},
    {"type": "urban-case", "channel": "resident", "a_week": 3.5, "matters": [{"class": "01002", "text": "{place}井盖报警"}]},
    {"type": "no-such-type", "channel": "x", "a_week": 9, "matters": [{"class": "1", "text": "没有"}]},
]  # fmt: skip


def test_另有无人上报的案件_轮流给单位或按地点_其余不变(
    small: City, calendar: WorkingCalendar, past: list[PastMatter]
) -> None:
    wanted = DemoHistory.model_validate({**WANTED.model_dump(), "besides": BESIDES})
    found = Past(small, wanted, calendar, START, answering).invent()
    usual = {item.matter.sequence for item in past}
    assert [item.matter for item in found if item.matter.sequence in usual] == [item.matter for item in past]
    more = [item for item in found if item.matter.sequence not in usual]
    given = [item for item in more if item.matter.text == "分解任务"]
    weeks = (START - datetime(2026, 4, 19, tzinfo=CHINA)) / timedelta(weeks=1)
    assert len(given) == round(7 * weeks)
    assert Counter(item.office for item in given) == {
        "sanitation": len(given) - len(given) // 2,
        "water": len(given) // 2,
    }
    assert {item.matter.spot for item in given} == {NOWHERE}
    placed = [item for item in more if item.matter.text != "分解任务"]
    assert len(placed) == round(3.5 * weeks)
    assert all(item.matter.text == f"{item.matter.spot.name}井盖报警" for item in placed)
    assert all(item.reported_at <= item.closed_at < START for item in more)


@pytest.fixture(scope="module")
async def services(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, city=SMALL_CITY, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as found:
        await install_city(found.context, found, SMALL_CITY, begin=START, past=True)  # it declares no history
        yield found


async def give(services: Services, city: City) -> HistoryGiven:
    types = [case.value.id for pack in city.packs for case in pack.cases]
    async with services.context.database.transaction() as connection:
        return await give_history(services.casework, connection, city, WANTED, types)


async def test_经导入进入一次_中断后接着导入_趋势看得到(services: Services, small: City) -> None:
    async with services.context.database.connection() as connection:
        assert await connection.fetchval("select count(*) from case_file") == 0
    given = await give(services, small)
    assert given.new
    assert not (await give(services, small)).new
    async with services.context.database.connection() as connection:
        files = await imported_files(connection, "demo-history-")
        rows = await connection.fetchrow(
            "select count(*) as n, count(distinct type) as types, count(distinct area) as areas,"
            " count(*) filter (where state = 'open') as open, count(department_id) as answered from case_file"
        )
        refused = await connection.fetchval("select sum(refused) from case_import")
        await connection.execute("update case_import set finished_at = null where file_name like '%urban-case%'")
    assert rows is not None
    assert (rows["n"], len(files), refused) == (given.cases, rows["types"], 0)
    assert rows["areas"] > 1
    assert rows["open"] == 0
    assert rows["answered"] > 0.9 * rows["n"]
    assert (await give(services, small)).new
    await until_final(services.context.database)
    async with services.context.database.transaction() as connection:
        assert await connection.fetchval("select count(*) from case_file") == rows["n"], "nothing is taken twice"
        await trends.mark_stale(connection, "Asia/Shanghai")
        while await trends.count_stale(connection, "Asia/Shanghai"):
            pass
        days = await connection.fetchval("select count(distinct day) from trend_count")
    assert days >= 56


async def test_已有案件的城市不给历史(services: Services, small: City) -> None:
    async with services.context.database.transaction() as connection:
        await connection.execute("delete from case_import")
    assert not (await give(services, small)).new


def test_声明了历史的只有西青_且不超过上限() -> None:
    declared = yaml.safe_load((ROOT / "cities" / "xiqing" / "city.yaml").read_text("utf-8"))
    wanted = DemoHistory.model_validate(declared["demo"]["history"])
    assert wanted.days >= 56, "trends need eight weeks"
    assert wanted.days * wanted.a_day <= MOST_PAST_CASES
    assert not any("history:" in path.read_text("utf-8") for path in (ROOT / "tests" / "cities").rglob("city.yaml"))
