"""坏输入之办理:outcomes, limits, notes and people given with a step or a verb; a refused step leaves the case as it was."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from support.http_city import HttpCity, a_city, refused

city = a_city()

LONG = "字" * 2001


PHOTO = {"id": str(uuid4()), "claim": "a" * 16}
DISPATCH = {"outcome": "dispatch", "department": "city-management"}
FINISH = {"outcome": "finish", "note": "好了"}


@pytest.fixture(scope="module")
async def stands(city: HttpCity) -> dict[str, UUID]:
    """A case at each of these steps."""
    found = {}
    for node in ("accept", "dispatch", "handle"):
        opened = await city.report(f"垃圾堆积,停在{node}这一步")
        await city.to(opened, node)
        found[node] = opened.id
    return found


STEPS: list[tuple[str, str, dict[str, object], str]] = [
    ("没有办理结果", "accept", {}, "input.invalid"),
    ("办理结果是数字", "accept", {"outcome": 1}, "input.invalid"),
    ("办理结果过长", "accept", {"outcome": "a" * 61}, "input.invalid"),
    ("没有这种办理结果", "accept", {"outcome": "approve"}, "flow.outcome_unknown"),
    ("别的步骤的结果", "accept", {"outcome": "pass"}, "flow.outcome_unknown"),
    ("没有这条标准", "accept", {"outcome": "file", "standard": "nope"}, "case.standard_unknown"),
    ("标准大写", "accept", {"outcome": "file", "standard": "Nope"}, "input.invalid"),
    ("没有这个分类", "accept", {"outcome": "file", "class_code": "ZZ999"}, "case.class_unknown"),
    ("不立案没有理由", "accept", {"outcome": "not_accept"}, "case.outcome_needs"),
    ("不立案的理由只有空白", "accept", {"outcome": "not_accept", "note": " \0\u200b "}, "case.outcome_needs"),
    ("意见过长", "accept", {"outcome": "file", "note": LONG}, "input.invalid"),
    ("意见不是文字", "accept", {"outcome": "file", "note": {"a": 1}}, "input.invalid"),
    ("没有派给谁", "dispatch", {"outcome": "dispatch"}, "case.outcome_needs"),
    ("没有这个部门", "dispatch", {"outcome": "dispatch", "department": "nowhere"}, "case.department_unknown"),
    ("部门含控制字符", "dispatch", {"outcome": "dispatch", "department": "a\0b"}, "input.invalid"),
    ("部门过长", "dispatch", {"outcome": "dispatch", "department": "a" * 61}, "input.invalid"),
    ("时限读不懂", "dispatch", {**DISPATCH, "limit": "尽快"}, "*"),
    ("时限为零", "dispatch", {**DISPATCH, "limit": "0工作日"}, "*"),
    ("时限是负数", "dispatch", {**DISPATCH, "limit": "-3工作日"}, "*"),
    ("时限一万年", "dispatch", {**DISPATCH, "limit": "3650000天"}, "*"),
    ("时限大得溢出", "dispatch", {**DISPATCH, "limit": "9" * 36 + "小时"}, "*"),
    ("时限过长", "dispatch", {**DISPATCH, "limit": "1" * 41}, "input.invalid"),
    ("科室不属于部门", "dispatch", {**DISPATCH, "section": "drainage-team"}, "case.section_not_of_department"),
    ("人不属于部门", "dispatch", {**DISPATCH, "handler": str(uuid4())}, "case.section_not_of_department"),
    ("人不是编号", "dispatch", {**DISPATCH, "handler": "老王"}, "input.invalid"),
    ("退回没有理由", "handle", {"outcome": "back"}, "case.outcome_needs"),
    ("照片不存在", "handle", {**FINISH, "photos": [PHOTO]}, "case.photo_unknown"),
    ("照片二十一张", "handle", {"outcome": "finish", "photos": [PHOTO] * 21}, "input.invalid"),
    ("满意度为零", "handle", {"outcome": "finish", "satisfaction": 0}, "input.invalid"),
    ("满意度为六", "handle", {"outcome": "finish", "satisfaction": 6}, "input.invalid"),
    ("满意度是半分", "handle", {"outcome": "finish", "satisfaction": 4.5}, "input.invalid"),
    ("多出的字段", "handle", {"outcome": "finish", "due_at": "2099-01-01T00:00:00Z"}, "input.invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("stand", "body", "code"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS])
async def test_办理的坏输入_拒绝_案件原样(
    city: HttpCity, stands: dict[str, UUID], stand: str, body: dict[str, object], code: str
) -> None:
    case_id = stands[stand]
    before = await city.case(case_id)
    task = await city.task(case_id)
    client = await city.client(await city.holder_login(task))
    async with city.untouched():
        found = refused(await client.post(f"/api/v1/tasks/{task.id}/complete", json=body), 422)
    assert code in ("*", found["code"]), found
    assert await city.case(case_id) == before
    assert await city.task(case_id) == task


VERBS: list[tuple[str, str, str, dict[str, object], int]] = [
    ("挂账没有理由", "shift1", "suspend", {}, 422),
    ("挂账的理由只有不可见字符", "shift1", "suspend", {"note": "\u200b\u202e\0"}, 422),
    ("挂账的理由过长", "shift1", "suspend", {"note": LONG}, 422),
    ("恢复没有挂账的", "shift1", "resume", {"note": "x"}, 409),
    ("强制结案没有理由", "shift1", "force-close", {"note": ""}, 422),
    ("作废没有理由", "acceptor1", "void", {}, 422),
    ("督办没有理由", "leader1", "supervise", {}, 422),
    ("延期没有时长", "city-desk", "extension", {"note": "难"}, 422),
    ("延期读不懂", "city-desk", "extension", {"limit": "一会儿", "note": "难"}, 422),
    ("延期一万年", "city-desk", "extension", {"limit": "3650000天", "note": "难"}, 422),
    ("延期没有理由", "city-desk", "extension", {"limit": "1工作日"}, 422),
    ("审批没有结论", "dispatcher1", "extension/decision", {"note": "x"}, 422),
    ("审批的结论不认识", "dispatcher1", "extension/decision", {"result": "maybe"}, 422),
    ("没有申请可批", "dispatcher1", "extension/decision", {"result": "approve"}, 409),
    ("并入自己", "shift1", "fold", {"head": "SELF"}, 409),
    ("并入不存在的", "shift1", "fold", {"head": "CG20991231000001"}, 409),
    ("并入的编号含空字符", "shift1", "fold", {"head": "CG\0"}, 422),
    ("没有并过却取消", "shift1", "unfold", {"note": "x"}, 409),
    ("取消并案没有理由", "shift1", "unfold", {}, 422),
]


@pytest.mark.parametrize(("login", "verb", "body", "status"), [row[1:] for row in VERBS], ids=[row[0] for row in VERBS])
async def test_案件操作的坏输入_拒绝_案件原样(
    city: HttpCity, stands: dict[str, UUID], login: str, verb: str, body: dict[str, Any], status: int
) -> None:
    at_handle = stands["handle"]
    before = await city.case(at_handle)
    if body.get("head") == "SELF":
        body = {"head": before.number}
    client = await city.client(login)
    async with city.untouched():
        refused(await client.post(f"/api/v1/cases/{at_handle}/{verb}", json=body), status)
    assert await city.case(at_handle) == before


REPORTERS: list[tuple[str, str, dict[str, object], int]] = [
    ("编号含空字符", "follow", {"number": "CG\0"}, 422),
    ("查询码小写", "follow", {"code": "abcdef"}, 422),
    ("查询码过短", "follow", {"code": "A"}, 422),
    ("查询码过长", "follow", {"code": "A" * 21}, 422),
    ("查询码是列表", "follow", {"code": ["A"]}, 422),
    ("补充没有内容", "add", {"note": " "}, 422),
    ("补充过长", "add", {"note": LONG}, 422),
    ("评价没有分数", "rate", {}, 422),
    ("评价六分", "rate", {"satisfaction": 6}, 422),
    ("没有结案就评价", "rate", {"satisfaction": 5}, 409),
    ("没有结案就要求重办", "reopen", {"note": "没修好"}, 409),
    ("重办没有理由", "reopen", {"note": "\0"}, 422),
]


@pytest.mark.parametrize(
    ("verb", "change", "status"), [row[1:] for row in REPORTERS], ids=[row[0] for row in REPORTERS]
)
async def test_上报人的坏输入_拒绝_案件原样(city: HttpCity, verb: str, change: dict[str, object], status: int) -> None:
    client = await city.client()
    opened = (await client.post("/api/v1/cases", json=city.body())).json()
    body = {"number": opened["number"], "code": opened["code"], **change}
    before = await city.case(UUID(opened["id"]))
    async with city.untouched():
        refused(await client.post(f"/api/v1/cases/{verb}", json=body), status)
    assert await city.case(UUID(opened["id"])) == before


async def test_转派的坏输入(city: HttpCity, stands: dict[str, UUID]) -> None:
    task = await city.task(stands["handle"])
    person = await city.holder_login(task)
    client = await city.client(person)
    door = f"/api/v1/tasks/{task.id}/reassign"
    me = (await client.get("/api/v1/session")).json()["account"]
    async with city.untouched():
        refused(await client.post(door, json={"person": str(uuid4()), "note": "出差"}), 404)
        refused(await client.post(door, json={"person": person, "note": "出差"}), 422)
        refused(await client.post(door, json={"person": me}), 422)
        refused(await client.post(door, json={"person": me, "note": LONG}), 422)
    assert await city.task(stands["handle"]) == task


READING = [{"kind": "case", "verbs": ["read"]}]
PEOPLE: list[tuple[str, str, str, str, dict[str, object]]] = [
    ("登录名为空", "sysadmin", "POST", "/api/v1/accounts", {"login": "", "name": "甲"}),
    ("登录名含空字符", "sysadmin", "POST", "/api/v1/accounts", {"login": "a\0b", "name": "甲"}),
    ("登录名过长", "sysadmin", "POST", "/api/v1/accounts", {"login": "a" * 200, "name": "甲"}),
    ("姓名只有不可见字符", "sysadmin", "POST", "/api/v1/accounts", {"login": "abc", "name": "\u200b"}),
    ("姓名过长", "sysadmin", "POST", "/api/v1/accounts", {"login": "abc", "name": "名" * 61}),
    ("机构编号为负", "sysadmin", "POST", "/api/v1/accounts", {"login": "abc", "name": "甲", "organisation": -1}),
    ("机构编号过大", "sysadmin", "POST", "/api/v1/accounts", {"login": "abc", "name": "甲", "organisation": 2**31}),
    ("令牌没有名字", "acceptor1", "POST", "/api/v1/tokens", {"grants": READING}),
    ("令牌没有权限", "acceptor1", "POST", "/api/v1/tokens", {"name": "a", "grants": []}),
    ("令牌超出本人", "acceptor1", "POST", "/api/v1/tokens", {"name": "a", "grants": [{"kind": "journal", "verbs": ["read"]}]}),
    ("令牌要管账号", "city-handler", "POST", "/api/v1/tokens", {"name": "a", "grants": [{"kind": "account", "verbs": ["*"]}]}),
    ("令牌用一万天", "acceptor1", "POST", "/api/v1/tokens", {"name": "a", "days": 10_000, "grants": READING}),
    ("令牌区域是语句", "acceptor1", "POST", "/api/v1/tokens", {"name": "a", "grants": [{**READING[0], "area": "' or 1=1"}]}),
    ("新密码太弱", "acceptor1", "PUT", "/api/v1/session/password", {"present": "Small-city-2026", "new": "123456"}),
    ("新密码过长", "acceptor1", "PUT", "/api/v1/session/password", {"present": "x", "new": "x" * 513}),
    ("登录密码过长", "", "POST", "/api/v1/session", {"login": "acceptor1", "password": "x" * 513}),
    ("登录名是对象", "", "POST", "/api/v1/session", {"login": {"$ne": ""}, "password": "x"}),
    ("一万零一个点", "", "POST", "/api/v1/locate", {"points": [[117.0, 39.0]] * 10_001}),
    ("点只有一个数", "", "POST", "/api/v1/locate", {"points": [[117.0]]}),
    ("点有三个数", "", "POST", "/api/v1/locate", {"points": [[117.0, 39.0, 1.0]]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("login", "method", "path", "body"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE]
)
async def test_账号令牌定位的坏输入_拒绝_什么也不写(
    city: HttpCity, login: str, method: str, path: str, body: dict[str, object]
) -> None:
    client = await city.client(login or None)
    async with city.untouched():
        refused(await client.request(method, path, json=body), 422)
