"""The city of offices behind a real server, for tests of sharing and of data governance in the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.browsing import Site
from support.http_city import HttpCity, running, settings_for
from support.offices import CITY, START

from yiwang.packs.install import install_city


@asynccontextmanager
async def offices_site(database_url: str, home: Path) -> AsyncIterator[Site]:
    """Nothing is recorded in it yet; ``home / "inbox"`` is where pulls find files."""
    settings = settings_for(home, demo=True, city=CITY)
    async with running(settings, database_url) as app:
        city = HttpCity(app, settings, database_url)
        await install_city(city.services.context, city.services, CITY, begin=START)
        await city.services.identity.directory.refresh()
        await city.services.refresh()
        async with city.serving(1) as addresses:
            yield Site(city, addresses[0])
        await city.leave()
