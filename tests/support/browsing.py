"""The web application in a browser, for tests: a city's site, what its pages complain about, screenshots, signing in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import ConsoleMessage, Page, Request

from support.http_city import HttpCity
from support.journal_final import until_final
from support.small_city import PASSWORD, ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
OpenPage = Callable[..., Awaitable[Page]]


def build_web() -> str:
    """Build the application where it is not up to date; what hinders, "" for nothing."""
    command = [sys.executable, str(ROOT / "scripts" / "build_web.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr[-2000:] if done.returncode else ""


@dataclass
class Site:
    """The small city as a browser finds it."""

    city: HttpCity
    address: str

    async def told(self) -> None:
        """Until pages that follow the journal can hear of all that has happened."""
        await until_final(self.city.services.context.database)


@dataclass
class Watch:
    """What the pages of a test complained about. ``forgiven``: parts of messages that the test expects."""

    complaints: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=lambda: ["the server responded with a status of 4"])

    def hear(self, text: str) -> None:
        self.complaints.append(text)

    @property
    def left(self) -> list[str]:
        return [text for text in self.complaints if not any(part in text for part in self.forgiven)]


def listen(page: Page, address: str, watch: Watch) -> None:
    """Take down what the page complains about."""

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            watch.hear(f"console: {message.text[:500]}")

    def request(asked: Request) -> None:
        if not asked.url.startswith((address, "data:", "blob:", "about:")):
            watch.hear(f"another host: {asked.url[:200]}")

    page.on("console", console)
    page.on("request", request)
    page.on("pageerror", lambda error: watch.hear(f"uncaught: {str(error)[:800]}"))


async def look(page: Page, name: str, *, full: bool = False) -> Path:
    """Keep a screenshot for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    await page.screenshot(path=path, full_page=full)
    return path


async def sign_in(page: Page, login: str) -> None:
    """Fill the sign-in form that is on the page."""
    await page.get_by_label("登录名").or_(page.get_by_label("Login")).fill(login)
    await page.get_by_label("密码").or_(page.get_by_label("Password")).fill(PASSWORD)
    await page.get_by_role("button", name="登录").or_(page.get_by_role("button", name="Sign in")).click()
