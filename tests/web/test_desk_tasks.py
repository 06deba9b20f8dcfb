"""My tasks and dispatching: worked by keyboard alone, live, many at once."""

from __future__ import annotations

from playwright.async_api import expect
from support.browsing import OpenPage, Site, look


async def test_派遣员只用键盘派遣(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("实验小学门口道路积水")
    await site.city.to(opened, "dispatch")
    page = await open_page("/desk", as_="dispatcher1")
    row = page.get_by_role("row").filter(has_text=opened.number)
    await expect(row).to_be_visible()
    await look(page, "desk-tasks")
    keys = page.keyboard
    await keys.press("?")
    await expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    await keys.press("Escape")
    await expect(page.get_by_role("dialog", name="快捷键")).to_have_count(0)
    while await row.get_attribute("aria-selected") != "true":
        await keys.press("j")
    await keys.press("Enter")
    await page.wait_for_url("**/desk/cases/*")
    await expect(page.locator(".case-steps [aria-current=step]")).to_have_text("派遣")
    await look(page, "desk-case-dispatch")
    await keys.press("1")  # the first operation: 派遣, filled in as proposed
    remark = page.locator("details[data-outcome=dispatch] form").get_by_label("意见")
    await expect(remark).to_be_visible()
    await remark.focus()
    await keys.type("请派专人到场")
    await keys.press("Control+Enter")
    await expect(page.get_by_text("“派遣”已办好")).to_be_visible()
    await expect(page.locator(".case-steps [aria-current=step]")).to_have_text("部门接收")
    case = await site.city.case(opened.id)
    assert case.stage == "receive"
    assert case.department_id is not None
    await expect(page.locator(".case-story")).to_contain_text("请派专人到场")


async def test_新任务自己出现_不用刷新(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk", as_="dispatcher1")
    opened = await site.city.report("菜市场旁边路灯不亮")
    await site.city.to(opened, "dispatch")
    await site.told()
    await expect(page.get_by_role("row").filter(has_text=opened.number)).to_be_visible()


async def test_派遣台_回车按建议派遣_再下一件(site: Site, open_page: OpenPage) -> None:
    cases = [await site.city.report(text) for text in ("公园门口垃圾满地", "人行道地砖破损")]
    for opened in cases:
        await site.city.to(opened, "dispatch")
    page = await open_page("/desk/dispatch", as_="dispatcher1")
    await expect(page.locator(".dispatch-list li")).not_to_have_count(0)
    await look(page, "desk-dispatch")
    first = (await page.locator(".dispatch-list li").first.get_attribute("data-row")) or ""
    await expect(page.locator("[data-accept]")).to_be_enabled()
    await page.keyboard.press("Enter")
    await expect(page.locator(f'[data-row="{first}"]')).to_have_count(0)
    await expect(page.get_by_role("status").filter(has_text="已派给")).to_be_visible()


async def test_批量催办_拒绝的说明原因_其余照办(site: Site, open_page: OpenPage) -> None:
    cases = [await site.city.report(f"第{number}处井盖松动") for number in range(3)]
    for opened in cases:
        await site.city.to(opened, "receive")
    await site.city.close(cases[2])
    page = await open_page("/desk/cases", as_="leader1")
    for opened in cases:
        await page.get_by_label(f"选择 {opened.number}").check()
    await page.locator(".bulk").get_by_role("button", name="催办").click()
    await page.get_by_label("意见(可不填)").fill("请加快")
    await page.get_by_role("button", name="催办 · 确定").click()
    await expect(page.get_by_text("2 条已办,1 条被拒绝")).to_be_visible()
    await expect(page.locator(".bulk details")).to_contain_text(cases[2].number)
    await look(page, "desk-bulk")
