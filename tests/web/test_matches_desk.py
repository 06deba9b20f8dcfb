"""供需匹配:案件页看到谁合适、为什么;志愿者自己接受;站上看到询问记录和统计。"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site

from yiwang.casework.model import Report
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import JsonObject
from yiwang.registry.model import Draft


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with pack_site("volunteers", database_url, tmp_path_factory) as found:
        yield found


async def volunteers(site: Site) -> None:
    services = site.city.services
    async with services.context.database.transaction() as connection:
        for number, login in enumerate(("volunteer1", "volunteer2"), start=1):
            attributes: JsonObject = {
                "number": f"ZY{number:08d}", "name": ("苗志愿", "柳志愿")[number - 1], "phone": "13800001111",
                "skills": ["就医陪同"], "times": ["周六上午"], "registered_on": "2026-06-01", "state": "active", "login": login,
            }  # fmt: skip
            point: JsonObject = {"type": "Point", "coordinates": [117.0133 + number / 1e4, 39.007]}
            await services.registry.recording.record(connection, SYSTEM, "volunteer", Draft(attributes, point))


async def test_需求匹配志愿者_看得到理由_本人接受(site: Site, open_page: OpenPage) -> None:
    await volunteers(site)
    casework, station = site.city.cases, await site.city.actor("dongjie-station")
    report = Report(
        type="volunteer-need", channel="station", text="周六上午要去医院,请人陪同", lon=117.0133, lat=39.007,
        fields={"skill": "就医陪同", "day": "2026-06-20", "part": "上午"},
    )  # fmt: skip
    made = await casework.opening.open(casework.drafting.draft(report, station, site.city.now()), station)
    await site.city.step(made.id, "file", by="dongjie-station")
    await site.told()
    while await site.city.services.matching.keep_up():
        pass
    page = await open_page(f"/desk/cases/{made.id}", as_="dongjie-station")
    card = page.get_by_role("region", name="志愿服务匹配")
    await expect(card.get_by_text("待答复").first).to_be_visible()
    await card.get_by_text("为什么合适").first.click()
    await expect(card.get_by_role("progressbar", name="距离近").first).to_be_visible()
    assert await faults(page) == []
    await look(page, "case-matches", full=True)

    mine = await open_page("/desk", as_="volunteer1")
    invitation = mine.get_by_role("region", name="我的服务邀请")
    await invitation.get_by_role("button", name=re.compile("^接受")).click()
    dialog = mine.get_by_role("dialog")
    await dialog.get_by_role("button", name="接受").click()
    await expect(invitation).to_contain_text("接受")
    assert await faults(mine) == []
    await look(mine, "my-invitations")

    staff = await open_page("/desk/matches", as_="dongjie-station")
    await expect(staff.get_by_role("row", name=re.compile("苗"))).to_contain_text("接受")
    assert await faults(staff) == []
    await look(staff, "matches")
    await staff.get_by_role("link", name="统计").click()
    await expect(staff.get_by_text("服务对象")).to_be_visible()
    assert await faults(staff) == []
    await look(staff, "matches-figures")
