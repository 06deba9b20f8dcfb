"""A whole city inside this process, for scenarios and tests: the real application and background on a real database,
entered over HTTP without a socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from yiwang.http.app import create_app
from yiwang.http.services import Services, open_services
from yiwang.http.trial_senses import TrialSenses
from yiwang.kernel.clock import begin_simulation
from yiwang.kernel.database import connect
from yiwang.kernel.journal.store import FINAL
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city

base_url = "http://city.test"
_patience_seconds = 60.0
"""How long other transactions of the database server may hold the journal back before counts are read as they stand."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A city that can be entered: scenarios know it as a door."""

    app: FastAPI
    services: Services
    senses: TrialSenses
    rounds: asyncio.Lock

    async def settle(self) -> None:
        """Return when the background has done what is due now."""
        async with self.rounds:
            await _round(self.services)

    async def count(self) -> None:
        """Return when the counts of evaluation stand at what has happened and is due until now."""
        await self.settle()
        await self._until_final()
        insight = self.services.insight
        async with self.rounds:
            while await insight.keep_up() or await insight.recompute_if_asked():
                pass  # a stretch of the journal, then a recomputation where a scope is new

    async def _until_final(self) -> None:
        """Wait for transactions of other databases of the same server, which hold the journal's end back for a moment."""
        until = time.monotonic() + _patience_seconds
        async with self.services.context.database.connection() as connection:
            while await connection.fetchval(f"select exists (select from journal where tx >= {FINAL})"):
                if time.monotonic() >= until:
                    return
                await asyncio.sleep(0.05)

    async def gateway(self, protocol: str) -> tuple[str, int]:
        """Host and port of a gateway of this city; what follows readings begins to work with the first."""
        return await self.senses.gateway(protocol)

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
        connection = await connect(url)
        try:
            async with connection.transaction():
                await begin_simulation(connection, at=at, speed=0)
        finally:
            await connection.close()
    app = create_app(settings, url)
    async with app.router.lifespan_context(app):
        services = app.state.services
        rounds = asyncio.Lock()
        ticking = asyncio.create_task(_tick(services, rounds))
        senses = TrialSenses(services)
        try:
            yield Trial(app, services, senses, rounds)
        finally:
            await senses.close()
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)


async def _tick(services: Services, rounds: asyncio.Lock) -> None:
    while True:
        async with rounds:
            await _round(services)
        await asyncio.sleep(0.2)


async def _round(services: Services) -> None:
    while await services.flow.act_due(services.context.clock.now()):
        pass  # a step that begins may have something due at once
    await services.plans.keep_up()
    await services.voting.keep_up()
    await services.publicity.keep_up()
    await services.registry.authorities.end_due()
    await services.matching.keep_up()
    await services.dossiers.keep_up()
