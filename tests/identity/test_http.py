"""登录与账号接口:identity over HTTP, through the application's own routes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from tests.identity.city import City, account_of, password
from yiwang.identity.api import router
from yiwang.identity.requests import actor_of_request, session_cookie
from yiwang.kernel.access import CurrentActor
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.errors import Problem

SITE = "https://city.example"

NOBODY = "01900000-0000-7000-8000-000000000000"  # an id that no account has; the same in every process that collects


@pytest.fixture
def app(city: City) -> FastAPI:
    """The routes of identity with a middleware that asks it who calls, as the http floor does."""
    app = FastAPI()
    app.include_router(router)
    app.state.identity = city.service

    @app.exception_handler(Problem)
    async def on_problem(_request: Request, problem: Problem) -> JSONResponse:
        return JSONResponse(problem.body("zh"), problem.status)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_request: Request, _error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"code": "input.invalid"}, 422)

    @app.middleware("http")
    async def who(request: Request, call_next):  # type: ignore[no-untyped-def]
        try:
            request.state.actor = await actor_of_request(city.service, request)
        except Problem as problem:
            return await on_problem(request, problem)
        return await call_next(request)

    @app.post("/anything")
    async def anything(actor: CurrentActor) -> str:
        return actor.kind

    return app


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=("203.0.113.20", 1))
    async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, city: City, *held: tuple[str, str], office: str = "centre") -> str:
    actor = await city.person(office, *held)
    person = city.service.directory.person(account_of(actor))
    assert person is not None
    answer = await client.post("/api/v1/session", json={"login": person.login, "password": password})
    assert answer.status_code == 200, answer.text
    return str(account_of(actor))


async def test_登录得到安全的cookie和本人信息(client: httpx.AsyncClient, city: City) -> None:
    await city.person("centre", ("dispatcher", "centre"), login="web-user")
    answer = await client.post("/api/v1/session", json={"login": "web-user", "password": password})
    cookie = answer.headers["set-cookie"]
    for part in ("yiwang_session=", "HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert part in cookie
    assert answer.headers["cache-control"] == "no-store"
    me = answer.json()
    assert client.cookies[session_cookie] not in answer.text
    assert (me["login"], me["kind"], me["must_change_password"]) == ("web-user", "person", False)
    assert [post["code"] for post in me["posts"]] == ["dispatcher"]
    assert me["organisation"]["code"] == "centre"
    assert [role["code"] for role in me["roles"]] == ["dispatching"]
    assert me["grants"] == [{"kind": "case", "verbs": ["dispatch", "read"], "area": "120111", "organisations": None}]
    assert (await client.get("/api/v1/session")).json()["account"] == me["account"]


async def test_http下cookie不带secure(app: FastAPI, city: City) -> None:
    await city.person(login="plain-http")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.post("/api/v1/session", json={"login": "plain-http", "password": password})
        assert "Secure" not in answer.headers["set-cookie"]


async def test_退出后即为匿名(client: httpx.AsyncClient, city: City) -> None:
    await sign_in(client, city)
    token = client.cookies[session_cookie]
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert (await client.delete("/api/v1/session")).status_code == 204
    client.cookies.set(session_cookie, token)
    answer = await client.get("/api/v1/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "identity.sign_in_needed")
    assert (await client.post("/anything")).json() == "anonymous"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"origin": SITE}, True),
        ({"sec-fetch-site": "same-origin", "origin": SITE}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, False),
        ({"sec-fetch-site": "same-site", "origin": "https://other.city.example"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://[bad"}, False),
    ],
)
async def test_跨站请求_带cookie的写操作被拒绝(
    client: httpx.AsyncClient, city: City, headers: dict[str, str], allowed: bool
) -> None:
    await sign_in(client, city)
    answer = await client.post("/anything", headers=headers)
    assert answer.status_code == (200 if allowed else 403)
    assert allowed or answer.json()["code"] == "identity.cross_site"
    assert (await client.get("/api/v1/session", headers=headers)).status_code == 200, "reading is no danger"
    signing_in = await client.post("/api/v1/session", json={"login": "x", "password": "y"}, headers=headers)
    assert signing_in.status_code == (401 if allowed else 403)


async def test_令牌请求不受跨站限制(client: httpx.AsyncClient, city: City) -> None:
    await sign_in(client, city, ("dispatcher", "centre"))
    made = await client.post(
        "/api/v1/tokens", json={"name": "报表", "grants": [{"kind": "case", "verbs": ["read"]}], "days": 30}
    )
    assert made.status_code == 201
    token = made.json()["token"]
    headers = {"authorization": f"Bearer {token}", "origin": "https://evil.example"}
    client.cookies.clear()
    assert (await client.post("/anything", headers=headers)).json() == "token"
    me = (await client.get("/api/v1/session", headers=headers)).json()
    assert (me["kind"], me["posts"], me["expires_at"]) == ("token", [], None)
    listed = await client.get("/api/v1/tokens", headers=headers)
    assert listed.json()["code"] == "identity.person_needed"


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer ", "bearer yw_" + "x" * 500])
async def test_坏令牌_401(client: httpx.AsyncClient, value: str) -> None:
    answer = await client.post("/anything", headers={"authorization": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "identity.token_invalid")


async def test_令牌_生成列出撤销(client: httpx.AsyncClient, city: City) -> None:
    await sign_in(client, city, ("dispatcher", "centre"))
    for number in range(3):
        grants = [{"kind": "case", "verbs": ["read"], "area": "120111001"}]
        await client.post("/api/v1/tokens", json={"name": f"令牌{number}", "grants": grants})
    first = (await client.get("/api/v1/tokens", params={"limit": 2})).json()
    second = (await client.get("/api/v1/tokens", params={"limit": 2, "after": first["next"]})).json()
    assert [item["name"] for item in first["items"] + second["items"]] == ["令牌0", "令牌1", "令牌2"]
    assert second["next"] is None
    gone = first["items"][0]["id"]
    assert (await client.delete(f"/api/v1/tokens/{gone}")).status_code == 204
    assert (await client.delete(f"/api/v1/tokens/{gone}")).status_code == 404
    wide = await client.post("/api/v1/tokens", json={"name": "x", "grants": [{"kind": "account", "verbs": ["create"]}]})
    assert wide.json()["code"] == "identity.token_too_wide"


async def test_机构树与岗位_登录即可查_逐页(client: httpx.AsyncClient, city: City) -> None:
    assert (await client.get("/api/v1/organisations")).status_code == 401
    await sign_in(client, city, ("dispatcher", "centre"))
    codes: list[str] = []
    after = None
    while True:
        params = {"limit": 4, **({"after": after} if after else {})}
        page = (await client.get("/api/v1/organisations", params=params)).json()
        codes += [item["code"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert codes == ["district", "centre", "water", "water-drains", "street-a", "street-b"]
    water = city.office("water").id
    under = (await client.get("/api/v1/organisations", params={"under": water})).json()["items"]
    assert [(item["code"], item["level"]) for item in under] == [("water", 2), ("water-drains", 3)]
    grids = (await client.get("/api/v1/posts", params={"code": "grid-worker", "limit": 2})).json()
    rest = (await client.get("/api/v1/posts", params={"code": "grid-worker", "after": grids["next"]})).json()
    assert sorted(post["area"] for post in grids["items"] + rest["items"]) == ["120111002", "G-A-01", "G-A-02"]
    assert (rest["next"], rest["items"][0]["holders"]) == (None, None), "who holds it is not for everybody"


async def test_谁在岗_有权限才看得到(client: httpx.AsyncClient, city: City) -> None:
    worker = await city.person("water-drains", ("handler", "water-drains"))
    await sign_in(client, city, ("staff-officer", "water"), office="water")
    shown = (await client.get("/api/v1/posts", params={"code": "handler"})).json()["items"][0]
    assert [holder["id"] for holder in shown["holders"]] == [str(worker.account_id)]
    hidden = (await client.get("/api/v1/posts", params={"code": "dispatcher"})).json()["items"][0]
    assert hidden["holders"] is None


async def test_账号从新建到任职_全程接口(client: httpx.AsyncClient, city: City) -> None:
    await sign_in(client, city, ("system-admin", "centre"))
    body = {"login": "via-api", "name": " 王 五\u200b ", "organisation": city.office("street-a").id}
    made = (await client.post("/api/v1/accounts", json=body)).json()
    account = made["account"]["id"]
    assert made["account"]["name"] == "王 五"
    assert (await client.post("/api/v1/accounts", json=body)).json()["code"] == "identity.login_taken"
    post = city.post("department-desk", "street-a").id
    forbidden = await client.post(f"/api/v1/accounts/{account}/appointments", json={"post": post})
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "identity.forbidden")
    await sign_in(client, city, ("security-admin", "centre"))
    appointed = await client.post(f"/api/v1/accounts/{account}/appointments", json={"post": post})
    assert appointed.status_code == 201
    granted = await client.post(f"/api/v1/accounts/{account}/roles", json={"role": "overview", "area": "120111001"})
    assert granted.status_code == 201
    detail = (await client.get(f"/api/v1/accounts/{account}")).json()
    assert [item["post"]["code"] for item in detail["appointments"]] == ["department-desk"]
    assert [item["role"] for item in detail["roles"]] == ["overview"]
    revoke = f"/api/v1/accounts/{account}/roles/{granted.json()['id']}"
    assert (await client.delete(revoke)).status_code == 204
    assert (await client.delete(revoke)).status_code == 404
    assert (await client.delete(f"/api/v1/accounts/{account}/appointments/{post}")).status_code == 204
    answer = await client.post("/api/v1/session", json={"login": "via-api", "password": made["password"]})
    assert answer.json()["must_change_password"]
    assert answer.json()["grants"] == []
    change = {"present": made["password"], "new": "short"}
    assert (await client.put("/api/v1/session/password", json=change)).json()["code"] == "identity.password_weak"
    change["new"] = password
    assert (await client.put("/api/v1/session/password", json=change)).status_code == 204
    assert not (await client.get("/api/v1/session")).json()["must_change_password"]


async def test_账号状态与重置_接口(client: httpx.AsyncClient, city: City) -> None:
    person = account_of(await city.person("street-a"))
    await sign_in(client, city, ("system-admin", "centre"))
    base = f"/api/v1/accounts/{person}"
    for verb, state in (("lock", "locked"), ("unlock", "active"), ("disable", "disabled"), ("restore", "active")):
        answer = await client.post(f"{base}/{verb}", json={"reason": "演练"})
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert (await client.post(f"{base}/restore", json={})).json()["code"] == "identity.account_state"
    assert (await client.patch(base, json={"name": "改名"})).json()["name"] == "改名"
    assert len((await client.post(f"{base}/password")).json()["password"]) == 14
    roles = (await client.get("/api/v1/roles")).json()["items"]
    assert {role["code"]: role["class"] for role in roles}["audit-admin"] == "audit"


async def test_列表范围_与直接读取一致(client: httpx.AsyncClient, city: City) -> None:
    inside = account_of(await city.person("water-drains"))
    outside = account_of(await city.person("street-b"))
    await sign_in(client, city, ("staff-officer", "water"), office="water")
    listed = {item["id"] for item in (await client.get("/api/v1/accounts", params={"limit": 200})).json()["items"]}
    assert str(inside) in listed
    assert str(outside) not in listed
    for account in (outside, uuid4()):
        answer = await client.get(f"/api/v1/accounts/{account}")
        assert (answer.status_code, answer.json()["code"]) == (404, "identity.account_missing")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/session", {"login": "", "password": "x"}),
        ("POST", "/api/v1/session", {"login": "x" * 101, "password": "x"}),
        ("POST", "/api/v1/session", {"login": "x", "password": "x" * 513}),
        ("POST", "/api/v1/session", {"login": "x", "password": "x", "more": 1}),
        ("POST", "/api/v1/session", {"login": ["x"], "password": "x"}),
        ("POST", "/api/v1/tokens", {"name": "", "grants": []}),
        ("POST", "/api/v1/tokens", {"name": "x", "grants": [{"kind": "Case", "verbs": ["read"]}]}),
        ("POST", "/api/v1/tokens", {"name": "x", "grants": [{"kind": "case", "verbs": ["read"]}], "days": 10_000}),
        ("POST", "/api/v1/accounts", {"login": "Not A Login", "name": "x"}),
        ("POST", "/api/v1/accounts", {"login": "fine", "name": "\u200b "}),
        ("POST", "/api/v1/accounts", {"login": "fine", "name": "x", "organisation": 2**40}),
        ("POST", f"/api/v1/accounts/{NOBODY}/appointments", {"post": 1, "starts_at": "2026-01-01T00:00:00"}),
        ("POST", f"/api/v1/accounts/{NOBODY}/appointments", {"post": 1, "starts_at": "0001-01-01T00:00:00+14:00"}),
        ("POST", f"/api/v1/accounts/{NOBODY}/roles", {"role": "x", "area": "a'b"}),
        ("GET", "/api/v1/accounts?limit=0", None),
        ("GET", "/api/v1/accounts?limit=201", None),
        ("GET", "/api/v1/accounts?state=odd", None),
        ("GET", "/api/v1/accounts/not-a-uuid", None),
        ("GET", "/api/v1/organisations?after=-1", None),
        ("GET", "/api/v1/posts?code=A%00", None),
    ],
)
async def test_每个字段都有界限(client: httpx.AsyncClient, city: City, method: str, path: str, body: object) -> None:
    await sign_in(client, city, ("security-admin", "centre"))
    answer = await client.request(method, path, json=body)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("text", ["\ud800", "\x00", "😀" * 25, "a\u202eb"])
async def test_怪字符_不出五百(client: httpx.AsyncClient, city: City, text: str) -> None:
    await sign_in(client, city, ("system-admin", "centre"))
    raw = json.dumps({"login": text, "password": text}).encode()
    headers = {"content-type": "application/json"}
    assert (await client.post("/api/v1/session", content=raw, headers=headers)).status_code in (401, 422, 423)
    made = json.dumps({"login": "odd-" + uuid4().hex[:8], "name": text}).encode()
    assert (await client.post("/api/v1/accounts", content=made, headers=headers)).status_code in (201, 422)


def test_接口描述_每条写明错误代码(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            if path.startswith("/api/v1"):
                assert any(int(status) >= 400 for status in operation["responses"]), (method, path)
                assert operation["summary"]


async def test_请假从登记到销假_全程接口(client: httpx.AsyncClient, city: City, clock: ManualClock) -> None:
    deputy = await city.person("water", login="web-deputy")
    me = await sign_in(client, city, ("dispatcher", "centre"))
    until = (clock.at + timedelta(days=3)).isoformat()
    body = {"deputy": str(account_of(deputy)), "ends_at": until, "reason": "出差"}
    made = await client.post(f"/api/v1/accounts/{me}/absences", json=body)
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["person"]["id"], row["acting"]["id"], row["kinds"]) == (me, str(account_of(deputy)), [])
    taken = await client.post(f"/api/v1/accounts/{me}/absences", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "identity.absence_overlaps")
    path = f"/api/v1/absences/{row['id']}"
    changed = await client.patch(path, json={"reason": "外出开会", "kinds": None})
    assert (changed.status_code, changed.json()["reason"]) == (200, "外出开会")
    assert [one["id"] for one in (await client.get("/api/v1/absences")).json()["items"]] == [row["id"]]
    assert (await client.get("/api/v1/absences/standing-in")).json() == {"items": []}
    own = client.cookies[session_cookie]

    await client.post("/api/v1/session", json={"login": "web-deputy", "password": password})
    session = (await client.get("/api/v1/session")).json()
    assert [(post["code"], [one["id"] for one in post["standing_in_for"]]) for post in session["posts"]] == [
        ("dispatcher", [me])
    ]
    standing = (await client.get("/api/v1/absences/standing-in")).json()["items"]
    assert [(one["person"]["id"], [post["code"] for post in one["posts"]]) for one in standing] == [
        (me, ["dispatcher"])
    ]
    assert (await client.delete(path)).status_code == 403, "the deputy cannot end it"
    everyone = await client.get("/api/v1/absences?everyone=true")
    assert (everyone.status_code, everyone.json()["code"]) == (403, "identity.forbidden")

    client.cookies.clear()
    client.cookies.set(session_cookie, own)
    ended = await client.delete(path)
    assert (ended.status_code, ended.json()["acting"]) == (200, None)
    assert (await client.delete(path)).json()["code"] == "identity.absence_over"
    assert (await client.get("/api/v1/absences")).json()["items"] == []
    assert len((await client.get("/api/v1/absences?past=true")).json()["items"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"deputy": "x"},
        {"ends_at": "2026-06-20T08:00"},
        {"ends_at": "2200-01-01T00:00Z"},
        {"kinds": ["有空格 的"]},
        {"kinds": ["a"] * 101},
        {"reason": "长" * 201},
        {"unknown": 1},
    ],
)
async def test_请假字段有界限(client: httpx.AsyncClient, city: City, change: dict[str, object]) -> None:
    me = await sign_in(client, city)
    good = {"deputy": NOBODY, "ends_at": "2026-06-20T08:00:00+08:00"}
    answer = await client.post(f"/api/v1/accounts/{me}/absences", json={**good, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "input.invalid")
    answer = await client.post(f"/api/v1/accounts/{me}/absences", json=good)
    assert (answer.status_code, answer.json()["code"]) == (422, "identity.deputy_unfit")
