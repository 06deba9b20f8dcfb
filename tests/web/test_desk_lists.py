"""Lists: filters stand in the address, are saved, and are exported with the number of rows."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.async_api import expect
from support.browsing import OpenPage, Site, look


async def test_条件在地址里_刷新和发给别人都一样(site: Site, open_page: OpenPage) -> None:
    wet = await site.city.report("立交桥下积水很深")
    await site.city.report("围墙上有小广告")
    page = await open_page("/desk/cases", as_="leader1")
    await page.get_by_label("文字、地址、分类或案件编号").fill("积水")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("q="))
    await expect(page.get_by_role("row").filter(has_text=wet.number)).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="小广告")).to_have_count(0)
    await page.get_by_label("状态").select_option("closed")
    await expect(page.get_by_text("没有符合条件的案件")).to_be_visible()
    other = await open_page(page.url, as_="shift1")
    await expect(other.get_by_label("状态")).to_have_value("closed")


async def test_导出写明多少行_公式不会执行(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    await site.city.report("=HYPERLINK(1)垃圾成堆")
    page = await open_page("/desk/cases?q=垃圾成堆", as_="leader1")
    await expect(page.get_by_role("row").filter(has_text="垃圾成堆").first).to_be_visible()
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="导出表格").click()
    download = await waiting.value
    await download.save_as(tmp_path / "cases.csv")
    with (tmp_path / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["问题描述"].startswith("'=HYPERLINK")
    await expect(page.get_by_text(f"已导出 {len(rows)} 行")).to_be_visible()


async def test_存下条件_下次一点就是(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/cases?state=open&clock=red", as_="leader1")
    page.on("dialog", lambda dialog: dialog.accept("超时未结"))
    await page.get_by_role("button", name="保存条件").click()
    await page.goto("/desk/cases")
    await page.get_by_role("button", name="超时未结", exact=True).click()
    await expect(page).to_have_url(re.compile("state=open&clock=red"))


async def test_登记_边写边看到重复的_登记后并入(site: Site, open_page: OpenPage) -> None:
    first = await site.city.report("学校门口路灯不亮,晚上很黑", lon=117.0005, lat=39.0005)
    page = await open_page("/desk/intake", as_="operator1")
    await page.get_by_label("来电人 · 电话").fill("13812345678")
    await page.get_by_label("反映什么").fill("学校门口的路灯不亮,晚上很黑")
    await expect(page.get_by_role("heading", name="可能已经上报过")).to_be_visible()
    await look(page, "desk-intake")
    await page.get_by_role("button", name="登记(Ctrl+Enter)").click()
    await expect(page.get_by_role("status").filter(has_text="查询码")).to_be_visible()
    assert first.number


async def test_日志只给有权的人_每条可按人按对象再查(open_page: OpenPage) -> None:
    page = await open_page("/desk/journal", as_="auditor")
    await expect(page.get_by_role("row").nth(1)).to_be_visible()
    await look(page, "desk-journal")
    await page.locator('tbody a[href*="verb="]').first.click()
    await expect(page).to_have_url(re.compile("verb="))
