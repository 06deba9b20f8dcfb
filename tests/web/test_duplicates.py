"""疑似重复:数据管理员逐对核对——合并、撤销合并、标记不是同一个、推后,再到记录页撤销合并。"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from exchange_city import offices_site
from playwright.async_api import Locator, Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.offices import credit_code

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.registry.model import Draft
from yiwang.registry.resolution.finding import find

PAIRS = (
    ("金穗粮油店", "王小明", "东街一号", "13800001111"),
    ("永固五金行", "李大海", "西街八号", "13900002222"),
    ("康宁药房", "赵春梅", "南运河路六号", "13700003333"),
)
"""Each of them is recorded twice: once without a telephone, once under a mistyped code."""


@pytest.fixture(scope="module")
async def site(application: None, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with offices_site(database_url, tmp_path_factory.mktemp("home")) as found:
        services = found.city.services
        async with services.context.database.transaction() as connection:
            for number, (name, representative, address, phone) in enumerate(PAIRS):
                shared: JsonObject = {
                    "name": name, "kind": "enterprise", "state": "active", "representative": representative,
                    "address": address, "division": "120199001",
                }  # fmt: skip
                first = {**shared, "credit_code": credit_code(100 + number)}
                other = {**shared, "credit_code": credit_code(200 + number), "representative_phone": phone}
                for attributes in (first, other):
                    await services.registry.recording.record(connection, SYSTEM, "legal-entity", Draft(attributes))
        await find(services.registry, await found.city.actor("steward1"), "legal-entity")
        yield found


async def test_逐对核对_合并_撤销_不是同一个_稍后(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/duplicates", as_="steward1")
    await expect(page.get_by_role("button", name="法人 3")).to_have_attribute("aria-pressed", "true")
    await expect(_queue(page)).to_have_count(3)
    beside = page.get_by_role("region", name="并列核对")
    await expect(beside.get_by_role("columnheader", name="保留这条 1")).to_be_visible()
    assert await faults(page) == []
    await look(page, "duplicates")

    name = await _current(page)
    await page.keyboard.press("2")
    await expect(beside.get_by_role("radio").nth(1)).to_be_checked()
    await beside.get_by_role("button", name="合并").click()
    await expect(page.get_by_role("status").filter(has_text="已合并。")).to_be_visible()
    await expect(_queue(page)).to_have_count(2)
    assert name not in await _names(page)
    await page.get_by_role("button", name="撤销 (u)").click()
    await expect(_queue(page)).to_have_count(3)
    assert name in await _names(page)

    apart = await _current(page)
    await expect(beside.get_by_role("columnheader", name="保留这条 1")).to_contain_text(apart)
    await beside.get_by_label("说明(选填,记入日志)").fill("两家不同的分店")
    await beside.get_by_role("button", name="不是同一个").click()
    await expect(page.get_by_role("status").filter(has_text="已标记为不是同一个。")).to_be_visible()
    await expect(_queue(page)).to_have_count(2)
    assert apart not in await _names(page)

    later = await _current(page)
    await expect(beside.get_by_role("columnheader", name="保留这条 1")).to_contain_text(later)
    await page.keyboard.press("l")
    await expect(page.get_by_role("status").filter(has_text="已推到最后。")).to_be_visible()
    await expect(_queue(page).last).to_contain_text(later)
    await expect(_queue(page).last).to_contain_text("曾推后")


async def test_在记录页撤销合并_两条都恢复(site: Site, open_page: OpenPage) -> None:
    client = await site.city.client("steward1")
    pairs = (await client.get("/api/v1/duplicates/pairs", params={"type": "legal-entity"})).json()["items"]
    assert pairs, "one is left by the walk before"
    beside = (await client.get(f"/api/v1/duplicates/pairs/{pairs[0]['id']}")).json()
    low, high = beside["low"], beside["high"]
    body = {
        "decision": "merge",
        "keep": low["id"],
        "take": ["representative_phone"],
        "seen": [low["fact"], high["fact"]],
    }
    assert (await client.post(f"/api/v1/duplicates/pairs/{pairs[0]['id']}/decision", json=body)).status_code == 200
    gone = await open_page(f"/desk/records/legal-entity/{high['id']}", as_="steward1")
    await gone.get_by_role("link", name="打开并入的记录").click()
    merges = gone.get_by_role("region", name="合并情况")
    await expect(merges).to_contain_text("并入本条")
    await look(gone, "duplicates-merged", full=True)
    await merges.get_by_role("button", name="撤销合并").click()
    dialog = gone.get_by_role("dialog")
    await dialog.get_by_label("原因").fill("核对后不是同一家")
    await dialog.get_by_role("button", name="撤销合并").click()
    await expect(merges).to_contain_text("撤销")
    await expect(merges.get_by_role("button", name="撤销合并")).to_have_count(0)
    assert await faults(gone) == []
    assert (await client.get(f"/api/v1/things/legal-entity/{high['id']}")).status_code == 200


async def test_手机与深色_不横向撑破(site: Site, open_page: OpenPage) -> None:
    phone = await open_page("/desk/duplicates", as_="steward1", phone=True, dark=True, language="en")
    await expect(_queue(phone).first).to_be_visible()
    await phone.get_by_role("radio", name="Keep this one 2").tap()
    await expect(phone.get_by_role("radio", name="Keep this one 2")).to_be_checked()
    await look(phone, "duplicates-phone-dark", full=True)
    assert await phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 1
    assert await faults(phone) == []


def _queue(page: Page) -> Locator:
    return page.locator(".twin-queue li")


async def _names(page: Page) -> str:
    return " ".join(await _queue(page).all_inner_texts())


async def _current(page: Page) -> str:
    """What the pair that is looked at is called."""
    text = await page.locator(".twin-queue button[aria-current=true] b").inner_text()
    return text.split(" · ")[0]
