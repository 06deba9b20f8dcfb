"""All engines of one process, put together once: for a web worker, the background worker, and commands."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from yiwang.casework.service import CaseService
from yiwang.flow.service import FlowService
from yiwang.geo.service import GeoService
from yiwang.http.city import CityInfo, read_city
from yiwang.http.clock import raw
from yiwang.identity.service import IdentityService
from yiwang.insight.service import InsightService
from yiwang.insight.trends.service import TrendService
from yiwang.judgement.extraction.service import Extraction
from yiwang.kernel import logs
from yiwang.kernel.clock import CityClock, real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.errors import Unavailable
from yiwang.kernel.settings import Settings

log = logs.get("services")

_clock_seconds = 1.0
_catalogue_seconds = 5.0


@dataclass(slots=True)
class Services:
    """The engines of this process. ``clock_read_at`` is when the city clock was last read, machine time."""

    city: CityInfo
    context: Context
    clock: CityClock
    identity: IdentityService
    geo: GeoService
    flow: FlowService
    casework: CaseService
    trends: TrendService
    extraction: Extraction
    insight: InsightService
    clock_read_at: datetime = field(default_factory=real_now)

    async def refresh(self) -> None:
        """Take over what other processes published: areas, case types."""
        await self.geo.refresh()
        await self.casework.refresh()

    async def keep_fresh(self) -> None:
        """Read the clock every second, publications every five; until cancelled. A database that is away is waited
        for."""
        since_refresh = 0.0
        while True:
            await asyncio.sleep(_clock_seconds)
            since_refresh += _clock_seconds
            try:
                async with self.context.database.connection() as connection:
                    await self.clock.refresh(raw(connection))
                self.clock_read_at = real_now()
                if since_refresh >= _catalogue_seconds:
                    since_refresh = 0.0
                    await self.refresh()
            except (Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                log.warning("the city clock waits for the database", error=type(error).__name__)


@contextlib.asynccontextmanager
async def open_services(settings: Settings, url: str, *, connections: int | None = None) -> AsyncIterator[Services]:
    """The engines on the database at ``url``, kept fresh until the block ends.

    Raises:
        CityUnreadable: the city's folder is missing or wrong. Unavailable: the database does not answer.
    """
    city = read_city(settings.city)
    database = await Database.open(url, connections=connections or settings.database_connections)
    try:
        clock = CityClock()
        async with database.connection() as connection:
            await clock.refresh(raw(connection))
        context = Context(database, clock, city.calendar, settings)
        identity = IdentityService(context)
        await identity.start()
        try:
            geo = GeoService(context)
            flow = FlowService(context, identity.directory)
            casework = CaseService(context, identity.directory, geo.locator, flow)
            services = Services(
                city, context, clock, identity, geo, flow, casework, TrendService(context),
                extraction=Extraction(context, geo.locator),
                insight=InsightService(context, identity.directory, casework),
            )  # fmt: skip
            await services.refresh()
            keeper = asyncio.create_task(services.keep_fresh())
            try:
                yield services
            finally:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
        finally:
            await identity.stop()
    finally:
        await database.close()
