"""没有裸代码:日志用话说,导入的对应看得见,流程地址写错有说法,派遣规则表看得到出处。"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look

CODE = re.compile(r"\b(case|account|definition|role|hot_issue)\.[a-z_]+\b")


async def test_日志用话说_原始记录一点就有(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("公园长椅坏了")
    await site.city.to(opened, "dispatch")
    page = await open_page("/desk/journal", as_="auditor")
    row = page.get_by_role("row").filter(has_text=opened.number).first
    await expect(row).to_contain_text("城市管理案件")
    shown = await page.locator("main").inner_text()
    assert not CODE.search(shown), CODE.findall(shown)
    assert "{" not in shown
    await row.get_by_text("原始记录").click()
    await expect(row.locator("pre")).to_contain_text('"verb": "case.')
    await page.get_by_label("对象种类").select_option(label="案件")
    await page.get_by_label("动作").select_option(label="上报建案")
    await page.get_by_role("button", name="查找").click()
    await expect(page).to_have_url(re.compile(r"verb=case\.opened"))
    await expect(page.get_by_role("row").nth(1)).to_contain_text("上报建案")
    assert await faults(page) == []
    english = await open_page("/desk/journal", as_="auditor", language="en")
    await expect(english.get_by_role("row").nth(1)).to_be_visible()
    assert not CODE.search(await english.locator("main").inner_text())


async def test_流程地址只写代码_找得到_写错有说法(open_page: OpenPage) -> None:
    page = await open_page("/desk/designer/urban-case", as_="sysadmin")
    await expect(page).to_have_url(re.compile("designer/flows/urban-case"))
    await expect(page.get_by_role("heading", name=re.compile("城市管理案件"))).to_be_visible()
    for address in ("/desk/designer/no-such-flow", "/desk/designer/flows/no-such-flow", "/desk/designer/tables/none"):
        await page.goto(address)
        await expect(page.get_by_text("没有代码为")).to_be_visible()
        await expect(page.get_by_role("link", name="返回列表")).to_be_visible()


async def test_派遣规则表_只读_写明出处(open_page: OpenPage) -> None:
    page = await open_page("/desk/designer", as_="sysadmin")
    await page.get_by_role("link", name="城市管理派遣规则").click()
    await expect(page.get_by_text("packs/urban-management/rules/dispatch.yaml")).to_be_visible()
    await expect(page.get_by_text("有人被困，先由应急救援到场")).to_be_visible()
    assert await faults(page) == []
    await look(page, "dispatch-table")


async def test_导入_对应关系看得见_文件按钮不用浏览器的话(open_page: OpenPage, tmp_path: Path) -> None:
    source = tmp_path / "history.csv"
    source.write_text("工单号,诉求内容,上报时间\nB-1,路灯不亮,2026-05-01T08:00:00+08:00\n", "utf-8")
    page = await open_page("/desk/import", as_="shift1", language="en")
    await expect(page.get_by_text("Choose a file …")).to_be_visible()
    await page.get_by_label("Data file").set_input_files(source)
    await expect(page.get_by_text("history.csv")).to_be_visible()
    await expect(page.locator(".guess").filter(has_text="by its name e.g. B-1")).to_be_visible()
    assert await faults(page) == []
    await look(page, "desk-import-mapping")
