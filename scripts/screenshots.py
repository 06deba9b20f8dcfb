"""Photographs pages of a running demo city with headless Chromium, signed in as a demo account.

Used by ``scripts/screenshots.sh``, and by anybody who wants to look at a page without a screen:
``python scripts/screenshots.py http://127.0.0.1:8000 OUT.png /desk --as dispatcher1 --lang en``.
Speaks the DevTools protocol over Chromium's pipe, so it needs no driver and opens no port.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-proxy-server",
    "--remote-debugging-pipe",
)
_PATIENCE_SECONDS = 30.0


class Browser:
    """One headless Chromium, driven over file descriptors 3 (to it) and 4 (from it)."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="yiwang-chromium-", ignore_cleanup_errors=True)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        self._buffer = b""
        self._number = 0
        self._events: list[str] = []
        self.console: list[str] = []

        # Their own numbers may be 3 or 4: both move away before they are put in place.
        high_read, high_write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (to_read, to_write))
        self._process = os.posix_spawn(
            program,
            [program, *_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, high_read, 3),
                (os.POSIX_SPAWN_DUP2, high_write, 4),
            ],
        )
        for end in (to_read, to_write, high_read, high_write):
            os.close(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self._process, signal.SIGTERM)
        os.waitpid(self._process, 0)
        self._profile.cleanup()

    def call(self, method: str, session: str | None = None, **parameters: object) -> dict[str, object]:
        """Send one command and wait for its answer; events that arrive meanwhile are remembered by name."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            found = self._next()
            if found.get("id") == self._number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                result = found["result"]
                assert isinstance(result, dict)
                return result

    def wait_for(self, event: str) -> None:
        """Wait until ``event`` has happened since the last :meth:`forget`."""
        while event not in self._events:
            self._next()

    def forget(self) -> None:
        """Forget what has happened."""
        self._events.clear()

    def _next(self) -> dict[str, object]:
        while b"\0" not in self._buffer:
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise RuntimeError("chromium has ended; run it by hand to see why")
            self._buffer += piece
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, object] = json.loads(raw)
        method = message.get("method")
        if isinstance(method, str):
            self._events.append(method)
            if method in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.console.append(json.dumps(message["params"], ensure_ascii=False)[:600])
        return message


def sign_in(base: str, login: str) -> str:
    """The session cookie's value of a demo account."""
    with httpx.Client(base_url=base, trust_env=False, timeout=_PATIENCE_SECONDS) as client:
        answer = client.post("/plain/sign-in", data={"demo": login}, headers={"origin": base})
        if answer.status_code != 303:
            raise SystemExit(f"{login} could not sign in ({answer.status_code}); is this a demo city?")
        return next(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar if "session" in cookie.name)


def photograph(
    browser: Browser, address: str, out: Path, cookie: str | None, size: tuple[int, int], wait: float, act: str = ""
) -> None:
    """Write one page, ``wait`` seconds after it has loaded, as PNG."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = str(browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
    for domain in ("Page", "Network", "Log", "Runtime"):
        browser.call(f"{domain}.enable", session)
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        session,
        width=size[0],
        height=size[1],
        deviceScaleFactor=1,
        mobile=size[0] < 600,
    )
    if cookie:
        name, _, value = cookie.partition("=")
        browser.call("Network.setCookie", session, name=name, value=value, url=address)
    browser.forget()
    browser.call("Page.navigate", session, url=address)
    browser.wait_for("Page.loadEventFired")
    if act:
        said = browser.call("Runtime.evaluate", session, expression=act, awaitPromise=True, returnByValue=True)
        print(json.dumps(said.get("result"), ensure_ascii=False)[:1000], file=sys.stderr)
    time.sleep(wait)
    image = browser.call("Page.captureScreenshot", session, format="png")["data"]
    assert isinstance(image, str)
    out.write_bytes(base64.b64decode(image))
    browser.call("Target.closeTarget", targetId=target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="Base URL of the running demo city.")
    parser.add_argument("out", type=Path, help="PNG file to write.")
    parser.add_argument("path", help="Path of the page; `case:STATUS` is the first case of that status in the list.")
    parser.add_argument("--as", dest="login", help="Demo account.")
    parser.add_argument("--lang", default="zh", choices=["zh", "en"])
    parser.add_argument("--size", default="1400x900")
    parser.add_argument("--wait", type=float, default=6.0, help="Seconds to wait for the page's own modules.")
    parser.add_argument("--act", default="", help="JavaScript to run on the page first.")
    chosen = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        raise SystemExit(
            "chromium is not installed: apt-get install -y --no-install-recommends chromium fonts-noto-cjk"
        )
    cookie = sign_in(chosen.base, chosen.login) if chosen.login else None
    path = chosen.path
    if path.startswith("case:"):
        path = find_case(chosen.base, cookie, path.removeprefix("case:"))
    width, _, height = chosen.size.partition("x")
    address = f"{chosen.base}{path}{'&' if '?' in path else '?'}lang={chosen.lang}"
    with Browser(program) as browser:
        photograph(browser, address, chosen.out, cookie, (int(width), int(height)), chosen.wait, chosen.act)
        for line in browser.console:
            print(line, file=sys.stderr)
    print(f"{chosen.out}  {chosen.out.stat().st_size // 1024} kB")


def find_case(base: str, cookie: str | None, query: str) -> str:
    """The page of the first case that a list with these filters (``state=closed&…``) shows."""
    headers = {"cookie": cookie or ""}
    with httpx.Client(base_url=base, trust_env=False, timeout=_PATIENCE_SECONDS, headers=headers) as client:
        found = re.search(r"/plain/desk/cases/[0-9a-f-]{36}", client.get(f"/plain/desk/cases?{query}").text)
    if found is None:
        raise SystemExit(f"no case with {query} yet; let the day run on")
    return found.group().removeprefix("/plain")


if __name__ == "__main__":
    main()
