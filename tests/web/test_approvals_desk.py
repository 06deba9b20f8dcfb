"""名单核准的工作台:第二人看到待核准的登记,核准或不核准;登记的人没有这一栏。"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site, send

from yiwang.kernel.cluster import EmbeddedServer


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with pack_site("elders", database_url, tmp_path_factory) as found:
        yield found


def entry(number: int, name: str) -> dict[str, object]:
    attributes = {
        "number": f"YL0000000{number}", "name": name, "phone": f"1391234567{number}", "reason": "alone",
        "basis": "《老年人权益保障法》及民政部门探访关爱服务的规定", "visit_every": 7, "until": "2026-12-31",
        "division": "120199001001",
    }  # fmt: skip
    return {"attributes": attributes}


async def test_名单核准_另一人核准才生效_不核准要写原因(site: Site, open_page: OpenPage) -> None:
    for number, name in ((1, "王秀兰"), (2, "赵桂芳")):
        await send(site, "elder-officer1", "/things/elder-care-entry", entry(number, name))
    page = await open_page("/desk/approvals", as_="elder-director1")
    await expect(page.get_by_text("待核准 2 条")).to_be_visible()
    first = page.get_by_role("region", name="YL00000001")
    await expect(first).to_contain_text("《老年人权益保障法》")
    await expect(first).to_contain_text("岳敏")
    assert await faults(page) == []
    await look(page, "approvals")
    await first.get_by_role("button", name="核准", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="核准", exact=True).click()
    await expect(page.get_by_text("待核准 1 条")).to_be_visible()
    await page.get_by_role("region", name="YL00000002").get_by_role("button", name="不核准").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="不核准")).to_be_disabled()
    await dialog.get_by_role("textbox").fill("与子女同住,不属独居")
    assert await faults(page) == []
    await dialog.get_by_role("button", name="不核准").click()
    await expect(page.get_by_text("没有待核准的登记")).to_be_visible()

    client = await site.city.client("elder-operator1")
    asked = await client.get("/api/v1/things/elder-care-entry", params={"purpose": "上门探访前核对"})
    assert [one["attributes"]["number"] for one in asked.json()["items"]] == ["YL00000001"]
    officer = await open_page("/desk", as_="elder-officer1")
    await expect(officer.get_by_role("link", name="数据资源")).to_be_visible()
    await expect(officer.get_by_role("link", name="名单核准")).to_have_count(0)
