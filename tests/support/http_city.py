"""The small city behind its real application, in process: clients of its people, its tables counted, its live stream read.

The application runs as on a real city (``demo`` off), so nothing is open to everybody; only the demo accounts are there.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from PIL import Image

from support.journal_final import until_final
from support.nursery import Child
from support.serving import started, stopped
from support.small_city import PASSWORD, ROOT, SMALL_CITY, START, SmallCity
from support.templates import MIGRATED
from yiwang.flow.model import TaskRow
from yiwang.http import database_url_variable
from yiwang.http.app import create_app
from yiwang.http.services import open_services
from yiwang.identity.requests import session_cookie
from yiwang.kernel.access import Actor
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city

SITE = "http://city.test"
ADDRESS = "203.0.113.7"
REQUEST_LIMIT = 256 * 1024
UPLOAD_LIMIT = 2**20
_TEMPLATE = "small_city_at_eight"

_NOT_COUNTED = frozenset({"session", "sign_in_failure", "alembic_version", "spatial_ref_sys", "gateway_state"})
"""``gateway_state``: every web process says by itself, every ten seconds, that it lives; no request is the reason."""


def settings_for(home: Path, **more: object) -> Settings:
    """Settings of the small city with limits that tests can reach."""
    values: dict[str, object] = {
        "home": home,
        "city": SMALL_CITY,
        "packs": ROOT / "packs",
        "demo": False,
        "request_limit": REQUEST_LIMIT,
        "upload_limit": UPLOAD_LIMIT,
        "public_reports_per_minute": 1_000_000,
        "database_connections": 6,
    }
    return Settings(**{**values, **more})  # type: ignore[arg-type]


class HttpCity(SmallCity):
    """The small city with a client for each of its people; everybody signs in once, over HTTP."""

    def __init__(self, app: FastAPI, settings: Settings, database_url: str) -> None:
        super().__init__(app.state.services)
        self.app = app
        self.settings = settings
        self.database_url = database_url
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._signing_in = asyncio.Lock()
        self._served_at: list[str] = []

    def new_client(self, *, address: str = ADDRESS, app: FastAPI | None = None, **more: object) -> httpx.AsyncClient:
        """A client without credentials; ``address`` is where it calls from."""
        transport = httpx.ASGITransport(app or self.app, raise_app_exceptions=False, client=(address, 40000))
        return httpx.AsyncClient(transport=transport, base_url=SITE, timeout=60, **more)  # type: ignore[arg-type]

    async def client(self, login: str | None = None) -> httpx.AsyncClient:
        """The client of a demo account, signed in; of nobody without ``login``."""
        async with self._signing_in:
            known = self._clients.get(login or "")
            if known is None:
                known = self.new_client()
                if login is not None:
                    answer = await known.post("/api/v1/session", json={"login": login, "password": PASSWORD})
                    assert answer.status_code == 200, answer.text
                self._clients[login or ""] = known
        return known

    async def session(self, login: str) -> str:
        """The session token of a demo account."""
        return (await self.client(login)).cookies[session_cookie]

    async def actor(self, login: str) -> Actor:
        return await self.services.identity.actor_of(None, await self.session(login), ADDRESS)

    async def account(self, login: str) -> dict[str, Any]:
        """The account of this login, as the system administrator sees it."""
        found = await (await self.client("sysadmin")).get("/api/v1/accounts", params={"q": login})
        account: dict[str, Any] = next(item for item in found.json()["items"] if item["login"] == login)
        return account

    async def holder_login(self, task: TaskRow) -> str:
        """The login of somebody who may take the task."""
        directory = self.services.identity.directory
        person = directory.person(task.assignee_id or directory.holders(task.post_id or 0)[0])
        assert person is not None
        return person.login

    async def counts(self) -> dict[str, int]:
        """Rows of every table that a refused request must leave alone."""
        async with self.services.context.database.connection() as connection:
            names = await connection.fetch(
                "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
                " and relnamespace = 'public'::regnamespace order by 1"
            )
            wanted = [row["relname"] for row in names if row["relname"] not in _NOT_COUNTED]
            # Signing in is no part of what a test asks for.
            signed_in = {"journal": " where verb <> 'account.signed_in'"}
            query = " union all ".join(
                f"select '{name}' as name, count(*) as n from {name}{signed_in.get(name, '')}" for name in wanted
            )
            return {row["name"]: row["n"] for row in await connection.fetch(query)}

    @contextlib.asynccontextmanager
    async def untouched(self) -> AsyncIterator[None]:
        """What a refusal promises: no row of any table more or less, no file kept."""
        before = await self.counts(), self.kept_files()
        yield
        assert (await self.counts(), self.kept_files()) == before

    def kept_files(self) -> list[Path]:
        """Every file of the attachment store, unfinished ones too."""
        folder = self.settings.home / "attachments"
        return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []

    @contextlib.asynccontextmanager
    async def serving(self, processes: int) -> AsyncIterator[list[str]]:
        """Real server processes on this city's database, for as long as the block lasts: their addresses.

        What they log stands in ``server-<n>.log`` of the city's home.
        """
        settings, ports = self.settings, [_free_port() for _ in range(processes)]
        environment = {
            **os.environ,
            database_url_variable: self.database_url,
            "YIWANG_HOME": str(settings.home),
            "YIWANG_CITY": str(settings.city),
            "YIWANG_PACKS": str(settings.packs),
            "YIWANG_DEMO": str(settings.demo),
            "YIWANG_REQUEST_LIMIT": str(settings.request_limit),
            "YIWANG_UPLOAD_LIMIT": str(settings.upload_limit),
            "YIWANG_PUBLIC_REPORTS_PER_MINUTE": str(settings.public_reports_per_minute),
            "YIWANG_LOG_LEVEL": "warning",
        }
        running: list[Child] = []
        try:
            for number, port in enumerate(ports):
                running.append(await started(environment, port, self.server_log(number)))
            addresses = [f"http://127.0.0.1:{port}" for port in ports]
            for address in addresses:
                await _until_ready(address)
            self._served_at += addresses
            yield addresses
        finally:
            self._served_at.clear()
            await asyncio.gather(*(stopped(one) for one in running))

    def server_log(self, number: int = 0) -> Path:
        return self.settings.home / f"server-{number}.log"

    async def until(self, at: datetime) -> datetime:
        """As in the city without servers; those of :meth:`serving` have read the clock when this returns."""
        now = await super().until(at)
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            for address in self._served_at:
                for _ in range(1200):
                    answer = await client.get(f"{address}/api/v1/clock")
                    if datetime.fromisoformat(answer.json()["now"]) >= now:
                        break
                    await asyncio.sleep(0.05)
        return now

    async def leave(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    def body(self, **more: object) -> dict[str, object]:
        """A good report by a resident at a place where nothing has been reported; ``...`` leaves a member out."""
        lon, lat = self.elsewhere()
        found: dict[str, object] = {
            "type": "urban-case",
            "channel": "resident",
            "text": "学校门口垃圾桶满了没人收",
            "lon": lon,
            "lat": lat,
            "reporter": {"name": "王小敏", "phone": "13812345678"},
        }
        found.update(more)
        return {key: value for key, value in found.items() if value is not ...}

    async def events(
        self, headers: Mapping[str, str], query: str = "", *, seconds: float = 1.0, app: FastAPI | None = None
    ) -> tuple[int, list[dict[str, object]], bytes]:
        """Listen to the live stream until nothing has come for ``seconds``: status, events, and all bytes as sent.

        What was written before is final by then, so that none of it is held back."""
        await until_final(self.services.context.database)
        status, chunks = 0, []
        sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        gone = asyncio.Event()

        async def receive() -> dict[str, object]:
            await gone.wait()
            return {"type": "http.disconnect"}

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/api/v1/live", "raw_path": b"/api/v1/live", "root_path": "", "query_string": query.encode(),
            "headers": [(b"host", b"city.test"), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
            "client": (ADDRESS, 40001), "server": ("city.test", 80),
        }  # fmt: skip
        running = asyncio.create_task((app or self.app)(scope, receive, sent.put))  # type: ignore[arg-type]
        with contextlib.suppress(TimeoutError):
            while True:
                message = await asyncio.wait_for(sent.get(), seconds)
                status = message.get("status", status)
                chunks.append(message.get("body", b""))
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    break
        gone.set()
        await asyncio.wait_for(running, 60)
        content = b"".join(chunks)
        events = [
            orjson.loads(line[6:])
            for block in content.split(b"\n\n")
            if b"event: entry" in block
            for line in block.split(b"\n")
            if line.startswith(b"data: ")
        ]
        return status, events, content


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _until_ready(address: str) -> None:
    async with httpx.AsyncClient(base_url=address) as client:
        for _ in range(900):  # a machine under load takes long to import everything
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.2)
    raise AssertionError(f"{address} did not come up within three minutes")


def jpeg(width: int = 64, height: int = 48, colour: str = "green", **more: object) -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG", **more)
    return out.getvalue()


def refused(answer: httpx.Response, status: int | None = None, code: str | None = None) -> dict[str, Any]:
    """The body of a refusal, after checking that it has the one form of all refusals and betrays nothing inside."""
    assert 400 <= answer.status_code < 500, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:yiwang:problem:{body['code']}"
    for language in ("zh", "en"):
        assert body[language].strip(), body
    assert body["title"] in (body["zh"], body["en"])
    for item in body.get("errors", []):
        assert item["where"], body
        assert item["code"], body
        assert item["zh"], body
        assert item["en"], body
    for inside in ("Traceback", "asyncpg", 'File "', "/work/", "select ", "pydantic"):
        assert inside not in answer.text, body
    if status is not None:
        assert answer.status_code == status, body
    if code is not None:
        assert body["code"] == code, body
    return body


@contextlib.asynccontextmanager
async def running(settings: Settings, database_url: str) -> AsyncIterator[FastAPI]:
    """The application between its start and its end."""
    app = create_app(settings, database_url)
    async with app.router.lifespan_context(app):
        yield app


async def small_city_template(server: EmbeddedServer, home: Path) -> str:
    """A template database with the small city installed, Thursday 18 June 2026, 08:00, its clock standing still."""
    settings = settings_for(home, demo=True)

    async def build(url: str) -> None:
        async with open_services(settings, url, connections=4) as services:
            await install_city(services.context, services, SMALL_CITY, begin=START)

    await server.ensure_template(_TEMPLATE, build, like=MIGRATED)
    return _TEMPLATE


@contextlib.asynccontextmanager
async def http_city(server: EmbeddedServer, home: Path, **more: object) -> AsyncIterator[HttpCity]:
    """A fresh copy of the small city behind its application."""
    name = f"city_{secrets.token_hex(6)}"
    url = await server.create_database(name, template=await small_city_template(server, home))
    try:
        settings = settings_for(home, **more)
        async with running(settings, url) as app:
            found = HttpCity(app, settings, url)
            yield found
            await found.leave()
    finally:
        await server.drop_database(name)


def a_city(**more: object) -> Any:
    """A fixture for a module: ``city = a_city()``."""

    @pytest.fixture(scope="module")
    async def city(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpCity]:
        async with http_city(server, tmp_path_factory.mktemp("home"), **more) as found:
            yield found

    return city
