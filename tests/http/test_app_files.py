"""The web application as files: kept for ever where the name carries a digest, compressed once, under a strict policy."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import httpx
import pytest

from yiwang.http import app_files
from yiwang.http.trial import Trial

HTML = {"accept": "text/html"}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small application, as the build leaves it."""
    folder = tmp_path / "app"
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "main-abc.js").write_text("console.log(1)")
    (folder / "assets" / "main-abc.js.br").write_bytes(b"brotli")
    (folder / "assets" / "main-abc.js.gz").write_bytes(b"gzip")
    (folder / "sw.js").write_text("self")
    (folder / "index.html").write_text(
        '<html lang="__LANGUAGE__"><script type="application/json" id="city" nonce="__NONCE__">__CITY__</script></html>'
    )
    monkeypatch.setattr(app_files, "FOLDER", folder)
    return folder


async def test_每个页面地址都给外壳_每次一个新的随机数(built: Path, visitor: httpx.AsyncClient) -> None:
    nonces = set()
    for path in ("/", "/desk", "/desk/cases/1", "/field", "/centre/room", "/follow", "/sign-in?next=/desk"):
        answer = await visitor.get(path, headers=HTML)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        nonce = re.search(r"'nonce-([^']+)'", policy)
        assert nonce is not None
        assert f'nonce="{nonce[1]}"' in answer.text
        nonces.add(nonce[1])
    assert len(nonces) == 7


async def test_外壳里有城市_没有演示账号名单_不会被当成标签(
    built: Path, city: Trial, visitor: httpx.AsyncClient
) -> None:
    text = (await visitor.get("/", headers=HTML)).text
    found = re.search(r">(\{.*\})</script>", text)
    assert found is not None
    assert "<" not in found[1]
    view = json.loads(found[1])
    assert view["names"]["zh"]
    assert len(view["bounds"]) == 4
    assert view["demo"]["people"] == []
    whole = (await visitor.get("/api/v1/city")).json()
    assert whole["demo"]["people"]


async def test_不存在的页面是四零四_接口地址不给外壳(built: Path, visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/nothing-here", headers=HTML)).status_code == 404
    assert (await visitor.get("/api/v1/nothing", headers=HTML)).status_code == 404
    assert (await visitor.get("/app/assets/gone.js")).status_code == 404
    assert (await visitor.get("/app/../app_files.py")).status_code == 404


async def test_带摘要的文件永久缓存_其余每次询问_压缩好的直接发(built: Path, visitor: httpx.AsyncClient) -> None:
    packed = await visitor.get("/app/assets/main-abc.js", headers={"accept-encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "br"
    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["content-type"].startswith("text/javascript")
    plain = await visitor.get("/app/assets/main-abc.js", headers={"accept-encoding": "identity"})
    assert plain.text == "console.log(1)"
    worker = await visitor.get("/app/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["service-worker-allowed"] == "/"
    again = await visitor.get("/app/sw.js", headers={"if-none-match": worker.headers["etag"]})
    assert again.status_code == 304


async def test_换了新版本_不用重启(built: Path, visitor: httpx.AsyncClient) -> None:
    assert "second" not in (await visitor.get("/", headers=HTML)).text
    page = built / "index.html"
    page.write_text(page.read_text() + "<!-- second -->")
    os.utime(page, ns=(page.stat().st_atime_ns, page.stat().st_mtime_ns + 1))
    assert "second" in (await visitor.get("/", headers=HTML)).text


@pytest.mark.parametrize(
    ("asked", "plain"),
    [
        ("/", "/plain/"),
        ("/desk/cases?q=1", "/plain/desk/cases?q=1"),
        ("/follow", "/plain/follow"),
        ("/centre", "/plain/"),
    ],
)
async def test_没有构建时_用简易网页(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visitor: httpx.AsyncClient, asked: str, plain: str
) -> None:
    monkeypatch.setattr(app_files, "FOLDER", tmp_path / "nothing")
    answer = await visitor.get(asked, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, plain)
