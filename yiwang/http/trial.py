"""A whole city inside this process, for scenarios and tests: the real application and background on a real database,
entered over HTTP without a socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from yiwang.http.app import create_app
from yiwang.http.clock import raw
from yiwang.http.services import Services, open_services
from yiwang.kernel.clock import begin_simulation
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city

base_url = "http://city.test"


@dataclass(frozen=True, slots=True)
class Trial:
    """A city that can be entered: scenarios know it as a door."""

    app: FastAPI
    services: Services

    def client(self) -> httpx.AsyncClient:
        """A new visitor with no cookies."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=base_url, timeout=30)


def trial_settings(home: Path, city: Path, packs: Path) -> Settings:
    """Settings of a demo city of its own, whatever the environment says."""
    return Settings(
        home=home,
        city=city,
        packs=packs,
        demo=True,
        public_reports_per_minute=100_000,
        database_url=None,
        log_level="warning",
    )


async def publish(settings: Settings, url: str, begin: datetime | None = None) -> None:
    """Publish the city of the settings into the migrated database at ``url``."""
    async with open_services(settings, url, connections=4) as services:
        await install_city(services.context, services, settings.city, packs=settings.packs, begin=begin)


@asynccontextmanager
async def open_trial(settings: Settings, url: str, at: datetime | None = None) -> AsyncIterator[Trial]:
    """Open the published city at ``url``; with ``at`` its clock stands still there. Timers fire while it is open."""
    if at is not None:
        async with (
            open_services(settings, url, connections=2) as services,
            services.context.database.transaction() as c,
        ):
            await begin_simulation(raw(c), at=at, speed=0)
    app = create_app(settings, url)
    async with app.router.lifespan_context(app):
        services = app.state.services
        ticking = asyncio.create_task(_tick(services))
        try:
            yield Trial(app, services)
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)


async def _tick(services: Services) -> None:
    while True:
        await services.flow.act_due(services.context.clock.now())
        await asyncio.sleep(0.2)
