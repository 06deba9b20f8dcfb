"""分类与派遣建议的接口:边写边问,模型的管理只归系统管理员。"""

from __future__ import annotations

import httpx

from tests.http.conftest import signed_in
from yiwang.http.trial import Trial


async def test_边写边问_有分类_部门_时限_理由(city: Trial, visitor: httpx.AsyncClient) -> None:
    body = {"type": "urban-case", "text": "学校门口路灯不亮", "lon": 117.0101, "lat": 39.0101}
    answer = await visitor.post("/api/v1/advice", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["class_code"], found["sure"], found["model"]) == ("01037", True, None)
    assert found["classes"][0]["words"]
    assert found["department"]["source"] == "table"
    assert found["department"]["limit"]
    nowhere = (await visitor.post("/api/v1/advice", json={"type": "urban-case"})).json()
    assert nowhere["sure"] is False


async def test_误派率_登录者可看_模型_只有系统管理员可动(city: Trial, visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/api/v1/advice/figures")).status_code == 401
    assert (await visitor.get("/api/v1/models")).status_code == 401
    leader = await signed_in(city, "leader1")
    assert (await leader.get("/api/v1/advice/figures")).json() == []
    assert (await leader.get("/api/v1/models")).status_code == 403
    assert (await leader.post("/api/v1/models/urban-case/1/publish")).status_code == 403
    await leader.aclose()
