"""Bad luck: a session that ends in the middle of a form, a server that goes away while one types, two tabs."""

from __future__ import annotations

from playwright.async_api import expect
from support.browsing import OpenPage, Site, Watch, look, sign_in


async def test_填到一半登录过期_重新登录后接着提交_内容都在(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("小区外占道经营")
    await site.city.to(opened, "dispatch")
    page = await open_page(f"/desk/cases/{opened.id}", as_="shift1")
    form = page.locator('details[data-verb="urge"]')
    await form.locator("summary").click()
    await form.get_by_label("意见").fill("请尽快派遣,现场影响通行")
    await page.context.clear_cookies()
    await form.get_by_role("button", name="催办").click()
    dialog = page.get_by_role("dialog", name="登录已过期")
    await expect(dialog).to_be_visible()
    await look(page, "desk-signed-out")
    await sign_in(page, "shift1")
    await expect(page.get_by_text("“催办”已办好")).to_be_visible()
    await expect(page.locator(".case-story")).to_contain_text("请尽快派遣,现场影响通行")


async def test_网络断了_说断了_填的还在_恢复后照常(site: Site, open_page: OpenPage, watch: Watch) -> None:
    watch.forgiven.append("console: ")  # whatever wanted the network says so there
    opened = await site.city.report("工地夜间噪声")
    await site.city.to(opened, "receive")
    page = await open_page(f"/desk/cases/{opened.id}", as_="shift1")
    form = page.locator('details[data-verb="urge"]')
    await form.locator("summary").click()
    await form.get_by_label("意见").fill("第一次催办")
    await page.context.set_offline(True)
    await form.get_by_role("button", name="催办").click()
    await expect(form.get_by_role("alert")).to_contain_text("连接不上服务器")
    await expect(form.get_by_label("意见")).to_have_value("第一次催办")
    await page.context.set_offline(False)
    await form.get_by_role("button", name="催办").click()
    await expect(page.get_by_text("“催办”已办好")).to_be_visible()


async def test_两个标签页_一页办了另一页知道(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("广场灯杆倾斜")
    await site.city.to(opened, "dispatch")
    page = await open_page(f"/desk/cases/{opened.id}", as_="dispatcher1")
    await expect(page.locator("details[data-outcome=dispatch]")).to_be_visible()
    await site.city.to(opened, "receive")
    await site.told()
    await expect(page.get_by_text("现在轮到")).to_be_visible()


async def test_登记中途刷新_草稿还在(open_page: OpenPage) -> None:
    page = await open_page("/desk/intake", as_="operator1")
    await page.get_by_label("反映什么").fill("写到一半的来电")
    await page.reload()
    await expect(page.get_by_label("反映什么")).to_have_value("写到一半的来电")
