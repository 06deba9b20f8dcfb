"""热点、要素提取、答复质量的接口:一页一页翻,无权不见,坏输入有说法。"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from support.journal_final import until_final

from tests.http.conftest import signed_in
from yiwang.http.trial import Trial

NOISE = (
    "丽景新城小区旁边的搅拌站彻夜施工，噪音扰民",
    "丽景新城附近新建的搅拌站粉尘很大",
    "投诉丽景新城小区门口搅拌站噪音和粉尘",
    "丽景新城小区搅拌站半夜还在施工",
    "搅拌站就在丽景新城小区旁边，噪音粉尘污染严重",
)


@pytest.fixture
async def leader(city: Trial) -> AsyncIterator[httpx.AsyncClient]:
    client = await signed_in(city, "leader1")
    yield client
    await client.aclose()


async def test_热点_列表_详情_案件_历史(city: Trial, visitor: httpx.AsyncClient, leader: httpx.AsyncClient) -> None:
    for number, text in enumerate(NOISE):
        body = {
            "type": "urban-case",
            "channel": "resident",
            "text": text,
            "lon": 117.0101 + 0.0005 * number,
            "lat": 39.0101,
            "reporter": {"phone": f"1381234000{number}"},
        }
        assert (await visitor.post("/api/v1/cases", json=body)).status_code == 201
    await until_final(city.services.context.database)
    while await city.services.casework.topics.follow():
        pass
    page = (await leader.get("/api/v1/hot-issues")).json()
    [issue] = page["issues"]
    assert page["next"] is None
    assert (issue["letters"], issue["people"], issue["tendency"]) == (5, 5, "rising")
    assert issue["sudden_at"] is not None
    one = await leader.get(f"/api/v1/hot-issues/{issue['id']}")
    assert one.json() == issue
    first = (await leader.get(f"/api/v1/hot-issues/{issue['id']}/cases", params={"limit": 3})).json()
    rest = (await leader.get(f"/api/v1/hot-issues/{issue['id']}/cases", params={"after": first["next"]})).json()
    texts = [case["text"] for case in first["cases"] + rest["cases"]]
    assert sorted(texts) == sorted(NOISE)
    history = (await leader.get(f"/api/v1/hot-issues/{issue['id']}/history")).json()
    assert sum(month["letters"] for month in history["months"]) == 5
    quality = await leader.get(f"/api/v1/cases/{first['cases'][0]['id']}/reply-quality")
    assert quality.json() == {"quality": None}
    place = await leader.get(f"/api/v1/cases/{first['cases'][0]['id']}/place-suggestion")
    assert place.json() == {"suggestion": None}


async def test_未登录和无权的人看不到(city: Trial, visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/api/v1/hot-issues")).status_code == 401
    assert (await visitor.post("/api/v1/extract", json={"text": "甲"})).status_code == 401
    auditor = await signed_in(city, "auditor")
    assert (await auditor.get("/api/v1/hot-issues")).json() == {"issues": [], "next": None}
    await auditor.aclose()


@pytest.mark.parametrize("after", ["x", "WzEsMl0=", "bnVsbA==", "W10="])
async def test_坏的翻页标记被拒绝(leader: httpx.AsyncClient, after: str) -> None:
    answer = await leader.get("/api/v1/hot-issues", params={"after": after})
    assert answer.status_code == 422
    assert answer.json()["code"] == "input.invalid"


async def test_提取地名时间号码_号码不外露(leader: httpx.AsyncClient) -> None:
    body = {"text": "昨晚八点东街菜市场附近学府路有人占道，电话13812341234", "address": "学府路12号"}
    answer = await leader.post("/api/v1/extract", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert "13812341234" not in answer.text
    assert {place["name"] for place in found["places"]} >= {"学府路"}
    assert found["times"][0]["text"] == "昨晚八点"
    assert found["numbers"] == [
        {
            "start": found["numbers"][0]["start"],
            "end": found["numbers"][0]["end"],
            "kind": "phone",
            "shown": "138****1234",
        }
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "extraction.text_empty"),
        ({"text": "   "}, "extraction.text_empty"),
        ({"text": "长" * 4001}, "input.invalid"),
        ({"text": 7}, "input.invalid"),
        ({"words": "甲"}, "input.invalid"),
    ],
)
async def test_提取的坏输入被拒绝(leader: httpx.AsyncClient, body: dict[str, object], code: str) -> None:
    answer = await leader.post("/api/v1/extract", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "text", ["啊" * 4000, "路" * 4000, "1" * 4000, "繁體字路 😀 mixed ひらがな street", "昨" * 4000]
)
async def test_怪异文字也很快有答复(leader: httpx.AsyncClient, text: str) -> None:
    assert (await leader.post("/api/v1/extract", json={"text": text})).status_code == 200
