"""流程设计:拖出一个两级审批并发布;有问题的地方说得出在哪;版本比较;热力图;决策表当表格改。"""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look

ADMINISTRATOR = "sysadmin"


async def drag(page: Page, what: Locator, x: float, y: float) -> None:
    """Drag with the mouse as a hand does: press, move in steps, let go."""
    box = await what.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] / 2 + 8, box["y"] + box["height"] / 2 - 4, steps=3)
    await page.mouse.move(x - 30, y - 10, steps=6)
    await page.mouse.move(x, y, steps=4)
    await page.mouse.up()


def shape(page: Page, id: str) -> Locator:
    return page.locator(f'.djs-shape[data-element-id="{id}"]')


async def middle(found: Locator) -> tuple[float, float]:
    box = await found.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def connect(page: Page, one: Locator, other: Locator) -> None:
    """Select the first, drag the arrow of its context pad onto the other."""
    await page.wait_for_timeout(800)  # two clicks in half a second would be a double click, which edits the name
    await page.mouse.click(*await middle(one))
    await drag(page, page.locator('.djs-context-pad.open [data-action="connect"]'), *await middle(other))


async def draw_out(page: Page, one: Locator, entry: str, x: float, y: float) -> None:
    """Select an element and drag the next one out of its context pad."""
    pad = page.locator(f'.djs-context-pad.open [data-action="{entry}"]')
    await page.wait_for_timeout(800)
    if not await pad.is_visible():
        await page.mouse.click(*await middle(one))
    await drag(page, pad, x, y)


async def choose(page: Page, field: str, option: str) -> None:
    """Pick from a select of the panel."""
    panel = page.locator(".designer-panel")
    await panel.get_by_label(field, exact=True).click()
    await page.locator(".ant-select-dropdown:visible").get_by_text(option, exact=False).first.click()


async def test_拖出两级审批_设置由谁办_检查_发布(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/designer", as_=ADMINISTRATOR)
    await expect(
        page.get_by_role("link", name="城市管理案件").or_(page.get_by_role("link", name="urban")).first
    ).to_be_visible()
    await look(page, "designer-list")
    await page.get_by_role("button", name="新建流程").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("代码").fill("two-step-approval")
    await dialog.get_by_label("中文名称", exact=True).fill("两级审批")
    await dialog.get_by_label("英文名称").fill("Two-step approval")
    await dialog.get_by_role("button", name="新建").click()
    await page.wait_for_url("**/flows/two-step-approval")
    start = shape(page, "start")
    await expect(start).to_be_visible()
    await expect(page.locator(".bjs-powered-by")).to_be_visible()

    x, y = await middle(start)
    step = page.locator('.djs-palette [data-action="create.user-task"]')
    await drag(page, step, x + 160, y)
    await expect(shape(page, "step1")).to_be_visible()
    await connect(page, start, shape(page, "step1"))
    # What is dragged out of a step's own pad is joined to it at once.
    await draw_out(page, shape(page, "step1"), "append.user-task", x + 380, y)
    await expect(shape(page, "step2")).to_be_visible()
    await draw_out(page, shape(page, "step2"), "append.end-event", x + 560, y)
    await expect(page.locator(".djs-shape[data-element-id^='Event_']").first).to_be_visible()

    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_role("heading", name="要改的地方")).to_be_visible()  # nobody does the steps yet
    await page.locator(".designer-findings").get_by_role("button", name="step1").first.click()
    panel = page.locator(".designer-panel")
    await expect(panel.get_by_role("heading", name="办理环节")).to_be_visible()
    await choose(page, "岗位", "受理员")
    await panel.get_by_label("名称", exact=True).fill("科室审批")
    await panel.get_by_role("textbox", name="时限 如").fill("1工作日")
    await panel.get_by_role("textbox", name="时限 如").press("Enter")
    await page.mouse.click(*await middle(shape(page, "step2")))
    await expect(panel.get_by_role("heading", name="step2")).to_be_visible()
    await choose(page, "岗位", "领导")
    await panel.get_by_label("名称", exact=True).fill("领导审批")
    await panel.get_by_label("名称", exact=True).press("Enter")
    await look(page, "designer-two-steps")
    await (
        page.get_by_role("button", name="发 布").or_(page.get_by_role("button", name="发布", exact=True)).first.click()
    )
    sure = page.get_by_role("dialog")
    await expect(sure).to_contain_text("发布后")
    await sure.get_by_role("button", name="发布").click()
    await expect(page.get_by_text("第 1 版已发布")).to_be_visible()

    admin = await site.city.client(ADMINISTRATOR)
    made = (await admin.get("/api/v1/definitions/two-step-approval")).json()
    assert made["state"] == "published"
    assert [(one["names"]["zh"], one["post"], one["deadline"]) for one in made["steps"]] == [
        ("科室审批", "acceptor", "1工作日"),
        ("领导审批", "leader", None),
    ]


async def test_画错了_说得出在哪个元素_撤销能回去(open_page: OpenPage) -> None:
    page = await open_page("/desk/designer/flows/patrol-task", as_=ADMINISTRATOR)
    await expect(page.locator(".djs-shape").first).to_be_visible()
    await expect(page.get_by_text("有未保存的修改")).to_have_count(0)
    await page.mouse.click(*await middle(shape(page, "review")))
    await expect(page.locator(".designer-panel").get_by_role("heading", name="review")).to_be_visible()
    await page.keyboard.press("Delete")
    await expect(page.get_by_text("有未保存的修改")).to_be_visible()
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_role("heading", name="要改的地方")).to_be_visible()
    await page.get_by_role("button", name="撤销").click()
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.locator(".designer-findings").get_by_text("没有问题,可以发布。")).to_be_visible()


async def test_现有流程_原样保留我们的设置(site: Site, open_page: OpenPage) -> None:
    admin = await site.city.client(ADMINISTRATOR)
    before = (await admin.get("/api/v1/definitions/urban-case")).json()
    page = await open_page("/desk/designer/flows/urban-case", as_=ADMINISTRATOR)
    await expect(page.locator(".djs-shape").first).to_be_visible()
    await look(page, "designer-urban-case")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.locator(".designer-findings").get_by_text("没有问题,可以发布。")).to_be_visible()
    versions = (await admin.get("/api/v1/definitions", params={"key": "urban-case"})).json()["items"]
    newest = max(one["version"] for one in versions)
    told = (
        await admin.get("/api/v1/definitions/urban-case/compare", params={"from": before["version"], "to": newest})
    ).json()
    assert told["same"] or told["only_looks"], told["changes"]


async def test_比较版本和热力图(open_page: OpenPage) -> None:
    page = await open_page("/desk/designer/flows/urban-case", as_=ADMINISTRATOR)
    await page.get_by_role("tab", name="热力图").click()
    await expect(page.get_by_role("heading", name="各环节")).to_be_visible()
    await look(page, "designer-heat")
    await page.get_by_role("tab", name="比较版本").click()
    await expect(
        page.get_by_text("只有一个版本").or_(page.get_by_text("完全一样")).or_(page.get_by_text("只是画法不同")).first
    ).to_be_visible()


async def test_演练和迁移_先试判再说原因(site: Site, open_page: OpenPage) -> None:
    await site.city.report("路面坑洼")
    client = await site.city.client(ADMINISTRATOR)
    drawn = (await client.get("/api/v1/definitions/urban-case")).json()
    changed = drawn["xml"].replace("派遣", "分派", 1).encode()
    headers = {"content-type": "application/xml"}
    saved = await client.put("/api/v1/definitions/urban-case/draft", content=changed, headers=headers)
    assert saved.status_code == 200, saved.text
    page = await open_page("/desk/designer/flows/urban-case", as_=ADMINISTRATOR)
    await page.get_by_role("tab", name="演练").click()
    await page.get_by_role("button", name="开始演练").click()
    await expect(page.get_by_text(re.compile("件案件的演练结果")).or_(page.get_by_role("alert"))).to_be_visible()
    await look(page, "designer-rehearsal")
    await page.get_by_role("tab", name="迁移在办案件").click()
    await expect(page.get_by_text("先试判:逐件判断能不能过去")).to_be_visible()
    await page.get_by_label("到版本").click()
    await page.locator(".ant-select-dropdown:visible").get_by_text("草稿").click()
    await page.get_by_role("button", name="试判(不改动)").click()
    await expect(page.get_by_text(re.compile("后台正在处理|试判:"))).to_be_visible()
    await expect(page.get_by_role("button", name="正式迁移")).to_be_disabled()
    await look(page, "designer-migrate")


async def test_决策表_当表格改_试一试_发布(site: Site, open_page: OpenPage) -> None:
    admin = await site.city.client(ADMINISTRATOR)
    table = {
        "id": "fee",
        "names": {"zh": "收费", "en": "Fee"},
        "hit": "F",
        "inputs": [{"id": "size", "type": "number", "label": {"zh": "面积", "en": "Size"}}],
        "outputs": [{"name": "fee", "type": "number", "label": {"zh": "费用", "en": "Fee"}}],
        "rules": [{"when": {"size": "> 100"}, "then": {"fee": 20}}, {"then": {"fee": 10}}],
    }
    answer = await admin.put("/api/v1/decisions/fee/draft", json=table)
    assert answer.status_code == 200, answer.text
    assert (await admin.post("/api/v1/decisions/fee/publish")).status_code == 200
    page = await open_page("/desk/designer/tables/fee", as_=ADMINISTRATOR)
    cell = page.get_by_label("行 2 fee")
    await expect(cell).to_have_value("10")
    await cell.fill("12")
    await cell.blur()
    await look(page, "designer-table")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_text("草稿已保存")).to_be_visible()
    await page.get_by_label("面积").fill("50")
    await page.get_by_role("button", name="试一试").click()
    await expect(page.get_by_role("status").filter(has_text="12")).to_be_visible()


async def test_没有编辑权限_只能看(open_page: OpenPage) -> None:
    page = await open_page("/desk/designer/flows/urban-case", as_="shift1")
    await expect(page.locator(".djs-shape").first).to_be_visible()
    await expect(page.get_by_role("button", name="保存草稿")).to_be_disabled()


async def test_步骤表单_加字段_看样子_随流程发布(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/designer/flows/urban-case", as_=ADMINISTRATOR)
    await page.locator('.djs-shape[data-element-id="accept"]').click()
    panel = page.locator(".designer-panel")
    await panel.get_by_role("button", name="加一个字段").click()
    await panel.get_by_label("字段中文名称").fill("有无危险")
    await panel.get_by_label("字段中文名称").press("Enter")
    await panel.get_by_label("字段英文名称").fill("Dangerous")
    await panel.get_by_label("字段英文名称").press("Enter")
    await choose(page, "填什么", "选一项")
    await panel.get_by_label("选项", exact=False).first.fill("没有|一般|严重")
    await panel.get_by_label("选项", exact=False).first.press("Enter")
    preview = panel.get_by_role("region", name="办理人看到的样子")
    await preview.get_by_label("有无危险").select_option("严重")
    await preview.scroll_into_view_if_needed()
    await look(page, "designer-step-form")
    assert await faults(page) == []
    await (
        page.get_by_role("button", name="发 布").or_(page.get_by_role("button", name="发布", exact=True)).first.click()
    )
    await page.get_by_role("dialog").get_by_role("button", name="发布").click()
    await expect(page.get_by_text(re.compile("第 [0-9]+ 版已发布"))).to_be_visible()
    client = await site.city.client(ADMINISTRATOR)
    head = (await client.get("/api/v1/definitions/urban-case")).json()
    xml = await client.get(
        f"/api/v1/definitions/urban-case/versions/{head['version']}", headers={"accept": "application/xml"}
    )
    assert 'options="没有|一般|严重"' in xml.text
