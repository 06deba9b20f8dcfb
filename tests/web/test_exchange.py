"""数据共享:一张企业名单从一个部门到另一个部门,在浏览器里申请、审批、领取密钥、取数、撤销。"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from exchange_city import offices_site
from playwright.async_api import Locator, Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look
from support.offices import Offices, credit_code

from yiwang.exchange.delivery import signing
from yiwang.exchange.delivery.signing import Signed
from yiwang.kernel.clock import real_now


@pytest.fixture(scope="module")
async def site(application: None, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The city of offices with a list of enterprises, behind a real server."""
    async with offices_site(database_url, tmp_path_factory.mktemp("home")) as found:
        await Offices(found.city.services).entities(3)
        yield found


async def test_名单从市场监管到水务_申请_审批_取数_撤销(site: Site, open_page: OpenPage) -> None:
    page = await open_page("/desk/exchange", as_="water-desk")
    await page.get_by_role("link", name="法人登记信息").click()
    await expect(page.get_by_text("有条件共享:限于履行法定职责")).to_be_visible()
    await expect(page.get_by_role("cell", name="字符", exact=True).first).to_be_visible()  # no letters of the guide
    await expect(page.get_by_role("cell", name="C", exact=True)).to_have_count(0)
    assert await faults(page) == []
    await look(page, "exchange-resource")
    await page.get_by_role("button", name="申请共享").click()
    await page.get_by_label("用途:用于什么业务、依据什么").fill("核对排水户的登记状态,用于日常监管")
    await look(page, "exchange-ask")
    await page.get_by_role("button", name="提交申请").click()
    await expect(page.get_by_text("待提供方审批")).to_be_visible()

    provider = await open_page("/desk/exchange/requests", as_="general-desk")
    await provider.get_by_role("button", name="同意共享").click()
    dialog = provider.get_by_role("dialog")
    await dialog.get_by_label("意见(不同意时必填)").fill("符合共享条件")
    await dialog.get_by_role("button", name="同意共享").click()
    await expect(provider.get_by_text("符合共享条件")).to_be_visible()
    await look(provider, "exchange-requests")

    await page.goto("/desk/exchange/grants")
    await page.get_by_role("button", name="生成密钥").click()
    shown = page.get_by_role("dialog").locator("code")
    await expect(shown).to_have_count(3)
    address, key, secret = [await shown.nth(number).inner_text() for number in range(3)]
    await page.get_by_role("button", name="我已保存").click()
    await look(page, "exchange-grants")
    rows = await _take(site.address, address, key, secret)
    assert sorted(row["values"]["name"] for row in rows.json()["items"]) == [
        f"小城第{number}贸易有限公司" for number in (1, 2, 3)
    ]

    await page.get_by_role("button", name="订阅变更").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("订阅名称")).to_have_value("法人登记信息")
    await look(page, "exchange-subscribe")
    await dialog.get_by_role("button", name="订阅变更").click()
    await expect(dialog).to_have_count(0)
    await site.told()
    await page.locator(".ant-table-row-expand-icon").click()
    standing = page.get_by_role("region", name="变更订阅")
    await expect(standing).to_contain_text("待送 3 条")
    await look(page, "exchange-grants-open")

    await provider.goto("/desk/exchange/grants")
    await provider.get_by_role("button", name="撤销授权").click()
    dialog = provider.get_by_role("dialog")
    await dialog.get_by_label("原因").fill("用途已变更")
    await dialog.get_by_role("button", name="撤销授权").click()
    await expect(provider.get_by_text("已撤销", exact=True)).to_be_visible()
    assert (await _take(site.address, address, key, secret)).status_code == 403
    await provider.locator(".ant-table-row-expand-icon").click()
    stopped = provider.get_by_role("region", name="变更订阅")
    await expect(stopped).to_contain_text("已暂停")
    await expect(stopped).to_contain_text("用途已变更")
    await expect(stopped.get_by_role("button")).to_have_count(0)  # it is the consumer's
    await provider.goto("/desk/exchange/statements")
    await expect(provider.get_by_role("cell", name="区水务局")).to_be_visible()
    assert await faults(provider) == []
    await look(provider, "exchange-statements")


async def test_手机与深色下的共享页面_不横向撑破(site: Site, open_page: OpenPage) -> None:
    phone = await open_page("/desk/exchange", as_="water-desk", phone=True, dark=True)
    await expect(phone.get_by_role("link", name="法人登记信息")).to_be_visible()
    for part in ("", "/requests", "/grants", "/statements"):
        await phone.goto(f"/desk/exchange{part}")
        await phone.locator(".ant-table").first.wait_for()
        await look(phone, f"exchange-phone-dark{part.replace('/', '-')}")
        assert await _overflow(phone) <= 1, part
        assert await faults(phone) == [], part


async def test_汇聚试取一次_退回的行说明原因和改法(site: Site, open_page: OpenPage) -> None:
    inbox = site.city.settings.home / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "market.csv").write_text(
        "统一社会信用代码,名称,机构类别,登记状态,法定代表人,地址,区划,备用\n"
        f"{credit_code(71)},试取一号企业,企业,存续,王小明,东街一号,120199001,\n"
        "911201990000000000,试取二号企业,企业,存续,李大海,东街二号,120199001,\n"
        f"{credit_code(73)},,企业,开着,赵春梅,东街三号,120199001,\n",
        encoding="utf-8",
    )
    page = await open_page("/desk/quality/pulls", as_="steward1")
    dialog = await _ask_to_try(page, "新建汇聚", "名称", "登记类型", "法人", "来源方式", "收件文件夹", "文件名样式")
    await dialog.get_by_role("button", name="试取一次").click()
    region = dialog.get_by_role("region", name="退回的前 2 行")
    await expect(region).to_be_in_viewport()
    await expect(region.get_by_role("row").filter(has_text="统一社会信用代码")).to_contain_text("3")
    await expect(dialog.get_by_text("没有写入任何内容。")).to_be_visible()
    await expect(dialog.get_by_text("未使用的列:备用")).to_be_visible()
    assert await faults(page) == []
    await look(page, "pull-trial")
    english = await open_page("/desk/quality/pulls", as_="steward1", language="en", phone=True, dark=True)
    dialog = await _ask_to_try(
        english, "New pull", "Name", "Type", "Legal entity", "Kind", "Folder of the inbox", "Pattern"
    )
    await dialog.get_by_role("button", name="Try", exact=True).click()
    region = dialog.get_by_role("region", name="The first 2 rows that would be refused")
    await expect(region).to_be_in_viewport()
    await expect(region.locator("td[data-label=Remedy]").first).to_have_text(
        "check the original; make the column text in Excel"
    )
    await look(english, "pull-trial-phone-dark")
    assert await _overflow(english) <= 1
    listed = await (await site.city.client("steward1")).get("/api/v1/exchange/pulls")
    assert listed.json()["items"] == [], "trying keeps nothing"


async def _ask_to_try(
    page: Page, new: str, name: str, type_: str, legal: str, kind: str, folder: str, pattern: str
) -> Locator:
    """The dialog of a new pull, filled to fetch the folder's file."""
    await page.get_by_role("button", name=new).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(name, exact=True).fill("市场主体")
    for label, option in ((type_, legal), (kind, folder)):
        await dialog.get_by_label(label, exact=True).click()
        if label == type_:
            await page.keyboard.type(option)  # there are more types than the list shows at once
        await page.locator(".ant-select-dropdown:visible").get_by_text(option, exact=True).first.click()
    await dialog.get_by_label(pattern).fill("market*.csv")
    return dialog


async def _overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    found: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


async def _take(server: str, address: str, key: str, secret: str) -> httpx.Response:
    """As the consumer's own system takes it."""
    stamp = real_now() - timedelta(seconds=1)
    plain = Signed("GET", address, "", key, str(int(stamp.timestamp())), secrets.token_hex(8), "HMAC-SHA256", "")
    headers = {
        "X-Yiwang-Key": key,
        "X-Yiwang-Timestamp": plain.timestamp,
        "X-Yiwang-Nonce": plain.nonce,
        "X-Yiwang-Signature": signing.sign(plain, secret),
    }
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        return await client.get(address, headers=headers)
