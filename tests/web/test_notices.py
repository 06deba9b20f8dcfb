"""公告:值班长写、发布、修改、撤下,居民在门户上看、查、订阅;谁看过我的信息,凭编号和查询码看得到。"""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.http_city import refused

DRAFT = {
    "title_zh": "东街夜间道路养护",
    "text_zh": "6 月 20 日夜间施工。\n\n请绕行<b>西街</b>。",
    "title_en": "Night works in Dongjie",
}


async def test_写公告_发布_门户看得到也查得到_撤下就没有了(site: Site, open_page: OpenPage) -> None:
    desk = await open_page("/desk/notices", as_="shift1")
    await expect(desk.get_by_text("还没有公告")).to_be_visible()
    await desk.get_by_role("button", name="写公告").click()
    await desk.get_by_label("标题", exact=True).fill(DRAFT["title_zh"])
    await desk.get_by_label("正文", exact=True).fill(DRAFT["text_zh"])
    await desk.get_by_label("英文标题(可不填)").fill(DRAFT["title_en"])
    await look(desk, "notice-write")
    await desk.get_by_role("button", name="保存", exact=True).click()
    row = desk.get_by_role("row").filter(has_text=DRAFT["title_zh"])
    await expect(row).to_contain_text("草稿")
    portal = await open_page("/notices", phone=True)
    await expect(portal.get_by_text("现在没有公告。")).to_be_visible()
    await row.get_by_role("button", name="发布").click()
    await desk.locator(".ant-modal-confirm-btns").get_by_role("button", name="发布").click()
    await expect(row).to_contain_text("已发布")
    assert await faults(desk) == []
    await look(desk, "notices-desk")
    await portal.reload()
    await portal.get_by_role("link", name=DRAFT["title_zh"]).click()
    await expect(portal.get_by_role("heading", name=DRAFT["title_zh"])).to_be_visible()
    await expect(portal.get_by_text("请绕行<b>西街</b>。")).to_be_visible()
    assert await faults(portal) == []
    await look(portal, "notice")
    await portal.goto("/notices?q=施工")
    await expect(portal.get_by_role("link", name=DRAFT["title_zh"])).to_be_visible()
    await portal.goto("/notices?q=停水")
    await expect(portal.get_by_text("没有找到这样的公告。")).to_be_visible()
    await portal.goto("/")
    await expect(portal.get_by_role("link", name=DRAFT["title_zh"])).to_be_visible()
    visitor = await site.city.client()
    feed = await visitor.get("/api/v1/notices.atom", params={"lang": "en"})
    titles = [item.text for item in ElementTree.fromstring(feed.content).iter("{http://www.w3.org/2005/Atom}title")]
    assert DRAFT["title_en"] in titles
    await row.get_by_role("button", name="撤下").click()
    await desk.get_by_label("原因").fill("施工取消")
    await desk.locator(".ant-modal").get_by_role("button", name="撤下").click()
    await expect(row).to_contain_text("撤下原因:施工取消")
    await portal.goto("/notices")
    await expect(portal.get_by_text("现在没有公告。")).to_be_visible()


async def test_两人同时改一份公告_后保存的被告知_没有权限的被拒绝(site: Site) -> None:
    shift = await site.city.client("shift1")
    written = (await shift.post("/api/v1/desk/notices", json=DRAFT)).json()
    address = f"/api/v1/desk/notices/{written['id']}"
    changed = {**DRAFT, "title_zh": "东街夜间道路养护(改)", "version": written["version"]}
    answers = await asyncio.gather(*(shift.put(address, json=changed) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    refused(late, 409, "notice.changed_meanwhile")
    visitor = await site.city.client()
    assert (await visitor.get(f"/api/v1/notices/{written['id']}")).status_code == 404
    refused(await visitor.post("/api/v1/desk/notices", json=DRAFT), 401)
    operator = await site.city.client("operator1")
    refused(await operator.post("/api/v1/desk/notices", json=DRAFT), 403)
    refused(await operator.post(f"{address}/publish"), 403)
    refused(await shift.post("/api/v1/desk/notices", json={**DRAFT, "title_zh": " "}), 422)
    assert (await shift.post(f"{address}/publish")).status_code == 200
    refused(await shift.post(f"{address}/publish"), 409, "notice.not_now")
    assert (await shift.post(f"{address}/withdraw", json={"reason": "重复"})).status_code == 200
    refused(await shift.put(address, json={**changed, "version": 4}), 409, "notice.not_now")


async def test_谁看过我的信息_机构岗位时间用途都在_没有人名(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("楼道里堆放杂物")
    page = await open_page(f"/records#number={opened.number}&code={opened.code}", phone=True)
    await expect(page.get_by_text(f"没有人看过 {opened.number} 的姓名和电话。")).to_be_visible()
    desk = await site.city.client("acceptor1")
    seen = await desk.get(f"/api/v1/cases/{opened.id}", params={"purpose": "回访核实地点"})
    assert seen.json()["reporter"]["phone"] == "13812345678"
    await desk.get(f"/api/v1/cases/{opened.id}")  # masked: nothing to tell
    await page.get_by_role("button", name="查看").click()
    story = page.locator(".follow-story")
    await expect(story).to_contain_text("受理员")
    await expect(story).to_contain_text("用途:回访核实地点")
    assert "李晓敏" not in await page.locator("main").inner_text()
    await expect(story.locator("li")).to_have_count(1)
    assert await faults(page) == []
    await look(page, "records-read", full=True)
    visitor = await site.city.client()
    wrong = await visitor.post("/api/v1/cases/records-read", json={"number": opened.number, "code": "AAAAAA"})
    refused(wrong, 404, "case.follow_code_wrong")
