"""The pages: each opens for those whom it is for, works without scripts where residents use it, and holds no inline code."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from PIL import Image

from tests.http.conftest import signed_in
from yiwang.http import assets
from yiwang.http.trial import Trial

GATE = (117.0182, 39.004)
HTML = {"accept": "text/html"}


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 120, 150)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
async def acceptor(city: Trial) -> AsyncIterator[httpx.AsyncClient]:
    client = await signed_in(city, "acceptor1")
    yield client
    await client.aclose()


async def report(visitor: httpx.AsyncClient, text: str = "实验小学门口道路积水") -> tuple[str, str]:
    """A report by the form without scripts; number and code of the receipt."""
    lon, lat = GATE
    answer = await visitor.post(
        "/plain/report",
        data={"text": text, "lon": str(lon), "lat": str(lat), "phone": "13812341234", "name": "王先生"},
        files={"photos": ("a.jpg", photo(), "image/jpeg")},
    )
    assert answer.status_code == 200, answer.text
    number = re.search(r"data-receipt-number>([^<]+)<", answer.text)
    code = re.search(r"data-receipt-code>([^<]+)<", answer.text)
    assert number is not None
    assert code is not None
    return number[1], code[1]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", ["/plain/", "/plain/report", "/plain/follow", "/plain/sign-in", "/api/docs"])
async def test_public_pages_open_in_both_languages(visitor: httpx.AsyncClient, path: str, language: str) -> None:
    answer = await visitor.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in answer.text
    again = await visitor.get(path)  # remembered by the cookie
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in again.text


@pytest.mark.parametrize(
    ("login", "paths"),
    [
        (
            "acceptor1",
            ["/plain/desk", "/plain/desk/cases", "/plain/desk/intake", "/plain/desk/timeliness", "/plain/account"],
        ),
        ("dispatcher1", ["/plain/desk", "/plain/desk/cases?state=open&clock=red", "/plain/desk/cases?q=积水"]),
        ("water-handler", ["/plain/desk", "/plain/desk?stage=handle"]),
        ("worker1", ["/plain/desk", "/plain/account"]),
        (
            "leader1",
            [
                "/plain/desk/cases",
                "/plain/desk/timeliness?by=class&period=week",
                "/plain/desk/timeliness?by=area&period=all",
            ],
        ),
        (
            "auditor",
            [
                "/plain/desk/journal",
                "/plain/desk/journal?verb=account.",
                "/plain/desk/journal?who=nonsense&since=2026-06-18T00:00",
            ],
        ),
        ("sysadmin", ["/plain/account"]),
    ],
)
async def test_每个岗位的页面都能打开(city: Trial, login: str, paths: list[str]) -> None:
    client = await signed_in(city, login)
    for path in paths:
        for language in ("zh", "en"):
            answer = await client.get(path, params={"lang": language} if "?" not in path else None, headers=HTML)
            assert answer.status_code == 200, (path, answer.text[:500])
            no_inline_code(answer.text)
    await client.aclose()


def no_inline_code(html: str) -> None:
    """Nothing that the content security policy would block, nothing from another host."""
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"\sstyle=", html)
    assert not re.search(r"\son[a-z]+=", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)


async def test_居民上报_无脚本也能用_凭编号和查询码看到进展(visitor: httpx.AsyncClient) -> None:
    number, code = await report(visitor)
    seen = await visitor.post("/plain/follow", data={"number": number, "code": code.lower()})
    assert seen.status_code == 200
    assert "实验小学门口道路积水" in seen.text
    assert "/thumbnail?claim=" in seen.text
    assert "13812341234" not in seen.text
    no_inline_code(seen.text)
    more = await visitor.post("/plain/follow", data={"number": number, "code": code, "act": "add", "note": "水更深了"})
    assert "水更深了" in more.text
    early = await visitor.post("/plain/follow", data={"number": number, "code": code, "act": "reopen", "note": "没修"})
    assert early.status_code == 409
    assert "form-error" in early.text
    wrong = await visitor.post("/plain/follow", data={"number": number, "code": "222222"})
    assert wrong.status_code >= 400
    assert "实验小学门口道路积水" not in wrong.text


async def test_上报被拒_原样保留已填内容并说明原因(visitor: httpx.AsyncClient) -> None:
    outside = await visitor.post(
        "/plain/report", data={"text": "路灯不亮", "lon": "10", "lat": "10", "name": "<b>张</b>"}
    )
    assert outside.status_code == 422
    assert "form-error" in outside.text
    assert "路灯不亮</textarea>" in outside.text
    assert "&lt;b&gt;张" in outside.text
    assert "<b>张" not in outside.text


async def test_地点可按名称或街镇给出(visitor: httpx.AsyncClient) -> None:
    places = (await visitor.get("/plain/report/places", params={"q": "菜市场"})).json()
    assert places
    assert places[0]["name"] == "东街菜市场"
    answer = await visitor.post("/plain/report", data={"text": "垃圾没人清", "area": "120199002"})
    assert "data-receipt-number>" in answer.text


async def test_我的任务_案件页_可办的和不可办的都说明(
    visitor: httpx.AsyncClient, acceptor: httpx.AsyncClient, city: Trial
) -> None:
    number, _ = await report(visitor, "东街菜市场暴露垃圾")
    listed = await acceptor.get("/plain/desk/cases", params={"q": number})
    link = re.search(r"/plain/desk/cases/([0-9a-f-]{36})", listed.text)
    assert link is not None
    page = await acceptor.get(link[0], headers=HTML)
    assert page.status_code == 200
    assert "王** 138****1234" in page.text
    assert "13812341234" not in page.text
    assert 'class="not-now"' in page.text
    assert 'aria-current="step"' in page.text
    no_inline_code(page.text)
    api = (await acceptor.get(f"/api/v1/cases/{link[1]}")).json()
    possible = [item for item in api["operations"] if item["allowed"]]
    for item in possible:
        if item["verb"] == "complete":
            assert f"/api/v1/tasks/{item['task_id']}/complete" in page.text
            assert f'name="outcome" value="{item["outcome"]}"' in page.text
    hidden = await signed_in(city, "utility-handler")
    refused = await hidden.get(link[0], headers=HTML)
    assert refused.status_code == 404
    await hidden.aclose()


async def test_搜索太宽_说明如何缩小(acceptor: httpx.AsyncClient) -> None:
    answer = await acceptor.get("/plain/desk/cases", params={"q": "。,!"})
    assert answer.status_code == 422
    assert "form-error" in answer.text


async def test_受理登记_列出本岗位的渠道(city: Trial) -> None:
    operator = await signed_in(city, "operator1")
    page = await operator.get("/plain/desk/intake")
    assert re.search(r'<option value="[a-z-]+/phone"', page.text)
    await operator.aclose()


async def test_未登录访问工作台_先去登录再回来(visitor: httpx.AsyncClient) -> None:
    away = await visitor.get("/plain/desk/cases", params={"state": "open"}, headers=HTML)
    assert away.status_code == 303
    assert away.headers["location"] == "/plain/sign-in?next=%2Fplain%2Fdesk%2Fcases%3Fstate%3Dopen"
    back = await visitor.post("/plain/sign-in", data={"demo": "acceptor1", "next": "/plain/desk/cases?state=open"})
    assert (back.status_code, back.headers["location"]) == (303, "/plain/desk/cases?state=open")
    cookie = back.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await visitor.get("/plain/desk/cases")).status_code == 200
    out = await visitor.post("/plain/sign-out")
    assert out.headers["location"] == "/plain/"
    assert (await visitor.get("/plain/desk", headers=HTML)).status_code == 303


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_登录后不会被带到别的网站(visitor: httpx.AsyncClient, wanted: str) -> None:
    answer = await visitor.post("/plain/sign-in", data={"demo": "acceptor1", "next": wanted})
    assert answer.headers["location"] == "/plain/desk"


async def test_密码错误_说明次数限制_不透露账号是否存在(visitor: httpx.AsyncClient) -> None:
    known = await visitor.post("/plain/sign-in", data={"login": "leader1", "password": "wrong-password"})
    unknown = await visitor.post("/plain/sign-in", data={"login": "nobody", "password": "wrong-password"})
    assert known.status_code == unknown.status_code == 401
    said = [re.search(r'role="alert">([^<]+)<', answer.text) for answer in (known, unknown)]
    assert said[0] is not None
    assert said[1] is not None
    assert said[0][1] == said[1][1]


async def test_people_get_pages_for_refusals_programs_get_json(visitor: httpx.AsyncClient) -> None:
    page = await visitor.get("/nothing", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    no_inline_code(page.text)
    api = await visitor.get("/api/v1/nothing", headers=HTML)
    assert api.headers["content-type"] == "application/problem+json"


async def test_首页_演示城市人人可看_只给出地图所需(visitor: httpx.AsyncClient) -> None:
    await report(visitor, "建设路口信号灯不亮")
    page = await visitor.get("/plain/")
    no_inline_code(page.text)
    assert "data-map" in page.text
    assert 'class="area"' in page.text
    state = (await visitor.get("/plain/home/state")).json()
    assert state["counters"]["open"] >= 1
    assert state["cases"]
    assert set(state["cases"][0]) == {
        "id", "number", "status", "status_en", "stage", "class_name", "class_name_en", "lon", "lat", "clock", "due_at",
        "reported_at", "area_name", "clock_words",
    }  # fmt: skip
    words = (await visitor.get("/plain/home/words")).json()
    assert words["verbs"]["case.opened"] == ["上报建案", "reported"]


async def test_非演示城市_首页不显示案件(city: Trial, visitor: httpx.AsyncClient) -> None:
    settings = city.services.context.settings
    object.__setattr__(city.services.context, "settings", settings.model_copy(update={"demo": False}))
    try:
        page = await visitor.get("/plain/")
        state = await visitor.get("/plain/home/state")
        people = await visitor.get("/plain/sign-in")
        demo = await visitor.post("/plain/sign-in", data={"demo": "acceptor1"})
    finally:
        object.__setattr__(city.services.context, "settings", settings)
    assert "data-map" not in page.text
    assert state.status_code == 404
    assert 'name="demo"' not in people.text
    assert demo.status_code != 303


async def test_static_files_are_kept_for_ever_under_their_digest(visitor: httpx.AsyncClient) -> None:
    for name in assets.files():
        answer = await visitor.get(assets.url_of(name))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert "immutable" not in (await visitor.get("/static/old/app.js")).headers["cache-control"]
    assert (await visitor.get(f"/static/{assets.digest()}/%2e%2e/app.py")).status_code == 404
    assert (await visitor.get("/favicon.ico")).headers["content-type"] == "image/svg+xml"


async def test_大页面压缩传输(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/api/docs")).headers["content-encoding"] == "gzip"
