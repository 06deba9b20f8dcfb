"""A resident's way through the portal: reporting on a telephone, following, rating, looking up; bad luck on the way."""

from __future__ import annotations

import io
import re

import httpx
import pytest
from PIL import Image
from playwright.async_api import Page, expect
from support.accessibility import faults
from support.browsing import OpenPage, Site, look

GATE = {"latitude": 39.0041, "longitude": 117.0183, "accuracy": 12}
PHONE_HERE = {"phone": True, "geolocation": GATE, "permissions": ["geolocation"]}


def camera_photo(width: int = 2600, height: int = 1900, *, place: bool = True) -> bytes:
    """A photo as a telephone takes it: large, with time, place and the maker's secrets in its EXIF."""
    picture = Image.effect_noise((width // 4, height // 4), 60).resize((width, height)).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8769)[0x9003] = "2026:06:18 07:45:10"
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-4711"
    if place:
        exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 0.0, 14.76), 3: "E", 4: (117.0, 1.0, 5.88)})
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


async def choose_photo(page: Page, content: bytes, name: str = "IMG_1.jpg", kind: str = "image/jpeg") -> None:
    await page.locator("input[type=file]").set_input_files([{"name": name, "mimeType": kind, "buffer": content}])


async def receipt(page: Page) -> tuple[str, str]:
    await expect(page.get_by_role("heading", name=re.compile("已收到|Received"))).to_be_visible()
    number = await page.locator("[data-receipt=number]").inner_text()
    return number, await page.locator("[data-receipt=code]").inner_text()


async def test_手机上三步上报_得到编号和查询码_照片缩小而时间地点还在(open_page: OpenPage, site: Site) -> None:
    page = await open_page("/", **PHONE_HERE)
    await look(page, "portal-home-phone", full=True)
    await page.get_by_role("link", name="我要上报").click()
    await page.get_by_label("1. 什么事?").fill("学校门口路灯不亮,晚上很黑")
    await choose_photo(page, camera_photo())
    await expect(page.locator(".photos-one")).to_be_visible()
    await page.get_by_role("button", name="我就在这里").click()
    await expect(page.get_by_text("位置已选好")).to_be_visible()
    await expect(page.get_by_role("group", name=re.compile("看起来是"))).to_be_visible()
    await look(page, "portal-report-phone", full=True)
    await page.get_by_role("button", name="提交").click()
    number, code = await receipt(page)
    await look(page, "portal-receipt-phone", full=True)

    found = await site.city.new_client().post("/api/v1/cases/follow", json={"number": number, "code": code})
    case = found.json()
    assert case["text"] == "学校门口路灯不亮,晚上很黑"
    assert (round(case["lon"], 3), round(case["lat"], 3)) == (117.018, 39.004)
    photo = case["attachments"][0]
    assert max(photo["width"], photo["height"]) == 1920
    assert photo["height"] > photo["width"]  # upright
    assert photo["bytes"] < 800_000
    assert photo["taken_at"] == "2026-06-17T23:45:10+00:00"
    assert (round(photo["lon"], 3), round(photo["lat"], 3)) == (117.018, 39.004)
    stored = await original(site, photo)
    assert b"SERIAL-4711" not in stored
    assert b"Maker" not in stored


async def original(site: Site, photo: dict[str, str]) -> bytes:
    async with httpx.AsyncClient(base_url=site.address) as client:
        return (await client.get(photo["url"], params={"claim": photo["claim"]})).content


async def test_凭编号和查询码跟进_补充_办结后评价_再要求重办(open_page: OpenPage, site: Site) -> None:
    opened = await site.city.report("东街菜市场门口垃圾桶满了没人收")
    page = await open_page("/follow", phone=True)
    await page.get_by_label("编号").fill(opened.number.lower())
    await page.get_by_label("查询码").fill("WRONG-CODE")
    await page.get_by_role("button", name="查询").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("查询码").fill(opened.code)
    await page.get_by_role("button", name="查询").click()
    await expect(page.get_by_role("heading", name="办理经过")).to_be_visible()
    await page.get_by_label("新的情况,或者更正").fill("现在更多了 <b>真的</b>")
    await page.get_by_role("button", name="补充").click()
    await expect(page.get_by_text("现在更多了 <b>真的</b>")).to_be_visible()

    await site.city.close(opened)
    await page.reload()
    await page.get_by_role("radio", name="很满意", exact=True).check()
    await page.get_by_role("button", name="提交评价").click()
    await expect(page.get_by_text("您的评价:很满意")).to_be_visible()
    await look(page, "portal-follow-phone", full=True)
    await page.get_by_label("还有什么问题").fill("又满了")
    await page.get_by_role("button", name="要求重新办理").click()
    await expect(page.get_by_text("又满了")).to_be_visible()
    await expect(page.get_by_role("heading", name="补充情况")).to_be_visible()


async def test_附近已有人反映_加入那一件(open_page: OpenPage, site: Site) -> None:
    first = await site.city.report("中心公园里的长椅坏了,木板断裂", lon=117.0072, lat=39.012)
    here = {**PHONE_HERE, "geolocation": {"longitude": 117.00722, "latitude": 39.01201, "accuracy": 8}}
    page = await open_page("/report", **here)
    await page.get_by_label("1. 什么事?").fill("中心公园长椅坏了")
    await page.get_by_role("button", name="我就在这里").click()
    await expect(page.get_by_role("heading", name="附近已有人反映过")).to_be_visible()
    await look(page, "portal-near-phone", full=True)
    await page.get_by_role("button", name="就是这件").first.click()
    await expect(page.get_by_text(f"已选择与 {first.number} 一起办理")).to_be_visible()
    await page.get_by_role("button", name="提交").click()
    await receipt(page)
    await expect(page.get_by_text("已并在一起办理")).to_be_visible()


async def test_这是关于什么_换一种_问的和必填的也换(open_page: OpenPage) -> None:
    page = await open_page("/report", **PHONE_HERE)
    about = page.get_by_role("group", name="这是关于")
    await expect(about.get_by_role("button", name="城市管理案件")).to_have_attribute("aria-pressed", "true")
    await page.get_by_label("1. 什么事?").fill("想问一下医保怎么报销")
    await about.get_by_role("button", name="热线诉求").click()
    await page.get_by_label("要求保密").check()
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_text("这类事情要留下电话")).to_be_visible()
    await expect(page.get_by_text("还没有位置")).to_have_count(0)  # an appeal needs none
    await page.get_by_label("手机").fill("13900001234")
    await page.get_by_role("button", name="提交").click()
    number, _ = await receipt(page)
    assert number.startswith("RX")


async def test_不许定位_按地名选_英文界面(open_page: OpenPage) -> None:
    page = await open_page("/report", language="en", phone=True)
    await page.get_by_label("1. What is it?").fill("The lamp at the market is dark")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("No place yet")).to_be_visible()
    await page.get_by_role("button", name="I am here").click()
    await expect(page.get_by_text("The position may not be used")).to_be_visible()
    await page.get_by_label("Describe the place").fill("菜市场")
    await page.get_by_role("button", name="东街菜市场").click()
    await expect(page.get_by_text("Place chosen")).to_be_visible()
    await look(page, "portal-denied-phone", full=True)
    await page.get_by_role("button", name="中文").click()
    await expect(page.get_by_label("1. 什么事?")).to_have_value("The lamp at the market is dark")
    await page.get_by_role("button", name="提交").click()
    await receipt(page)


async def test_不能读的照片_说明怎么办_其他照片照常(open_page: OpenPage) -> None:
    page = await open_page("/report", phone=True)
    await choose_photo(page, b"\0\0\0\x18ftypheic" + b"\0" * 64, "IMG_9.HEIC", "image/heic")
    await expect(page.get_by_text("HEIC 格式,这个浏览器读不了")).to_be_visible()
    await choose_photo(page, b"<svg onload=alert(1)>", "x.gif", "image/gif")
    await expect(page.get_by_text("“x.gif”不是可以读的照片")).to_be_visible()
    await choose_photo(page, camera_photo(400, 300))
    await expect(page.locator(".photos-one")).to_have_count(1)
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.get_by_role("button", name="去掉照片 1").click()
    await expect(page.locator(".photos-one")).to_have_count(0)


async def test_办理标准_查得到时限(open_page: OpenPage) -> None:
    page = await open_page("/standards")
    await page.get_by_role("searchbox").fill("路灯")
    await expect(page.get_by_text("时限").first).to_be_visible()
    await look(page, "portal-standards")


async def test_宽屏和深色(open_page: OpenPage) -> None:
    await look(await open_page("/"), "portal-home")
    page = await open_page("/report", dark=True)
    await page.get_by_role("button", name="在地图上选").click()
    await page.locator(".maplibregl-canvas").wait_for()
    await look(page, "portal-report-dark", full=True)


async def test_首页和上报页一开始只装很少(open_page: OpenPage, site: Site) -> None:
    """≤ 250 kB compressed before the map, fonts of the device, nothing from another host."""
    page = await open_page("/report", phone=True)
    await page.get_by_label("1. 什么事?").wait_for()
    sizes = await page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => /\\.(js|css)$/.test(new URL(one.name).pathname))"
        ".map((one) => [new URL(one.name).pathname, one.encodedBodySize])"
    )
    total = sum(size for _, size in sizes)
    assert 20_000 < total <= 250_000, sizes
    assert not any("maplibre" in name or "antd" in name for name, _ in sizes)


@pytest.mark.parametrize("path", ["/", "/report", "/follow", "/standards?q=路灯", "/sign-in"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_无障碍_WCAG_2_2_AA(open_page: OpenPage, path: str, dark: bool) -> None:
    page = await open_page(path, phone=True, dark=dark)
    await page.get_by_role("heading").first.wait_for()
    assert await faults(page) == []
