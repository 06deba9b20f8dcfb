"""从上报到办好的一圈,居民只用一部手机:报了、结案了、不满意、要求重新办理、再结案、重新评价。"""

from __future__ import annotations

from uuid import UUID

from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look

from yiwang.casework.model import Opened

GATE = {"latitude": 39.0141, "longitude": 117.0083, "accuracy": 9}


async def test_居民报_结案_不满意_重新办理_再结案_改评价(open_page: OpenPage, site: Site) -> None:
    page = await open_page("/", phone=True, geolocation=GATE, permissions=["geolocation"])
    await page.get_by_role("link", name="我要上报").click()
    await page.get_by_label("1. 什么事?").fill("小区西门外垃圾桶满了,几天没人收")
    await page.get_by_role("button", name="我就在这里").click()
    await expect(page.get_by_text("位置已选好")).to_be_visible()
    await page.get_by_role("button", name="提交").click()
    number = await page.locator("[data-receipt=number]").inner_text()
    code = await page.locator("[data-receipt=code]").inner_text()
    await page.get_by_role("link", name="查看进度").click()
    await expect(page.get_by_role("heading", name="办理经过")).to_be_visible()
    await look(page, "portal-loop-1-following", full=True)

    client = await site.city.client("shift1")
    found = (await client.get("/api/v1/cases", params={"q": number})).json()["items"][0]
    kind = found["class_code"], found["class_name"]
    opened = Opened(UUID(found["id"]), number, code, found["status"], *kind, "", "", None, repeated=False)
    await site.city.close(opened)
    await page.reload()
    await page.get_by_role("radio", name="不满意", exact=True).check()
    await page.get_by_label("想说的话").fill("桶还是满的")
    await look(page, "portal-loop-2-rating", full=True)
    await page.get_by_role("button", name="提交评价").click()
    await expect(page.get_by_text("您的评价:不满意")).to_be_visible()
    assert await faults(page) == []
    await look(page, "portal-loop-3-rated", full=True)
    await page.get_by_label("还有什么问题").fill("桶没有清,旁边又堆了几袋")
    await page.get_by_role("button", name="要求重新办理").click()
    await expect(page.get_by_text("桶没有清,旁边又堆了几袋")).to_be_visible()
    await expect(page.get_by_text("您上次的评价:不满意")).to_be_visible()
    await expect(page.get_by_role("button", name="改评价")).to_have_count(0)
    await look(page, "portal-loop-4-reopened", full=True)

    await site.city.close(opened)
    await page.reload()
    await page.get_by_role("button", name="改评价").click()
    await page.get_by_role("radio", name="满意", exact=True).check()
    await page.get_by_role("button", name="提交评价").click()
    await expect(page.get_by_text("您的评价:满意")).to_be_visible()
    await expect(page.get_by_role("heading", name="没有解决?")).to_be_visible()
    await look(page, "portal-loop-5-content", full=True)
    assert await faults(page) == []
    told = (await client.get(f"/api/v1/cases/{opened.id}")).json()
    assert (told["satisfaction"], told["reopen_count"], told["state"]) == (4, 1, "closed")
