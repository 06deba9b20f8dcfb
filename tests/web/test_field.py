"""A grid worker's day on the telephone: tasks, checking, reporting, where there is no network as well."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, Watch, look
from support.http_city import http_city, jpeg
from support.line import Line, a_line
from support.small_city import PASSWORD

from yiwang.casework.model import Opened
from yiwang.kernel.cluster import EmbeddedServer

LOST = ["ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_SOCKET", "ERR_INCOMPLETE", "ERR_ABORTED", "ERR_INTERNET"]
WORKER = "worker1"
MARKET = (117.0132, 39.007)


@pytest.fixture(scope="module")
async def city_line(
    application: None, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Site, Line]]:
    """The small city at the end of a line that can be cut."""
    async with (
        http_city(server, tmp_path_factory.mktemp("home"), demo=True) as city,
        city.serving(1) as addresses,
        a_line(addresses[0]) as line,
    ):
        yield Site(city, line.address), line


@pytest.fixture(scope="module")
def site(city_line: tuple[Site, Line]) -> Site:
    return city_line[0]


@pytest.fixture
def line(city_line: tuple[Site, Line]) -> Line:
    return city_line[1]


@pytest.fixture(autouse=True)
def lost_connections(watch: Watch) -> None:
    """What a browser itself says of a connection that was cut on purpose is no complaint of the page."""
    watch.forgiven += LOST


def on_the_spot(lon: float, lat: float) -> dict[str, object]:
    return {
        "phone": True,
        "geolocation": {"longitude": lon, "latitude": lat, "accuracy": 9},
        "permissions": ["geolocation"],
    }


async def to_verify(site: Site, text: str) -> tuple[Opened, str, tuple[float, float]]:
    """A resident's report that waits to be verified on the spot; who may do it; where."""
    opened = await site.city.report(text)
    task = await site.city.task(opened.id)
    assert task.node == "verify"
    case = await site.city.case(opened.id)
    assert case.lon is not None
    assert case.lat is not None
    return opened, await site.city.holder_login(task), (case.lon, case.lat)


async def open_offline_able(open_page: OpenPage, login: str, at: tuple[float, float], **more: object) -> Page:
    """The field face, with its pieces kept on the telephone."""
    page = await open_page("/field", as_=login, **{**on_the_spot(*at), **more})
    await expect(page.get_by_role("heading", name=re.compile("今日任务|Today"))).to_be_visible()
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


async def take_photo(page: Page) -> None:
    await page.locator("input[type=file]").set_input_files(
        [{"name": "camera.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1200, 900, "brown")}]
    )
    await expect(page.locator(".photos-one")).to_be_visible()


async def verify(page: Page, text: str) -> None:
    await page.get_by_role("link", name=re.compile(text)).click()
    await page.get_by_role("button", name="属实", exact=True).click()
    await take_photo(page)


async def test_断网核实_手机重启后还在_连上后按序送达_照片带时间地点(
    open_page: OpenPage, site: Site, line: Line
) -> None:
    opened, login, at = await to_verify(site, "河边垃圾没人清理")
    page = await open_offline_able(open_page, login, at)
    await look(page, "field-today-phone")
    await page.get_by_role("link", name=re.compile("河边垃圾")).click()
    await expect(page.get_by_text("您离案件位置")).to_be_visible()
    async with line.cut():
        await page.get_by_role("button", name="属实", exact=True).click()
        await take_photo(page)
        await page.get_by_label("说明").fill("约两平方米")
        await look(page, "field-verify-phone")
        await page.get_by_role("button", name="提交:属实").click()
        await expect(page.get_by_text("已办,等网络发送")).to_be_visible()
        again = await page.context.new_page()
        await page.close()
        await again.goto("/field/queue")  # the telephone was switched off and on again, still without a network
        await expect(again.get_by_text("属实 · ")).to_be_visible()
        await expect(again.get_by_text("没有网络").first).to_be_visible()
        await look(again, "field-queue-phone")
        assert (await site.city.task(opened.id)).node == "verify"
    # It may have tried again by itself in that moment.
    await again.get_by_role("button", name="现在就发").or_(again.get_by_text("已送达")).first.click()
    await expect(again.get_by_text("已送达")).to_be_visible()
    view = await site.city.view(opened.id)
    assert view.tasks[0].node != "verify"
    photo = next(item for item in view.attachments if item.kind == "verify")
    assert photo.taken_at is not None
    assert photo.taken_at.isoformat() == "2026-06-18T00:00:00+00:00"
    assert (round(photo.lon or 0, 4), round(photo.lat or 0, 4)) == (round(at[0], 4), round(at[1], 4))


async def test_办了但回音丢了_不算冲突(open_page: OpenPage, site: Site, line: Line) -> None:
    opened, login, at = await to_verify(site, "公园长椅断了")
    page = await open_offline_able(open_page, login, at)
    await verify(page, "公园长椅")
    task = await site.city.task(opened.id)
    line.swallow_answers_to = f"POST /api/v1/tasks/{task.id}/complete".encode()
    await page.get_by_role("button", name="提交:属实").click()
    await page.get_by_role("link", name="待发").click()
    await page.get_by_role("button", name="现在就发").or_(page.get_by_text("已送达")).first.click()
    await expect(page.get_by_text("已送达").first).to_be_visible()
    assert line.swallow_answers_to == b""
    await expect(page.get_by_text("没有被接受")).to_have_count(0)


async def test_离线期间别人办了_说清是谁_照片还在_可改作新上报(open_page: OpenPage, site: Site, line: Line) -> None:
    opened, login, at = await to_verify(site, "广告牌快掉下来了")
    page = await open_offline_able(open_page, login, at)
    await verify(page, "广告牌")
    async with line.cut():
        await page.get_by_role("button", name="提交:属实").click()
        await expect(page.get_by_text("已办,等网络发送")).to_be_visible()
        await site.city.step(opened.id, "unable", note="到场时人已散去")
    await page.get_by_role("link", name="待发").click()
    await page.get_by_role("button", name="现在就发").click()
    await expect(page.get_by_role("alert")).to_contain_text("该任务已由")
    await expect(page.get_by_text("您拍的照片和文字还在这里")).to_be_visible()
    await look(page, "field-conflict-phone")
    await page.get_by_role("button", name="改作新上报").click()
    await expect(page.get_by_role("heading", name="现场上报")).to_be_visible()
    await expect(page.locator(".photos-one")).to_have_count(1)
    await page.get_by_role("button", name="去掉照片 1").click()


async def test_拍照选类两下上报(open_page: OpenPage, site: Site) -> None:
    page = await open_offline_able(open_page, WORKER, MARKET)
    await page.get_by_role("link", name="上报").click()
    await take_photo(page)
    await expect(page.get_by_text("已定位")).to_be_visible()
    await page.get_by_role("button", name="上报", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("还差:类别")
    await page.get_by_role("searchbox").fill("井盖")
    await look(page, "field-report-phone", full=True)
    await page.locator(".field-kinds button").first.click()
    await page.get_by_role("button", name="上报", exact=True).click()
    await expect(page.get_by_text("编号 CG")).to_be_visible()
    number = (await page.get_by_text("编号 CG").inner_text()).removeprefix("编号 ")
    found = (await (await site.city.client("shift1")).get("/api/v1/cases", params={"number": number})).json()["items"]
    assert found[0]["channel"] == "grid-worker"
    assert (round(found[0]["lon"], 4), round(found[0]["lat"], 4)) == MARKET
    await page.get_by_role("button", name="再报一件").click()
    await expect(page.get_by_text("最近用过")).to_be_visible()


async def test_登录在填写中途过期_重新登录后接着发送(open_page: OpenPage, site: Site) -> None:
    opened, login, at = await to_verify(site, "门口树枝挡路")
    page = await open_offline_able(open_page, login, at)
    await verify(page, "门口树枝")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="提交:属实").click()
    await expect(page.get_by_text("登录已过期")).to_be_visible()
    await page.get_by_role("button", name="登录", exact=True).click()
    await look(page, "field-sign-in-again-phone")
    await sign_in_dialog(page, login)
    await page.get_by_role("link", name="待发").click()
    await expect(page.get_by_text("已送达").first).to_be_visible()
    assert (await site.city.view(opened.id)).tasks[0].node != "verify"


async def sign_in_dialog(page: Page, login: str) -> None:
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("登录名").fill(login)
    await dialog.get_by_label("密码").fill(PASSWORD)
    await dialog.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_手机时间不准_说明以服务器为准_英文(open_page: OpenPage) -> None:
    page = await open_page("/field/patrol", as_=WORKER, language="en", **on_the_spot(*MARKET))
    await page.context.add_init_script("const real = Date.now; Date.now = () => real() - 7_200_000;")
    await page.reload()
    await expect(page.get_by_text("The phone's clock is 2.0 h slow")).to_be_visible()


async def test_不许定位_说明怎么办_可在地图上选(open_page: OpenPage) -> None:
    page = await open_page("/field/report", as_=WORKER, phone=True)
    await expect(page.get_by_text("没有得到使用位置的许可")).to_be_visible()
    await page.get_by_role("button", name="在地图上选").click()
    await page.locator(".maplibregl-canvas").wait_for()


async def test_巡查轨迹_开启才记_断网先存_连上才传_值班长看到覆盖(open_page: OpenPage, site: Site, line: Line) -> None:
    page = await open_offline_able(open_page, WORKER, MARKET)
    await page.get_by_role("link", name="巡查").click()
    await expect(page.get_by_text("不在巡查时不记录、不上传")).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    await page.get_by_role("button", name="开始巡查").click()
    await expect(page.locator(".field-figures b").nth(2)).to_have_text("1")
    for step in range(1, 5):
        await page.context.set_geolocation(
            {"longitude": MARKET[0] + step * 0.0006, "latitude": MARKET[1] + step % 2 * 0.0004, "accuracy": 8}
        )
        await expect(page.locator(".field-figures b").nth(2)).to_have_text(str(step + 1))
    assert sent == []  # a batch goes every few minutes, so that the radio can sleep
    await look(page, "field-patrol-phone")
    await page.reload()  # a patrol goes on after a restart
    await expect(page.get_by_role("button", name="结束巡查")).to_be_visible()
    async with line.cut():
        await page.get_by_role("button", name="结束巡查").click()
        await expect(page.get_by_text("还有轨迹没传上去")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text(re.compile("走到 [0-9]+%"))).to_be_visible()
    await look(page, "field-walked-phone")
    shift = await open_page("/desk/patrols", as_="shift1")
    await expect(shift.get_by_role("row").filter(has_text="金巡")).to_contain_text("%")
    await look(shift, "desk-patrols")
    assert await faults(shift) == []
    english = await open_page("/desk/patrols", as_="shift1", language="en")
    await expect(english.get_by_role("heading", name="Patrols")).to_be_visible()


async def test_可以安装(open_page: OpenPage) -> None:
    page = await open_offline_able(open_page, WORKER, MARKET)
    manifest = await page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((it) => it.json())")
    assert manifest["start_url"] == manifest["scope"] == "/field"
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert await page.evaluate("(src) => fetch(src).then((it) => it.ok)", icon["src"]), icon
    assert {icon.get("purpose") for icon in manifest["icons"]} >= {"any", "maskable"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_无障碍_WCAG_2_2_AA(open_page: OpenPage, site: Site, dark: bool) -> None:
    _, login, at = await to_verify(site, "路灯杆歪了")
    page = await open_page("/field", as_=login, dark=dark, **on_the_spot(*at))
    await page.get_by_role("link", name=re.compile("路灯杆")).first.click()
    await expect(page.get_by_role("button", name="属实", exact=True)).to_be_visible()
    found = {"task": await faults(page)}
    for path in ("/field", "/field/report", "/field/patrol", "/field/queue"):
        await page.goto(path)
        await page.get_by_role("heading").first.wait_for()
        found[path] = await faults(page)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
