"""Hot issues of the running city: found as reports come, told once when sudden, seen by those who may read the cases."""

from __future__ import annotations

import pytest
from support.journal_final import until_final
from support.small_city import SmallCity

from yiwang.casework.model import Reporter
from yiwang.judgement.hot_issues import living
from yiwang.judgement.hot_issues.errors import HotIssueUnknown

SMELL = (
    "丽景新城小区旁边的搅拌站彻夜施工，噪音扰民",
    "丽景新城附近新建的搅拌站粉尘很大，窗户不敢开",
    "投诉丽景新城小区门口搅拌站噪音和粉尘",
    "丽景新城小区搅拌站半夜还在施工，严重影响睡眠",
    "搅拌站就在丽景新城小区旁边，噪音粉尘污染严重",
    "丽景新城业主反映搅拌站夜间噪音",
)


async def _follow(city: SmallCity) -> None:
    await until_final(city.services.context.database)
    while await city.cases.topics.follow():
        pass


async def _report(city: SmallCity, text: str, phone: int, **more: object) -> None:
    await city.report(text, reporter=Reporter("居民", f"1381234{phone:04}"), **more)


async def test_多人反映同一件事_成为热点_突发只告警一次(city: SmallCity) -> None:
    for number, text in enumerate(("东街路灯不亮", "公园长椅坏了", "河边有人钓鱼", "学校门口乱停车")):
        await _report(city, text, 9000 + number)
    for number, text in enumerate(SMELL):
        await _report(city, text, number, lon=117.0101 + 0.0004 * number, lat=39.0101)
    await _follow(city)
    leader = await city.actor("leader1")
    [issue] = await city.cases.topics.hottest(leader)
    assert issue.letters == len(SMELL)
    assert issue.people == len(SMELL)
    assert "搅拌站" in issue.title
    assert any("丽景新城" in place for place in issue.places)
    assert issue.tendency == "rising"
    assert issue.alarmed_at == city.now()
    assert [found.id for found in await city.cases.topics.hottest(leader, sudden=True)] == [issue.id]

    cases = await city.cases.topics.cases(leader, issue.id, before=None, limit=100)
    assert {case.text for case in cases} == set(SMELL)
    history = await city.cases.topics.history(leader, issue.id)
    assert sum(count for _, count in history.months) == len(SMELL)

    await city.wait(hours=2)
    await _report(city, "丽景新城小区搅拌站噪音还是没人管", 500, lon=117.0103, lat=39.0101)
    await _follow(city)
    again = await city.cases.topics.one(leader, issue.id)
    assert again.letters == len(SMELL) + 1
    assert again.alarmed_at == issue.alarmed_at
    async with city.services.context.database.connection() as connection:
        told = await connection.fetch("select data from journal where verb = 'hot_issue.sudden'")
    assert len(told) == 1
    assert "138" not in str(told[0]["data"])


async def test_同一个人反复上报不成热点(city: SmallCity) -> None:
    before = len(await city.cases.topics.hottest(await city.actor("leader1")))
    for number in range(4):
        await _report(
            city, f"福安里门口的棋牌室太吵了第{number}次反映", 7777, lon=117.0051 + 0.0006 * number, lat=39.0151
        )
    await _follow(city)
    assert len(await city.cases.topics.hottest(await city.actor("leader1"))) == before


async def test_远处的同样问题不算一件事(city: SmallCity) -> None:
    before = {issue.id for issue in await city.cases.topics.hottest(await city.actor("leader1"))}
    corners = ((117.0011, 39.0011), (117.0215, 39.0011), (117.0011, 39.0165), (117.0215, 39.0165))
    for number, (lon, lat) in enumerate(corners):
        await _report(city, "窨井盖破损有安全隐患", 8100 + number, lon=lon, lat=lat)
    await _follow(city)
    issues = await city.cases.topics.hottest(await city.actor("leader1"))
    assert not [issue for issue in issues if issue.id not in before]


async def test_无权看案件的人看不到热点(city: SmallCity) -> None:
    [issue, *_] = await city.cases.topics.hottest(await city.actor("leader1"))
    auditor = await city.actor("auditor")
    assert await city.cases.topics.hottest(auditor) == []
    with pytest.raises(HotIssueUnknown):
        await city.cases.topics.one(auditor, issue.id)


async def test_读两遍不重复计数(city: SmallCity) -> None:
    leader = await city.actor("leader1")
    before = [(issue.id, issue.letters) for issue in await city.cases.topics.hottest(leader)]
    async with city.services.context.database.transaction() as connection:
        await connection.execute("update hot_issue_reading set tx = 0, seq = 0")
    await _follow(city)
    assert [(issue.id, issue.letters) for issue in await city.cases.topics.hottest(leader)] == before


@pytest.mark.parametrize(
    ("day", "week", "sudden"),
    [(4, 0, False), (5, 0, True), (6, 7, True), (6, 20, False), (20, 30, True), (9, 60, False)],
)
def test_突发按泊松概率判断(day: int, week: int, sudden: bool) -> None:
    assert living.is_sudden(day, week) is sudden


async def test_部门答复的质量有分有理由(city: SmallCity) -> None:
    opened = await city.report("南运河边的路灯坏了好几天，晚上很黑")
    await city.to(opened, "handle")
    shift = await city.actor("shift1")
    assert await city.cases.topics.answer(shift, opened.id) is None
    await city.step(
        opened.id,
        "finish",
        note="您好，南运河边路灯经现场核实为线路故障，已安排抢修，6月20日前恢复照明。联系电话022-12345678。",
        photos=(await city.photo(),),
    )
    answer = await city.cases.topics.answer(shift, opened.id)
    assert answer is not None
    assert answer.quality.completeness >= 70
    assert answer.quality.relevance > 30
    assert answer.quality.delay == 100


async def test_文字中的地名在地名库里找到位置(city: SmallCity) -> None:
    async with city.services.context.database.transaction() as connection:
        area = await connection.fetchrow(
            "select code, name_zh, st_x(centroid) as lon from area where level = 'community' order by code limit 1"
        )
    assert area is not None
    text = f"昨晚八点{area['name_zh']}门口有人占道，电话13812341234，车牌津A12345"
    found = await city.services.extraction.read(text)
    assert found.suggested is not None
    assert found.suggested.place is not None
    assert found.suggested.place.id == f"area:{area['code']}"
    assert found.suggested.source == "gazetteer"
    assert text[found.suggested.start : found.suggested.end] == found.suggested.name
    assert [number.shown for number in found.numbers] == ["138****1234", "津A***45"]
    assert len(found.times) == 1
