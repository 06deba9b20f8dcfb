"""督查事项在浏览器里:分解派发、报送进展、填评分表、各单位统计;周期计划的各期;文书出具、更换、作废与核验。"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.http_city import HttpCity
from support.offices import START
from support.pack_site import pack_site

from yiwang.casework.model import Opened, Report
from yiwang.casework.steps import StepInput
from yiwang.kernel.cluster import EmbeddedServer

FONTS = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc")


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The city of offices, whose supervisors follow matters."""
    async with pack_site("offices", database_url, tmp_path_factory) as found:
        yield found


async def a_matter(city: HttpCity) -> Opened:
    """A leader's instruction that waits to be broken down."""
    report = Report(type="supervised-matter", channel="instruction", text="两个月内解决东街汛期积水", class_code="DC01")
    opened = await city.cases.report(report, await city.actor("leader1"))
    await city.step(opened.id, "file", by="supervisor1")
    return opened


async def parts_of(city: HttpCity, opened: Opened) -> list[dict[str, Any]]:
    answer = await (await city.client("supervisor1")).get(f"/api/v1/cases/{opened.id}/breakdown")
    assert answer.status_code == 200, answer.text
    parts: list[dict[str, Any]] = answer.json()["parts"]
    return parts


async def divided(city: HttpCity) -> list[dict[str, Any]]:
    """The parts of a matter that was broken down."""
    opened = await a_matter(city)
    parts = [
        {"title": "改造东街泵站", "organisation": "water-bureau", "limit": "30工作日", "weight": 3},
        {"title": "积水路段交通疏导预案", "organisation": "public-security", "limit": "10工作日"},
    ]
    answer = await (await city.client("supervisor1")).post(
        f"/api/v1/cases/{opened.id}/breakdown", json={"parts": parts}
    )
    assert answer.status_code == 201, answer.text
    return await parts_of(city, opened)


async def choose_office(page: Page, nth: int, name: str) -> None:
    await page.get_by_label("承办单位").nth(nth).click()
    await page.get_by_label("承办单位").nth(nth).fill(name)
    await page.get_by_title(name, exact=True).first.click()


async def test_分解派发_两个单位各有任务_进展汇总(site: Site, open_page: OpenPage) -> None:
    opened = await a_matter(site.city)
    page = await open_page(f"/desk/cases/{opened.id}", as_="supervisor1")
    await page.get_by_label("任务", exact=True).fill("改造东街泵站")
    await choose_office(page, 0, "区水务局")
    await page.get_by_label("权重").first.fill("3")
    await page.get_by_role("button", name="再加一项任务").click()
    second = page.get_by_role("group", name="任务 2")
    await second.get_by_label("任务", exact=True).fill("积水路段交通疏导预案")
    await choose_office(page, 1, "公安分局")
    await second.get_by_label("办理时限").fill("10")
    assert await faults(page) == []
    await look(page, "matter-divide")
    await page.get_by_role("button", name="派发 2 项任务").click()
    card = page.get_by_role("region", name=re.compile("督查任务分解 · 2 项任务"))
    await expect(card.get_by_role("link", name="1. 改造东街泵站")).to_be_visible()
    await expect(card).to_contain_text("区水务局")

    (first, _) = await parts_of(site.city, opened)
    office = await open_page(f"/desk/cases/{first['case_id']}", as_="water-desk")
    await office.get_by_label("完成比例(%)").fill("40")
    await office.get_by_label("进展情况").fill("水泵已到货,开始清淤")
    await office.get_by_role("button", name="报送进展").click()
    await expect(office.get_by_role("region", name="进展报送")).to_contain_text("水泵已到货,开始清淤")
    await expect(office.get_by_text("本期已报送;再报会替换原来的。")).to_be_visible()
    assert await faults(office) == []
    await look(office, "matter-progress", full=True)

    await site.city.until(START + timedelta(days=13, hours=1))  # 1 July: no report for June by the police
    await site.told()
    await site.city.services.plans.keep_up()
    await page.reload()
    await expect(card).to_contain_text("黄牌")
    await expect(card).to_contain_text("缺报 1 期")
    await expect(card.get_by_role("progressbar", name="总进度")).to_have_attribute("value", "30")
    assert await faults(page) == []
    await look(page, "matter-parts", full=True)


async def test_评分表_合计随填随算_否决项归零_评分后可查(site: Site, open_page: OpenPage) -> None:
    (first, _) = await divided(site.city)
    desk = await site.city.actor("water-desk")
    task = await site.city.task(first["case_id"])
    await site.city.cases.finishing.complete(task.id, desk, StepInput("confirm", "泵站改造完成"))
    page = await open_page(f"/desk/cases/{first['case_id']}", as_="supervisor1")
    sheet = page.locator(".sheet-panel")
    await sheet.get_by_role("button", name="通过", exact=True).click()
    await expect(sheet.get_by_role("alert")).to_have_count(4)
    await sheet.get_by_label("目标完成情况 得分").fill("0")
    await expect(sheet.get_by_role("status")).to_contain_text("否决项“目标完成情况”没有得分,总分为 0")
    await sheet.get_by_label("目标完成情况 得分").fill("45")
    await sheet.get_by_role("button", name="办理材料是否完整: 满分").click()
    await sheet.get_by_label("进展报送是否及时 得分").fill("16")
    await sheet.get_by_label("不适用").check()
    await expect(sheet.get_by_role("status")).to_contain_text("90 分(百分制)")
    await expect(sheet.get_by_role("status")).to_contain_text("良好")
    await page.evaluate("scrollTo(0, 0)")  # nothing half below the bar
    assert await faults(page) == []
    await look(page, "sheet-filling")
    await sheet.get_by_role("button", name="通过", exact=True).click()
    filled = page.get_by_role("region", name=re.compile("督查任务办理质量评分表 · 90 · 良好"))
    await expect(filled).to_contain_text("45 / 50")
    await expect(filled).to_contain_text("不适用")
    assert await faults(page) == []
    await look(page, "sheet-filled", full=True)

    figures = await open_page("/desk/plans/figures?since=2026-06-01&until=2026-12-31", as_="leader1")
    row = figures.get_by_role("row", name=re.compile("区水务局"))
    await expect(row).to_contain_text("100")
    assert await faults(figures) == []
    await look(figures, "plans-figures")


async def test_手机上填评分表_没有网也不丢(site: Site, open_page: OpenPage) -> None:
    (_, second) = await divided(site.city)
    desk = await site.city.actor("police-desk")
    task = await site.city.task(second["case_id"])
    await site.city.cases.finishing.complete(task.id, desk, StepInput("confirm", "预案已印发"))
    waiting = await site.city.task(second["case_id"])
    page = await open_page(f"/field/task/{waiting.id}", as_="supervisor1", phone=True)
    await page.get_by_role("button", name="通过", exact=True).click()
    for name in ("目标完成情况", "办理材料是否完整", "进展报送是否及时", "长效机制"):
        await page.get_by_role("button", name=f"{name}: 满分").click()
    await expect(page.get_by_text("100 分(百分制)")).to_be_visible()
    assert await faults(page) == []
    await look(page, "field-sheet", full=True)
    await page.get_by_role("button", name="提交:通过").click()
    await page.wait_for_url("**/field")
    client = await site.city.client("supervisor1")
    for _ in range(300):
        answer = await client.get(f"/api/v1/cases/{second['case_id']}/sheets")
        if answer.json()["items"]:
            break
        await page.wait_for_timeout(200)
    (sheet,) = answer.json()["items"]
    assert (sheet["result"]["total"], sheet["result"]["verdict"]) == (100, "good")


async def test_周期计划_各期状态_每个单位一件(site: Site, open_page: OpenPage) -> None:
    await site.city.until(START + timedelta(days=15))
    await site.told()
    while await site.city.services.plans.keep_up():
        pass
    page = await open_page("/desk/plans", as_="supervisor1")
    await look(page, "plans")
    await page.get_by_role("link", name="督查工作月报").click()
    period = page.get_by_role("button", name=re.compile("2026年6月 "))
    await expect(period).to_contain_text("办结 0/6")
    await expect(page.get_by_role("row", name=re.compile("区水务局"))).to_contain_text("待报送")
    assert await faults(page) == []
    await look(page, "plan-periods")
    await page.get_by_role("row", name=re.compile("区水务局")).get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.skipif(not FONTS.exists(), reason="fonts-noto-cjk is not installed")
async def test_文书_出具_更换_作废_陌生人核验(site: Site, open_page: OpenPage) -> None:
    opened = await site.city.report("学校门口垃圾桶满了没人收")
    await site.city.to(opened, "close")
    page = await open_page(f"/desk/cases/{opened.id}", as_="city-desk")
    card = page.get_by_role("region", name="文书", exact=True)
    await card.get_by_role("button", name="出具文书").click()
    rows = card.locator("tbody tr")
    await expect(rows).to_have_count(1)
    async with page.expect_download() as caught:
        await card.get_by_role("button", name=re.compile("^下载")).click()
    pdf = Path(await (await caught.value).path()).read_bytes()
    assert pdf.startswith(b"%PDF")
    await card.get_by_role("button", name=re.compile("^更换")).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("理由").fill("地点写错")
    await dialog.get_by_role("button", name="更换").click()
    await expect(rows).to_have_count(2)
    await expect(rows.nth(1)).to_contain_text("地点写错")
    assert await faults(page) == []
    await look(page, "case-documents", full=True)

    answer = await (await site.city.client()).post(
        "/api/v1/documents/delivered", json={"number": opened.number, "code": opened.code}
    )
    held = next(item for item in answer.json()["items"] if item["state"] == "issued")
    follow = await open_page(f"/follow#number={opened.number}&code={opened.code}", phone=True)
    await expect(follow.get_by_role("heading", name="送达的文书")).to_be_visible()
    assert await faults(follow) == []
    await look(follow, "follow-papers", full=True)
    stranger = await open_page("/verify")
    await stranger.get_by_label("文号").fill(held["number"])
    await stranger.get_by_label("核验码").fill(held["code"].lower())
    await stranger.get_by_role("button", name="核验").click()
    await expect(stranger.get_by_role("status").first).to_contain_text("有效:由所示机关出具,未被改动")
    assert await faults(stranger) == []
    await look(stranger, "verify")
    await stranger.get_by_label("选择 PDF 文件").set_input_files(
        {"name": "旧.pdf", "mimeType": "application/pdf", "buffer": pdf}
    )
    await expect(stranger.get_by_role("status").first).to_contain_text("已更换")
    await expect(stranger.get_by_role("status").first).to_contain_text(held["number"])

    await card.get_by_role("button", name=re.compile("^作废")).click()
    await dialog.get_by_label("理由").fill("撤回答复")
    await dialog.get_by_role("button", name="作废").click()
    await expect(rows.nth(0)).to_contain_text("撤回答复")


async def test_小屏_深色_英文也看得清(site: Site, open_page: OpenPage) -> None:
    (first, _) = await divided(site.city)
    client = await site.city.client("supervisor1")
    parent = (await client.get(f"/api/v1/cases/{first['case_id']}/progress")).json()["parent"]
    for name, path in (("matter", f"/desk/cases/{parent}"), ("plans", "/desk/plans"), ("verify", "/verify")):
        page = await open_page(path, as_="supervisor1", phone=True, dark=True, language="en")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await faults(page) == []
        await look(page, f"small-dark-{name}", full=True)
