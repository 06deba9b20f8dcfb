"""自带城市:边界文件加机构表,写成城市文件夹,检查,打开。错的按表的行号指出;打开的是真的另一套系统。"""

from __future__ import annotations

import asyncio
import io
from typing import Any

import httpx
import pytest
import xlsxwriter
from support.http_city import HttpCity, a_city, refused

city = a_city()

BOUNDARY = (
    '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":'
    "[[[117.0,39.0],[117.0,39.02],[117.02,39.02],[117.02,39.0],[117.0,39.0]]]}}"
)
HEAD = ["代码", "名称", "类型", "上级", "区域代码", "职责", "岗位"]
DUTIES = (
    "sanitation、municipal、drainage、landscaping、traffic、transport、enforcement、power、water、water-affairs、telecom、heating、"
    "gas、market、ecology、construction、housing、emergency、fire、police、health、civil-affairs、culture"
)
ROWS = [
    ["government", "区人民政府", "政府", "", "", "", ""],
    ["centre", "运行管理中心", "中心", "government", "", "centre", "受理员、派遣员、值班长、督查员、领导"],
    ["all-departments", "各委办局", "部门", "government", "", DUTIES, "部门联络员、处置员"],
    ["north-street", "北街街道", "街道", "government", "120199001", "street", "部门联络员、处置员、网格员"],
    ["south-street", "南街街道", "街道", "government", "120199002", "street", "部门联络员、处置员、网格员"],
]
FACTS = {"id": "mycity", "zh": "我的区", "en": "My district", "division": "120199", "packs": "urban-management"}


def sheet(rows: list[list[str]] = ROWS, head: list[str] = HEAD) -> str:
    return "\n".join(",".join(row) for row in [head, *rows]) + "\n"


def workbook(rows: list[list[str]] = ROWS) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for number, row in enumerate([HEAD, *rows]):
        for column, value in enumerate(row):
            # As spreadsheet programs do, codes become numbers.
            page.write(number, column, float(value) if value.isdigit() else value)
    book.close()
    return out.getvalue()


async def found(
    city: HttpCity,
    organisations: str | bytes = "",
    *,
    name: str = "机构.csv",
    boundary: str = BOUNDARY,
    login: str = "sysadmin",
    **more: str,
) -> httpx.Response:
    client = await city.client(login)
    content = organisations or sheet()
    files = {
        "boundary": ("boundary.geojson", boundary.encode()),
        "organisations": (name, content.encode() if isinstance(content, str) else content),
    }
    return await client.post("/api/v1/new-cities", data={**FACTS, **more}, files=files)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_好的文件_没有错误(city: HttpCity, kind: str) -> None:
    answer = await found(
        city, workbook() if kind == "xlsx" else "", name=f"机构.{kind}", password="My-city-2026", day="true"
    )
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    assert [one for one in made["findings"] if one["level"] == "error"] == []
    assert (made["organisations"], made["streets"]) == (5, 2)
    assert made["city"]["state"] == "draft"
    assert {"centre", "north-street", "system-admin", "security-admin", "audit-admin"} <= set(made["accounts"])


async def test_写错的岗位_指出表的哪一行_有最接近的词(city: HttpCity) -> None:
    wrong = [*ROWS[:3], [*ROWS[3][:6], "网格元"], ROWS[4]]
    made = (await found(city, sheet(wrong))).json()
    told = [one for one in made["findings"] if one["level"] == "error"]
    assert [(one["file"], one["line"]) for one in told] == [("机构.csv", 5)]
    assert "网格元" in told[0]["zh"]
    assert made["city"]["state"] == "faulty"
    refused(await (await city.client("sysadmin")).post("/api/v1/new-cities/mycity/open"), 409, "founding.not_sound")


async def test_区外的区划代码_指出行(city: HttpCity) -> None:
    wrong = [*ROWS[:4], ["south-street", "南街街道", "街道", "government", "110101002", "street", "处置员"]]
    made = (await found(city, sheet(wrong))).json()
    assert ("机构.csv", 6) in {(one["file"], one["line"]) for one in made["findings"]}


async def test_整个读不了的文件_说明原因_什么也不写(city: HttpCity) -> None:
    refused(await found(city, sheet(head=["a", "b", "c", "d", "e", "f", "g"])), 422, "founding.sheet_unreadable")
    refused(await found(city, boundary="not json"), 422, "founding.boundary_unreadable")
    refused(await found(city, boundary='{"type":"Point","coordinates":[117,39]}'), 422, "founding.boundary_unreadable")
    refused(await found(city, name="机构.docx"), 422, "founding.file_kind")
    refused(await found(city, id="../etc"), 422)
    refused(await found(city, division="12"), 422)


async def test_只有系统管理员能新建(city: HttpCity) -> None:
    refused(await found(city, login="shift1"), 403)
    refused(await found(city, login="secadmin"), 403)
    refused(await (await city.client()).get("/api/v1/new-cities"), 401)
    refused(await (await city.client("sysadmin")).get("/api/v1/new-cities/nowhere"), 404)


async def test_真的打开_能登录_能停下(city: HttpCity) -> None:
    made = (await found(city, id="opened", password="My-city-2026")).json()
    assert [one for one in made["findings"] if one["level"] == "error"] == []
    client = await city.client("sysadmin")
    answer = await client.post("/api/v1/new-cities/opened/open")
    assert answer.status_code == 202, answer.text
    try:
        for _ in range(240):
            now: dict[str, Any] = (await client.get("/api/v1/new-cities/opened")).json()
            if now["state"] != "opening":
                break
            await asyncio.sleep(1)
        assert now["state"] == "running", now["log"]
        refused(await found(city, id="opened"), 409, "founding.city_taken")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{now['port']}", trust_env=False, timeout=30) as there:
            told = (await there.get("/api/v1/city")).json()
            assert told["names"]["zh"] == "我的区"
            signed = await there.post("/api/v1/session", json={"login": "centre", "password": "My-city-2026"})
            assert signed.status_code == 200, signed.text
            areas = (await there.get("/api/v1/areas/120199/children")).json()["areas"]
            assert [one["name_zh"] for one in areas] == ["北街街道", "南街街道"]
    finally:
        stopped = (await client.post("/api/v1/new-cities/opened/stop")).json()
        for _ in range(60):
            if stopped["state"] == "stopped":
                break
            await asyncio.sleep(1)
            stopped = (await client.get("/api/v1/new-cities/opened")).json()
    assert stopped["state"] == "stopped"
