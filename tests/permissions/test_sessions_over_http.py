"""登录状态:other sites cannot act with somebody's cookie, sessions end, guessing is stopped, closed accounts are out at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from support.http_city import SITE, HttpCity, a_city, refused
from support.small_city import PASSWORD

from yiwang.identity.requests import session_cookie

city = a_city()
brief_city = a_city(session_hours=4 / 3600)

SESSION = "/api/v1/session"
FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": SITE + ":8443"},
    {"origin": SITE + ".evil.example"},
    {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": SITE, "sec-fetch-site": "cross-site"},
]


async def _changing_doors(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Every method and path of the description that could change something, and the pages' own forms."""
    paths: dict[str, dict[str, Any]] = (await client.get("/api/openapi.json")).json()["paths"]
    found = [
        ("POST", "/plain/sign-out"),
        ("POST", "/plain/report"),
        ("POST", "/plain/follow"),
        ("POST", "/plain/sign-in"),
    ]
    for path, methods in paths.items():
        concrete = path
        while "{" in concrete:
            concrete = concrete[: concrete.index("{")] + str(uuid4()) + concrete[concrete.index("}") + 1 :]
        found += [(method.upper(), concrete) for method in methods if method in ("post", "put", "patch", "delete")]
    return found


@pytest.mark.parametrize("headers", FOREIGN, ids=[" ".join(item.values()) for item in FOREIGN])
async def test_别的网站借用登录状态_每个写操作都被拒绝(city: HttpCity, headers: dict[str, str]) -> None:
    client = await city.client("shift1")
    doors = await _changing_doors(client)
    assert len(doors) > 40
    async with city.untouched():
        for method, path in doors:
            refused(await client.request(method, path, json={}, headers=headers), 403, "identity.cross_site")
    assert (await client.get(SESSION)).status_code == 200


async def test_别的网站只能读到浏览器不给它看的内容(city: HttpCity) -> None:
    """Reading is not refused; no header allows another site's page to see the answer."""
    client = await city.client("shift1")
    answer = await client.get(
        "/api/v1/cases", headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    preflight = await client.options("/api/v1/cases", headers={"origin": "https://evil.example"})
    assert preflight.status_code == 405


async def test_本站页面和程序不受影响(city: HttpCity) -> None:
    client = await city.client("acceptor1")
    for headers in (
        {},
        {"origin": SITE},
        {"origin": SITE, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ):
        answer = await client.post(f"/api/v1/cases/{uuid4()}/urge", json={"note": "x"}, headers=headers)
        refused(answer, 404)
    token = await client.post("/api/v1/tokens", json={"name": "t", "grants": [{"kind": "case", "verbs": ["*"]}]})
    program = city.new_client(headers={"authorization": f"Bearer {token.json()['token']}"})
    answer = await program.post(
        f"/api/v1/cases/{uuid4()}/urge", json={"note": "x"}, headers={"origin": "https://partner.example"}
    )
    refused(answer, 404)


async def test_居民上报不靠登录状态_从哪个网站来都可以(city: HttpCity) -> None:
    answer = await (await city.client()).post(
        "/api/v1/cases", json=city.body(), headers={"origin": "https://partner.example", "sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 201


BAD_CREDENTIALS = [
    {"authorization": "Bearer yw_" + "a" * 43},
    {"authorization": "Bearer nonsense"},
    {"authorization": "Bearer " + "x" * 5000},
    {"authorization": "bearer yw_\x7f"},
]


@pytest.mark.parametrize("headers", BAD_CREDENTIALS)
async def test_不成立的令牌_哪里都是401_不当作匿名(city: HttpCity, headers: dict[str, str]) -> None:
    client = city.new_client(headers=headers)
    for path in ("/api/v1/cases", "/api/v1/case-types", "/plain/", SESSION):
        refused(await client.get(path), 401, "identity.token_invalid")


@pytest.mark.parametrize("cookie", ["x", "", "a" * 5000, "yw_" + "b" * 43, "\x7f", "' or 1=1", "%00", '"quoted'])
async def test_不成立的登录状态_等于没有登录(city: HttpCity, cookie: str) -> None:
    client = city.new_client(headers={"cookie": f"{session_cookie}={cookie}"})
    refused(await client.get("/api/v1/cases"), 401, "identity.sign_in_needed")
    assert (await client.get("/api/v1/case-types")).status_code == 200


async def test_令牌和登录状态不能混用(city: HttpCity) -> None:
    session = await city.session("acceptor1")
    refused(await city.new_client(headers={"authorization": f"Bearer {session}"}).get(SESSION), 401)
    made = await (await city.client("acceptor1")).post(
        "/api/v1/tokens", json={"name": "t", "grants": [{"kind": "case", "verbs": ["read"]}]}
    )
    client = city.new_client(headers={"cookie": f"{session_cookie}={made.json()['token']}"})
    refused(await client.get(SESSION), 401, "identity.sign_in_needed")


async def test_退出后_同一登录状态处处失效(city: HttpCity) -> None:
    client = city.new_client()
    assert (await client.post(SESSION, json={"login": "operator2", "password": PASSWORD})).status_code == 200
    session = client.cookies[session_cookie]
    assert (await client.get("/api/v1/tasks")).status_code == 200
    assert (await client.delete(SESSION)).status_code == 204
    again = city.new_client(headers={"cookie": f"{session_cookie}={session}"})
    for path in ("/api/v1/tasks", "/api/v1/cases", SESSION):
        refused(await again.get(path), 401, "identity.sign_in_needed")
    status, events, _ = await city.events({"cookie": f"{session_cookie}={session}"})
    assert (status, events) == (401, [])


async def test_闲置过久的登录状态失效_一直在用的不失效(brief_city: HttpCity) -> None:
    client = brief_city.new_client()
    assert (await client.post(SESSION, json={"login": "operator1", "password": PASSWORD})).status_code == 200
    for _ in range(9):
        await asyncio.sleep(0.5)
        assert (await client.get("/api/v1/tasks")).status_code == 200
    await asyncio.sleep(4.2)
    refused(await client.get("/api/v1/tasks"), 401, "identity.sign_in_needed")
    refused(await client.post("/api/v1/tokens", json={}), 401, "identity.sign_in_needed")


async def test_连续五次错误即锁定_正确密码也不行_不透露登录名是否存在(city: HttpCity) -> None:
    answers: dict[str, list[dict[str, Any]]] = {}
    for login in ("general-desk", "no-such-person"):
        client = city.new_client(address=f"198.51.100.{len(answers) + 1}")
        answers[login] = []
        for attempt in range(7):
            password = PASSWORD if attempt == 6 else f"wrong-{attempt}"
            body = refused(await client.post(SESSION, json={"login": login, "password": password}))
            body.pop("instance")
            answers[login].append(body)
        assert "set-cookie" not in (await client.get("/plain/sign-in")).headers
    assert answers["general-desk"] == answers["no-such-person"]
    assert [body["status"] for body in answers["general-desk"]] == [401] * 4 + [423] * 3
    assert answers["general-desk"][-1]["code"] == "identity.sign_in_locked"


async def test_锁定可由系统管理员解除(city: HttpCity) -> None:
    client = city.new_client(address="198.51.100.9")
    for _ in range(5):
        await client.post(SESSION, json={"login": "police-desk", "password": "wrong"})
    refused(await client.post(SESSION, json={"login": "police-desk", "password": PASSWORD}), 423)
    account = (await city.account("police-desk"))["id"]
    unlocked = await (await city.client("sysadmin")).post(
        f"/api/v1/accounts/{account}/unlock", json={"reason": "本人来电"}
    )
    assert unlocked.status_code == 200
    assert (await client.post(SESSION, json={"login": "police-desk", "password": PASSWORD})).status_code == 200


async def test_同一地址猜得太多_要求等待_告知多久(city: HttpCity) -> None:
    client = city.new_client(address="198.51.100.77")
    answer = await client.post(SESSION, json={"login": "guess0", "password": "x"})
    for number in range(1, 40):
        answer = await client.post(SESSION, json={"login": f"guess{number}", "password": "x"})
        if answer.status_code == 429:
            break
    refused(answer, 429, "input.too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= 300
    elsewhere = city.new_client(address="198.51.100.78")
    refused(await elsewhere.post(SESSION, json={"login": "guess0", "password": "x"}), 401)


async def test_被锁定或停用的账号_登录状态和令牌立即失效(city: HttpCity) -> None:
    admin = await city.client("sysadmin")
    for login, closing, opening in (("xijie-desk", "lock", "unlock"), ("xijie-handler", "disable", "restore")):
        client = await city.client(login)
        made = await client.post("/api/v1/tokens", json={"name": "t", "grants": [{"kind": "case", "verbs": ["read"]}]})
        program = city.new_client(headers={"authorization": f"Bearer {made.json()['token']}"})
        assert (await program.get("/api/v1/cases")).status_code == 200
        account = (await city.account(login))["id"]
        closed = await admin.post(f"/api/v1/accounts/{account}/{closing}", json={"reason": "离岗"})
        assert closed.status_code == 200
        refused(await client.get("/api/v1/cases"), 401)
        refused(await program.get("/api/v1/cases"), 401, "identity.token_invalid")
        stranger = city.new_client(address="198.51.100.20")
        refused(
            await stranger.post(SESSION, json={"login": login, "password": PASSWORD}), 403, "identity.account_closed"
        )
        assert (await admin.post(f"/api/v1/accounts/{account}/{opening}", json={})).status_code == 200


async def test_一次性密码未改之前_什么权限也没有(city: HttpCity) -> None:
    admin, security = await city.client("sysadmin"), await city.client("secadmin")
    made = (await admin.post("/api/v1/accounts", json={"login": "newcomer", "name": "新来的"})).json()
    posts = (await security.get("/api/v1/posts", params={"limit": 200})).json()["items"]
    post = next(item["id"] for item in posts if item["code"] == "acceptor")
    path = f"/api/v1/accounts/{made['account']['id']}/appointments"
    assert (await security.post(path, json={"post": post})).status_code == 201
    client = city.new_client()
    assert (await client.post(SESSION, json={"login": "newcomer", "password": made["password"]})).status_code == 200
    assert (await client.get(SESSION)).json()["must_change_password"] is True
    refused(await client.get("/api/v1/cases"), 403, "identity.forbidden")
    assert (await client.get("/api/v1/tasks")).json()["items"] == []
    change = {"present": made["password"], "new": "Better-than-before-7"}
    assert (await client.put("/api/v1/session/password", json=change)).status_code == 204
    assert (await client.get("/api/v1/cases")).status_code == 200


async def test_任职到期_权限随之消失(city: HttpCity) -> None:
    """Appointments follow the city's clock."""
    security = await city.client("secadmin")
    posts = (await security.get("/api/v1/posts", params={"limit": 200})).json()["items"]
    leader = next(item["id"] for item in posts if item["code"] == "shift-leader")
    account = (await city.account("general-handler"))["id"]
    path, now = f"/api/v1/accounts/{account}/appointments", city.now()

    async def grants() -> list[dict[str, Any]]:
        """Of a sign-in of this moment: what an older one has may be remembered for five seconds."""
        client = city.new_client()
        answer = await client.post(SESSION, json={"login": "general-handler", "password": PASSWORD})
        found: list[dict[str, Any]] = answer.json()["grants"]
        return found

    before = await grants()
    over = {"ends_at": (now - timedelta(days=1)).isoformat()}
    refused(await security.post(path, json={"post": leader, **over}), 422, "identity.period")
    coming = {"starts_at": (now + timedelta(days=1)).isoformat()}
    assert (await security.post(path, json={"post": leader, **coming})).status_code == 201
    assert await grants() == before
    present = {"ends_at": (now + timedelta(hours=1)).isoformat()}
    assert (await security.post(path, json={"post": leader, **present})).status_code == 201
    assert await grants() != before
    await city.wait(hours=2)
    assert await grants() == before
    await city.wait(days=1)
    assert await grants() != before


async def test_三员之间互不越界_也不能给自己授权(city: HttpCity) -> None:
    admin, security, auditor = [await city.client(login) for login in ("sysadmin", "secadmin", "auditor")]
    me = {login: (await city.account(login))["id"] for login in ("sysadmin", "secadmin", "auditor", "leader1")}
    async with city.untouched():
        refused(await security.post("/api/v1/accounts", json={"login": "xx", "name": "x"}), 403)
        refused(await admin.post(f"/api/v1/accounts/{me['leader1']}/roles", json={"role": "case-intake"}), 403)
        refused(await auditor.post(f"/api/v1/accounts/{me['leader1']}/lock", json={}), 403)
        refused(await admin.get("/api/v1/journal"), 403)
        refused(await security.get("/api/v1/journal"), 403)
        own = f"/api/v1/accounts/{me['secadmin']}/roles"
        refused(await security.post(own, json={"role": "case-intake"}), 403, "identity.own_grant")
        both = f"/api/v1/accounts/{me['sysadmin']}/roles"
        refused(await security.post(both, json={"role": "audit-admin"}), 409, "identity.classes_collide")
        refused(
            await admin.post(f"/api/v1/accounts/{me['secadmin']}/lock", json={}),
            403,
            "identity.administrator_protected",
        )
        refused(await admin.post(f"/api/v1/accounts/{me['auditor']}/password"), 403, "identity.administrator_protected")
