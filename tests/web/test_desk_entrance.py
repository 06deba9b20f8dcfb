"""Into the desk and out: signing in, going back to where one wanted to go, languages, light and dark."""

from __future__ import annotations

from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, look, sign_in


async def test_未登录去工作台_先登录_登录后回到要去的地方(open_page: OpenPage) -> None:
    page = await open_page("/desk")
    await page.wait_for_url("**/sign-in?next=%2Fdesk")
    await look(page, "sign-in")
    await sign_in(page, "dispatcher1")
    await page.wait_for_url("**/desk")
    await expect(page.get_by_role("navigation").get_by_role("link", name="我的任务")).to_be_visible()


async def test_换语言_不重新载入(open_page: OpenPage) -> None:
    page = await open_page("/desk", as_="dispatcher1")
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("link", name="My tasks")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "en"
    await page.reload()
    await expect(page.get_by_role("link", name="My tasks")).to_be_visible()


async def test_没有权限的页面_说清楚_指一条路_不报错(open_page: OpenPage) -> None:
    page = await open_page("/desk/patrols", as_="operator1", phone=True)
    await expect(page.get_by_text("“巡查覆盖”不在您的岗位职责内。")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert await faults(page) == []
    await look(page, "desk-closed-phone")
    await page.get_by_role("main").get_by_role("link", name="登记").click()
    await page.wait_for_url("**/desk/intake")
    for path, screen in (("votes", "表决"), ("publicity", "公示核查"), ("plans", "计划")):
        await page.goto(f"/desk/{path}")
        await expect(page.get_by_text(f"“{screen}”不在您的岗位职责内。")).to_be_visible()
    shift = await open_page("/desk/patrols", as_="shift1")
    await expect(shift.get_by_text("不在您的岗位职责内")).to_have_count(0)
    await expect(shift.get_by_role("heading", name="巡查覆盖")).to_be_visible()
