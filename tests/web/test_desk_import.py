"""Importing a history from the desk: judged first, then taken; nothing twice; every refused row with its reason."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect
from support.browsing import OpenPage, Site, Watch, look

ROWS = """编号,问题描述,上报时间,状态,经度,纬度
A-1,路灯不亮,2026-05-01T08:00:00+08:00,已办结,117.001,39.001
A-2,垃圾没人清,2026-05-02T09:00:00+08:00,已办结,117.002,39.001
A-3,不知道哪里,昨天,已办结,117.002,39.001
"""


async def test_先试判_再导入_有错的行说明原因(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    source = tmp_path / "history.csv"
    source.write_text(ROWS, "utf-8")
    page = await open_page("/desk/import", as_="shift1")
    await page.get_by_label("数据文件").set_input_files(source)
    await expect(page.locator("[data-target=number]")).to_have_value("编号")
    await expect(page.locator("[data-target=reported_at]")).to_have_value("上报时间")
    await expect(page.get_by_role("button", name="正式导入")).to_be_disabled()
    await page.get_by_role("button", name="试判").click()
    await expect(page.get_by_text("试判完成:可收 2 行,有错 1 行,共 3 行")).to_be_visible()
    await look(page, "desk-import")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="下载逐行报告").click()
    report = Path(await (await waiting.value).path()).read_text("utf-8-sig")
    assert "昨天" in report
    await page.get_by_role("button", name="正式导入").click()
    await expect(page.get_by_text("导入完成:收下 2 行,拒绝 1 行,共 3 行")).to_be_visible()


async def test_照报告改正后再送_收过的不再收(site: Site, open_page: OpenPage, tmp_path: Path, watch: Watch) -> None:
    watch.forgiven.append("ERR_UPLOAD_FILE_CHANGED")
    source = tmp_path / "again.csv"
    source.write_text(ROWS.replace("A-", "B-"), "utf-8")
    page = await open_page("/desk/import", as_="shift1", phone=True, dark=True)
    await _choose(page, source)
    await _take(page, "收下 2 行,拒绝 1 行")

    source.write_text(source.read_text("utf-8").replace("昨天", "2026-05-03T10:00:00+08:00"), "utf-8")
    await page.get_by_role("button", name="试判").click()
    await expect(page.get_by_role("alert")).to_have_text("文件在选好之后又改过,请重新选择一次。")
    await _choose(page, source)
    await _take(page, "收下 1 行,拒绝 2 行")
    await expect(page.get_by_text("已导入过")).to_be_visible()
    await look(page, "desk-import-again-phone-dark", full=True)


async def _choose(page: Page, source: Path) -> None:
    """As a person does, with the browser's own dialog."""
    async with page.expect_file_chooser() as waiting:
        await page.get_by_text("选择文件…").click()
    await (await waiting.value).set_files(source)
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_role("button", name="试判")).to_be_enabled()


async def _take(page: Page, said: str) -> None:
    """Judge, then import."""
    await page.get_by_role("button", name="试判").click()
    await expect(page.get_by_text("试判完成")).to_be_visible()
    await page.get_by_role("button", name="正式导入").click()
    await expect(page.get_by_text(f"导入完成:{said},共 3 行")).to_be_visible()


async def test_没有导入权限的人_服务器拒绝(site: Site) -> None:
    client = await site.city.client("acceptor1")
    files = {"file": ("a.csv", b"a,b\n"), "mapping": ("m.yaml", b"{}")}
    assert (await client.post("/api/v1/imports", files=files)).status_code == 403
    shift = await site.city.client("shift1")
    assert (await shift.post("/api/v1/imports", files=files)).status_code == 422
