"""自带城市:在浏览器里填四步,错的地方按表的行号指出,改好就能打开。真正打开见 tests/http/test_new_cities.py。"""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

from playwright.async_api import Page, expect
from support.browsing import OpenPage, look

BOUNDARY = (
    '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":'
    "[[[117.0,39.0],[117.0,39.02],[117.02,39.02],[117.02,39.0],[117.0,39.0]]]}}"
)


async def fill_who(page: Page) -> None:
    await page.get_by_label("名称", exact=True).fill("我的区")
    await page.get_by_label("英文名称").fill("My district")
    await page.get_by_label("代码", exact=True).fill("mycity")
    await page.get_by_label("行政区划代码").fill("120199")
    await page.get_by_role("button", name="下一步").click()


async def test_四步新建_错的行指得出_改好通过(open_page: OpenPage, tmp_path: Path) -> None:
    page = await open_page("/desk/city", as_="sysadmin")
    await look(page, "new-city-who")
    await page.get_by_role("button", name="下一步").click()
    await expect(page.get_by_text("行政区划代码").first).to_be_visible()
    await fill_who(page)
    boundary = tmp_path / "boundary.geojson"
    boundary.write_text(BOUNDARY)
    await page.get_by_label("边界文件").set_input_files(boundary)
    await expect(page.get_by_text("读到 1 个图形")).to_be_visible()
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="下载示例表").click()
    example = tmp_path / "organisations.csv"
    await (await downloading.value).save_as(example)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(example.read_text("utf-8-sig").replace("网格员", "网格元"), "utf-8")
    await page.get_by_label("机构表").set_input_files(wrong)
    await look(page, "new-city-files")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_label("演示密码").fill("My-city-2026")
    await look(page, "new-city-packs")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="写入并检查").click()
    await expect(page.get_by_text("wrong.csv 第 5 行")).to_be_visible()
    await look(page, "new-city-findings")
    await page.get_by_role("button", name="上一步").click()
    await page.get_by_role("button", name="上一步").click()
    await page.get_by_label("机构表").set_input_files(example)
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="写入并检查").click()
    await expect(page.get_by_text("没有错误,可以打开。")).to_be_visible()
    await look(page, "new-city-checked")
    await page.get_by_role("button", name="下一步").click()
    await expect(page.get_by_role("button", name="打开城市")).to_be_visible()
    await expect(page.get_by_text("YIWANG_CITY=")).to_be_visible()


async def test_不是系统管理员_不能新建(open_page: OpenPage) -> None:
    page = await open_page("/desk/city", as_="shift1")
    await expect(page.get_by_text("“新建城市”不在您的岗位职责内")).to_be_visible()


def shapefile(points: list[tuple[float, float]], prj: str = "GEOGCS[...]") -> bytes:
    """A zipped Shapefile with one polygon and its name, as GIS programs write it."""
    body = struct.pack("<i4d2i", 5, 117.0, 39.0, 117.02, 39.02, 1, len(points)) + struct.pack("<i", 0)
    body += b"".join(struct.pack("<2d", *point) for point in points)
    record = struct.pack(">2i", 1, len(body) // 2) + body
    head = struct.pack(">i20xi", 9994, (100 + len(record)) // 2)
    head += struct.pack("<2i4d4d", 1000, 5, 117.0, 39.0, 117.02, 39.02, 0, 0, 0, 0)
    name = "中心区".encode("gb18030").ljust(20)
    dbf = struct.pack("<B3BIHH20x", 3, 126, 6, 18, 1, 65, 21)
    dbf += b"XZQMC".ljust(11, b"\0") + b"C" + b"\0" * 4 + bytes([20]) + b"\0" * 15 + b"\r" + b" " + name
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("boundary.shp", head + record)
        archive.writestr("boundary.dbf", dbf)
        archive.writestr("boundary.prj", prj)
    return kept.getvalue()


async def test_边界可以是压缩的Shapefile_投影坐标说怎么办(open_page: OpenPage, tmp_path: Path) -> None:
    page = await open_page("/desk/city", as_="sysadmin")
    await fill_who(page)
    corners = [(117.0, 39.0), (117.0, 39.02), (117.02, 39.02), (117.02, 39.0), (117.0, 39.0)]
    projected = tmp_path / "projected.zip"
    projected.write_bytes(shapefile(corners, prj='PROJCS["CGCS2000_3_Degree_GK_CM_117E"]'))
    await page.get_by_label("边界文件").set_input_files(projected)
    await expect(page.get_by_text("这是投影坐标")).to_be_visible()
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 cut short")
    await page.get_by_label("边界文件").set_input_files(broken)
    await expect(page.get_by_text("不是 zip 压缩包,或文件不完整。")).to_be_visible()
    sound = tmp_path / "sound.zip"
    sound.write_bytes(shapefile(corners))
    await page.get_by_label("边界文件").set_input_files(sound)
    await expect(page.get_by_text("读到 1 个图形,5 个点")).to_be_visible()
