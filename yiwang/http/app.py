"""The application: every engine's routes and the pages behind one gate.

:func:`create_app` builds it for given settings; :func:`serve` is what the server processes of ``yiwang serve`` call,
with the settings of their environment and the database address that their parent found.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from yiwang import __version__
from yiwang.casework import api as casework_api
from yiwang.flow import api as flow_api
from yiwang.geo import api as geo_api
from yiwang.http import (
    administration,
    api_docs,
    app_files,
    assets,
    city_view,
    clock,
    database_url_variable,
    desk_api,
    health,
    imports,
    journal,
    live,
    new_cities,
    pages,
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
from yiwang.kernel import logs
from yiwang.kernel.access import Actor
from yiwang.kernel.cluster import ensure_database_url
from yiwang.kernel.settings import Settings, load_settings

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

    def build_middleware_stack(self) -> ASGIApp:
        async def actor_of(token: str | None, session: str | None, address: str) -> Actor:
            actor: Actor = await self.state.identity.actor_of(token, session, address)
            return actor

        return Gate(super().build_middleware_stack(), self.settings, actor_of)


def create_app(settings: Settings, database_url: str | None = None) -> FastAPI:
    """The application for these settings; ``database_url`` spares it from finding or starting the database itself."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = database_url or await ensure_database_url(settings.database_url, settings.home)
        async with open_services(settings, url) as services:
            state = app.state
            state.context, state.identity, state.geo = services.context, services.identity, services.geo
            state.flow, state.casework, state.city = services.flow, services.casework, services.city
            state.trends = services.trends
            state.insight = services.insight
            state.services = services
            state.subject_readers = subject_readers(services.casework)
            state.maps = Maps(services.geo, services.city.division)
            state.readings = health.Readings()
            state.live = LiveView(services.context.database)
            follower = asyncio.create_task(state.live.run())
            try:
                yield
            finally:
                state.live.closing.set()
                follower.cancel()
                await asyncio.gather(follower, return_exceptions=True)

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
        extraction_api.router,
        administration.router,
        new_cities.router,
        city_view.router,
        desk_api.router,
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
    return create_app(settings, os.environ.get(database_url_variable))
