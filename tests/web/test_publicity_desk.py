"""公示与核查的工作台:提出、批准、遮盖后的内容;异常的依据、排除;规划条目。"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site, send

from yiwang.kernel.cluster import EmbeddedServer

SUPERVISOR = "livelihood1"


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with pack_site("offices", database_url, tmp_path_factory) as found:
        yield found


def payment(number: str, amount: int, paid_on: str) -> dict[str, object]:
    return {
        "number": number, "programme": "DB01", "programme_name": "城乡低保", "period": "2026-05", "payee": "王建军",
        "identity_number": "120199198403123517", "persons": 2, "amount": amount, "paid_on": paid_on,
        "office": "区综合部门", "division": "120199001001",
    }  # fmt: skip


async def test_公示_提出_另一人批准_只看到遮盖后的内容(site: Site, open_page: OpenPage) -> None:
    await send(site, "general-desk", "/things/subsidy-payment", {"attributes": payment("F1", 2020, "2026-05-10")})
    page = await open_page("/desk/publicity", as_="general-desk")
    card = page.get_by_role("region", name=re.compile("资金")).first
    await card.get_by_role("button", name=re.compile("提出新一期")).click()
    await card.get_by_label("标题").fill("2026年5月惠民资金到户公示")
    assert await faults(page) == []
    await look(page, "publicity-propose")
    await card.get_by_role("button", name="送审").click()
    await expect(card.get_by_role("row", name=re.compile("2026年5月惠民资金到户公示"))).to_contain_text("待批准")

    supervisor = await open_page("/desk/publicity", as_=SUPERVISOR)
    await supervisor.get_by_role("link", name="2026年5月惠民资金到户公示").click()
    await expect(supervisor.get_by_role("cell", name="王**")).to_be_visible()
    await supervisor.get_by_role("button", name="批准公示").click()
    dialog = supervisor.get_by_role("dialog")
    await dialog.get_by_role("button", name="批准公示").click()
    await expect(supervisor.get_by_role("heading", name=re.compile("公示中"))).to_be_visible()
    assert await faults(supervisor) == []
    await look(supervisor, "publicity-issue")


async def test_异常_说明依据_排除要写理由(site: Site, open_page: OpenPage) -> None:
    await send(site, "general-desk", "/things/subsidy-payment", {"attributes": payment("A1", 2020, "2026-05-10")})
    await send(site, "general-desk", "/things/subsidy-payment", {"attributes": payment("A2", 2020, "2026-05-20")})
    page = await open_page("/desk/publicity/findings?rule=paid-twice", as_=SUPERVISOR)
    await page.get_by_role("button", name="现在核查").click()
    await expect(page.get_by_role("status").filter(has_text="查出")).to_be_visible()
    finding = page.get_by_role("article")
    await expect(finding.first).to_contain_text("城乡低保")
    assert await faults(page) == []
    await look(page, "anomalies")
    await finding.first.get_by_role("button", name="排除").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("理由").fill("补发,已核实")
    await dialog.get_by_role("button", name="排除").click()
    await expect(page.get_by_text("没有待核实的异常")).to_be_visible()
    await page.get_by_label("状态").select_option("set_aside")
    await expect(finding.first).to_contain_text("补发,已核实")


async def test_规划条目_没走通的不算覆盖(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/plan-rows", as_="sysadmin")
    row = page.get_by_role("button", name=re.compile("民生监督|督查")).first
    await row.click()
    await expect(page.locator(".plan-clauses li").first).to_be_visible()
    await expect(page.get_by_label("应用包").locator("option", has_text="督查督办")).to_have_count(1)
    await page.evaluate("scrollTo(0, 0)")  # nothing half below the bar
    assert await faults(page) == []
    await look(page, "plan-rows")
