"""The resident's bad luck: the network goes in the middle, the server is started anew, a tab is closed, the crowd is large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
from support.browsing import OpenPage, Site, Watch, look
from support.http_city import http_city
from support.line import Line, a_line

from yiwang.kernel.cluster import EmbeddedServer

HERE = {
    "phone": True,
    "geolocation": {"latitude": 39.0041, "longitude": 117.0183, "accuracy": 12},
    "permissions": ["geolocation"],
}
LOST = ["ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_SOCKET", "ERR_INCOMPLETE", "ERR_ABORTED"]


@pytest.fixture(scope="module")
async def city_line(
    application: None, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Site, Line]]:
    """The small city at the end of a line that can be cut. Sixteen posts a minute pass without a proof of work."""
    home = tmp_path_factory.mktemp("home")
    async with (
        http_city(server, home, demo=True, public_reports_per_minute=64) as city,
        city.serving(1) as addresses,
        a_line(addresses[0]) as line,
    ):
        yield Site(city, line.address), line


@pytest.fixture(scope="module")
def site(city_line: tuple[Site, Line]) -> Site:
    return city_line[0]


@pytest.fixture(autouse=True)
def lost_connections(watch: Watch) -> None:
    """What a browser itself says of a connection that was cut on purpose is no complaint of the page."""
    watch.forgiven += LOST


@pytest.fixture
def line(city_line: tuple[Site, Line]) -> Line:
    return city_line[1]


async def write(page: Page, text: str, place: str = "我就在这里") -> None:
    await page.get_by_label("1. 什么事?").fill(text)
    await page.get_by_role("button", name=place).click()
    await expect(page.get_by_text("位置已选好")).to_be_visible()


KEPT = """() => new Promise((resolve, reject) => {
  const asked = indexedDB.open("yiwang");
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = () => {
    const drafts = asked.result.transaction("drafts").objectStore("drafts").getAll();
    drafts.onsuccess = () => { asked.result.close(); resolve(drafts.result.map((one) => one.text)); };
  };
})"""


async def kept(page: Page, text: str) -> None:
    """Until the device has kept a draft with this text."""
    for _ in range(300):
        if text in await page.evaluate(KEPT):
            return
        await page.wait_for_timeout(100)
    raise AssertionError(f"not kept: {text}")


async def reports(site: Site, text: str) -> int:
    async with site.city.services.context.database.connection() as connection:
        return int(await connection.fetchval("select count(*) from case_file where text = $1", text))


async def test_提交时断网_什么都没丢_连上自动提交一次(open_page: OpenPage, line: Line, site: Site) -> None:
    page = await open_page("/report", **HERE)
    await write(page, "铁路地道里积水很深,车过不去")
    async with line.cut():
        await page.get_by_role("button", name="提交").click()
        await expect(page.get_by_text("连上后自动提交")).to_be_visible()
        await look(page, "portal-no-network-phone", full=True)
    await expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    assert await reports(site, "铁路地道里积水很深,车过不去") == 1


async def test_服务器收下了但回执在路上丢了_不会重复立案(open_page: OpenPage, line: Line, site: Site) -> None:
    page = await open_page("/report", **HERE)
    await write(page, "南运河边的护栏被撞断了")
    line.swallow_answers_to = b"POST /api/v1/cases HTTP"
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    assert line.swallow_answers_to == b""
    assert await reports(site, "南运河边的护栏被撞断了") == 1


async def test_写到一半关掉_再打开时接着写(open_page: OpenPage, line: Line) -> None:
    page = await open_page("/report", **HERE)
    await write(page, "建设路口的红绿灯坏了")
    await kept(page, "建设路口的红绿灯坏了")
    async with line.cut():
        await page.get_by_label("1. 什么事?").press_sequentially(",全是红灯")
        await kept(page, "建设路口的红绿灯坏了,全是红灯")
    other = await page.context.new_page()
    await other.goto("/report")
    await expect(other.get_by_label("1. 什么事?")).to_have_value("")  # the first tab still writes its own
    await expect(other.get_by_text("这台设备上有一份没写完的上报")).to_have_count(0)
    await page.close()
    await other.goto("/")
    await expect(other.get_by_text("有一份没写完的上报")).to_be_visible()
    await other.get_by_role("link", name="接着写").click()
    await other.get_by_role("button", name="接着写").click()
    await expect(other.get_by_label("1. 什么事?")).to_have_value("建设路口的红绿灯坏了,全是红灯")
    await expect(other.get_by_text("位置已选好")).to_be_visible()


async def test_刷新不丢_清楚说明保存在哪里(open_page: OpenPage) -> None:
    page = await open_page("/report", **HERE)
    await write(page, "和平里小区门口堆了建筑垃圾")
    await expect(page.get_by_text("已自动保存在这台设备上")).to_be_visible()
    await kept(page, "和平里小区门口堆了建筑垃圾")
    await page.reload()
    await expect(page.get_by_label("1. 什么事?")).to_have_value("和平里小区门口堆了建筑垃圾")


async def test_提交太多时_浏览器自己算出证明_居民什么都不用做(open_page: OpenPage, site: Site) -> None:
    page = await open_page("/report", **HERE)
    await write(page, "公交首末站的站牌倒了")
    async with asyncio.timeout(30):  # they count for a minute
        await page.evaluate(
            "Promise.all(Array.from({length: 20}, () => fetch('/api/v1/cases/follow', {method: 'POST',"
            " headers: {'content-type': 'application/json'},"
            " body: JSON.stringify({number: 'CG20260618999999', code: 'ABCDEF'})}))).then(() => null)"
        )
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url) if answer.status == 428 else None)
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    assert len(asked) == 1
    assert await reports(site, "公交首末站的站牌倒了") == 1
