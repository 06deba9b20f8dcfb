"""一户一档的工作台:监管人员看名单、看档案里的案件和由案件得出的数;别的岗位没有这一栏。"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site, send

from yiwang.kernel.cluster import EmbeddedServer

PLACE = {"type": "Point", "coordinates": [117.0182, 39.004]}


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with pack_site("markets", database_url, tmp_path_factory) as found:
        yield found


async def test_档案_案件和由案件得出的数在一处(site: Site, open_page: OpenPage) -> None:
    shop = {
        "licence": "JY11201990000002", "name": "东街小超市", "kind": "shop", "licence_until": "2027-01-31",
        "static_score": 10,
    }  # fmt: skip
    await send(site, "inspector1", "/things/food-premises", {"attributes": shop, "geometry": PLACE})
    report = {
        "type": "food-inspection", "channel": "campaign", "class_code": "JC02", "text": "食品安全专项检查",
        "lon": 117.0182, "lat": 39.004, "fields": {"licence": shop["licence"]},
    }  # fmt: skip
    opened = await send(site, "inspector1", "/cases", report)
    await site.told()
    await site.city.services.dossiers.keep_up()

    page = await open_page("/desk/dossiers", as_="inspector1")
    await expect(page.get_by_role("link", name="一户一档")).to_be_visible()
    await page.get_by_role("searchbox").fill("没有这一户")
    await page.get_by_role("button", name="查找").click()
    await expect(page.get_by_text("没有符合条件的档案")).to_be_visible()
    await page.get_by_role("button", name="清除条件").click()
    row = page.get_by_role("row").filter(has_text="东街小超市")
    await expect(row).to_be_visible()
    assert await faults(page) == []
    await look(page, "files")
    await row.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("东街小超市")
    inspections = page.get_by_role("region", name="监督检查")
    await expect(inspections.get_by_role("row").filter(has_text=opened["number"])).to_contain_text("待检查")
    await expect(page.get_by_role("region", name="投诉举报")).to_contain_text("还没有这类案件")
    await expect(page.get_by_role("region", name="登记信息")).to_contain_text("JY11201990000002")
    assert await faults(page) == []
    await look(page, "file", full=True)
    await page.get_by_role("link", name="查看登记信息").click()
    await expect(page.get_by_role("link", name="一户一档").last).to_be_visible()

    english = await open_page("/desk/dossiers", as_="inspector1", language="en")
    await expect(english.get_by_role("heading", level=1)).to_contain_text("Files")
    other = await open_page("/desk", as_="general-desk")
    await expect(other.get_by_role("link", name="案件", exact=True)).to_be_visible()
    await expect(other.get_by_role("link", name="一户一档")).to_have_count(0)
