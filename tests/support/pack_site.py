"""A city of tests/cities behind a real server, for browsers: with copies of its own packs only, so that others do not matter."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.browsing import Site
from support.http_city import HttpCity, running, settings_for
from support.offices import ROOT, START
from yiwang.packs.install import install_city


@asynccontextmanager
async def pack_site(name: str, database_url: str, folders: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The city of ``tests/cities/NAME`` on Thursday 18 June 2026, 08:00, its clock standing still."""
    folder = ROOT / "tests" / "cities" / name
    packs: Path = folders.mktemp("packs")
    for pack in yaml.safe_load((folder / "city.yaml").read_text("utf-8"))["packs"]:
        shutil.copytree(ROOT / "packs" / pack, packs / pack)
    settings = settings_for(folders.mktemp("home"), demo=True, city=folder, packs=packs)
    async with running(settings, database_url) as app:
        city = HttpCity(app, settings, database_url)
        await install_city(city.services.context, city.services, folder, packs=packs, begin=START)
        await city.services.identity.directory.refresh()
        await city.services.refresh()
        async with city.serving(1) as addresses:
            yield Site(city, addresses[0])
        await city.leave()


async def send(site: Site, login: str | None, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the API answers to somebody's POST that it takes."""
    answer = await (await site.city.client(login)).post(f"/api/v1{path}", json=body)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found
