"""指挥中心:地图、数字、分布、动态;回放过去的一小时;手机和大屏。每个数字都能点开清单。"""

from __future__ import annotations

from datetime import timedelta

from playwright.async_api import Page, expect
from support.browsing import OpenPage, Site, look
from support.small_city import CHINA


async def a_morning(site: Site) -> None:
    """Some cases along their way, spread over the morning; once for the module."""
    city = site.city
    if getattr(site, "has_morning", False):
        return
    site.has_morning = True  # type: ignore[attr-defined]  # remembered where the module's tests find it
    for text, more in (
        ("学校门口垃圾桶满了没人收", {}),
        ("路灯不亮了", {}),
        ("井盖松动,车压上去响", {}),
        ("人行道破损", {}),
        ("道路积水,车都熄火了", {}),
        ("小广告贴满电线杆", {}),
    ):
        await city.report(text, **more)
        await city.wait(minutes=6)
    handled = await city.report("垃圾桶又满了", lon=117.0041, lat=39.0102)
    await city.to(handled, "handle")
    held = await city.report("路灯坏了要换杆", lon=117.0102, lat=39.0151)
    await city.to(held, "handle")
    await city.cases.operations.suspend(held.id, await city.actor("shift1"), "等配件")
    closed = await city.report("井盖丢了", lon=117.0163, lat=39.0121)
    await city.close(closed)
    await city.wait(hours=6)
    await site.told()


async def shown(page: Page, name: str) -> int:
    figure = page.get_by_role("region", name="全市数字").get_by_role("button", name=name).first.locator("b")
    await expect(figure).not_to_have_text("–")
    return int((await figure.inner_text()).replace(",", ""))


async def test_一屏看全城_数字点开就是清单(site: Site, open_page: OpenPage) -> None:
    await a_morning(site)
    page = await open_page("/centre", as_="shift1")
    await expect(page.get_by_role("region", name="在办案件地图")).to_be_visible()
    figures = page.get_by_role("region", name="全市数字")
    await expect(figures.get_by_role("button", name="在办 8 件")).to_be_visible()
    await expect(page.get_by_role("heading", name="刚刚发生")).to_be_visible()
    await page.wait_for_timeout(1200)  # the tiles
    await look(page, "centre")
    await figures.get_by_role("button", name="今日结案").click()
    rows = page.get_by_role("complementary")
    await expect(rows.get_by_role("heading", name="今日结案")).to_be_focused()
    await expect(rows.locator("li")).to_have_count(await shown(page, "今日结案"))
    await figures.get_by_role("button", name="在办", exact=False).first.click()
    await expect(rows.locator("li")).to_have_count(8)
    await look(page, "centre-rows")
    await page.keyboard.press("Escape")
    await expect(rows).to_have_count(0)


async def test_分布_每一段颜色都能点开(site: Site, open_page: OpenPage) -> None:
    await a_morning(site)
    page = await open_page("/centre?by=status", as_="shift1")
    board = page.get_by_role("region", name="在办案件分布")
    await expect(board.get_by_role("button", name="状态")).to_have_attribute("aria-pressed", "true")
    row = board.locator("li").filter(has_text="待核实").or_(board.locator("li").filter(has_text="待受理")).first
    count = int(await row.locator("b").inner_text())
    await row.get_by_role("button").first.click()
    await expect(page.get_by_role("complementary").locator("li")).to_have_count(count)
    await board.get_by_role("button", name="街镇").click()
    await page.wait_for_url("**by=street*")
    await expect(board.locator("li").first).to_contain_text("街")


async def test_新上报_动态和数字自己更新(site: Site, open_page: OpenPage) -> None:
    await a_morning(site)
    page = await open_page("/centre", as_="shift1")
    before = await shown(page, "在办")
    opened = await site.city.report("电动车占道", lon=117.0084, lat=39.0044)
    await site.told()
    ticker = page.get_by_role("region", name="刚刚发生")
    await expect(ticker.get_by_role("link", name=opened.number)).to_be_visible()
    await expect(page.get_by_role("button", name=f"在办 {before + 1} 件,查看清单")).to_be_visible()


async def test_负荷图层_按网格着色(site: Site, open_page: OpenPage) -> None:
    await a_morning(site)
    page = await open_page("/centre", as_="shift1")
    await page.get_by_label("负荷").select_option("community")
    await page.wait_for_url("**load=community*")
    await expect(page.get_by_label("在办件数")).to_be_visible()
    await page.wait_for_timeout(1200)
    await look(page, "centre-load")


async def test_回放早上的一小时_从头看到尾_数字随时间变(site: Site, open_page: OpenPage) -> None:
    await a_morning(site)
    page = await open_page("/centre", as_="shift1")
    await page.get_by_role("button", name="回放").click()
    start = site.city.now().astimezone(CHINA).replace(hour=8, minute=0)
    await page.get_by_label("从", exact=True).fill(start.strftime("%Y-%m-%dT%H:%M"))
    await page.wait_for_url("**replay=2026-06-18T08%3A00*")
    timeline = page.get_by_role("region", name="回放")
    pause = timeline.get_by_role("button", name="暂停")
    await expect(pause).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="回放")).to_be_visible()
    await page.get_by_label("速度").select_option("3600")
    await expect(timeline.get_by_role("button", name="播放")).to_be_visible()  # it has come to the end
    await page.wait_for_timeout(800)
    await look(page, "centre-replay")
    end = await shown(page, "在办")
    assert end >= 6
    slider = page.get_by_role("slider", name="回放时刻")
    await slider.evaluate(
        "(field, at) => { Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, at);"
        " field.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(int((start + timedelta(minutes=8)).timestamp() * 1000)),
    )
    await expect(page.get_by_role("region", name="全市数字").get_by_role("button", name="在办 2 件")).to_be_visible()
    ticker = page.get_by_role("region", name="当时发生")
    await expect(ticker.locator("li")).to_have_count(2)
    await page.get_by_role("button", name="回到实时").click()
    await expect(page.get_by_role("heading", name="刚刚发生")).to_be_visible()


async def test_手机上_地图_分布_动态分开看(site: Site, open_page: OpenPage) -> None:
    await a_morning(site)
    page = await open_page("/centre", as_="shift1", phone=True)
    assert await shown(page, "在办") >= 8
    await page.wait_for_timeout(1000)
    await look(page, "centre-phone")
    await page.get_by_role("button", name="分布").click()
    await expect(page.get_by_role("heading", name="在办案件分布")).to_be_visible()
    await look(page, "centre-phone-board")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_大屏_英文_深色(site: Site, open_page: OpenPage) -> None:
    await a_morning(site)
    page = await open_page("/centre?load=grid", as_="shift1", language="en", dark=True)
    await page.set_viewport_size({"width": 3840, "height": 2160})
    await expect(page.get_by_role("heading", name="Just happened")).to_be_visible()
    await page.wait_for_timeout(4000)  # so many pixels take a software renderer a while
    await look(page, "centre-wall")


async def test_未登录_先登录(open_page: OpenPage) -> None:
    page = await open_page("/centre", wait=False)
    await page.wait_for_url("**/sign-in?next=%2Fcentre")
