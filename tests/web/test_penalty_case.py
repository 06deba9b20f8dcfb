"""行政处罚案件在浏览器里走一遍:巡查、受理、移送、立案、核实、审核、集体讨论、告知、决定、复议、执行、结案、归档、反馈。"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from packs_city import People, case_of, finish, on_the_spot, report_on_the_spot
from playwright.async_api import Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.pack_site import pack_site

from yiwang.casework.model import Report
from yiwang.kernel.cluster import EmbeddedServer

FONTS = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc")
MARKET = (117.0132, 39.007)
PARTY = {
    "partykind": "个体工商户",
    "partyname": "王大明",
    "partyid": "120111197803053215",
    "facts": "木炭烤炉一台露天烧烤。",
}
SERVED = {"servedon": "2026-06-18", "servedhow": "直接送达", "servedto": "王大明"}


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The city of offices with enforcement power."""
    async with pack_site("enforcement", database_url, tmp_path_factory) as found:
        yield found


async def printed(page: Page, name: str, number: str) -> None:
    """The document stands on the case page; its link opens a PDF."""
    row = page.get_by_role("region", name="文书", exact=True).get_by_role("row").filter(has_text=number)
    await expect(row).to_contain_text(name)
    link = row.get_by_role("link", name=re.compile("^预览"))
    await expect(link).to_be_visible()
    if not FONTS.exists():
        return
    answer = await page.request.get(str(await link.get_attribute("href")))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert (await answer.body()).startswith(b"%PDF")


async def test_巡查到立案_文书随案出具可打印(site: Site, open_page: OpenPage) -> None:
    patrol = await open_page("/field/report", as_="officer1", **on_the_spot(*MARKET))
    number = await report_on_the_spot(patrol, "露天烧烤", "东街菜市场门口有人在禁止区域露天烧烤", "orange")
    assert number.startswith("AJ20260618")
    people = await case_of(site, open_page, number)

    acceptor = await people.from_tasks("acceptor1", "案件受理")
    await finish(acceptor, "受理")
    await finish(await people.at("dispatcher1", "按职责移送"), "移送")
    desk = await people.at("city-desk", "承办部门接收")
    await printed(desk, "案件移送函", "区城市运行管理中心移〔2026〕1号")
    await finish(desk, "确定主办人", person="沈执一")
    chief = await people.at("chief1", "立案审批")
    await finish(chief, "准予立案", note="同意立案")
    await expect(chief.locator(".case-steps [aria-current=step]")).to_have_text("亮证告知与回避申报")
    await printed(chief, "立案审批表", "区综合行政执法局立〔2026〕1号")
    assert await faults(chief) == []
    await look(chief, "penalty-filed", full=True)

    officer = await people.at("officer1", "亮证告知与回避申报")
    await finish(officer, "无回避情形,已亮证告知", fill={"主办人执法证号": "执02-1001"})
    officer = await people.at("officer1", "现场核实")
    await finish(
        officer,
        "违法事实存在",
        choose={"当事人类型": "个体工商户"},
        fill={"当事人": "王大明", "证件号码": PARTY["partyid"], "现场情况": "当事人使用木炭烤炉一台露天烧烤。"},
        photo="brown",
    )
    officer = await people.at("officer1", "协办人核对")
    now = officer.get_by_role("region", name="可以办理")  # two officers sign, and no one for both
    await expect(now).to_contain_text("现在轮到")
    await now.locator("summary").filter(has_text="现在不能做的").click()
    await expect(now.get_by_text("须由他人办理").first).to_be_visible()
    await expect(now.get_by_role("button", name="核对无误")).to_have_count(0)
    second = await people.task_in_the_field("officer3", "东街菜市场门口有人", **on_the_spot(*MARKET))
    await second.get_by_role("button", name="核对无误", exact=True).click()
    await second.get_by_label("协办人执法证号").fill("执02-1003")
    assert await faults(second) == []
    await look(second, "penalty-second-officer-phone", full=True)
    await people.answer_in_the_field(second, "核对无误")
    officer = await people.at("officer1", "案件信息汇总上报")
    await printed(officer, "现场检查笔录", "区综合行政执法局检〔2026〕1号")


async def a_case(site: Site, open_page: OpenPage) -> People:
    """A penalty case whose facts are established: it waits to be summed up by officer1."""
    lon, lat = site.city.elsewhere()
    photo = (await site.city.photo(await site.city.actor("officer1")),)
    report = Report("penalty-case", "officer", "市场北门露天烧烤", lon=lon, lat=lat, class_code="1004", photos=photo)
    opened = await site.city.cases.report(report, await site.city.actor("officer1"))
    account = UUID(str((await site.city.account("officer1"))["id"]))
    step, case = site.city.step, opened.id
    await step(case, "file", by="acceptor1", standard="default")
    await step(case, "dispatch", by="dispatcher1", department="enforcement")
    await step(case, "assign", by="city-desk", handler=account)
    await step(case, "approve", by="chief1")
    await step(case, "none", by="officer1", fields={"certificate1": "执02-1001"})
    photo = (await site.city.photo(await site.city.actor("officer1")),)
    await step(case, "exist", by="officer1", fields=PARTY, photos=photo)
    await step(case, "agree", by="officer3", fields={"certificate2": "执02-1003"})
    return await case_of(site, open_page, opened.number)


async def test_汇总_法制审核_罚款超出裁量幅度须集体讨论_下达处罚决定书(site: Site, open_page: OpenPage) -> None:
    people = await a_case(site, open_page)
    officer = await people.at("officer1", "案件信息汇总上报")
    await finish(
        officer,
        "上报",
        choose={"违法程度": "一般", "两年内再次违法": "否"},
        fill={"违反的法律条款": "大气污染防治法第八十一条第三款", "工程造价(元,无造价填0)": "0"},
    )
    reviewer = await people.at("reviewer1", "法制审核")
    await expect(reviewer.get_by_role("row").filter(has_text="案件调查终结报告")).to_be_visible()
    await finish(reviewer, "审核通过")
    chief = await people.at("chief1", "领导审核并作出决定")
    decision = {"责令改正与其他处罚": "立即停止违法行为"}
    fine = "拟罚款金额(元,不填按建议下限)"
    await finish(chief, "拟予处罚,告知当事人", fill={**decision, fine: "20000"})
    chief = await people.at("chief1", "集体讨论")
    await look(chief, "penalty-discuss", full=True)
    await finish(chief, "重新裁量", note="无从重情节,按基准裁量")
    chief = await people.at("chief1", "领导审核并作出决定")
    await finish(chief, "拟予处罚,告知当事人", fill={**decision, fine: "8000"})
    officer = await people.at("officer1", "发送执法告知书")
    await finish(
        officer,
        "已送达",
        choose={"送达文书": "行政处罚事先告知书", "送达方式": "直接送达"},
        fill={"送达日期": "2026-06-18", "收件人": "王大明"},
    )
    await finish(await people.at("officer1", "陈述申辩与听证申请期"), "要求听证", note="当事人书面要求听证")
    reviewer = await people.at("reviewer1", "举行听证")
    await expect(reviewer.get_by_role("region", name="要素")).to_contain_text("期间不计入时限")
    await finish(reviewer, "已听证", fill={"听证日期": "2026-06-18", "听证意见": "事实清楚,程序合法"})
    chief = await people.at("chief1", "下达行政处罚决定")
    await finish(chief, "下达处罚决定书")
    await expect(chief.locator(".case-steps [aria-current=step]")).to_have_text("送达处罚决定书")
    await printed(chief, "行政处罚决定书", "区综合行政执法局罚决〔2026〕1号")
    assert await faults(chief) == []
    await look(chief, "penalty-decision", full=True)
    english = await open_page(f"/desk/cases/{people.case}", as_="chief1", language="en")
    await expect(english.get_by_role("row").filter(has_text="Penalty decision")).to_be_visible()
    await expect(english.locator(".case-steps [aria-current=step]")).to_have_text("Serve the decision")
    await look(english, "penalty-decision-en", full=True)


async def test_送达_复议维持_执行_结案归档_反馈评价(site: Site, open_page: OpenPage) -> None:
    people = await a_case(site, open_page)
    case, step = UUID(people.case), site.city.step
    summary = {"provision": "大气污染防治法第八十一条第三款", "degree": "一般", "repeated": False, "cost": 0}
    await step(case, "submit", by="officer1", fields=summary)
    await step(case, "pass", by="reviewer1")
    await step(case, "penalise", by="chief1", fields={"fine": 8000, "measures": "立即停止违法行为"})
    await step(case, "served", by="officer1", fields={**SERVED, "servedwhat": "行政处罚事先告知书"})
    await step(case, "no_request", by="officer1")
    await step(case, "confirm", by="chief1")
    await step(case, "served", by="officer1", fields={**SERVED, "servedwhat": "行政处罚决定书"})

    await finish(await people.at("reviewer1", "公示处罚决定"), "已公示")
    await finish(await people.at("officer1", "执行"), "当事人申请行政复议", note="当事人不服,申请复议")
    justice = await people.from_tasks("justice1", "行政复议")
    assert await faults(justice) == []
    await look(justice, "penalty-reconsideration", full=True)
    await finish(justice, "维持", note="事实清楚,依据正确", fill={"复议决定书文号": "区政复〔2026〕6号"})
    await finish(await people.at("officer1", "执行"), "当事人已履行", note="罚款已缴")
    await finish(await people.at("chief1", "结案审批"), "同意结案", note="同意")
    await finish(await people.at("officer1", "归档"), "已立卷归档", fill={"卷号": "2026-罚-0001"})
    acceptor = await people.at("acceptor1", "处理反馈")
    await finish(acceptor, "已反馈", note="占道烧烤已取缔并处罚", choose={"移交事项办理质量": "优"})
    officer = people.pages["officer1"]
    await officer.reload()
    await expect(officer.get_by_role("heading", level=1)).to_contain_text("已结案")
    await printed(officer, "卷内文件目录", "区综合行政执法局卷〔2026〕1号")
    await expect(officer.get_by_role("button", name="出具文书")).to_have_count(0)  # a closed file stays as it is
    facts = officer.get_by_role("region", name="要素")
    await expect(facts).to_contain_text("王**")  # who the party is stands masked, and who received the decision
    await expect(facts).not_to_contain_text("王大明")
    assert await faults(officer) == []
    await look(officer, "penalty-closed", full=True)
