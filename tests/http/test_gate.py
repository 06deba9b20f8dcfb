"""The gate: what every request passes, whatever it wants."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field

from yiwang.http.gate import Gate
from yiwang.http.language import accepted_language
from yiwang.http.limits import AddressLimit
from yiwang.http.problems import install_problem_handlers
from yiwang.http.trial import Trial
from yiwang.kernel import logs
from yiwang.kernel.access import Actor, CurrentActor
from yiwang.kernel.settings import Settings, SettingsInvalid, load_settings


class Body(BaseModel):
    text: str = Field(min_length=2, max_length=5)
    count: int = Field(1, ge=1, le=9)


def small_app() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/take")
    async def take(body: Body) -> dict[str, str]:
        return {"text": body.text}

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/who")
    async def who(request: Request, actor: CurrentActor) -> dict[str, str]:
        return {"kind": actor.kind, "address": actor.address, "scheme": request.url.scheme}

    @app.get("/broken/{thing}")
    async def broken(thing: str) -> None:
        raise ZeroDivisionError(thing)

    @app.get("/gone")
    async def gone() -> None:
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    @app.get("/huge")
    async def huge() -> None:
        raise asyncpg.DataError("value out of int32 range")

    return app


async def everybody(token: str | None, session: str | None, address: str) -> Actor:
    return Actor(kind="token" if token else "person" if session else "anonymous", address=address)


def client(*, limit: int = 1000, peer: str = "127.0.0.1", proxies: str = "") -> httpx.AsyncClient:
    settings = Settings(
        public_reports_per_minute=limit, request_limit=2**14, upload_limit=2**16, trusted_proxies=proxies
    )
    gate = Gate(small_app(), settings, everybody)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=gate, client=(peer, 5)), base_url="http://city.test")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    structlog.reset_defaults()


async def test_every_answer_has_a_request_id_and_security_headers() -> None:
    async with client() as c:
        for answer in [await c.get("/who"), await c.get("/nothing"), await c.get("/broken/x"), await c.post("/who")]:
            assert len(answer.headers["x-request-id"]) >= 8
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"


async def test_a_given_request_id_is_kept_and_a_strange_one_is_not() -> None:
    async with client() as c:
        kept = await c.get("/who", headers={"x-request-id": "abc-12345678"})
        assert kept.headers["x-request-id"] == "abc-12345678"
        strange = await c.get("/who", headers={"x-request-id": "a b<script>"})
        assert strange.headers["x-request-id"] != "a b<script>"


async def test_过大的请求_按声明长度或实际长度拒绝() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 1024

    async with client() as c:
        declared = await c.post("/raw", content=b"x" * 20_000)
        chunked = await c.post("/raw", content=pieces())
        multipart = await c.post("/raw", files={"file": b"x" * 20_000})
        assert (await c.post("/raw", content=b"x" * 1000)).json() == 1000
    for answer in (declared, chunked):
        assert answer.status_code == 413
        assert answer.json()["code"] == "input.too_large"
    assert multipart.status_code == 200  # uploads have a limit of their own


async def test_未登录者提交过于频繁_被告知何时再试() -> None:
    async with client(limit=3) as c:
        codes = [(await c.post("/take", json={"text": "路灯"})).status_code for _ in range(4)]
        last = await c.post("/take", json={"text": "路灯"})
        known = await c.post("/take", json={"text": "路灯"}, headers={"authorization": "Bearer yw_x"})
        reading = await c.get("/who")
    assert codes == [200, 200, 200, 429]
    assert int(last.headers["retry-after"]) == last.json()["data"]["seconds"] > 0
    assert known.status_code == 200
    assert reading.status_code == 200


def test_limits_count_each_address_apart_and_recover() -> None:
    limit = AddressLimit(60)
    assert all(limit.take("a") == 0 for _ in range(60))
    assert limit.take("a") == 1
    assert limit.take("b") == 0


async def test_forwarded_addresses_are_believed_only_from_this_machine() -> None:
    headers = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
    async with client() as c:
        assert (await c.get("/who", headers=headers)).json()["address"] == "198.51.100.7"
    async with client(peer="192.0.2.1") as c:
        assert (await c.get("/who", headers=headers)).json()["address"] == "192.0.2.1"


async def test_a_proxy_on_another_machine_is_believed_where_the_settings_name_it() -> None:
    headers = {"x-forwarded-for": "198.51.100.7, 10.2.0.9", "x-forwarded-proto": "https"}
    async with client(peer="10.2.0.5", proxies="10.2.0.0/24, 2001:db8::1") as c:
        seen = (await c.get("/who", headers=headers)).json()
        assert (seen["address"], seen["scheme"]) == ("198.51.100.7", "https")
        assert (await c.get("/who")).json()["address"] == "10.2.0.5"
    async with client(peer="10.3.0.5", proxies="10.2.0.0/24") as c:
        seen = (await c.get("/who", headers=headers)).json()
        assert (seen["address"], seen["scheme"]) == ("10.3.0.5", "http")


@pytest.mark.parametrize("named", [{}, {"x-forwarded-for": "127.0.0.1"}, {"x-forwarded-for": "203.0.113.9"}])
async def test_经本机代理用TLS来的_会话cookie都带Secure(city: Trial, named: dict[str, str]) -> None:
    headers = {"x-forwarded-proto": "https", **named}
    async with city.client() as c:
        api = await c.post("/api/v1/session", json={"login": "leader1", "password": "Small-city-2026"}, headers=headers)
        page = await c.post("/plain/sign-in", data={"demo": "leader1"}, headers=headers)
        plain = await c.post("/plain/sign-in", data={"demo": "leader1"}, headers=named)
    assert "; Secure" in api.headers["set-cookie"]
    assert "; Secure" in page.headers["set-cookie"]
    assert "Secure" not in plain.headers["set-cookie"]


async def test_经代理来的不算本机(city: Trial) -> None:
    async with city.client() as c:
        assert (await c.get("/metrics")).status_code == 200
        assert (await c.get("/metrics", headers={"x-forwarded-proto": "https"})).status_code == 401


def test_设置里的代理写错了_启动时说明(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_TRUSTED_PROXIES", "10.2.0.1, proxy.example")
    with pytest.raises(SettingsInvalid) as raised:
        load_settings()
    assert raised.value.errors[0].where == "YIWANG_TRUSTED_PROXIES"
    assert "proxy.example" in raised.value.errors[0].en
    monkeypatch.setenv("YIWANG_TRUSTED_PROXIES", "10.2.0.1, 10.3.0.0/16")
    assert load_settings().proxy_networks == ("10.2.0.1", "10.3.0.0/16")


async def test_the_cookie_does_not_work_from_another_site() -> None:
    cookie = {"cookie": "yiwang_session=abc"}
    async with client() as c:
        foreign = await c.post("/take", json={"text": "路灯"}, headers={**cookie, "sec-fetch-site": "cross-site"})
        older = await c.post("/take", json={"text": "路灯"}, headers={**cookie, "origin": "http://evil.example"})
        own = await c.post("/take", json={"text": "路灯"}, headers={**cookie, "sec-fetch-site": "same-origin"})
        reading = await c.get("/who", headers={**cookie, "sec-fetch-site": "cross-site"})
    assert [foreign.status_code, older.status_code, own.status_code, reading.status_code] == [403, 403, 200, 200]
    assert foreign.json()["code"] == "identity.cross_site"


async def test_意外错误_回答编号_日志留痕而不外泄(written: io.StringIO) -> None:
    async with client() as c:
        answer = await c.get("/broken/secret-detail")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["data"]["trace"] == answer.headers["x-request-id"]
    assert "secret-detail" not in answer.text
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    failed = next(line for line in lines if line["message"] == "request failed")
    assert "ZeroDivisionError" in failed["exception"]
    assert failed["request"] == body["data"]["trace"]


async def test_数据库断开_回答503并说明可重试() -> None:
    async with client() as c:
        answer = await c.get("/gone")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_a_value_that_no_column_holds_is_the_clients_mistake() -> None:
    async with client() as c:
        answer = await c.get("/huge")
    assert (answer.status_code, answer.json()["code"]) == (422, "input.invalid")


async def test_错误字段_逐个指出位置_中英文() -> None:
    async with client() as c:
        answer = await c.post("/take?lang=en", json={"text": "x", "count": 10})
        zh = await c.post("/take", json={})
    body = answer.json()
    assert (answer.status_code, body["code"], body["data"]["count"]) == (422, "input.invalid", 2)
    assert {item["where"]: item["zh"] for item in body["errors"]} == {"/text": "至少 2 个字", "/count": "应不大于 9"}
    assert body["errors"][0]["en"] == "must have at least 2 characters"
    assert body["title"].startswith("2 fields")
    assert zh.json()["errors"][0] == {"where": "/text", "code": "input.missing", "zh": "必填", "en": "is required"}


async def test_unreadable_json_unknown_paths_and_methods_are_problems_too() -> None:
    async with client() as c:
        unreadable = await c.post("/take", content=b"{", headers={"content-type": "application/json"})
        unknown = await c.get("/nothing")
        method = await c.delete("/take")
    assert (unreadable.status_code, unreadable.json()["code"]) == (400, "input.unreadable")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert (method.status_code, method.json()["code"], method.headers["allow"]) == (405, "method_not_allowed", "POST")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.5,zh;q=0.9", "zh"),
        ("de,en;q=0.7", "en"),
        ("fr", "zh"),
        ("*", "zh"),
        ("en;q=nonsense", "zh"),
        ("en,zh", "en"),
    ],
)
def test_语言_按浏览器的偏好_默认中文(header: str, language: str) -> None:
    assert accepted_language(header) == language


async def test_metrics_use_templates_never_ids(city: Trial) -> None:
    async with city.client() as c:
        for case in ("01a2000e-7fa7-705f-ab48-a00c6ebe2174", "01a2000e-7fa7-705f-ab48-a00c6ebe2175"):
            await c.get(f"/api/v1/cases/{case}")
        await c.get("/no/such/page")
        text = (await c.get("/metrics")).text
    assert 'route="/api/v1/cases/{case_id}",status="401"}' in text
    assert 'route="unmatched"' in text
    assert "01a2000e" not in text


async def test_many_requests_at_once_keep_their_own_ids(city: Trial) -> None:
    async with city.client() as c:
        answers = await asyncio.gather(
            *(c.get("/api/v1/clock", headers={"x-request-id": f"request-{n:04}"}) for n in range(50))
        )
    assert [answer.headers["x-request-id"] for answer in answers] == [f"request-{n:04}" for n in range(50)]
