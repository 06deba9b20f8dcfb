"""食品药品投诉举报在浏览器里走一遍:居民在门户投诉,受理、审批、流转、交办、核查办理、上报、审核、答复办结,结果公布。"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from packs_city import case_of, finish, on_the_spot
from playwright.async_api import Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site, send

from yiwang.kernel.cluster import EmbeddedServer

MARKET = (117.0132, 39.007)
SHOP = "东街小超市"
LICENCE = "JY11201990000001"


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The city of markets."""
    async with pack_site("markets", database_url, tmp_path_factory) as found:
        yield found


async def complain(open_page: OpenPage) -> tuple[Page, str]:
    """A resident complains on a telephone: the page that follows it, and its number."""
    page = await open_page("/report", **on_the_spot(*MARKET))
    about = page.get_by_role("group", name="这是关于")
    await about.get_by_role("button", name="食品药品投诉举报").click()
    await page.get_by_label("1. 什么事?").fill("菜市场的小超市卖过期牛奶")
    await page.get_by_label("被投诉举报单位").fill(SHOP)
    await page.get_by_label("商品或服务").fill("牛奶")
    await page.get_by_label("购买日期").fill("2026-06-17")
    await page.get_by_label("要求保密").check()
    await page.get_by_role("button", name="我就在这里").click()
    await expect(page.get_by_text("位置已选好")).to_be_visible()
    await page.locator("summary").filter(has_text="联系方式").click()
    await page.get_by_label("称呼").fill("何阿姨")
    await page.get_by_label("手机").fill("13900001234")
    assert await faults(page) == []
    await look(page, "food-complaint-portal", full=True)
    await page.get_by_role("button", name="提交").click()
    receipt = page.locator("[data-receipt=number]")
    await expect(receipt).to_have_text(re.compile(r"^SY20260618\d{6}$"))
    await expect(page.get_by_text("初步分类:销售过期食品")).to_be_visible()
    number = await receipt.inner_text()
    await page.get_by_role("link", name="查看进度").click()
    await expect(page.get_by_role("heading", name="办理经过")).to_be_visible()
    await expect(page.locator(".follow-status")).to_have_text("待受理")
    return page, number


async def test_居民投诉_受理审批流转交办_核查处罚_上报审核_答复办结(site: Site, open_page: OpenPage) -> None:
    resident, number = await complain(open_page)
    people = await case_of(site, open_page, number)

    officer = await people.from_tasks("complaints1", "受理")
    facts = officer.get_by_role("region", name="要素")
    await expect(facts).to_contain_text(SHOP)
    await expect(facts).to_contain_text("要求保密是")
    await expect(officer.get_by_text("13900001234")).to_have_count(0)  # only for a purpose that is said
    await finish(officer, "拟受理")
    chief = await people.at("chief1", "审批")
    await finish(chief, "批准", choose={"是否重大": "否"})
    await finish(await people.at("complaints1", "流转"), "流转交办")
    await finish(await people.at("market-desk", "交办签收"), "交办", person="冯宏")

    handler = await people.at("market-handler", "核查办理")
    fine = handler.get_by_label("罚款(元)")
    await expect(handler.get_by_label("处理措施")).to_be_visible()
    await expect(fine).to_have_count(0)
    await handler.get_by_label("处理措施").select_option(label="罚款")
    await expect(fine).to_have_attribute("required", "")
    assert await faults(handler) == []
    await look(handler, "food-complaint-handle", full=True)
    await finish(
        handler,
        "办理完毕",
        note="现场查获过期牛奶六盒",
        choose={"核查结论": "属实", "处理措施": "罚款"},
        fill={"被投诉主体许可(备案)编号": LICENCE, "罚款(元)": "2000"},
    )
    await finish(await people.at("market-desk", "结果上报"), "上报", note="属实,已立案罚款")
    await finish(await people.at("chief1", "审核"), "同意")
    officer = await people.at("complaints1", "答复回访")
    await finish(officer, "已答复", stars=5)
    await expect(officer.get_by_role("heading", level=1)).to_contain_text("已办结")
    await expect(facts).to_contain_text("★★★★★")
    await expect(facts).to_contain_text("是否重大否")
    assert await faults(officer) == []
    await look(officer, "food-complaint-closed", full=True)

    await resident.reload()
    await expect(resident.locator(".follow-status")).to_have_text("已办结")
    await expect(resident.locator(".follow-story li").first).to_be_visible()
    assert await faults(resident) == []
    await look(resident, "food-complaint-follow", full=True)


async def closed_complaint(site: Site) -> str:
    """Another complaint that is answered already; its text names who complained."""
    report = {
        "type": "food-complaint", "channel": "web", "text": "我是陈阿姨,小超市的面包发霉变质", "lon": MARKET[0], "lat": MARKET[1],
        "reporter": {"name": "陈阿姨", "phone": "13900005678"}, "fields": {"business": SHOP, "goods": "面包"},
    }  # fmt: skip
    opened = await send(site, None, "/cases", report)
    case, city = UUID(opened["id"]), site.city
    await city.step(case, "file", standard="default")
    await city.step(case, "approve", fields={"major": False})
    await city.step(case, "dispatch", department="market")
    await city.step(case, "handle_self")
    measures = {"finding": "属实", "licence": LICENCE, "penalty": "罚款", "fine": 3000}
    await city.step(case, "finish", by="market-desk", note="已查处", fields=measures)
    await city.step(case, "report", note="属实")
    await city.step(case, "accept")
    await city.step(case, "done", satisfaction=4)
    return str(opened["number"])


async def test_结果公布_专员提出_负责人批准_公众看到单位和措施_看不到投诉人(site: Site, open_page: OpenPage) -> None:
    number = await closed_complaint(site)
    officer = await open_page("/desk/publicity", as_="complaints1")
    card = officer.get_by_role("region", name="食品药品投诉举报办理结果")
    await card.get_by_role("button", name=re.compile("提出新一期")).click()
    await card.get_by_label("标题").fill("六月投诉举报办理结果")
    await card.get_by_role("button", name="送审").click()
    await expect(card.get_by_role("row", name=re.compile("六月投诉举报办理结果"))).to_contain_text("待批准")
    await expect(officer.get_by_role("button", name="批准公示")).to_have_count(0)

    chief = await open_page("/desk/publicity", as_="chief1")
    await chief.get_by_role("link", name="六月投诉举报办理结果").click()
    await expect(chief.get_by_role("row").filter(has_text=number)).to_contain_text("属实")
    heading, first = chief.get_by_role("columnheader", name="编号"), chief.get_by_role("row").nth(1)
    above, below = await heading.bounding_box(), await first.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"] + 2  # the heading lies on no row
    assert await faults(chief) == []
    await look(chief, "food-complaint-outcomes-desk")
    await chief.get_by_role("button", name="批准公示").click()
    await chief.get_by_role("dialog").get_by_role("button", name="批准公示").click()
    await expect(chief.get_by_role("heading", name=re.compile("公示中"))).to_be_visible()

    public = await open_page("/publicity", phone=True)
    await public.get_by_role("link", name=re.compile("六月投诉举报办理结果")).click()
    await expect(public.get_by_role("heading", level=1)).to_contain_text("六月投诉举报办理结果")
    shown = public.locator("main")
    for word in (number, SHOP, "销售过期食品", "属实", "罚款", "3,000", "06-18 08:00"):
        await expect(shown).to_contain_text(word)
    for secret in ("陈阿姨", "13900005678", "发霉"):
        await expect(shown).not_to_contain_text(secret)
    assert await faults(public) == []
    await look(public, "food-complaint-outcomes-public", full=True)
    english = await open_page(public.url, language="en")
    await expect(english.get_by_role("row").filter(has_text=number)).to_contain_text("Expired food sold")
