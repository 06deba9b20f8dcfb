"""The web application in a real browser: the small city behind a real server process, Debian's Chromium, screenshots.

``site`` is the city of a module; ``open_page`` opens it as somebody; ``look`` keeps a screenshot in ``build/screenshots``.
Whatever a page complains about in its console (a refused style or script above all), a request to any other host, or an
error that nobody caught fails the test that opened it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from support.browsing import OpenPage, Site, Watch, build_web, listen
from support.http_city import http_city

from yiwang.identity.requests import session_cookie
from yiwang.kernel.cluster import EmbeddedServer

_PATIENCE = float(os.environ.get("YIWANG_BROWSER_PATIENCE", "45000"))
"""Milliseconds until something that should show counts as missing; a machine under load needs some."""

expect.set_options(timeout=_PATIENCE)

_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"]


@pytest.fixture(scope="session")
def application() -> None:
    """The application as its sources are now; built when it is not."""
    hindrance = build_web()
    if hindrance:
        pytest.skip(f"the web application cannot be built here: {hindrance}")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the whole run."""
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install -y --no-install-recommends chromium fonts-noto-cjk")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def site(
    application: None, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """A fresh copy of the small city for this module, on Thursday 18 June 2026, 08:00, its clock standing still."""
    async with (
        http_city(server, tmp_path_factory.mktemp("home"), demo=True) as city,
        city.serving(1) as addresses,
    ):
        yield Site(city, addresses[0])


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """Add to ``watch.forgiven`` what a test provokes on purpose."""
    found = Watch()
    yield found
    assert found.left == []


@pytest.fixture
async def open_page(site: Site, chromium: Browser, watch: Watch) -> AsyncIterator[OpenPage]:
    """``await open_page("/desk", as_="dispatcher1", phone=True, language="en", dark=True)``

    Asked without motion, as a machine may be set: what moves under the pointer while it presses is not pressed.
    """
    contexts: list[BrowserContext] = []

    async def opening(
        path: str = "/",
        *,
        as_: str | None = None,
        language: Literal["zh", "en"] = "zh",
        phone: bool = False,
        dark: bool = False,
        wait: bool = True,
        **more: object,
    ) -> Page:
        context = await chromium.new_context(
            base_url=site.address,
            viewport={"width": 390, "height": 844} if phone else {"width": 1366, "height": 860},
            is_mobile=phone,
            has_touch=phone,
            locale="zh-CN" if language == "zh" else "en-GB",
            color_scheme="dark" if dark else "light",
            **{"reduced_motion": "reduce", **more},  # type: ignore[arg-type]  # handed on: permissions, geolocation, …
        )
        context.set_default_timeout(_PATIENCE)
        contexts.append(context)
        if as_ is not None:
            client = await site.city.client(as_)
            await context.add_cookies(
                [{"name": session_cookie, "value": client.cookies[session_cookie], "url": site.address}]
            )
        page = await context.new_page()
        listen(page, site.address, watch)
        await page.goto(path, wait_until="load")
        if wait:
            await page.locator("main").first.wait_for()
        return page

    yield opening
    for context in contexts:
        await context.close()
