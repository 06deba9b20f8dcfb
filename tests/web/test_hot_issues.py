"""热点问题:列表、地图、起落、预警确认、合并;误派板;趋势的预测与误差;离 90 分还差什么。"""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.journal_final import until_final

from yiwang.casework.model import Reporter

NOISE = (
    "丽景新城小区旁边的搅拌站彻夜施工，噪音扰民",
    "丽景新城附近新建的搅拌站粉尘很大",
    "投诉丽景新城小区门口搅拌站噪音和粉尘",
    "丽景新城小区搅拌站半夜还在施工",
    "搅拌站就在丽景新城小区旁边，噪音粉尘污染严重",
)
WATER = (
    "和平里小区整栋楼停水两天了",
    "和平里小区停水没人通知",
    "和平里小区从昨天开始停水",
)


async def two_issues(site: Site) -> None:
    for number, text in enumerate((*NOISE, *WATER)):
        await site.city.report(
            text, lon=117.0101, lat=39.0101, reporter=Reporter("", f"138123400{number:02}"), class_code=None
        )
    await until_final(site.city.services.context.database)
    while await site.city.cases.topics.follow():
        pass


async def test_热点_看得到人数和趋势_确认预警_合并成一件(site: Site, open_page: OpenPage) -> None:
    await two_issues(site)
    page = await open_page("/desk/hot-issues", as_="leader1")
    alarms = page.get_by_role("region", name=re.compile("突发热点还没有人确认"))
    await expect(alarms).to_contain_text("搅拌站")
    await expect(page.locator(".hot-list")).to_contain_text("5 件,5 人")
    assert await faults(page) == []
    await look(page, "hot-issues")
    await alarms.get_by_role("button", name="确认预警").first.click()
    await alarms.get_by_placeholder("正在怎么处理(可不填)").fill("已派执法队")
    await alarms.get_by_role("button", name="确认", exact=True).click()
    await expect(alarms).to_have_count(0)
    await page.locator(".hot-list").get_by_role("link", name=re.compile("搅拌站")).first.click()
    await expect(page.get_by_text("陈区长 已于")).to_contain_text("已派执法队")
    await expect(page.get_by_role("heading", name="背后的案件(5)")).to_be_visible()
    await page.get_by_role("button", name="看表格").click()
    await expect(page.get_by_role("cell", name="2026-06-18")).to_be_visible()
    await page.get_by_role("button", name="选一个合并进来…").click()
    option = page.locator("#merge-other option").filter(has_text="停水")
    await page.get_by_label("并入的热点").select_option(value=await option.first.get_attribute("value"))
    await page.get_by_label("理由").fill("同一小区同一天")
    await expect(page.get_by_text("不能自动拆回")).to_be_visible()
    await look(page, "hot-issue")
    await page.get_by_role("button", name="合并", exact=True).click()
    await expect(page.get_by_text("已合并,3 件上报归入。")).to_be_visible()
    await expect(page.get_by_role("heading", name="背后的案件(8)")).to_be_visible()


async def test_误派板_看得到误派率_更正也在(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("路边垃圾堆了一地")
    await site.city.close(opened)
    await until_final(site.city.services.context.database)
    while await site.city.cases.learning.follow():
        pass
    await site.city.wait(minutes=1)
    page = await open_page("/desk/misdispatch", as_="leader1")
    await expect(page.get_by_text("办结 1 件,误派 0 件(0.0%)")).to_be_visible()
    await expect(page.get_by_role("heading", name="人工更正")).to_be_visible()
    assert await faults(page) == []
    await look(page, "misdispatch")


async def test_趋势_数据太少说怎么办_导入历史后有预测和误差(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    page = await open_page("/desk/trends", as_="shift1")
    await expect(page.get_by_text("预测至少要 8 周的数据")).to_be_visible()
    first = date(2026, 2, 20)
    rows = ["编号,问题描述,上报时间,结案时间,状态,经度,纬度"]
    for day in range(117):
        at = first + timedelta(days=day)
        for number in range(3 + 2 * (at.weekday() < 5) + day % 3):
            place = f"{117.001 + 0.0001 * day:.4f},{39.002 + 0.001 * number:.4f}"  # many at one point would be a placeholder
            rows.append(f"H{day}-{number},垃圾没人清,{at}T09:00:00+08:00,{at}T15:00:00+08:00,已办结,{place}")
    source = tmp_path / "history.csv"
    source.write_text("\n".join(rows), "utf-8")
    await page.goto("/desk/import")
    await page.get_by_label("数据文件").set_input_files(source)
    await expect(page.get_by_text("按列名自动对上")).to_be_visible()
    await page.get_by_role("button", name="试判").click()
    await expect(page.get_by_text("试判完成")).to_be_visible()
    await page.get_by_role("button", name="正式导入").click()
    await expect(page.get_by_text(re.compile("导入完成:收下 [1-9]"))).to_be_visible()
    await until_final(site.city.services.context.database)
    while await site.city.services.trends.follow():
        pass
    await page.goto("/desk/trends?days=90")
    await expect(page.locator(".chart-view svg")).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("^照搬上周"))).to_be_visible()
    assert await faults(page) == []
    await look(page, "trends")
    await page.get_by_role("button", name="看表格").click()
    await expect(page.get_by_role("cell", name=re.compile("2026-06-17")).first).to_be_visible()


async def test_得分_怎样到九十分_说得出做哪些案件(site: Site, open_page: OpenPage) -> None:
    await until_final(site.city.services.context.database)
    while await site.city.services.insight.keep_up():
        pass
    page = await open_page("/desk/scores", as_="shift1")
    await expect(page.get_by_role("heading", name="评价")).to_be_visible()
    field = page.get_by_label("所在日期")
    await field.click()
    await expect(page.locator(".ant-picker-dropdown")).to_contain_text("6月")
    await page.keyboard.press("Escape")
    link = page.get_by_role("link", name=re.compile("怎样到")).first
    await expect(link).to_be_visible()
    await link.click()
    await expect(page.get_by_role("heading", name=re.compile("怎样到 .* 分"))).to_be_visible()
    await expect(page.get_by_text(re.compile("已达到|可以达到|不能达到"))).to_be_visible()
    assert await faults(page) == []
    await look(page, "scores-reach")
