"""The desk for those who use a keyboard and a screen reader: WCAG 2.2 AA by axe, by day and by night."""

from __future__ import annotations

import pytest
from support.accessibility import faults
from support.browsing import OpenPage, Site


@pytest.mark.parametrize("dark", [False, True], ids=["浅色", "深色"])
async def test_任务_案件_登记_派遣_无障碍(site: Site, open_page: OpenPage, dark: bool) -> None:
    opened = await site.city.report("车站门口积水,无法通行")
    await site.city.to(opened, "dispatch")
    page = await open_page("/desk", as_="dispatcher1", dark=dark)
    await page.get_by_role("row").nth(1).wait_for()
    assert await faults(page) == []
    await page.goto(f"/desk/cases/{opened.id}")
    await page.locator(".case-operations").wait_for()
    assert await faults(page) == []
    await page.goto("/desk/cases")
    await page.get_by_role("row").nth(1).wait_for()
    assert await faults(page) == []
    other = await open_page("/desk/intake", as_="operator1", dark=dark)
    await other.locator(".intake-form").wait_for()
    assert await faults(other) == []
    board = await open_page("/desk/dispatch", as_="dispatcher1", dark=dark)
    await board.locator("main h1").wait_for()
    assert await faults(board) == []
