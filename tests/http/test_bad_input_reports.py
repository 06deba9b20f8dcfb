"""坏输入之上报:every field of a report has limits; whatever goes past them is refused in words, and nothing is written."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import orjson
import pytest
from support.http_city import HttpCity, a_city, jpeg, refused

from yiwang.casework.api.values import MAX_FIELDS_BYTES

city = a_city()

CASES = "/api/v1/cases"
NOBODYS = {"id": str(uuid4()), "claim": "aaaaaaaa"}


@pytest.fixture
async def nothing_written(city: HttpCity) -> AsyncIterator[None]:
    async with city.untouched():
        yield


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = {"component": value}
    return value


FAULTS: list[tuple[str, dict[str, object], str, str]] = [
    # what is wrong, what is sent instead, where it is said, which code
    ("案件类型缺失", {"type": ...}, "/type", "input.missing"),
    ("案件类型大写", {"type": "Urban"}, "/type", "input.string_pattern_mismatch"),
    ("案件类型过长", {"type": "a" * 61}, "/type", "input.string_pattern_mismatch"),
    ("案件类型是数字", {"type": 7}, "/type", "input.string_type"),
    ("案件类型含空字符", {"type": "urban\0case"}, "/type", "input.string_pattern_mismatch"),
    ("渠道缺失", {"channel": ...}, "/channel", "input.missing"),
    ("渠道为空", {"channel": ""}, "/channel", "input.string_pattern_mismatch"),
    ("描述缺失", {"text": ...}, "/text", "input.missing"),
    ("描述只有空白和控制字符", {"text": " \t\r\n\0\u200b\u202e\ufeff "}, "/text", "input.missing"),
    ("描述超过四千字", {"text": "字" * 4001}, "/text", "input.string_too_long"),
    ("描述是数字", {"text": 12345}, "/text", "input.string_type"),
    ("描述是列表", {"text": ["路灯不亮"]}, "/text", "input.string_type"),
    ("描述是空值", {"text": None}, "/text", "input.string_type"),
    ("分类编码小写", {"class_code": "abc"}, "/class_code", "input.string_pattern_mismatch"),
    ("分类编码过长", {"class_code": "0" * 13}, "/class_code", "input.string_pattern_mismatch"),
    ("经度是文字", {"lon": "117.001"}, "/lon", "input.float_type"),
    ("经度是真假值", {"lon": True}, "/lon", "input.float_type"),
    ("经度非数", {"lon": math.nan}, "/lon", "input.finite_number"),
    ("纬度无穷大", {"lat": math.inf}, "/lat", "input.finite_number"),
    ("纬度负无穷", {"lat": -math.inf}, "/lat", "input.finite_number"),
    ("经度超过一百八十", {"lon": 180.000001}, "/lon", "input.less_than_equal"),
    ("纬度小于负九十", {"lat": -90.000001}, "/lat", "input.greater_than_equal"),
    ("经度大得不可思议", {"lon": 1e300}, "/lon", "input.less_than_equal"),
    ("有经度没有纬度", {"lat": ...}, "/lat", "input.missing"),
    ("坐标系不认识", {"crs": "EPSG:3857"}, "/crs", "input.literal_error"),
    ("坐标系含空字符", {"crs": "GCJ-02\0"}, "/crs", "input.literal_error"),
    ("地址超过三百字", {"address": "路" * 301}, "/address", "input.string_too_long"),
    ("紧急程度不认识", {"urgency": "very"}, "/urgency", "input.literal_error"),
    ("发生时间没有时区", {"occurred_at": "2026-06-18T07:00:00"}, "/occurred_at", "input.timezone_aware"),
    ("发生时间只有日期", {"occurred_at": "2026-06-18"}, "/occurred_at", "input.timezone_aware"),
    ("发生时间是秒数", {"occurred_at": 1781740800}, "/occurred_at", "input.datetime_type"),
    ("发生时间是写成文字的秒数", {"occurred_at": "1781740800"}, "/occurred_at", "input.datetime_type"),
    ("发生时间是真假值", {"occurred_at": True}, "/occurred_at", "input.datetime_type"),
    (
        "发生时间是二月三十日",
        {"occurred_at": "2026-02-30T08:00:00Z"},
        "/occurred_at",
        "input.datetime_from_date_parsing",
    ),
    ("发生时间在二十五点", {"occurred_at": "2026-06-18T25:00:00Z"}, "/occurred_at", "input.datetime_from_date_parsing"),
    ("发生时间在公元元年", {"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at", "input.time_range"),
    ("发生时间在九九九九年", {"occurred_at": "9999-12-31T23:59:59-14:00"}, "/occurred_at", "input.time_range"),
    ("上报人是空值", {"reporter": None}, "/reporter", "input.model_attributes_type"),
    ("上报人多出字段", {"reporter": {"id": "1"}}, "/reporter/id", "input.extra_forbidden"),
    ("姓名超过六十字", {"reporter": {"name": "名" * 61}}, "/reporter/name", "input.string_too_long"),
    ("电话里有字母", {"reporter": {"phone": "1381234abcd"}}, "/reporter/phone", "input.string_pattern_mismatch"),
    ("电话里有空字符", {"reporter": {"phone": "138\0"}}, "/reporter/phone", "input.string_pattern_mismatch"),
    ("电话过长", {"reporter": {"phone": "1" * 21}}, "/reporter/phone", "input.string_too_long"),
    ("照片超过二十张", {"photos": [NOBODYS] * 21}, "/photos", "input.too_long"),
    ("照片编号不是编号", {"photos": [{"id": "x", "claim": "aaaaaaaa"}]}, "/photos/0/id", "input.uuid_parsing"),
    ("照片没有凭据", {"photos": [{"id": str(uuid4())}]}, "/photos/0/claim", "input.missing"),
    ("照片凭据过短", {"photos": [{**NOBODYS, "claim": "a"}]}, "/photos/0/claim", "input.string_too_short"),
    (
        "照片凭据含空字符",
        {"photos": [{**NOBODYS, "claim": "aaaaaaaa\0"}]},
        "/photos/0/claim",
        "input.string_pattern_mismatch",
    ),
    ("来源编号为空", {"source_number": ""}, "/source_number", "input.string_too_short"),
    ("来源编号只有控制字符", {"source_number": "\0\x01"}, "/source_number", "input.string_too_short"),
    ("来源编号过长", {"source_number": "a" * 101}, "/source_number", "input.string_too_long"),
    ("附加字段不是对象", {"fields": []}, "/fields", "input.dict_type"),
    ("附加字段未声明", {"fields": {"colour": "red"}}, "/fields", "input.field"),
    ("附加字段类型不对", {"fields": {"component": 5}}, "/fields/component", "input.field"),
    ("附加字段格式不对", {"fields": {"component": "1" * 15}}, "/fields/component", "input.field"),
    ("附加字段非数", {"fields": {"component": math.nan}}, "/fields/component", "input.field"),
    ("附加字段含空字符", {"fields": {"component": "\0"}}, "/fields/component", "input.field"),
    ("附加字段整数超过六十四位", {"fields": {"component": 2**70}}, "/fields", "input.int_parsing_size"),
    ("附加字段嵌套十层", {"fields": {"component": nested(10)}}, "/fields", "input.too_deep"),
    ("附加字段嵌套三百层", {"fields": {"component": nested(300)}}, "/fields", "input.too_deep"),
    ("附加字段超过十六千字节", {"fields": {"component": "1" * MAX_FIELDS_BYTES}}, "/fields", "input.too_large"),
    ("附加字段超过六十个", {"fields": {f"f{n}": 1 for n in range(61)}}, "/fields", "input.too_long"),
    ("附加字段带原型属性", {"fields": {"__proto__": {"admin": True}}}, "/fields", "input.field"),
    ("不认识的字段", {"priority": 1}, "/priority", "input.extra_forbidden"),
    ("自己给出案件号", {"number": "CG20260618000001"}, "/number", "input.extra_forbidden"),
    ("自己给出状态", {"state": "closed"}, "/state", "input.extra_forbidden"),
]


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(("change", "where", "code"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
async def test_字段越界即拒绝_指出位置_什么也不写(
    city: HttpCity, change: dict[str, object], where: str, code: str
) -> None:
    answer = await _send(city, city.body(**change))
    body = refused(answer, 422, "input.invalid")
    assert (where, code) in [(item["where"], item["code"]) for item in body["errors"]], body


async def _send(city: HttpCity, body: dict[str, object], login: str | None = None, **headers: str) -> httpx.Response:
    """As a program would that knows no limits: NaN and lone surrogates included."""
    client = await city.client(login)
    return await client.post(
        CASES, content=json.dumps(body).encode(), headers={"content-type": "application/json", **headers}
    )


REFUSALS: list[tuple[str, dict[str, object], int, str]] = [
    ("没有这种案件", {"type": "nope"}, 422, "case.type_unknown"),
    ("没有这种渠道", {"channel": "nope"}, 422, "case.channel_unknown"),
    ("分类不在目录里", {"class_code": "ZZZZZ"}, 422, "case.class_unknown"),
    ("位置在市外", {"lon": 121.47, "lat": 31.23}, 422, "case.place_outside_city"),
    ("位置在零度零度", {"lon": 0, "lat": 0}, 422, "case.place_outside_city"),
    ("位置在北极点", {"lon": 117.0, "lat": 90}, 422, "case.place_outside_city"),
    ("经纬度颠倒", {"lon": 39.001, "lat": 85.0}, 422, "case.place_outside_city"),
    ("发生在明天", {"occurred_at": "2026-06-19T08:00:00+08:00"}, 422, "case.time_impossible"),
    ("发生在两年前", {"occurred_at": "2024-06-18T08:00:00+08:00"}, 422, "case.time_impossible"),
    ("描述太短不合渠道规则", {"text": "坏"}, 422, "case.report_refused"),
    ("照片不存在", {"photos": [NOBODYS]}, 422, "case.photo_unknown"),
    ("居民冒用话务渠道", {"channel": "hotline"}, 401, "identity.sign_in_needed"),
]


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(("change", "status", "code"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
async def test_不合业务规则的上报_说明原因_什么也不写(
    city: HttpCity, change: dict[str, object], status: int, code: str
) -> None:
    refused(await _send(city, city.body(**change)), status, code)


@pytest.mark.usefixtures("nothing_written")
async def test_岗位不符的渠道_登录了也不能用(city: HttpCity) -> None:
    refused(await _send(city, city.body(channel="leader"), "acceptor1"), 403, "case.channel_not_yours")
    refused(await _send(city, city.body(channel="transfer"), "city-handler"), 403, "identity.forbidden")
    refused(await _send(city, city.body(channel="transfer"), "sysadmin"), 403, "identity.forbidden")


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("key", ["short", "a" * 101, "with blank", "控制" * 5, "tab\tinside"])
async def test_幂等键越界即拒绝(city: HttpCity, key: str) -> None:
    answer = await (await city.client()).post(CASES, json=city.body(), headers={"idempotency-key": key.encode()})
    assert refused(answer, 422, "input.invalid")["errors"][0]["where"] == "header:idempotency-key"


MARKUP = "<script>alert(1)</script>' \" \\ ; drop table case_file; -- {{7*7}} ${x} %s"
KEPT: list[tuple[str, str, str]] = [
    ("表情符号保留", "🕳️ 路面有坑👨‍👩‍👧‍👦快来修 🚧🏽", "🕳️ 路面有坑👨‍👩‍👧‍👦快来修 🚧🏽"),
    ("生僻字保留", "𠮷野家门口𪚥路灯不亮", "𠮷野家门口𪚥路灯不亮"),
    ("空字符和控制字符去除", "路灯\0坏了\x07很久\x1b[31m没有修\x7f", "路灯坏了很久[31m没有修"),
    ("从右到左的覆盖符去除", "\u202e路灯坏了\u202c很久\u2066没有\u2069修", "路灯坏了很久没有修"),
    ("零宽字符和字节序标记去除", "\ufeff路灯\u200b坏了很久没有修", "路灯坏了很久没有修"),
    ("孤立代理去除", "路灯\ud83d坏了很久没有修\udc00", "路灯坏了很久没有修"),
    ("换行统一", "第一行坏了\r\n第二行坏了\r第三行\t坏了", "第一行坏了\n第二行坏了\n第三行 坏了"),
    ("组合字符归一", "Cafe\u0301门口垃圾桶满了", "Café门口垃圾桶满了"),
    ("标记和引号原样", MARKUP, MARKUP),
    ("搜索语法原样", "路灯 & | ! :* <-> ( ) '::tsquery 不亮", "路灯 & | ! :* <-> ( ) '::tsquery 不亮"),
    ("恰好四千字", "字" * 4000, "字" * 4000),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "kept"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT])
async def test_文字清洗后原样保存(city: HttpCity, sent: str, kept: str) -> None:
    answer = await _send(city, city.body(text=sent))
    assert answer.status_code == 201, answer.text
    acceptor = await city.client("acceptor1")
    assert (await acceptor.get(f"{CASES}/{answer.json()['id']}")).json()["text"] == kept
    listed = (await acceptor.get(CASES, params={"number": answer.json()["number"]})).json()["items"]
    assert [item["text"] for item in listed] == [kept]


async def test_姓名地址来源编号清洗成一行(city: HttpCity) -> None:
    answer = await _send(
        city,
        city.body(
            address=" 建设路\r\n1号\0 ",
            reporter={"name": "王\u202e小\n敏", "phone": " +86 138-1234 "},
            source_number=" S\t7\n\0",
        ),
    )
    assert answer.status_code == 201, answer.text
    view = await city.view(answer.json()["id"], "acceptor1", "核对清洗")
    assert (view.case.address, view.case.source_number) == ("建设路 1号", "S 7")
    assert (view.reporter.name, view.reporter.phone) == ("王小 敏", "+86 138-1234")


async def test_发生时间的边界恰好可用(city: HttpCity) -> None:
    for at in (city.now(), city.now() + timedelta(minutes=9), city.now() - timedelta(days=365)):
        answer = await _send(city, city.body(occurred_at=at.isoformat()))
        assert answer.status_code == 201, answer.text


async def test_一份坏的上报不连累同时到达的其他上报(city: HttpCity) -> None:
    """Reports that arrive together are written together; a fault of one is told to that one alone."""
    before = (await city.counts())["case_file"]
    bodies = [city.body(text=f"第{n}处井盖缺失,请尽快处理") for n in range(24)]
    bodies[5]["photos"] = bodies[17]["photos"] = [NOBODYS]
    bodies[9]["fields"] = {"component": "\0" * 16}
    answers = await asyncio.gather(*(_send(city, body) for body in bodies))
    bad = {5: "case.photo_unknown", 17: "case.photo_unknown", 9: "input.invalid"}
    for place, answer in enumerate(answers):
        if place in bad:
            refused(answer, 422, bad[place])
        else:
            assert answer.status_code == 201, answer.text
    assert (await city.counts())["case_file"] == before + len(bodies) - len(bad)


async def test_照片凭据只能用一次_也只能由知道凭据的人用(city: HttpCity) -> None:
    client = await city.client()
    photo = (await client.post("/api/v1/attachments", files={"file": ("a.jpg", jpeg(), "image/jpeg")})).json()
    before = await city.counts()
    guess = await _send(city, city.body(photos=[{"id": photo["id"], "claim": "b" * 16}]))
    refused(guess, 422, "case.photo_unknown")
    twice = {"id": photo["id"], "claim": photo["claim"]}
    refused(await _send(city, city.body(photos=[twice, twice])), 422, "case.photo_unknown")
    assert await city.counts() == before
    assert (await _send(city, city.body(photos=[twice]))).status_code == 201
    refused(await _send(city, city.body(photos=[twice])), 422, "case.photo_unknown")


async def test_居民上传的照片不能冒充处置后或核查照片(city: HttpCity) -> None:
    client = await city.client()
    for kind in ("after", "check", "verify"):
        sent = await client.post("/api/v1/attachments", files={"file": ("a.jpg", jpeg())}, data={"kind": kind})
        assert sent.json()["kind"] == "report"


async def test_重复的成员以最后一个为准_多余空白不碍事(city: HttpCity) -> None:
    text = orjson.dumps(city.body()).decode()
    content = text[:-1] + ',  "text" : "最后写的才算数" }  \r\n'
    answer = await (await city.client()).post(CASES, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert (await city.view(answer.json()["id"])).case.text == "最后写的才算数"
