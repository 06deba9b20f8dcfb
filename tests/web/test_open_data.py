"""开放数据:居民在门户上找到数据集,看字段和预览,下载整个文件。"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.http_city import http_city
from support.open_city import OpenCity, open_city

from yiwang.kernel.cluster import EmbeddedServer


@pytest.fixture(scope="module")
async def opened(
    application: None, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OpenCity]:
    async with http_city(server, tmp_path_factory.mktemp("home"), demo=True) as city:
        yield await open_city(city)


@pytest.fixture(scope="module")
async def site(opened: OpenCity) -> AsyncIterator[Site]:
    """The city with open data; its server begins when everything is there."""
    async with opened.city.serving(1) as addresses:
        yield Site(opened.city, addresses[0])


async def test_门户_找数据_看字段_下载(opened: OpenCity, open_page: OpenPage) -> None:
    page = await open_page("/", phone=True)
    await page.get_by_role("link", name="开放数据").click()
    await expect(page.get_by_text("共 3 个数据集")).to_be_visible()
    await page.get_by_role("searchbox").fill("功率")
    await page.get_by_role("button", name="查找").click()
    await expect(page.get_by_text("共 1 个数据集")).to_be_visible()
    assert await faults(page) == []
    await look(page, "open-data")
    await page.get_by_role("link", name="路灯目录").click()
    await expect(page.get_by_role("heading", name="路灯目录")).to_be_visible()
    await expect(page.get_by_role("rowheader", name="功率 (W)")).to_be_visible()
    await expect(page.get_by_role("cell", name="L024")).to_be_visible()
    await expect(page.get_by_text("养护人")).to_have_count(0)
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="下载 CSV").click()
    download = await waiting.value
    assert (await download.path()).read_text("utf-8-sig").startswith("编号,道路,光源")
    await page.get_by_text("用程序读取").click()
    assert await faults(page) == []
    await look(page, "open-dataset", full=True)
    await page.goto(f"/open-data/{opened.id('未开放的路灯')}")
    await expect(page.get_by_role("heading", name="没有这个数据集")).to_be_visible()
