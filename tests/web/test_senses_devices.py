"""感知·设备:收养敲门者,设备页的最新值、曲线、标记、指令和维护;导入表格先试判;停用问一次。"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx
from playwright.async_api import expect
from senses_city import SensesCity
from support.accessibility import faults
from support.browsing import OpenPage, Site, look

from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.listening import GatewaySettings

FRAME = b"##0101QN=20260618080000000;ST=22;CN=2011;PW=123456;MN=12019900010F;Flag=5;CP=&&a34004-Rtd=35&&1C80\r\n"


async def test_收养敲门的设备_下一帧就认得(site: Site, open_page: OpenPage) -> None:
    senses = SensesCity(site)
    door = Door(senses.context, senses.sensing.directory, GatewaySettings("hj212"))
    assert door.find("hj212", "12019900010F", "10.0.0.7", FRAME) is None
    door.bad("hj212", "10.0.0.9", "crc", b"\x00\x01garbled")
    await door.flush()
    page = await open_page("/desk/senses/knocking", as_="sysadmin")
    row = page.get_by_role("row").filter(has_text="12019900010F")
    await expect(row).to_contain_text("不在登记簿里")
    await expect(row.locator(".sample")).to_contain_text("MN=12019900010F")
    await expect(page.get_by_role("row").filter(has_text="校验码不对").locator(".sample")).to_contain_text("00 01 67")
    await row.get_by_role("button", name="看十六进制").click()
    await expect(row.locator(".sample")).to_contain_text("23 23 30 31")
    assert await faults(page) == []
    await row.get_by_role("button", name="收养…").click()
    form = page.get_by_role("form", name="收养 12019900010F")
    await form.get_by_label("编号 *").fill("AIR-NEW")
    await form.get_by_label("型号 *").select_option(value="air-station")
    await form.get_by_label("中文名称 *").fill("实验小学空气站")
    await form.get_by_role("group", name=re.compile("位置")).click()
    await look(page, "senses-knocking")
    await form.get_by_role("button", name="收养").click()
    await expect(page.get_by_text("已收养为 实验小学空气站")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="12019900010F")).to_have_count(0)
    await senses.sensing.directory.refresh()
    assert door.find("hj212", "12019900010F", "10.0.0.7") is not None
    await page.get_by_role("row").filter(has_text="校验码不对").get_by_role("button", name="搁置").click()
    await expect(page.get_by_text("没有人在敲门。")).to_be_visible()
    await page.get_by_role("link", name="打开设备页").click()
    await expect(page.get_by_role("heading", name="实验小学空气站")).to_be_visible()


async def test_设备页_最新值有限值和标记_曲线可缩放_维护_指令(site: Site, open_page: OpenPage) -> None:
    senses = SensesCity(site)
    device = await senses.hydrant("HYD-21", "古镇消火栓")
    await senses.roll_up()
    await senses.send(
        "HYD-21",
        "tilt",
        *[1 + place % 3 for place in range(40)],
        step=300,
        last=site.city.now() - timedelta(minutes=20),
    )
    await senses.send("HYD-21", "tilt", 4, 5, 25)
    await senses.send("HYD-21", "battery", 80)
    await senses.roll_up()
    page = await open_page(f"/desk/senses/devices/{device}?metric=tilt", as_="shift1")
    latest = page.get_by_role("region", name="最新数据")
    row = latest.get_by_role("row").filter(has_text="倾角")
    await expect(row).to_contain_text("25")
    await expect(row).to_contain_text("高于 20")
    await expect(page.locator(".chart-view svg")).to_be_visible()
    await expect(page.get_by_text(re.compile("原始读数 43 个|分钟均值,"))).to_be_visible()
    assert await faults(page) == []
    await look(page, "senses-device", full=True)
    for span, source in (("1 年", "均值,"), ("7 天", "均值,"), ("1 小时", "原始读数")):
        await page.get_by_role("button", name=span, exact=True).click()
        await expect(page.get_by_text(re.compile(source))).to_be_visible()
    await page.get_by_role("button", name="放大").click()
    await expect(page.get_by_text(re.compile(r"原始读数 [0-9]+ 个"))).to_be_visible()
    await page.get_by_role("button", name="1 小时", exact=True).click()
    await page.get_by_role("button", name="看表格").click()
    await expect(page.locator(".chart-table").get_by_role("cell", name=re.compile("25")).first).to_be_visible()
    admin = await open_page(f"/desk/senses/devices/{device}", as_="sysadmin", dark=True)
    await admin.get_by_label("内容").fill("更换压力传感器,零点校准")
    await admin.get_by_role("button", name="记一笔").click()
    await expect(admin.get_by_role("region", name="维护与校准")).to_contain_text("零点校准")
    assert await faults(admin) == []
    await look(admin, "senses-device-dark")
    await admin.get_by_role("button", name="停用").click()
    await admin.get_by_label("停用原因").fill("已拆除")
    await admin.get_by_role("button", name="确认停用").click()
    await expect(admin.locator(".online-mark").first).to_contain_text("已停用")


async def test_设备列表_按型号和状态看_导入先试判(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    senses = SensesCity(site)
    await senses.hydrant("HYD-31", "三十一号消火栓")
    await senses.send("HYD-31", "tilt", 1)
    async with httpx.AsyncClient(base_url=site.address, auth=("nobody", "no-such-key")) as stranger:
        assert (await stranger.post("/api/v1/observations", json={"observations": [{}]})).status_code == 401
    page = await open_page("/desk/senses/devices", as_="sysadmin")
    await expect(page.get_by_role("row").filter(has_text="三十一号消火栓")).to_be_visible()
    await page.get_by_role("combobox", name="型号", exact=True).select_option(label="智能消火栓")
    await expect(page).to_have_url(re.compile("profile=hydrant"))
    await expect(page.get_by_role("row").filter(has_text="三十一号消火栓")).to_be_visible()
    assert await faults(page) == []
    sheet = tmp_path / "devices.csv"
    sheet.write_text(
        "编号,型号,地址,名称,经度,纬度\nHYD-41,hydrant,hyd-41,四十一号,117.011,39.011\nHYD-42,no-such,hyd-42,四十二号,117.012,39.011\n",
        "utf-8",
    )
    await page.get_by_role("button", name="导入表格").click()
    await page.get_by_label("设备表").set_input_files(sheet)
    await page.get_by_role("button", name="试判").click()
    await expect(page.get_by_text("2 行:新增 1,更改 0,不变 0,不收 1")).to_be_visible()
    await look(page, "senses-devices")
    await page.get_by_role("button", name="正式导入 1 行").click()
    await expect(page.get_by_text("已导入", exact=True)).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="四十一号")).to_be_visible()
