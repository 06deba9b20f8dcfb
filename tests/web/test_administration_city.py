"""自带城市:在浏览器里填四步,错的地方按表的行号指出,改好就能打开。真正打开见 tests/http/test_new_cities.py。"""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect
from support.browsing import OpenPage, look

BOUNDARY = (
    '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":'
    "[[[117.0,39.0],[117.0,39.02],[117.02,39.02],[117.02,39.0],[117.0,39.0]]]}}"
)


async def fill_who(page: Page) -> None:
    await page.get_by_label("名称", exact=True).fill("我的区")
    await page.get_by_label("英文名称").fill("My district")
    await page.get_by_label("代码", exact=True).fill("mycity")
    await page.get_by_label("行政区划代码").fill("120199")
    await page.get_by_role("button", name="下一步").click()


async def test_四步新建_错的行指得出_改好通过(open_page: OpenPage, tmp_path: Path) -> None:
    page = await open_page("/desk/city", as_="sysadmin")
    await look(page, "new-city-who")
    await page.get_by_role("button", name="下一步").click()
    await expect(page.get_by_text("行政区划代码").first).to_be_visible()
    await fill_who(page)
    boundary = tmp_path / "boundary.geojson"
    boundary.write_text(BOUNDARY)
    await page.get_by_label("边界文件").set_input_files(boundary)
    await expect(page.get_by_text("读到 1 个图形")).to_be_visible()
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="下载示例表").click()
    example = tmp_path / "organisations.csv"
    await (await downloading.value).save_as(example)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(example.read_text("utf-8-sig").replace("网格员", "网格元"), "utf-8")
    await page.get_by_label("机构表").set_input_files(wrong)
    await look(page, "new-city-files")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_label("演示密码").fill("My-city-2026")
    await look(page, "new-city-packs")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="写入并检查").click()
    await expect(page.get_by_text("wrong.csv 第 5 行")).to_be_visible()
    await look(page, "new-city-findings")
    await page.get_by_role("button", name="上一步").click()
    await page.get_by_role("button", name="上一步").click()
    await page.get_by_label("机构表").set_input_files(example)
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="写入并检查").click()
    await expect(page.get_by_text("没有错误,可以打开。")).to_be_visible()
    await look(page, "new-city-checked")
    await page.get_by_role("button", name="下一步").click()
    await expect(page.get_by_role("button", name="打开城市")).to_be_visible()
    await expect(page.get_by_text("YIWANG_CITY=")).to_be_visible()


async def test_不是系统管理员_不能新建(open_page: OpenPage) -> None:
    page = await open_page("/desk/city", as_="shift1")
    await expect(page.get_by_text("新建城市要由系统管理员来做")).to_be_visible()
