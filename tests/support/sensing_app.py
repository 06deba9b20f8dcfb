"""The doors of the senses over HTTP (readings in batches, SensorThings) as an application of their own, over a small world of
devices; who calls is said by the test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from yiwang.http.problems import install_problem_handlers
from yiwang.kernel.access import ANONYMOUS, Actor, Grant
from yiwang.sensing.gateways.web import api as web_api
from yiwang.sensing.gateways.web.intake import open_intake
from yiwang.sensing.sensorthings import api as sensorthings_api
from yiwang.sensing.service import Sensing

READER = Actor(kind="token", name="reader", grants=(Grant("reading", frozenset({"read"})),))
SENDER = Actor(kind="token", name="integrator", grants=(Grant("reading", frozenset({"read", "send"})),))
ADDRESS = "203.0.113.9"


@dataclass(slots=True)
class SensingDoors:
    """``client(actor)`` calls as that actor; ``application`` is the whole of it."""

    application: FastAPI
    actors: dict[str, Actor] = field(default_factory=dict)

    def client(self, actor: Actor = ANONYMOUS, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        name = str(len(self.actors))
        self.actors[name] = actor
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application, client=(ADDRESS, 40000)),
            base_url="http://city.test",
            headers={"x-actor": name, **(headers or {})},
        )


@asynccontextmanager
async def sensing_doors(services: Sensing) -> AsyncIterator[SensingDoors]:
    """The application over these services, until the block ends."""
    application = FastAPI()
    doors = SensingDoors(application)
    install_problem_handlers(application)
    application.include_router(web_api.router)
    application.include_router(sensorthings_api.router)

    @application.middleware("http")
    async def who(request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.actor = doors.actors.get(request.headers.get("x-actor", ""), ANONYMOUS)
        return await call_next(request)

    async with open_intake(services) as intake:
        application.state.intake = intake
        yield doors
