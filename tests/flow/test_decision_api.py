"""The HTTP routes of decision tables: who may see and change what, in which forms, and how a table is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.flow.offices import Office, actor
from yiwang.flow.api import router
from yiwang.kernel.access import ANONYMOUS, Actor, Grant
from yiwang.kernel.errors import Problem

DESIGNER = actor("管理员", Grant("definition", frozenset({"edit", "publish"})))
READER = actor("受理员")

TABLE: dict[str, Any] = {
    "id": "whatever",
    "names": {"zh": "年假天数", "en": "Days of leave"},
    "hit": "F",
    "inputs": [{"id": "years", "label": {"zh": "工龄", "en": "Years"}, "type": "integer", "allowed": "[0..60]"}],
    "outputs": [{"name": "days", "label": {"zh": "天数", "en": "Days"}, "type": "integer"}],
    "rules": [
        {"when": {"years": ">= 20"}, "then": {"days": 15}, "reason": {"zh": "满二十年", "en": "twenty years"}},
        {"when": {"years": ">= 5"}, "then": {"days": {"cell": "years + 1"}}},
    ],
    "examples": [{"given": {"years": 20}, "expect": {"days": 15}}],
}


class Caller:
    """The HTTP client and whoever it calls as."""

    def __init__(self, app: FastAPI) -> None:
        self.actor: Actor = DESIGNER
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://flow.test/api/v1")

        @app.middleware("http")
        async def sign_in(request: Request, following):  # type: ignore[no-untyped-def]
            request.state.actor = self.actor
            return await following(request)

        @app.exception_handler(Problem)
        async def refuse(request: Request, problem: Problem) -> JSONResponse:
            return JSONResponse(problem.body(), problem.status, media_type="application/problem+json")

    async def draft(self, key: str, **changes: object) -> httpx.Response:
        return await self.http.put(f"/decisions/{key}/draft", json={**TABLE, **changes})

    async def published(self, key: str, **changes: object) -> None:
        assert (await self.draft(key, **changes)).status_code == 200
        answer = await self.http.post(f"/decisions/{key}/publish")
        assert answer.status_code == 200, answer.text


@pytest.fixture
async def call(office: Office) -> AsyncIterator[Caller]:
    app = FastAPI()
    app.include_router(router)
    app.state.flow = office.flow
    caller = Caller(app)
    async with caller.http:
        yield caller


async def test_草稿改好后发布_发问得到答案和理由(call: Caller) -> None:
    answer = await call.draft("leave", rules=[{"when": {"years": '"x"'}, "then": {"days": 1}}])
    assert [(found["code"], found["where"], found["rule"]) for found in answer.json()["findings"]] == [
        ("decision.kind", "/rules/0/when/years", 1)
    ]
    refused = await call.http.post("/decisions/leave/publish")
    assert (refused.status_code, refused.json()["code"]) == (422, "decision.refused")
    answer = await call.draft("leave")
    assert [(found["code"], found["level"]) for found in answer.json()["findings"]] == [("decision.gap", "warning")]
    published = (await call.http.post("/decisions/leave/publish")).json()
    assert (published["decision"]["state"], published["decision"]["version"]) == ("published", 1)
    call.actor = READER
    answer = await call.http.post("/decisions/leave/evaluate", json={"inputs": {"years": 21}})
    assert answer.json() == {
        "outputs": {"days": 15},
        "rules": ["r1"],
        "reason": {"zh": "规则 r1(工龄 >= 20):满二十年", "en": "rule r1 (Years >= 20): twenty years"},
    }
    shown = (await call.http.get("/decisions/leave")).json()
    assert (shown["key"], shown["table"]["id"], shown["table"]["hit"]) == ("leave", "leave", "F")
    assert shown["table"]["rules"][1]["then"] == {"days": {"cell": "years + 1"}}
    assert shown["table"]["examples"][0]["expect"] == {"days": 15}


async def test_每一种答不了都有说法(call: Caller) -> None:
    await call.published("asked")
    for inputs, code in (
        ({"years": 3}, "decision.unmatched"),
        ({}, "decision.input_missing"),
        ({"years": "3"}, "decision.input_wrong"),
        ({"years": 61}, "decision.input_wrong"),
    ):
        answer = await call.http.post("/decisions/asked/evaluate", json={"inputs": inputs})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    for body in (
        {},
        {"inputs": 3},
        {"inputs": {}, "more": 1},
        {"inputs": {}, "version": 0},
        {"inputs": {"a": _deep()}},
    ):
        assert (await call.http.post("/decisions/asked/evaluate", json=body)).status_code == 422
    assert (await call.http.post("/decisions/none/evaluate", json={"inputs": {}})).status_code == 404


def _deep() -> object:
    deep: object = 1
    for _ in range(40):
        deep = {"a": deep}
    return deep


async def test_草稿也能试算_但只有能改的人(call: Caller) -> None:
    await call.published("tried")
    await call.draft("tried", rules=[{"then": {"days": 99}}], examples=[])
    question = {"inputs": {"years": 1}, "version": 2}
    assert (await call.http.post("/decisions/tried/evaluate", json=question)).json()["outputs"] == {"days": 99}
    call.actor = READER
    assert (await call.http.post("/decisions/tried/evaluate", json=question)).status_code == 404
    assert (await call.http.get("/decisions/tried/versions/2")).status_code == 404
    assert (await call.http.get("/decisions/tried/versions/2/csv")).status_code == 404
    assert (await call.http.get("/decisions/tried/differences", params={"old": 1, "new": 2})).status_code == 404
    assert [item["version"] for item in (await call.http.get("/decisions?key=tried")).json()["items"]] == [1]
    call.actor = DESIGNER
    assert [item["version"] for item in (await call.http.get("/decisions?key=tried")).json()["items"]] == [1, 2]


async def test_导出成表格和DMN_改过再传回来(call: Caller) -> None:
    await call.published("exported")
    sheet = await call.http.get("/decisions/exported/versions/1/csv")
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert sheet.headers["content-disposition"] == 'attachment; filename="exported-1.csv"'
    changed = sheet.content.replace(b">= 20,15", b">= 20,16")
    answer = await call.http.put("/decisions/exported/draft/csv", content=changed, headers={"content-type": "text/csv"})
    assert "样例 1" in answer.json()["findings"][-1]["zh"], "the examples stay beside the table"
    dmn = await call.http.get("/decisions/exported/versions/1/dmn")
    assert dmn.headers["content-type"].startswith("application/xml")
    drawn = dmn.content.replace("满二十年".encode(), "满廿年".encode())
    drawn = drawn.replace(b"<definitions ", b'<definitions xmlns:o="urn:o" o:x="1" ')
    xml = {"content-type": "application/xml"}
    answer = await call.http.put("/decisions/exported/draft/dmn", content=drawn, headers=xml)
    assert answer.status_code == 200, answer.text
    await call.http.post("/decisions/exported/publish")
    changes = (await call.http.get("/decisions/exported/differences", params={"old": 1, "new": 2})).json()["changes"]
    assert [change["zh"] for change in changes] == ["规则 r1 的理由由 满二十年 改为 满廿年", "DMN 文件的其他部分有变化"]
    assert 'o:x="1"' in (await call.http.get("/decisions/exported/versions/2/dmn")).text
    sheet = await call.http.get("/decisions/exported/versions/2/csv")
    await call.http.put("/decisions/exported/draft/csv", content=sheet.content, headers={"content-type": "text/csv"})
    assert 'o:x="1"' in (await call.http.get("/decisions/exported/versions/3/dmn")).text, (
        "a sheet changes only the table"
    )


async def test_only_designers_draft_and_publish(call: Caller) -> None:
    await call.draft("guarded")
    forms = [
        ("PUT", "draft", {"json": TABLE}),
        ("PUT", "draft/csv", {"content": b"x", "headers": {"content-type": "text/csv"}}),
        ("PUT", "draft/dmn", {"content": b"<a/>", "headers": {"content-type": "application/xml"}}),
        ("POST", "publish", {}),
    ]
    for who, status, code in ((READER, 403, "identity.forbidden"), (ANONYMOUS, 401, "identity.sign_in_needed")):
        call.actor = who
        for method, path, body in forms:
            answer = await call.http.request(method, f"/decisions/guarded/{path}", **body)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await call.http.get("/decisions")).status_code == 401


async def test_bad_tables_and_keys_are_refused(call: Caller) -> None:
    for path, content, kind in (
        ("draft/csv", b"a,b", "text/csv"),
        ("draft/dmn", b"<a>", "application/xml"),
        ("draft/dmn", b'<!DOCTYPE d [<!ENTITY a "a">]><d>&a;</d>', "application/xml"),
    ):
        answer = await call.http.put(f"/decisions/x/{path}", content=content, headers={"content-type": kind})
        assert (answer.status_code, answer.json()["code"]) == (422, "decision.unreadable")
    strange = [{"when": {"yaers": 1}, "then": {"days": 1}}]
    answer = await call.draft("x", rules=strange)
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "/rules/0/when/yaers")
    for change in ({"hit": "X"}, {"more": 1}, {"names": {"zh": "x"}}, {"rules": 3}, {"inputs": [{"id": "a b"}]}):
        assert (await call.draft("x", **change)).status_code == 422
    assert (await call.draft("x", names={"zh": "a\0b", "en": "b"})).status_code == 422
    for holder, name, text in (
        ("definitions", "{urn:x}a", "<a"), ("definitions", "@b c", "x"), ("prefix", "urn:x", 'a b="'),
        ("table", "@{urn:y}<", "x"),
    ):  # fmt: skip
        kept = [
            {"holder": "definitions", "name": "@{urn:x}z", "text": "1"},
            {"holder": holder, "name": name, "text": text},
        ]
        answer = await call.draft("x", kept=kept)
        assert (answer.status_code, answer.json()["code"]) == (422, "decision.unreadable"), name
    assert (await call.http.post("/decisions/none/publish")).json()["code"] == "decision.draft_missing"
    for key in ("%00", "a b", "x" * 101, "1a"):
        assert (await call.http.get(f"/decisions/{key}")).status_code in (404, 422)
    for query in ("key=%00", "after=x", "after=a/b", "limit=0", "limit=201"):
        assert (await call.http.get(f"/decisions?{query}")).status_code == 422
    assert (await call.http.get("/decisions/x/versions/99999999999")).status_code == 422


async def test_decisions_page_by_key(call: Caller) -> None:
    for name in ("page-a", "page-b", "page-c"):
        await call.published(name)
    seen: list[str] = []
    after = "page-/0"
    while after and len(seen) < 3:
        page = (await call.http.get("/decisions", params={"after": after, "limit": 2})).json()
        seen += [item["key"] for item in page["items"]]
        after = page["next"]
    assert seen[:3] == ["page-a", "page-b", "page-c"]
