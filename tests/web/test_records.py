"""数据资源:查找、查看、两人同改、导入(有错的行改正后再送)、导出 — the registers of the city in a browser."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.records_city import building, records_city

from yiwang.kernel.cluster import EmbeddedServer

EAST = "120199001001"


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with records_city(server, tmp_path_factory.mktemp("home")) as city, city.serving(1) as addresses:
        yield Site(city, addresses[0])


async def recorded(site: Site, code: int, name: str, **more: object) -> str:
    """A building of the east; its id."""
    client = await site.city.client("steward1")
    place = {"type": "Point", "coordinates": [117.018, 39.004]}
    answer = await client.post(
        "/api/v1/things/building", json={"attributes": building(code, name, EAST, **more), "geometry": place}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def test_列表_查找_详情_历史用话说(site: Site, open_page: OpenPage) -> None:
    id = await recorded(site, 1, "桂花楼")
    await recorded(site, 2, "荷花楼", use="office")
    await site.city.wait(days=3)
    client = await site.city.client("steward1")
    changed = {"attributes": building(1, "桂花楼", EAST, floors=7), "reason": "加建一层"}
    assert (await client.put(f"/api/v1/things/building/{id}", json=changed)).status_code == 200
    page = await open_page("/desk/records/building", as_="steward1")
    await expect(page.get_by_role("row").filter(has_text="荷花楼")).to_be_visible()
    await page.get_by_role("searchbox").fill("桂花楼")
    await page.get_by_role("button", name="查找").click()
    await expect(page.get_by_role("row").filter(has_text="荷花楼")).to_have_count(0)
    await page.get_by_role("link", name="120199001001B00001").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("桂花楼")
    history = page.get_by_role("region", name="历史")
    await expect(history).to_contain_text("我们认为")
    await expect(history).to_contain_text("加建一层")
    await expect(history.get_by_role("table", name="两个版本的差别")).to_contain_text("7")
    assert await faults(page) == []
    await look(page, "record-history", full=True)
    await history.get_by_role("link", name="看当时所知").last.click()
    await expect(page.get_by_text(re.compile("按 2026-06-18 .* 时所知"))).to_be_visible()
    await expect(page.locator(".record-facts").filter(has_text="地上层数")).to_contain_text("6")


async def test_两人同时改一条记录_谁的都不丢(site: Site, open_page: OpenPage) -> None:
    id = await recorded(site, 3, "两人楼")
    page = await open_page(f"/desk/records/building/{id}", as_="steward1")
    await page.get_by_role("button", name="变更").click()
    form = page.locator(".record-form")
    await form.get_by_label("楼栋名称").fill("两人楼甲")
    await form.get_by_label("建筑用途").select_option(label="商业")
    other = await site.city.client("steward2")
    theirs = building(3, "两人楼", EAST, floors=9, use="office")
    body = {"attributes": theirs, "geometry": {"type": "Point", "coordinates": [117.018, 39.004]}}
    assert (await other.put(f"/api/v1/things/building/{id}", json=body)).status_code == 200
    await form.get_by_role("button", name="保存").click()
    conflict = page.locator(".record-conflict")
    await expect(conflict).to_contain_text("何明达")
    await expect(conflict.get_by_role("row").filter(has_text="地上层数")).to_contain_text("已采用")
    await expect(conflict.get_by_role("row").filter(has_text="建筑用途")).to_contain_text("办公")
    await expect(conflict.get_by_role("row").filter(has_text="建筑用途")).to_contain_text("商业")
    assert await faults(page) == []
    await look(page, "record-conflict", full=True)
    await form.get_by_role("button", name="对照完毕").click()
    await expect(page.locator(".record-form")).to_have_count(0)
    now = (await other.get(f"/api/v1/things/building/{id}")).json()["attributes"]
    assert (now["name"], now["floors"], now["use"]) == ("两人楼甲", 9, "commercial")
    history = (await other.get(f"/api/v1/things/building/{id}/history")).json()["items"]
    assert "何明达" in {fact["recorded_by"] for fact in history}
    assert any(fact["attributes"]["use"] == "office" for fact in history)


ROWS = """楼栋编码,楼栋名称,门牌地址,用途,层数,社区代码,经度,纬度
120199001001B00011,甲楼,建设路11号,居住用房,6,120199001001,117.0182,39.0041
120199001001B00012,乙楼,建设路12号,住宅,三层半,120199001001,117.0183,39.0041
120199001001B00004,四号楼,建设路4号,办公,8,120199001001,117.0184,39.0041
"""


async def column(page: Page, name: str, to: str) -> None:
    await page.locator(f'select[data-column="{name}"]').select_option(label=to)


async def test_导入_先试运行_有错的行改正后再送(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    await recorded(site, 4, "四号楼")
    source = tmp_path / "楼栋.csv"
    source.write_bytes(ROWS.replace("居住用房", "住宅").encode("gb18030"))
    page = await open_page("/desk/records/building/import", as_="steward1")
    await page.get_by_label("数据文件").set_input_files(source)
    await expect(page.locator('select[data-column="楼栋编码"]')).to_have_value("code")
    await expect(page.locator('select[data-column="经度"]')).to_have_value("@lon")
    await column(page, "用途", "建筑用途 *")
    await column(page, "社区代码", "社区(村)代码 *")
    await column(page, "门牌地址", "门(楼)牌地址 *")
    assert await faults(page) == []
    await look(page, "record-import-mapping", full=True)
    await page.get_by_role("button", name="试运行").click()
    run = page.get_by_role("region", name="试运行")
    await expect(run).to_contain_text("试运行完成,共 3 行,什么也没有写入。")
    await expect(run.locator(".import-counts .refused")).to_contain_text("1")
    await expect(run.locator(".import-samples")).to_contain_text("住宅 → 办公")
    assert await faults(page) == []
    await look(page, "record-import-dry", full=True)
    await page.get_by_role("button", name="正式导入 2 行").click()
    done = page.get_by_role("region", name="正式导入")
    await expect(done).to_contain_text("导入完成,共 3 行。")
    async with page.expect_download() as waiting:
        await done.get_by_role("link", name="下载有错的行").click()
    refused = Path(await (await waiting.value).path()).read_text("utf-8-sig")
    assert "只填数字" in refused
    await page.reload()
    await expect(page.get_by_role("region", name="正式导入")).to_contain_text("导入完成,共 3 行。")
    history = page.get_by_role("region", name="导入历史")
    await expect(history.get_by_role("row").nth(1)).to_contain_text("钱文静")
    corrected = tmp_path / "改正.csv"
    corrected.write_text(refused.replace("三层半", "3"), "utf-8-sig")
    await page.get_by_label("数据文件").set_input_files(corrected)
    await expect(page.get_by_text("沿用本单位上次导入")).to_be_visible()
    await page.get_by_role("button", name="试运行").click()
    await page.get_by_role("button", name="正式导入 1 行").click()
    await expect(page.get_by_role("region", name="正式导入")).to_contain_text("导入完成,共 1 行。")
    client = await site.city.client("steward1")
    found = (await client.get("/api/v1/things/building", params={"where": "code:120199001001B00012"})).json()["items"]
    assert [fact["attributes"]["floors"] for fact in found] == [3]
    assert found[0]["geometry"]["coordinates"] == [117.0183, 39.0041]


async def test_导出_默认脱敏(site: Site, open_page: OpenPage) -> None:
    client = await site.city.client("steward1")
    person = {"name": "李秀英", "identity_number": "11010519491231002X", "sex": "2", "born": "1949-12-31",
              "nationality": "01", "division": EAST}  # fmt: skip
    kinds = (await client.get("/api/v1/types/person")).json()["attributes"]
    for name, kind in kinds.items():  # whatever else the library asks of everybody
        if kind["required"] and name not in person:
            person[name] = kind["schema"].get("enum", ["无"])[0]
    answer = await client.post("/api/v1/things/person", json={"attributes": person})
    assert answer.status_code == 200, answer.text
    page = await open_page("/desk/records/person", as_="steward1", language="en", dark=True)
    await page.locator("summary").filter(has_text="Export").click()
    await page.get_by_label("Format").select_option("csv")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Export the file").click()
    rows = list(csv.reader(Path(await (await waiting.value).path()).read_text("utf-8-sig").splitlines()))
    assert len(rows) == 2
    assert "李**" in rows[1]
    assert not any("11010519491231002X" in cell for cell in rows[1])
    await expect(page.get_by_text("1 of them masked")).to_be_visible()
    await look(page, "record-export-dark")


async def test_手机上_英文_深色也能用(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/records/building/import", as_="steward1", phone=True, language="en", dark=True)
    history = page.get_by_role("region", name="Imports so far")
    await expect(history).to_be_visible()
    ours = history.get_by_role("button", name="楼栋.csv")
    if await ours.count():  # what the test before imported
        await ours.last.click()
        await expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    assert await faults(page) == []
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1
    await look(page, "record-import-phone", full=True)
