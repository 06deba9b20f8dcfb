"""坏输入之无脚本表单:the pages' own forms refuse as the API does — in a page, with what was typed, and nothing written."""

from __future__ import annotations

import pytest
from support.http_city import HttpCity, a_city

city = a_city()

PAGE = {"accept": "text/html"}
GOOD = {"text": "路灯坏了很久没有人修", "lon": "117.0042", "lat": "39.005", "name": "王", "phone": "138"}
REPORTS = [
    pytest.param({"lon": "nan"}, id="经度非数"),
    pytest.param({"lat": "inf"}, id="纬度无穷"),
    pytest.param({"lon": "1e999"}, id="经度溢出"),
    pytest.param({"lon": "x"}, id="经度是文字"),
    pytest.param({"lon": "0x75"}, id="经度十六进制"),
    pytest.param({"lon": "1" * 31}, id="经度过长"),
    pytest.param({"lat": "91"}, id="纬度在地球外"),
    pytest.param({"lon": "", "lat": ""}, id="没有位置"),
    pytest.param({"text": ""}, id="没有描述"),
    pytest.param({"text": "\0\u200b\u202e"}, id="描述只有不可见字符"),
    pytest.param({"text": "字" * 8001}, id="描述过长"),
    pytest.param({"address": "a" * 601}, id="地址过长"),
    pytest.param({"phone": "1" * 41}, id="电话过长"),
    pytest.param({"area": "x" * 21}, id="街道过长"),
]


@pytest.mark.parametrize("change", REPORTS)
async def test_上报表单的坏输入_回到表单说明原因(city: HttpCity, change: dict[str, str]) -> None:
    client = await city.client()
    async with city.untouched():
        answer = await client.post("/plain/report", data={**GOOD, **change}, headers=PAGE)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


async def test_上报表单附的不是照片_说明原因_不建案(city: HttpCity) -> None:
    client = await city.client()
    async with city.untouched():
        answer = await client.post(
            "/plain/report", data=GOOD, files={"photos": ("a.jpg", b"<html>", "image/jpeg")}, headers=PAGE
        )
    assert answer.status_code == 422
    assert "a.jpg" in answer.text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"number": "\0", "code": "\0"}, 404),
        ({"number": "CG20260618000001", "code": "ABCDEF"}, 404),
        ({"number": "a" * 121, "code": "A"}, 422),
        ({"number": "CG", "code": "A" * 41}, 422),
        ({"number": "CG", "code": "A", "act": "void"}, 422),
        ({"number": "CG", "code": "A", "act": "rate", "satisfaction": "6"}, 422),
        ({"number": "CG", "code": "A", "act": "add", "note": "字" * 8001}, 422),
    ],
)
async def test_查询表单的坏输入(city: HttpCity, form: dict[str, str], status: int) -> None:
    async with city.untouched():
        answer = await (await city.client()).post("/plain/follow", data=form, headers=PAGE)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"login": "\0", "password": "x"},
        {"login": "a" * 101, "password": "x"},
        {"login": "acceptor1", "password": "x" * 201},
        {"login": "nobody", "password": "x", "demo": "acceptor1"},  # not a demo city
    ],
)
async def test_登录表单的坏输入_都不能登录(city: HttpCity, form: dict[str, str]) -> None:
    answer = await city.new_client(address="203.0.113.66").post("/plain/sign-in", data=form, headers=PAGE)
    assert answer.status_code in (401, 422)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "query",
    [
        "cases?q=%00", "cases?clock=x", "cases?after=x", "cases?area=%00", "cases?status=%00", "cases?state=x",
        "cases?department=%00", "cases?type=%00", "cases/x", "timeliness?by=x", "timeliness?period=x",
    ],
)  # fmt: skip
async def test_工作台地址里的坏输入_不出错(city: HttpCity, query: str) -> None:
    answer = await (await city.client("shift1")).get(f"/plain/desk/{query}", headers=PAGE)
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    "query",
    [
        "verb=%00", "subject=x", "who=%00", "since=x", "since=0001-01-01T00:00", "until=9999-12-31T23:59",
        "before=x", "before=1.1", "before=-1.2", "before=" + "9" * 40,
        "before=1.²",
    ],
)  # fmt: skip
async def test_日志的坏输入_页面和接口都不出错(city: HttpCity, query: str) -> None:
    client = await city.client("auditor")
    assert (await client.get(f"/plain/desk/journal?{query}", headers=PAGE)).status_code in (200, 422)
    api = query.replace("subject=", "subject_id=").replace("who=", "actor_id=")
    assert (await client.get(f"/api/v1/journal?{api}")).status_code in (200, 422)
