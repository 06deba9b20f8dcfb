"""A real browser for tests of pages: headless Chromium with several windows, driven as ``scripts/screenshots.py`` drives it."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "screenshots.py"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screenshots", _SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Tab:
    """An open page; with a window of its own it is visible beside others, otherwise it hides the tab before it."""

    def __init__(self, chromium: Any, address: str, *, window: bool) -> None:
        self._chromium = chromium
        self.target = chromium.call("Target.createTarget", url="about:blank", newWindow=window)["targetId"]
        attached = chromium.call("Target.attachToTarget", targetId=self.target, flatten=True)
        self._session = str(attached["sessionId"])
        for domain in ("Page", "Runtime"):
            chromium.call(f"{domain}.enable", self._session)
        self.go(address)

    def go(self, address: str) -> None:
        """Open another page and wait until it has loaded."""
        self._chromium.forget()
        self._chromium.call("Page.navigate", self._session, url=address)
        self._chromium.wait_for("Page.loadEventFired")

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; a promise is waited for."""
        answer = self._chromium.call(
            "Runtime.evaluate", self._session, expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, json.dumps(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 60) -> None:
        """Wait until the expression is true."""
        end = time.monotonic() + seconds
        while not self.ask(expression):
            assert time.monotonic() < end, f"not so within {seconds} s: {expression}"
            time.sleep(0.1)

    def show(self) -> None:
        """Bring the tab to the front of its window."""
        self._chromium.call("Target.activateTarget", targetId=self.target)

    def close(self) -> None:
        self._chromium.call("Target.closeTarget", targetId=self.target)


class Windows:
    """The windows of one browser; they share cookies as those of one person do."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium

    def open(self, address: str, *, window: bool = True) -> Tab:
        return Tab(self._chromium, address, window=window)

    @property
    def complaints(self) -> list[str]:
        """Errors that the pages' scripts have raised."""
        found: list[str] = self._chromium.console
        return found


@contextmanager
def browser() -> Iterator[Windows]:
    """A browser of its own for the test; skipped where none is installed."""
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install -y --no-install-recommends chromium")
    with _script().Browser(program) as chromium:
        yield Windows(chromium)
