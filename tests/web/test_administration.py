"""系统管理:机构、账号、角色、请假、日历、时限、指标、应用包;三员各做各的。"""

from __future__ import annotations

import re

from playwright.async_api import expect
from support.accessibility import faults
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
    await expect(page.get_by_role("table")).to_contain_text("案件")
    await expect(page.get_by_role("table")).not_to_contain_text("organisation:")
    auditor = await open_page("/desk/administration/accounts", as_="auditor")
    await expect(auditor.get_by_role("table")).to_be_visible()
    await expect(auditor.get_by_role("button", name="新建账号")).to_have_count(0)


async def test_登记请假_代理人_销假(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/absences", as_="secadmin")
    await expect(page.get_by_role("button", name="登记请假")).to_be_visible()
    await look(page, "administration-absences")


async def test_改时限_留理由_看记录_撤销(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/limits?type=urban-case&q=井盖", as_="sysadmin")
    row = page.get_by_role("row").filter(has_text="井盖").first
    await row.get_by_role("button", name=re.compile("修改")).click()
    dialog = page.get_by_role("dialog")
    save = dialog.get_by_role("button", name="保存为新版本")
    await expect(save).to_be_disabled()
    await dialog.get_by_label("时限").fill("6紧急工作时")
    await dialog.get_by_label("理由").fill("汛期从严")
    await look(page, "administration-limit-editing")
    await save.click()
    await expect(row).to_contain_text("6紧急工作时")
    await page.get_by_role("tab", name="变更记录").click()
    change = page.get_by_role("row").filter(has_text="汛期从严")
    await expect(change).to_contain_text("系统管理员")
    await expect(change).to_contain_text("时限: 按文件 → 6紧急工作时")
    await look(page, "administration-changes")
    assert await faults(page) == []
    await change.get_by_role("button", name="撤销").click()
    await page.get_by_role("dialog").get_by_label("理由").fill("恢复")
    await page.get_by_role("dialog").get_by_role("button", name="保存为新版本").click()
    await expect(page.get_by_role("row").filter(has_text="恢复").first).to_contain_text("按文件")


async def test_调整放假_先看时限会变到几时_再保存(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/calendar?year=2026", as_="sysadmin")
    await page.get_by_role("button", name="调整放假和调休").click()
    panel = page.get_by_role("region", name="调整放假和调休")
    await panel.get_by_label("放假名称").fill("市庆")
    month = page.locator(".calendar-month").filter(has=page.get_by_role("heading", name="6 月", exact=True))
    await month.get_by_role("button", name="22", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="试算")).to_contain_text("6月23日星期二")
    await look(page, "administration-calendar-editing")
    assert await faults(page) == []
    await panel.get_by_role("button", name="保存为新版本").click()
    await page.get_by_role("dialog").get_by_label("理由").fill("市庆放假")
    await page.get_by_role("dialog").get_by_role("button", name="保存为新版本").click()
    await expect(month.locator("td.holiday.set")).to_contain_text("22")
    english = await open_page("/desk/administration/calendar?year=2026", as_="sysadmin", language="en")
    await expect(english.get_by_role("button", name="Change the working hours")).to_be_visible()
    await look(english, "administration-calendar-editing-en")


async def test_改考核权重和目标_别人先改过会被告知(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/indicators", as_="sysadmin")
    await (
        page.get_by_role("button", name="修改 处置部门")
        .or_(page.get_by_role("button", name=re.compile("修改 .*部门")))
        .first.click()
    )
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("目标分").fill("86")
    await look(page, "administration-board-editing")
    client = await site.city.client("sysadmin")
    boards = (await client.get("/api/v1/boards")).json()["items"]
    key = next(one["id"] for one in boards if "部门" in one["names"]["zh"])
    body = {"kind": "board", "key": key, "version": 0, "why": "先改", "document": {"target": 80}}
    assert (await client.post("/api/v1/administration/changes", json=body)).status_code == 200
    await dialog.get_by_label("理由").fill("年度目标")
    await dialog.get_by_role("button", name="保存为新版本").click()
    await expect(page.get_by_text("系统管理员 已于")).to_be_visible()


async def test_新建机构_挂在上级之下_停用后还找得到记录(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration", as_="sysadmin")
    await page.get_by_placeholder("查找机构").fill("水务")
    await page.locator(".ant-tree-title").filter(has_text="水务").first.click()
    await page.get_by_role("button", name="在下面新建机构").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("代码(以后不变)").fill("river-office")
    await dialog.get_by_label("中文名称").fill("河长办公室")
    await dialog.get_by_label("英文名称").fill("River office")
    await dialog.get_by_label("理由").fill("新设")
    await look(page, "administration-office-editing")
    await dialog.get_by_role("button", name="保存为新版本").click()
    await page.get_by_placeholder("查找机构").fill("河长")
    await page.locator(".ant-tree-title").filter(has_text="河长办公室").click()
    await page.get_by_role("button", name="停 用").or_(page.get_by_role("button", name="停用")).first.click()
    await page.get_by_role("dialog").get_by_label("理由").fill("并入水务局")
    await page.get_by_role("dialog").get_by_role("button", name="保存为新版本").click()
    await expect(page.locator(".ant-tree-title").filter(has_text="河长办公室")).to_have_count(0)


async def test_安全保密管理员设本市角色(open_page: OpenPage) -> None:
    page = await open_page("/desk/administration/roles", as_="secadmin")
    await page.get_by_role("button", name="新建本市角色").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("代码").fill("observer")
    await dialog.get_by_label("中文名称").fill("观察员")
    await dialog.get_by_label("英文名称").fill("Observer")
    await dialog.get_by_label("理由").fill("试点")
    await look(page, "administration-role-editing")
    await dialog.get_by_role("button", name="保存为新版本").click()
    await expect(page.get_by_role("row").filter(has_text="观察员")).to_contain_text("案件 查看 岗位的区域")
