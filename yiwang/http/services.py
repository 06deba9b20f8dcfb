"""All engines of one process, put together once: for a web worker, the background worker, and commands."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from yiwang.casework.service import CaseService
from yiwang.documents.service import DocumentService
from yiwang.dossiers.service import Dossiers
from yiwang.exchange.open.service import OpenData
from yiwang.exchange.pulls.service import PullService
from yiwang.exchange.quality.service import QualityService
from yiwang.exchange.service import ExchangeService
from yiwang.exchange.subscriptions.service import SubscriptionService
from yiwang.flow.service import FlowService
from yiwang.geo.service import GeoService
from yiwang.http.city import CityInfo, read_city
from yiwang.http.clock import raw
from yiwang.http.language import language_of
from yiwang.identity.service import IdentityService
from yiwang.insight.service import InsightService
from yiwang.insight.trends.service import TrendService
from yiwang.judgement.extraction.service import Extraction
from yiwang.kernel import logs, memory
from yiwang.kernel.clock import CityClock, real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY, Database
from yiwang.kernel.settings import Settings
from yiwang.matching.service import MatchService
from yiwang.packs.administration.service import Administration
from yiwang.plans.service import PlanService
from yiwang.publicity.service import PublicityService
from yiwang.registry.service import RegistryService
from yiwang.sensing.devices.registry import DeviceRegistry
from yiwang.sensing.devices.sweeping import Sweeper
from yiwang.sensing.service import Sensing, open_sensing
from yiwang.voting.service import VotingService

log = logs.get("services")

_clock_seconds = 1.0
_catalogue_seconds = 5.0
_memory_seconds = 10.0


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
    registry: RegistryService
    exchange: ExchangeService
    documents: DocumentService
    quality: QualityService
    subscriptions: SubscriptionService
    pulls: PullService
    open_data: OpenData
    plans: PlanService
    publicity: PublicityService
    voting: VotingService
    matching: MatchService
    dossiers: Dossiers
    sensing: Sensing
    devices: DeviceRegistry
    sweeper: Sweeper
    administration: Administration
    clock_read_at: datetime = field(default_factory=real_now)

    async def refresh(self) -> None:
        """Take over what other processes published: areas, case types, the calendar as administrators set it."""
        await self.administration.refresh()
        await self.geo.refresh()
        await self.casework.refresh()
        await self.casework.adopt_flows()
        await self.registry.refresh()
        await self.voting.refresh()
        await self.plans.breakdowns.refresh()

    async def keep_fresh(self) -> None:
        """Read the clock every second, publications every five, until cancelled; unused memory goes back every ten
        seconds. A database that is away is waited for."""
        since_refresh, given_back_at = 0.0, time.monotonic()
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
                if time.monotonic() - given_back_at >= _memory_seconds:
                    given_back_at = time.monotonic()
                    await asyncio.to_thread(memory.give_back)
            except AWAY as error:
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
        # A calendar of this process's own, which follows what administrators set; the one of the files is shared.
        context = Context(database, clock, copy(city.calendar), settings)
        identity = IdentityService(context)
        await identity.start()
        try:
            geo = GeoService(context)
            flow = FlowService(context, identity.directory)
            casework = CaseService(context, identity.directory, geo.locator, flow)
            async with open_sensing(context) as sensing:
                registry = RegistryService(context, geo.locator)
                exchange = ExchangeService(context, identity.directory, registry, casework)
                services = Services(
                    city, context, clock, identity, geo, flow, casework, TrendService(context),
                    extraction=Extraction(context, geo.locator),
                    insight=InsightService(context, identity.directory, casework),
                    registry=registry,
                    exchange=exchange,
                    documents=DocumentService(context, identity.directory, casework),
                    pulls=PullService(context, registry, identity),
                    subscriptions=SubscriptionService(context, registry, identity, exchange),
                    quality=QualityService(context, registry, casework, identity.directory),
                    open_data=OpenData(context, identity.directory, registry, city.name, language_of),
                    plans=PlanService(context, identity.directory, registry, casework),
                    publicity=PublicityService(context, identity.directory, registry, casework),
                    voting=VotingService(context, registry, casework),
                    matching=MatchService(context, identity.directory, registry, casework),
                    dossiers=Dossiers(context, registry),
                    sensing=sensing,
                    devices=DeviceRegistry(context, sensing.directory, sensing.secrets, identity.directory, geo.locator),
                    sweeper=Sweeper(sensing),
                    administration=Administration(context, city.calendar),
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
