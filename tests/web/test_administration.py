"""系统管理:机构、账号、角色、请假、日历、时限、指标、应用包;三员各做各的。"""

from __future__ import annotations

from playwright.async_api import expect
from support.browsing import OpenPage, Site, look


async def test_机构树_点开看岗位和在岗人员(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration", as_="sysadmin")
    await page.wait_for_url("**/administration/organisations")
    await page.get_by_placeholder("查找机构").fill("运行")
    await page.locator(".ant-tree-title").filter(has_text="运行").first.click()
    table = page.get_by_role("table")
    await expect(table).to_contain_text("受理员")
    await expect(table).to_contain_text("李晓敏")
    await look(page, "administration-organisations")


async def test_建账号_得到一次性密码_安全管理员任命到岗位(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/accounts", as_="sysadmin")
    await page.get_by_role("button", name="新建账号").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("登录名").fill("newcomer")
    await dialog.get_by_label("姓名").fill("新来的")
    await dialog.get_by_label("机构").click()
    await page.locator(".ant-select-dropdown:visible .ant-select-item-option").first.click()
    await dialog.get_by_role("button", name="新建").click()
    await expect(page.locator("code.one-time")).to_be_visible()
    assert len(await page.locator("code.one-time").inner_text()) >= 8
    account = await site.city.account("newcomer")

    security = await open_page(f"/desk/administration/accounts?account={account['id']}", as_="secadmin")
    drawer = security.get_by_role("dialog")
    await expect(drawer).to_contain_text("newcomer")
    await drawer.get_by_label("任命到岗位").click()
    await (
        security.locator(".ant-select-dropdown:visible .ant-select-item-option").filter(has_text="受理员").first.click()
    )
    await drawer.get_by_role("button", name="任命到岗位").click()
    await expect(drawer.get_by_role("table").first).to_contain_text("受理员")
    await look(security, "administration-account")
    detail = (await (await site.city.client("secadmin")).get(f"/api/v1/accounts/{account['id']}")).json()
    assert [one["post"]["code"] for one in detail["appointments"]] == ["acceptor"]


async def test_锁定要理由_可以恢复(site: Site, open_page: OpenPage) -> None:
    account = await site.city.account("operator2")
    page = await open_page(f"/desk/administration/accounts?account={account['id']}", as_="sysadmin")
    drawer = page.get_by_role("dialog").first
    await drawer.get_by_role("button", name="锁定").click()
    await page.get_by_placeholder("理由").fill("离岗")
    await page.get_by_role("button", name="确定").click()
    await drawer.get_by_role("button", name="解锁").click()
    await page.get_by_role("button", name="确定").last.click()
    await expect(drawer.get_by_role("button", name="锁定")).to_be_visible()


async def test_日历_时限_指标_应用包_各有一页(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/calendar?year=2026", as_="sysadmin")
    await expect(page.get_by_text("个工作日")).to_be_visible()
    await expect(page.locator("td.holiday").first).to_be_visible()
    await look(page, "administration-calendar")
    await page.get_by_role("tab", name="时限标准").click()
    await page.get_by_label("业务").click()
    await page.locator(".ant-select-dropdown:visible").get_by_text("城市管理", exact=False).first.click()
    await page.get_by_placeholder("查找分类").fill("井盖")
    await page.get_by_placeholder("查找分类").press("Enter")
    await expect(page.get_by_role("table")).to_contain_text("井盖")
    await look(page, "administration-limits")
    await page.get_by_role("tab", name="指标与考核").click()
    await expect(page.get_by_role("heading", name="考核方案")).to_be_visible()
    await page.get_by_role("tab", name="应用包").click()
    await expect(page.get_by_role("table").filter(has_text="urban-management")).to_be_visible()
    await look(page, "administration-packs")


async def test_角色说得出能做什么_审计员看不到账号按钮(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/roles", as_="secadmin")
    await expect(page.get_by_role("table")).to_contain_text("case")
    auditor = await open_page("/desk/administration/accounts", as_="auditor")
    await expect(auditor.get_by_role("table")).to_be_visible()
    await expect(auditor.get_by_role("button", name="新建账号")).to_have_count(0)


async def test_登记请假_代理人_销假(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/absences", as_="secadmin")
    await expect(page.get_by_role("button", name="登记请假")).to_be_visible()
    await look(page, "administration-absences")
