"""What pages say of a case: in the reader's language, each step by its name, nothing twice, only what lies ahead."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.http.conftest import signed_in
from yiwang.http.trial import Trial

HTML = {"accept": "text/html"}
_PLACES = iter([(117.0005 + 0.0011 * number, 39.0105) for number in range(30)])


@pytest.fixture
async def supervisor(city: Trial) -> AsyncIterator[httpx.AsyncClient]:
    client = await signed_in(city, "supervisor1")
    yield client
    await client.aclose()


async def open_case(visitor: httpx.AsyncClient, text: str = "和平里小区门口路面有个坑") -> dict[str, Any]:
    lon, lat = next(_PLACES)
    body = {"type": "urban-case", "channel": "resident", "text": text, "lon": lon, "lat": lat}
    answer = await visitor.post("/api/v1/cases", json=body)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def act(city: Trial, receipt: dict[str, Any], login: str, outcome: str, **given: object) -> None:
    """Finish the case's open task as this person."""
    client = await signed_in(city, login)
    tasks = (await client.get(f"/api/v1/cases/{receipt['id']}")).json()["tasks"]
    answer = await client.post(f"/api/v1/tasks/{tasks[0]['id']}/complete", json={"outcome": outcome, **given})
    assert answer.status_code == 200, answer.text
    await client.aclose()


async def worker_of(city: Trial, receipt: dict[str, Any]) -> str:
    """The login of the grid worker who has the case's open task."""
    for login in ("worker1", "worker2", "worker3", "patrol1"):
        client = await signed_in(city, login)
        listed = (await client.get("/api/v1/tasks", params={"limit": 200})).json()["items"]
        await client.aclose()
        if any(item["case"]["id"] == receipt["id"] for item in listed):
            return login
    raise AssertionError("no grid worker has the task")


def part(page: str, name: str) -> str:
    """The inside of the list marked data-part."""
    found = re.search(rf'data-part="{name}"[^>]*>(.*?)</ol>', page, re.DOTALL)
    assert found is not None
    return found[1]


async def test_英文页面的状态是英文(city: Trial, visitor: httpx.AsyncClient, supervisor: httpx.AsyncClient) -> None:
    receipt = await open_case(visitor)
    assert (receipt["status"], receipt["status_en"]) == ("待核实", "Awaiting verification")
    for path in ("/plain/", "/plain/desk/cases", f"/plain/desk/cases/{receipt['id']}"):
        english = (await supervisor.get(path, params={"lang": "en"}, headers=HTML)).text
        assert "Awaiting verification" in english, path
        assert "待核实" not in english, path
        chinese = (await supervisor.get(path, params={"lang": "zh"}, headers=HTML)).text
        assert "待核实" in chinese, path
    words = (await visitor.get("/plain/home/words")).json()["statuses"]
    assert words["urban-case/待核实"] == ["待核实", "Awaiting verification"]
    assert words["urban-case/已并案"] == ["已并案", "Folded"]


async def test_英文上报页面的分类是英文(visitor: httpx.AsyncClient) -> None:
    found = (await visitor.get("/api/v1/cases/suggest", params={"type": "urban-case", "text": "路面有个坑"})).json()
    assert (found[0]["class_name"], found[0]["class_name_en"]) == ("道路破损", "Damaged road")
    lon, lat = next(_PLACES)
    form = {"text": "路面有个坑,很深", "lon": str(lon), "lat": str(lat)}
    page = (await visitor.post("/plain/report", params={"lang": "en"}, data=form)).text
    assert "Classified for now as: Damaged road" in page
    assert "道路破损" not in page


async def test_查进度说明办到哪一步(city: Trial, visitor: httpx.AsyncClient) -> None:
    receipt = await open_case(visitor)
    await act(city, receipt, await worker_of(city, receipt), "not_exist", note="现场没有发现")
    given = {"number": receipt["number"], "code": receipt["code"]}
    english = (await visitor.post("/plain/follow", params={"lang": "en"}, data=given)).text
    assert "<b>Verify: " in english
    assert "step finished" not in english
    assert "→ Awaiting intake" in english
    chinese = (await visitor.post("/plain/follow", params={"lang": "zh"}, data=given)).text
    assert "<b>核实:" in chinese
    await act(city, receipt, "acceptor1", "not_accept", note="不属于城市管理事项")
    done = (await visitor.post("/plain/follow", params={"lang": "en"}, data=given)).text
    assert done.count("→ Not accepted") == 1
    assert "<b>closed</b>" not in done


async def test_结案在经过里只说一次(city: Trial, visitor: httpx.AsyncClient, supervisor: httpx.AsyncClient) -> None:
    receipt = await open_case(visitor)
    await act(city, receipt, await worker_of(city, receipt), "not_exist", note="现场没有发现")
    await act(city, receipt, "acceptor1", "not_accept", note="不属于城市管理事项")
    page = (await supervisor.get(f"/plain/desk/cases/{receipt['id']}", params={"lang": "en"}, headers=HTML)).text
    assert part(page, "story").count("<li>") == 3
    api = (await supervisor.get(f"/api/v1/cases/{receipt['id']}/story")).json()["items"]
    assert [row["verb"] for row in api] == ["case.opened", "case.step", "case.step", "case.closed"]
    assert api[-1]["status_en"] == "Not accepted"


async def test_还没到的环节不算前面的路(city: Trial, supervisor: httpx.AsyncClient) -> None:
    operator = await signed_in(city, "operator1")
    body = {"type": "hotline-case", "channel": "phone", "text": "小区停水一天了", "address": "和平里小区"}
    receipt = (await operator.post("/api/v1/cases", json={**body, "reporter": {"phone": "13812345678"}})).json()
    await operator.aclose()
    page = (await supervisor.get(f"/plain/desk/cases/{receipt['id']}", params={"lang": "zh"}, headers=HTML)).text
    steps = re.findall(r"<li[^>]*>([^<]+)</li>", part(page, "steps"))
    assert steps == ["受理", "分办", "部门签收", "办理", "部门答复", "回访", "办结"]


async def test_不核实的案件_环节里没有核实(city: Trial, supervisor: httpx.AsyncClient) -> None:
    leader = await signed_in(city, "leader1")
    lon, lat = next(_PLACES)
    body = {"type": "urban-case", "channel": "leader", "text": "请处理中心公园门口的积水", "lon": lon, "lat": lat}
    receipt = (await leader.post("/api/v1/cases", json=body)).json()
    await leader.aclose()
    page = (await supervisor.get(f"/plain/desk/cases/{receipt['id']}", params={"lang": "zh"}, headers=HTML)).text
    steps = re.findall(r"<li[^>]*>([^<]+)</li>", part(page, "steps"))
    assert steps[0] == "受理立案"
    assert "核实" not in steps


@pytest.mark.parametrize(
    ("path", "current"), [("/plain/", "首页"), ("/plain/report", "上报"), ("/plain/follow", "查进度")]
)
async def test_栏目标出所在的页(visitor: httpx.AsyncClient, path: str, current: str) -> None:
    page = (await visitor.get(path, params={"lang": "zh"})).text
    assert re.findall(r'aria-current="page">([^<]+)<', page) == [current]


@pytest.mark.parametrize("path", ["/plain/sign-in", "/nothing-here"])
async def test_不属于任何栏目的页_不标栏目(visitor: httpx.AsyncClient, path: str) -> None:
    page = (await visitor.get(path, params={"lang": "zh"}, headers=HTML)).text
    assert 'aria-current="page"' not in page


async def test_坐标写成nan_页面说明而不出错(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.post("/plain/report", data={"text": "路面有个坑,很深", "lon": "nan", "lat": "39.0"})
    assert answer.status_code == 422
    assert "form-error" in answer.text
