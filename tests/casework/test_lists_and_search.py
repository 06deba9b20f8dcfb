"""Lists: scope, filters, paging by key; my tasks by urgency; Chinese search of any length."""

from __future__ import annotations

import asyncio

import pytest
from support.small_city import SmallCity

from yiwang.casework.errors import SearchTooWide
from yiwang.casework.store import CaseFilter


async def test_两个字的词也能搜到(city: SmallCity) -> None:
    opened = await city.report("银杏大街的窨井冒水了")
    for words in ("银杏", "窨井", "银杏大街", "冒水 银杏", "井"):
        found, _ = await city.cases.reading.search(await city.actor("shift1"), words, CaseFilter(), limit=10)
        assert opened.id in {case.id for case in found}, words
    found, _ = await city.cases.reading.search(await city.actor("shift1"), "银杏大道", CaseFilter(), limit=10)
    assert found == []


async def test_按来源编号和分类名称搜索(city: SmallCity) -> None:
    opened = await city.report("垃圾桶满了", source_number="12345-2026-0007")
    for words in ("12345", "0007", "满溢"):
        found, _ = await city.cases.reading.search(await city.actor("shift1"), words, CaseFilter(), limit=50)
        assert opened.id in {case.id for case in found}, words


async def test_只有标点的搜索被拒绝(city: SmallCity) -> None:
    with pytest.raises(SearchTooWide):
        await city.cases.reading.search(await city.actor("shift1"), "!?。", CaseFilter(), limit=10)


async def test_搜索一页一页翻_不重不漏(city: SmallCity) -> None:
    reported = await asyncio.gather(*(city.report(f"翠微路第{n}盏路灯不亮") for n in range(25)))
    seen: list[str] = []
    wanted = CaseFilter()
    while True:
        found, _ = await city.cases.reading.search(await city.actor("shift1"), "翠微路", wanted, limit=7)
        seen += [case.number for case in found]
        if len(found) < 7:
            break
        wanted = CaseFilter(before=(found[-1].reported_at, found[-1].id))
    assert sorted(seen) == sorted(item.number for item in reported)


async def test_列表按键翻页_与一次取全一致(city: SmallCity) -> None:
    actor = await city.actor("shift1")
    everything = await city.cases.reading.cases(actor, CaseFilter(), limit=200)
    paged = []
    wanted = CaseFilter()
    while page := await city.cases.reading.cases(actor, wanted, limit=6):
        paged += page
        wanted = CaseFilter(before=(page[-1].reported_at, page[-1].id))
    assert [case.id for case in paged] == [case.id for case in everything]


async def test_部门只看到自己的案件_计数与列表一致(city: SmallCity) -> None:
    opened = await city.report()
    desk, other = await city.actor("city-desk"), await city.actor("water-desk")
    assert opened.id not in {case.id for case in await city.cases.reading.cases(desk, CaseFilter(), limit=200)}
    await city.to(opened, "receive")
    mine = await city.cases.reading.cases(desk, CaseFilter(state="open"), limit=200)
    assert opened.id in {case.id for case in mine}
    assert (await city.cases.reading.summary(desk))["open"] == len(mine)
    assert opened.id not in {case.id for case in await city.cases.reading.cases(other, CaseFilter(), limit=200)}


async def test_我的任务按期限排序_翻页完整(city: SmallCity) -> None:
    for _ in range(9):
        await city.to(await city.report(), "accept")
        await city.wait(minutes=1)
    actor = await city.actor("acceptor1")
    everything = await city.cases.reading.tasks(actor, stage=None, after=None, limit=200)
    assert len(everything) >= 9
    dues = [item.due_at for item in everything if item.due_at is not None]
    assert dues == sorted(dues)
    paged = []
    after = None
    while page := await city.cases.reading.tasks(actor, stage=None, after=after, limit=4):
        paged += page
        after = (page[-1].due_at, page[-1].id)
    assert [item.id for item in paged] == [item.id for item in everything]


async def test_时钟颜色筛选_红黄绿(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "receive")
    actor = await city.actor("shift1")

    async def colours() -> set[str]:
        found = set()
        for colour in ("green", "yellow", "red", "blue", "grey"):
            listed = await city.cases.reading.cases(actor, CaseFilter(clock=colour), limit=200)
            if opened.id in {case.id for case in listed}:
                found.add(colour)
        case = await city.case(opened.id)
        assert found == {case.clock_colour(city.now())}
        return found

    assert await colours() == {"green"}
    case = await city.case(opened.id)
    assert case.warn_at is not None
    assert case.due_at is not None
    await city.until(case.warn_at)
    await city.wait(seconds=1)
    assert await colours() == {"yellow"}
    await city.until(case.due_at)
    await city.wait(seconds=1)
    assert await colours() == {"red"}


async def test_附近的在办案件供上报前查看(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    opened = await city.report("路灯不亮", lon=lon, lat=lat)
    found = await city.cases.reading.duplicates("urban-case", opened.class_code, lon + 0.0003, lat)
    assert found[0][0].number == opened.number
    assert 20 < found[0][1] < 32
