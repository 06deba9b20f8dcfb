"""A real Chromium for measurements: windows of their own, the processor slowed, moments taken inside the page."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from yiwang.identity.requests import session_cookie

SLOWER = 4
PHONE, DESK = (390, 844), (1366, 860)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server")
_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

_IN_PAGE = """
(() => {
  const bench = { keys: [], frames: [], };
  const painted = (told) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => told(performance.now());
    channel.port2.postMessage(0);
  };
  // The first frame in which `ready` holds, after it was drawn.
  bench.shown = (ready) => new Promise((told) => {
    const look = () => (ready() ? painted(told) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
  const key = (event) => requestAnimationFrame(() => painted((at) => bench.keys.push(at - event.timeStamp)));
  addEventListener("keydown", key, true);
  bench.record = () => {
    bench.frames = [];
    bench.recording = true;
    const next = (at) => { if (bench.recording) { bench.frames.push(at); requestAnimationFrame(next); } };
    requestAnimationFrame(next);
  };
  window.bench = bench;
})();
"""


def program() -> str | None:
    """The machine's own Chromium; None where there is none."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page with its own line to the browser."""

    page: Page
    line: CDPSession
    context: BrowserContext


@dataclass(frozen=True, slots=True)
class Faces:
    """Opens the application, or the bare server, as somebody who was never there before: nothing is in the cache."""

    chromium: Browser
    address: str
    bare: str
    cookie: str

    async def open(self, *, size: tuple[int, int] = DESK, signed_in: bool = True, bare: bool = False) -> Opened:
        """A new window, slowed; the caller closes its context."""
        context = await self.chromium.new_context(
            base_url=self.bare if bare else self.address,
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            is_mobile=size == PHONE,
            has_touch=size == PHONE,
        )
        if signed_in and not bare:
            await context.add_cookies([{"name": session_cookie, "value": self.cookie, "url": self.address}])
        await context.add_init_script(_IN_PAGE)
        page = await context.new_page()
        line = await context.new_cdp_session(page)
        await line.send("Network.enable")
        await line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        return Opened(page, line, context)


async def shown(page: Page, ready: str) -> float:
    """Milliseconds since the navigation at which the first frame with this was painted."""
    return await measured(page, f"() => bench.shown(() => {ready})")


async def measured(page: Page, script: str) -> float:
    return float(await asyncio.wait_for(page.evaluate(script), 60))


async def settled(page: Page, *, quiet: int = 700) -> None:
    """Until nothing has been loaded for so many milliseconds."""
    await page.evaluate(
        """(quiet) => new Promise((done) => {
          let before = -1, since = performance.now();
          const look = () => {
            const now = performance.getEntriesByType("resource").length;
            if (now !== before) { before = now; since = performance.now(); }
            if (performance.now() - since > quiet) done(); else setTimeout(look, 100);
          };
          performance.setResourceTimingBufferSize(5000);
          look();
        })""",
        quiet,
    )
