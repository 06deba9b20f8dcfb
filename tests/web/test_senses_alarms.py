"""感知·报警:设备超限,报警不用刷新就出现;确认、案件、案件页上的曲线;键盘批量办理;同因合并展开;指挥地图上看得到。"""

from __future__ import annotations

import re

from playwright.async_api import expect
from senses_city import SensesCity
from support.accessibility import faults
from support.browsing import OpenPage, Site, look


async def test_设备超限_报警自己出现_确认_成案件_案件页有曲线(site: Site, open_page: OpenPage) -> None:
    senses = SensesCity(site)
    await senses.hydrant("HYD-1", "和平路消火栓")
    await senses.work()
    page = await open_page("/desk/senses/alarms", as_="shift1")
    await expect(page.get_by_text("没有报警。")).to_be_visible()
    await senses.send("HYD-1", "tilt", 1, 2, 1, 3, 2, 35)
    await senses.work()
    await site.told()
    row = page.get_by_role("row").filter(has_text="和平路消火栓")
    await expect(row).to_contain_text("消火栓被撞倒")
    await expect(row).to_contain_text("较重")
    await expect(row).to_contain_text("限值 20")
    assert await faults(page) == []
    await look(page, "senses-alarms")
    await row.get_by_role("checkbox").check()
    await page.get_by_role("button", name="确认", exact=True).click()
    await page.get_by_label("备注(可不填)").fill("已通知水务")
    await page.get_by_role("button", name="确认 · 确定").click()
    await expect(page.get_by_text("1 条已办")).to_be_visible()
    await expect(row).to_contain_text("已确认")
    number = (await senses.alarms())[0].case_number
    assert number is not None
    await row.get_by_role("link", name=re.compile("消火栓被撞倒")).click()
    await expect(page.get_by_text("报警前后半小时")).to_be_visible()
    await expect(page.locator(".chart-view svg")).to_be_visible()
    await expect(page.get_by_text("已通知水务")).to_be_visible()
    assert await faults(page) == []
    await look(page, "senses-alarm")
    await page.get_by_role("link", name=number).click()
    evidence = page.get_by_role("region", name="报警证据")
    await expect(evidence).to_contain_text("和平路消火栓")
    await expect(evidence.locator(".chart-view svg")).to_be_visible()
    await evidence.get_by_role("button", name="看表格").click()
    await expect(evidence.get_by_role("cell", name=re.compile("^35"))).to_be_visible()
    assert await faults(page) == []
    await look(page, "senses-case-evidence")


async def test_键盘批量搁置_关闭要原因(site: Site, open_page: OpenPage) -> None:
    senses = SensesCity(site)
    for number in (2, 3, 4):
        await senses.hydrant(f"HYD-{number}", f"{number}号消火栓", lon=117.0104 + number * 0.001)
    await senses.work()
    for number in (2, 3, 4):
        await senses.send(f"HYD-{number}", "tilt", 40)
    await senses.work()
    page = await open_page("/desk/senses/alarms?state=raised", as_="shift1", dark=True)
    await expect(page.locator("tbody tr")).to_have_count(3)
    assert await faults(page) == []
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.keyboard.press("s")
    await page.get_by_label("原因").fill("正在检修")
    await look(page, "senses-alarms-dark")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("2 条已办")).to_be_visible()
    await expect(page.locator("tbody tr").filter(has_text="搁置到")).to_have_count(2)
    await page.get_by_role("combobox", name="搁置", exact=True).select_option(label="不看搁置")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page).to_have_url(re.compile("shelved=no"))
    await page.keyboard.press("c")
    await page.get_by_label("原因").fill("误碰,已扶正")
    await page.get_by_role("button", name="关闭 · 确定").click()
    await expect(page.get_by_text("没有报警。")).to_be_visible()
    english = await open_page("/desk/senses/alarms?state=all", as_="shift1", language="en")
    await expect(english.get_by_role("row").filter(has_text="Hydrant knocked over").first).to_be_visible()
    assert not re.search(r"[\u4e00-\u9fff]", await english.locator(".senses thead").inner_text())


async def test_指挥地图_报警跳动_设备和车辆可选_点开就到(site: Site, open_page: OpenPage) -> None:
    senses = SensesCity(site)
    await senses.hydrant("HYD-9", "指挥前消火栓", lon=117.0152, lat=39.0121)
    await senses.work()
    page = await open_page("/centre", as_="shift1")
    layers = page.get_by_role("group", name="感知图层")
    await expect(layers.get_by_label("报警")).to_be_checked()
    mark = page.get_by_role("button", name=re.compile("较重报警:指挥前消火栓:消火栓被撞倒"))
    await expect(mark).to_have_count(0)
    await senses.send("HYD-9", "tilt", 60)
    await senses.work()
    await site.told()
    await expect(mark).to_be_visible()
    await layers.get_by_label("设备").click()
    await expect(layers.get_by_label("设备")).to_be_checked()
    await layers.get_by_label("显示数值").select_option(label="倾角 (°)")
    await layers.get_by_label("车辆").click()
    await expect(layers.get_by_label("车辆")).to_be_checked()
    await expect(page).to_have_url(re.compile("senses="))
    await page.wait_for_timeout(1500)  # the tiles
    await look(page, "senses-centre")
    assert await faults(page) == []
    await mark.click(force=True)  # it pulses
    await expect(page.get_by_role("heading", name=re.compile("消火栓被撞倒"))).to_be_visible()
