"""The case page: its story, every operation that is allowed now and why the others are not, in both languages, by night."""

from __future__ import annotations

from playwright.async_api import expect
from support.browsing import OpenPage, Site, look


async def test_部门接收_退回派遣_说清为什么不能(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("河道边有人倾倒垃圾", photos=())
    await site.city.to(opened, "receive")
    task = await site.city.task(opened.id)
    page = await open_page(f"/desk/cases/{opened.id}", as_=await site.city.holder_login(task))
    office = page.locator(".office")
    await expect(office.get_by_role("button", name="前加签")).to_be_visible()
    await look(page, "desk-case", full=True)
    await office.locator("summary").click()
    await expect(office.locator("dl")).not_to_be_empty()  # why the others cannot be done
    await office.locator('[data-operation="send_back"]').click()
    await office.get_by_label("退到哪一步").click()
    await page.locator(".ant-select-item-option").filter(has_text="派遣").click()
    await office.get_by_label("意见").fill("不属于我单位职责")
    await office.locator("form button").click()
    await expect(page.get_by_role("status").filter(has_text="退回")).to_be_visible()
    assert (await site.city.case(opened.id)).stage == "dispatch"
    await expect(page.get_by_text("案件已离开您的查看范围")).to_be_visible()
    other = await open_page(f"/desk/cases/{opened.id}", as_="dispatcher1")
    await expect(other.locator(".case-story")).to_contain_text("不属于我单位职责")


async def test_别人办了一步_页面自己更新(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("路口信号灯不亮")
    await site.city.to(opened, "dispatch")
    page = await open_page(f"/desk/cases/{opened.id}", as_="shift1")
    await expect(page.locator(".case-steps [aria-current=step]")).to_have_text("派遣")
    await site.city.to(opened, "handle")
    await site.told()
    await expect(page.locator(".case-steps [aria-current=step]")).to_have_text("处置")


async def test_居民的文字只是文字(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("<img src=x onerror=alert(1)><b>积水</b>")
    page = await open_page(f"/desk/cases/{opened.id}", as_="shift1")
    await expect(page.locator(".case-text")).to_have_text("<img src=x onerror=alert(1)><b>积水</b>")
    assert await page.locator(".case-text img").count() == 0


async def test_英文和深色(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("下水道堵塞")
    await site.city.to(opened, "handle")
    page = await open_page(f"/desk/cases/{opened.id}", as_="leader1", language="en", dark=True)
    await expect(page.get_by_role("heading", name="Its story")).to_be_visible()
    await expect(page.locator(".city-map canvas")).to_be_visible()
    await page.wait_for_timeout(800)  # the map draws itself
    await look(page, "desk-case-dark-en")


async def test_手机上也能看能办(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("绿化带枯死")
    await site.city.to(opened, "handle")
    task = await site.city.task(opened.id)
    page = await open_page(f"/desk/cases/{opened.id}", as_=await site.city.holder_login(task), phone=True)
    await expect(page.get_by_role("heading", name="可以办理")).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page is wider than the phone"
    await look(page, "desk-case-phone", full=True)
