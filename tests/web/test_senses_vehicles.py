"""感知·车辆:地图上看得到,轨迹可回放,行程;围栏在地图上画、改、停用。"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.async_api import Page, expect
from senses_city import SensesCity
from support.accessibility import faults
from support.browsing import OpenPage, Site, look

from yiwang.sensing.vehicles.following import VehicleFollowing
from yiwang.sensing.vehicles.model import FIXED, IGNITION, Place
from yiwang.sensing.vehicles.writer import PositionWriter


async def drive(senses: SensesCity, code: str, minutes: int = 60) -> datetime:
    """Positions of a vehicle that goes east through the city until now."""
    device = senses.sensing.directory.by_code(code)
    assert device is not None
    now = senses.site.city.now()
    places = [
        Place(
            device.id,
            now - timedelta(seconds=30 * (minutes * 2 - step)),
            step,
            117.001 + 0.018 * step / (minutes * 2),
            39.006 + 0.004 * (step % 40) / 40,
            5,
            20.0 + step % 50,
            90,
            0,
            FIXED | IGNITION,
            100 + step * 0.2,
            80.0,
            step,
        )
        for step in range(minutes * 2)
    ]
    writer = PositionWriter(senses.context)
    await writer.start()
    await writer.put(places)
    await writer.stop()
    following = VehicleFollowing(senses.context)
    while await following.advance():
        pass
    return now


async def move(senses: SensesCity, code: str, speed: float) -> None:
    """One more position, of ten seconds ago."""
    device = senses.sensing.directory.by_code(code)
    assert device is not None
    now = senses.site.city.now() - timedelta(seconds=10)
    writer = PositionWriter(senses.context)
    await writer.start()
    place = Place(device.id, now, 9999, 117.02, 39.01, 5, speed, 90, 0, FIXED | IGNITION, 125.0, 80.0, 9999)
    await writer.put([place])
    await writer.stop()


@pytest.fixture
async def senses(site: Site) -> SensesCity:
    found = SensesCity(site)
    if found.sensing.directory.by_code("HAZ-1") is None:
        await found.device(
            {
                "code": "HAZ-1",
                "profile": "hazmat-vehicle",
                "address": "13900000001",
                "names": {"zh": "津A演001", "en": "Tanker 1"},
                "at": [117.01, 39.008],
                "attributes": {"plate": "津A演001", "purpose": "危险货物道路运输安全监管"},
                "secret": "h00001",
            }
        )
        await drive(found, "HAZ-1")
    return found


async def test_车辆在地图上_轨迹回放_行程(senses: SensesCity, open_page: OpenPage) -> None:
    page = await open_page("/desk/senses/vehicles", as_="shift1")
    await expect(page.get_by_role("region", name="车辆实时位置")).to_be_visible()
    await expect(page.locator(".vehicle-list li")).to_contain_text("津A演001")
    await page.wait_for_timeout(1200)  # the tiles
    assert await faults(page) == []
    await look(page, "senses-vehicles")
    await move(senses, "HAZ-1", speed=83.0)
    await expect(page.get_by_role("button", name="83 km/h")).to_be_visible()  # told by the stream, nobody asked
    await page.get_by_role("link", name="津A演001").click()
    track = page.get_by_role("region", name="轨迹回放")
    await expect(track.get_by_text("121 个位置")).to_be_visible()
    slider = track.get_by_role("slider")
    before = await slider.get_attribute("aria-valuetext")
    await track.get_by_label("快慢").select_option(label="1200 倍")
    await track.get_by_role("button", name="播放").click()
    await expect(slider).not_to_have_attribute("aria-valuetext", before or "")
    await page.wait_for_timeout(800)
    await look(page, "senses-track", full=True)
    await expect(page.get_by_role("region", name="行程").get_by_role("row")).not_to_have_count(0)
    assert await faults(page) == []


async def points(page: Page, *places: tuple[float, float]) -> None:
    """Click the map at these shares of its width and height."""
    canvas = page.get_by_role("region", name="围栏地图").locator("canvas")
    box = await canvas.bounding_box()
    assert box is not None
    for x, y in places:
        await page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


async def test_围栏在地图上画_圆_多边形_路线_改和停用(senses: SensesCity, open_page: OpenPage) -> None:
    page = await open_page("/desk/senses/fences", as_="sysadmin")
    await expect(page.get_by_text("还没有围栏。")).to_be_visible()
    await page.locator(".maplibregl-canvas").wait_for()
    await page.wait_for_timeout(1000)
    drawn = (
        ("circle", "YARD", "堆场", ((0.3, 0.3),)),
        ("polygon", "TOWN", "古镇", ((0.5, 0.3), (0.7, 0.3), (0.7, 0.6), (0.5, 0.5))),
        ("route", "ROAD", "运输路线", ((0.2, 0.8), (0.5, 0.75), (0.9, 0.85))),
    )
    for kind, code, name, places in drawn:
        await page.get_by_role("button", name="画一个围栏").click()
        form = page.get_by_role("form", name="画一个围栏")
        await form.get_by_label("形状").select_option(value=kind)
        await expect(form.get_by_role("button", name="保存围栏")).to_be_disabled()
        await points(page, *places)
        await expect(form.get_by_text(f"已点 {len(places)} 个点")).to_be_visible()
        await form.get_by_label("代码 *").fill(code)
        await form.get_by_label("中文名称 *").fill(name)
        await form.get_by_label("约束的车辆").select_option(value="HAZ-1")
        if kind == "route":
            await look(page, "senses-fences-drawing")
            assert await faults(page) == []
        await form.get_by_role("button", name="保存围栏").click()
        await expect(page.get_by_role("button", name=name)).to_be_visible()
    line = page.get_by_role("listitem").filter(has_text="YARD")
    await line.get_by_role("button", name="修改").click()
    await page.get_by_label("限速(km/h)").fill("30")
    await page.get_by_role("button", name="保存围栏").click()
    await expect(line).to_contain_text("限速 30")
    await page.wait_for_timeout(800)
    await look(page, "senses-fences")
    await line.get_by_role("button", name="停用").click()
    await line.get_by_role("button", name="确认停用").click()
    await expect(page.get_by_role("listitem").filter(has_text="YARD")).to_have_count(0)
