"""指挥、流程设计、管理各页,按 WCAG 2.2 AA 查一遍,白天和夜里。"""

from __future__ import annotations

import pytest
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site

ROOMS = ("organisations", "accounts", "roles", "absences", "calendar", "limits", "indicators", "packs", "models")


@pytest.mark.parametrize("dark", [False, True], ids=["浅色", "深色"])
async def test_管理各页_无障碍(open_page: OpenPage, dark: bool) -> None:
    page = await open_page("/desk/administration/organisations", as_="sysadmin", dark=dark)
    found = {}
    for room in ROOMS:
        await page.goto(f"/desk/administration/{room}")
        await page.locator("main h1").wait_for()
        await page.wait_for_load_state("networkidle")
        found[room] = await faults(page)
    assert {room: wrong for room, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["浅色", "深色"])
async def test_流程设计_无障碍(open_page: OpenPage, dark: bool) -> None:
    page = await open_page("/desk/designer", as_="sysadmin", dark=dark)
    await page.locator("tbody tr").nth(1).wait_for()
    assert await faults(page) == []
    await page.goto("/desk/designer/flows/urban-case")
    await page.locator(".djs-shape").first.wait_for()
    assert await faults(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["浅色", "深色"])
async def test_指挥_案件_热点_评价_无障碍(site: Site, open_page: OpenPage, dark: bool) -> None:
    await site.city.report("河边护栏断了一截")
    page = await open_page("/centre", as_="leader1", dark=dark)
    await page.locator(".board-rows li").first.wait_for()
    assert await faults(page) == []
    for view in ("热点", "评价"):
        chosen = page.locator(".centre-views").get_by_role("button", name=view)
        await chosen.click()
        await expect(chosen).to_have_attribute("aria-pressed", "true")
        await page.wait_for_load_state("networkidle")
        assert await faults(page) == []
