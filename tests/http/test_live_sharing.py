"""The pages of one browser share one live connection, and a page that was out of sight misses nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from support.browser import Tab, Windows, browser
from support.http_city import HttpCity, a_city

city = a_city(demo=True)


@pytest.fixture(scope="module")
async def address(city: HttpCity) -> AsyncIterator[str]:
    async with city.serving(1) as (found,):
        yield found


TOLD = "document.querySelectorAll('[data-ticker] li.new').length"
WINDOWS = 8  # more than the six connections that a browser allows to one host


def listeners(address: str) -> int:
    """Live connections of the server."""
    found = re.search(r"^yiwang_live_subscribers ([0-9]+)", _get(f"{address}/metrics").text, re.MULTILINE)
    assert found is not None
    return int(found[1])


def _get(address: str) -> httpx.Response:
    return httpx.get(address, trust_env=False, timeout=30)


def report(city: HttpCity, address: str) -> None:
    answer = httpx.post(f"{address}/api/v1/cases", json=city.body(), trust_env=False, timeout=30)
    assert answer.status_code == 201, answer.text


def open_windows(windows: Windows, address: str, count: int) -> list[Tab]:
    return [windows.open(f"{address}/plain/") for _ in range(count)]


def test_八个窗口只占一条连接_人人都听到_听的人走了有人接着听(city: HttpCity, address: str) -> None:
    with browser() as windows:
        tabs = open_windows(windows, address, WINDOWS)
        report(city, address)
        for tab in tabs:
            tab.until(f"{TOLD} === 1")
            assert tab.ask("fetch('/api/v1/clock').then((answer) => answer.status)") == 200
        assert listeners(address) == 1
        tabs.pop(0).close()  # the first has listened for all
        report(city, address)
        for tab in tabs:
            tab.until(f"{TOLD} === 2")
        assert listeners(address) == 1
        assert windows.complaints == []


def test_看不见的页面不占连接_再看时补上错过的(city: HttpCity, address: str) -> None:
    with browser() as windows:
        behind = windows.open(f"{address}/plain/")
        beside = windows.open(f"{address}/plain/")
        behind.until("!document.hidden")
        front = windows.open("about:blank", window=False)  # a tab over the one opened last
        hidden = next(tab for tab in (beside, behind) if tab.ask("document.hidden"))
        report(city, address)
        report(city, address)
        other = beside if hidden is behind else behind
        other.until(f"{TOLD} === 2")
        assert hidden.ask(TOLD) == 0
        front.close()
        hidden.show()
        hidden.until(f"{TOLD} === 2")
        assert listeners(address) == 1
        report(city, address)
        for tab in (hidden, other):
            tab.until(f"{TOLD} === 3")
        assert windows.complaints == []


def test_新开的页面从自己生成之时听起(city: HttpCity, address: str) -> None:
    page = httpx.get(f"{address}/plain/", headers={"accept": "text/html"}, trust_env=False, timeout=30).text
    cursor = re.search(r'data-live="([0-9]+\.[0-9]+)"', page)
    assert cursor is not None
    report(city, address)
    with httpx.stream("GET", f"{address}/api/v1/live?after={cursor[1]}", trust_env=False, timeout=30) as stream:
        line = next(line for line in stream.iter_lines() if line.startswith("data: "))
    assert '"verb":"case.opened"' in line
