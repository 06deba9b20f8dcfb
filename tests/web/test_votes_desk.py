"""业主表决的工作台:在案件里发起、名册、投票码只显示一次、纸质票两人复核、结束前没有结果。"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site, send

from yiwang.kernel.cluster import EmbeddedServer

PLACE = {"type": "Point", "coordinates": [117.013, 39.012]}
HOUSES = (("0301", 76.5, "王建军", "120199198403123517", "1"), ("0302", 60, "李秀英", "120199198607023526", "2"))


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with pack_site("estates", database_url, tmp_path_factory) as found:
        yield found


async def an_estate(site: Site) -> None:
    """Two houses of two owners in one building of an estate."""

    async def thing(login: str, type_: str, place: bool = True, **attributes: Any) -> str:
        body: dict[str, Any] = {"attributes": {**attributes, "division": "120199001001"}}
        if place:
            body["geometry"] = PLACE
        return str((await send(site, login, f"/things/{type_}", body))["id"])

    async def relation(login: str, path: str, name: str, to: str) -> None:
        await send(site, login, f"/things/{path}/relations", {"relation": name, "to": to})

    estate = await thing(
        "steward1", "compound", code="120199001001C0001", name="和平里小区", kind="estate", address="小城区东街1号",
        built=1985, households=2, manager="和平里示范物业有限公司",
    )  # fmt: skip
    street = "小城区东街1号和平里小区1号楼"
    building = await thing(
        "steward1", "building", code="120199001001B00001", name="1号楼", address=street, use="residential", floors=6,
        units=1, built=1985,
    )  # fmt: skip
    await relation("steward1", f"building/{building}", "in-compound", estate)
    for number, area, owner, identity, sex in HOUSES:
        room = await thing(
            "steward1", "room", code=f"120199001001B00001U01R{number}", address=f"{street}1单元{number[1:]}室",
            number=number[1:], floor=3, use="residential", area_m2=area, occupancy="own",
        )  # fmt: skip
        await relation("steward1", f"room/{room}", "of-building", building)
        person = await thing(
            "dongjie-station", "person", place=False, name=owner, identity_number=identity, sex=sex,
            born=f"{identity[6:10]}-{identity[10:12]}-{identity[12:14]}", residence="registered",
        )  # fmt: skip
        await relation("dongjie-station", f"person/{person}", "owns", room)


async def test_发起表决_发码_纸质票两人复核_结束前不显示结果(site: Site, open_page: OpenPage) -> None:
    await an_estate(site)
    body = {
        "type": "owners-meeting", "channel": "community", "class_code": "WY33", "lon": 117.013, "lat": 39.012,
        "text": "和平里小区1号楼屋面渗漏,拟使用维修资金两万元修缮",
    }  # fmt: skip
    opened = await send(site, "dongjie-station", "/cases", body)
    page = await open_page(f"/desk/cases/{opened['id']}", as_="dongjie-station")
    await page.get_by_label("表决名称").fill("使用维修资金修缮屋面")
    await page.get_by_label("在哪里表决").click()
    await page.get_by_title(re.compile("和平里小区")).first.click()
    await page.get_by_label("类别").select_option(label="使用建筑物及其附属设施的维修资金")
    await page.get_by_label("表决事项").fill("是否同意使用维修资金两万元修缮1号楼屋面")
    await page.get_by_label("开始", exact=True).fill("2026-07-04T00:00")
    await page.get_by_label("截止", exact=True).fill("2026-07-12T00:00")
    await page.evaluate("scrollTo(0, 0)")  # nothing half below the bar
    assert await faults(page) == []
    await look(page, "vote-call", full=True)
    await page.get_by_role("button", name="发起表决").click()
    card = page.get_by_role("region", name="本案的表决")
    await card.get_by_role("link", name="使用维修资金修缮屋面").click()

    await expect(page.get_by_text("2 票,2 户,136.5 m²")).to_be_visible()
    await page.get_by_role("button", name="生成投票码").click()
    await expect(page.locator(".vote-codes code")).to_have_count(2)
    assert await faults(page) == []
    await look(page, "vote-codes", full=True)

    await site.city.until(site.city.now().replace(month=7, day=5))
    for login, waits in (("dongjie-station", True), ("dongjie-property", False)):
        reader = await open_page(page.url, as_=login)
        await reader.get_by_role("button", name=re.compile("纸质票: .*301室")).click()
        form = reader.get_by_role("form", name=re.compile("纸质票"))
        await form.get_by_label("同意", exact=True).check()
        await form.get_by_role("button", name="录入").click()
        await expect(form.get_by_role("status")).to_contain_text("等第二人复核" if waits else "已计入")
        assert await faults(reader) == []
        await look(reader, f"vote-paper-{login}", full=True)
    await expect(reader.get_by_text("已投 1 / 2 票")).to_be_visible()


async def test_表决列表(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/votes", as_="dongjie-property")
    await expect(page.get_by_role("heading", name="表决")).to_be_visible()
    assert await faults(page) == []
    await look(page, "votes")
