"""大气污染网格案件在浏览器里走一遍:网格监督员在现场上传问题,受理、派遣到街道,处置、反馈,上传整改,结案、归档;当场整改。"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from packs_city import case_of, finish, on_the_spot, report_on_the_spot, take_photos
from playwright.async_api import expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site

from yiwang.kernel.cluster import EmbeddedServer

MARKET = (117.0132, 39.007)
CROSSROADS = (117.0162, 39.013)
AIR = "大气污染网格案件"


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The city of markets, which has the air pollution grid."""
    async with pack_site("markets", database_url, tmp_path_factory) as found:
        yield found


async def test_现场上传问题_派遣到街道_处置拍照_核查上传整改_结案归档(site: Site, open_page: OpenPage) -> None:
    worker = await open_page("/field/report", as_="worker2", **on_the_spot(*MARKET))
    await worker.get_by_role("group", name="业务").get_by_role("button", name=AIR, exact=True).click()
    number = await report_on_the_spot(worker, "焚烧垃圾", "菜市场后面烧垃圾,烟很大", "orange")
    assert number.startswith("DQ20260618")
    people = await case_of(site, open_page, number)

    acceptor = await people.from_tasks("acceptor1", "环保监督受理")
    await expect(acceptor.locator(".case-thumbs img")).to_have_count(1)
    await finish(acceptor, "立案")
    dispatcher = await open_page("/desk/dispatch", as_="dispatcher1")
    await expect(dispatcher.locator(".dispatch-list li")).to_have_count(1)
    await expect(dispatcher.locator("[data-accept]")).to_be_enabled()
    await expect(dispatcher.locator("main")).to_contain_text("属地街镇负责")
    await look(dispatcher, "air-dispatch")
    await dispatcher.keyboard.press("Enter")
    await expect(dispatcher.get_by_role("status").filter(has_text="已派给")).to_be_visible()
    await finish(await people.at("dongjie-desk", "部门接收"), "交办", person="曹刚")

    handler = await people.task_in_the_field("dongjie-handler", "菜市场后面烧垃圾", **on_the_spot(*MARKET))
    await expect(handler.get_by_text("您离案件位置")).to_be_visible()
    await people.answer_in_the_field(handler, "处置完毕", colour="gray", note="火已扑灭,垃圾清走")
    await finish(await people.at("dongjie-desk", "部门反馈"), "确认反馈")

    checker = await people.task_in_the_field("worker2", "菜市场后面烧垃圾", **on_the_spot(*MARKET))
    assert await faults(checker) == []
    await look(checker, "air-check-phone", full=True)
    await people.answer_in_the_field(checker, "整改到位", colour="green")

    acceptor = await people.at("acceptor1", "结案")
    compare = acceptor.get_by_role("group", name="前后对比")
    await expect(compare.get_by_role("button", name=re.compile("^上报"))).to_be_visible()
    await expect(compare.get_by_role("button", name=re.compile("^核查"))).to_be_visible()
    await expect(acceptor.locator(".case-story")).to_contain_text("火已扑灭,垃圾清走")
    assert await faults(acceptor) == []
    await look(acceptor, "air-close", full=True)
    await finish(acceptor, "结案")
    await finish(await people.at("acceptor1", "归档"), "归档")
    await expect(acceptor.get_by_role("heading", level=1)).to_contain_text("已归档")
    await expect(acceptor.get_by_text("案件已办结,没有待办的操作。")).to_be_visible()


async def test_当场整改_手机上一起上传两张照片和整改措施_直接结案(site: Site, open_page: OpenPage) -> None:
    worker = await open_page("/field/report", as_="worker1", **on_the_spot(*CROSSROADS))
    business = worker.get_by_role("group", name="业务")
    await expect(worker.get_by_label("整改措施")).to_have_count(0)
    await business.get_by_role("button", name="当场整改上报", exact=True).click()
    await worker.get_by_label("整改措施").fill("劝停并扑灭")
    await take_photos(worker, "orange")
    number = await report_on_the_spot(worker, "焚烧树叶枯草", "烧树叶,已劝停", "green")
    people = await case_of(site, open_page, number)
    acceptor = await people.at("acceptor1", "结案")
    await expect(acceptor.get_by_role("region", name="要素")).to_contain_text("劝停并扑灭")
    await expect(acceptor.locator(".case-thumbs img")).to_have_count(2)
    await finish(acceptor, "结案")
    await finish(await people.at("acceptor1", "归档"), "归档")
    await expect(acceptor.get_by_role("heading", level=1)).to_contain_text("已归档")


async def test_现场上报_只有自己的岗位能用的渠道_英文(open_page: OpenPage) -> None:
    handler = await open_page("/field/report", as_="dongjie-handler", **on_the_spot(*MARKET))
    await expect(handler.get_by_text("您的岗位不能在这里上报。")).to_be_visible()
    worker = await open_page("/field/report", as_="worker1", language="en", **on_the_spot(*MARKET))
    business = worker.get_by_role("group", name="Business")
    await expect(business.get_by_role("button", name="Put right on the spot", exact=True)).to_be_visible()
    await business.get_by_role("button", name="Put right on the spot", exact=True).click()
    await expect(worker.get_by_label(re.compile("Measures of rectification"))).to_be_visible()
    assert await faults(worker) == []
    await look(worker, "air-on-the-spot-en", full=True)
