"""感知·规则:改条件、用历史试算、存草稿、发布、比较版本;不该改的人只能试算。"""

from __future__ import annotations

import re

from playwright.async_api import expect
from senses_city import SensesCity
from support.accessibility import faults
from support.browsing import OpenPage, Site, look


async def test_改规则_试算说会报几次_存草稿_发布_比较(site: Site, open_page: OpenPage) -> None:
    senses = SensesCity(site)
    await senses.hydrant("HYD-51", "试算消火栓")
    await senses.send("HYD-51", "tilt", 1, 12, 1, 14, 1, 25, 1, step=600)
    page = await open_page("/desk/senses/rules", as_="shift1")
    await expect(page.get_by_role("row").filter(has_text="消火栓被撞倒")).to_contain_text("> 20")
    assert await faults(page) == []
    await look(page, "senses-rules")
    await page.get_by_role("link", name="消火栓被撞倒").click()
    trial = page.get_by_role("region", name="用历史试算")
    await trial.get_by_role("button", name="开始试算").click()
    await expect(trial).to_contain_text("会报警 1 次")
    await page.get_by_label("高于", exact=True).first.fill("10")
    await page.get_by_label("降到以下才恢复").fill("5")
    await trial.get_by_role("button", name="开始试算").click()
    await expect(trial).to_contain_text("会报警 3 次")
    await expect(trial.get_by_role("listitem")).to_have_count(3)
    assert await faults(page) == []
    await look(page, "senses-rule", full=True)
    await page.get_by_label("改了什么、为什么").fill("汛期从严")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_text(re.compile("草稿已保存"))).to_be_visible()
    await page.get_by_role("button", name="发布", exact=True).click()
    await page.get_by_role("button", name="确认发布").click()
    await expect(page.get_by_text("已发布,开始生效。")).to_be_visible()
    versions = page.get_by_role("region", name="版本")
    await expect(versions.locator("li")).to_have_count(2)
    await versions.locator("li").filter(has_text="应用包").get_by_role("button", name="比较").click()
    compared = page.get_by_role("region", name="比较")
    await expect(compared.locator("mark").filter(has_text="when.above: 20")).to_be_visible()
    await expect(compared.locator("mark").filter(has_text="when.above: 10")).to_be_visible()
    await look(page, "senses-rule-compare")
    await page.goto("/desk/senses/rules")
    await expect(page.get_by_role("row").filter(has_text="消火栓被撞倒")).to_contain_text("本市")


async def test_写错了_服务器说错在哪_不丢已填的(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/senses/rules/hydrant-knocked", as_="shift1")
    await page.get_by_label("降到以下才恢复").fill("99")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_role("alert")).to_contain_text("clear_below")
    await expect(page.get_by_label("降到以下才恢复")).to_have_value("99")


async def test_派遣员可以试算_不能改(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/senses/rules/hydrant-knocked", as_="dispatcher1", language="en")
    await expect(page.get_by_text("You may try the rule on the past")).to_be_visible()
    await expect(page.get_by_role("button", name="Save the draft")).to_have_count(0)
    await expect(page.get_by_role("button", name="Try it")).to_be_visible()
    assert not re.search(r"[\u4e00-\u9fff]", await page.locator(".senses form").inner_text())
