"""The application: every engine's routes and the pages behind one gate.

:func:`create_app` builds it for given settings; :func:`serve` is what the server processes of ``yiwang serve`` call,
with the settings of their environment and the database address that their parent found.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from yiwang import __version__
from yiwang.casework import api as casework_api
from yiwang.documents import api as documents_api
from yiwang.dossiers import api as dossiers_api
from yiwang.exchange import api as exchange_api
from yiwang.exchange.open import api as open_data_api
from yiwang.exchange.open.ckan import api as ckan_api
from yiwang.exchange.open.features import api as features_api
from yiwang.exchange.pulls import api as pulls_api
from yiwang.exchange.quality import api as quality_api
from yiwang.exchange.sharing import api as sharing_api
from yiwang.exchange.subscriptions import api as subscriptions_api
from yiwang.exchange.subscriptions import granted_api as granted_subscriptions_api
from yiwang.flow import api as flow_api
from yiwang.geo import api as geo_api
from yiwang.http import (
    administration,
    administration_settings,
    api_docs,
    app_files,
    assets,
    city_view,
    clock,
    corrections,
    database_url_variable,
    desk_api,
    desk_tables,
    device_imports,
    health,
    hot_issue_acts,
    imports,
    journal,
    live,
    new_cities,
    notices,
    pages,
    patrols,
    plan_rows,
    record_reads,
)
from yiwang.http.gate import Gate
from yiwang.http.live import LiveView
from yiwang.http.pages.maps import Maps
from yiwang.http.parent import end_with_parent
from yiwang.http.problems import install_problem_handlers
from yiwang.http.services import open_services
from yiwang.http.subjects import subject_readers
from yiwang.identity import api as identity_api
from yiwang.insight import api as insight_api
from yiwang.insight.trends import api as trends_api
from yiwang.judgement.extraction import api as extraction_api
from yiwang.kernel import logs, memory
from yiwang.kernel.access import Actor
from yiwang.kernel.cluster import ensure_database_url
from yiwang.kernel.settings import Settings, load_settings
from yiwang.matching import api as matching_api
from yiwang.plans import api as plans_api
from yiwang.publicity import api as publicity_api
from yiwang.registry import api as registry_api
from yiwang.registry import summaries_api as registry_summaries_api
from yiwang.registry import tiles_api as registry_tiles_api
from yiwang.registry.importing import api as registry_importing_api
from yiwang.registry.resolution import api as registry_resolution_api
from yiwang.sensing.alarms import api as alarms_api
from yiwang.sensing.devices import api as devices_api
from yiwang.sensing.gateways.web import api as web_readings_api
from yiwang.sensing.gateways.web.intake import open_intake
from yiwang.sensing.readings import api as readings_api
from yiwang.sensing.rules import api as alarm_rules_api
from yiwang.sensing.sensorthings import api as sensorthings_api
from yiwang.sensing.vehicles import api as vehicles_api
from yiwang.sensing.vehicles import watching_api as vehicles_watching_api
from yiwang.sensing.vehicles.watching import VehicleWatch
from yiwang.voting import api as voting_api

_DESCRIPTION = """\
一网的公开接口:居民、工作人员、程序用的是同一套。错误一律为 `application/problem+json`(RFC 9457),带稳定的 `code`
和中英文说明; 列表按 `after` 翻页;时间为带时区的 ISO 8601;坐标为 CGCS2000 经纬度(先经后纬)。登录后使用会话
Cookie,程序使用 `Authorization: Bearer yw_…` 令牌。

The public interface of Yiwang, the same for residents, staff and programs. Errors are `application/problem+json` (RFC
9457) with a stable `code` and words in both languages; lists page on with `after`; times are ISO 8601 with zone;
coordinates are degrees, longitude first, CGCS2000. People use the session cookie, programs `Authorization: Bearer
yw_…`.
"""


class Application(FastAPI):
    """FastAPI inside the gate, so that even the answer to an unforeseen error passes it."""

    settings: Settings
    alone = False
    """Whether this is all that its process does, for long."""
    _described: bytes = b""

    def openapi(self) -> dict[str, Any]:
        """The description of this interface: made once, kept packed, since as objects it takes as much as a small city."""
        if not self._described:
            self._described = zlib.compress(orjson.dumps(super().openapi()))
            self.openapi_schema = None
        described: dict[str, Any] = orjson.loads(zlib.decompress(self._described))
        return described

    def build_middleware_stack(self) -> ASGIApp:
        async def actor_of(token: str | None, session: str | None, address: str) -> Actor:
            actor: Actor = await self.state.identity.actor_of(token, session, address)
            return actor

        return Gate(super().build_middleware_stack(), self.settings, actor_of)


def create_app(settings: Settings, database_url: str | None = None) -> Application:
    """The application for these settings; ``database_url`` spares it from finding or starting the database itself."""

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        url = database_url or await ensure_database_url(settings.database_url, settings.home)
        async with open_services(settings, url) as services, open_intake(services.sensing) as intake:
            state = app.state
            state.intake = intake
            state.context, state.identity, state.geo = services.context, services.identity, services.geo
            state.flow, state.casework, state.city = services.flow, services.casework, services.city
            state.trends = services.trends
            state.insight = services.insight
            state.sensing, state.devices = services.sensing, services.devices
            state.registry = services.registry
            state.exchange = services.exchange
            state.documents = services.documents
            state.quality, state.subscriptions = services.quality, services.subscriptions
            state.pulls = services.pulls
            state.open_data = services.open_data
            state.plans = services.plans
            state.publicity = services.publicity
            state.voting = services.voting
            state.matching = services.matching
            state.dossiers = services.dossiers
            state.services = services
            state.subject_readers = subject_readers(services.casework)
            state.maps = Maps(services.geo, services.city.division)
            state.readings = health.Readings()
            state.live = LiveView(services.context.database)
            state.vehicle_watch = VehicleWatch(services.context.database)
            if app.alone:
                memory.settle()
            followers = [asyncio.create_task(one.run()) for one in (state.live, state.vehicle_watch)]
            try:
                yield
            finally:
                state.live.closing.set()
                state.vehicle_watch.closing.set()
                for follower in followers:
                    follower.cancel()
                await asyncio.gather(*followers, return_exceptions=True)

    app = Application(
        title="一网 Yiwang",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.settings = settings
    install_problem_handlers(app)
    for router in (
        casework_api.router,
        flow_api.router,
        identity_api.router,
        geo_api.router,
        clock.router,
        live.router,
        journal.router,
        health.router,
        api_docs.router,
        assets.router,
        trends_api.router,
        insight_api.router,
        registry_importing_api.router,
        registry_resolution_api.router,
        registry_api.router,
        registry_summaries_api.router,
        registry_tiles_api.router,
        documents_api.router,
        exchange_api.router,
        sharing_api.router,
        quality_api.router,
        pulls_api.router,
        subscriptions_api.router,
        granted_subscriptions_api.router,
        open_data_api.router,
        ckan_api.router,
        features_api.router,
        plans_api.router,
        publicity_api.router,
        voting_api.router,
        matching_api.router,
        dossiers_api.router,
        extraction_api.router,
        device_imports.router,
        devices_api.router,
        web_readings_api.router,
        readings_api.router,
        sensorthings_api.router,
        vehicles_api.router,
        vehicles_watching_api.router,
        alarms_api.router,
        alarm_rules_api.router,
        administration.router,
        administration_settings.router,
        plan_rows.router,
        new_cities.router,
        city_view.router,
        desk_api.router,
        desk_tables.router,
        hot_issue_acts.router,
        corrections.router,
        notices.router,
        patrols.router,
        record_reads.router,
        imports.router,
        app_files.router,
        pages.router,
    ):
        app.include_router(router)
    app.add_middleware(GZipMiddleware, minimum_size=2048, compresslevel=4)
    return app


def serve() -> FastAPI:
    """The factory that server processes call."""
    settings = load_settings()
    logs.configure(settings.log_level, settings.log_format)
    end_with_parent()
    app = create_app(settings, os.environ.get(database_url_variable))
    app.alone = True
    return app
