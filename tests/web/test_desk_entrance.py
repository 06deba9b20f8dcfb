"""Into the desk and out: signing in, going back to where one wanted to go, languages, light and dark."""

from __future__ import annotations

from playwright.async_api import expect
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
