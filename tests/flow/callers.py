"""A client of flow's routes that calls as whomever a test says."""

from __future__ import annotations

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.flow.offices import actor
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.errors import Problem

DESIGNER = actor("管理员", Grant("definition", frozenset({"edit", "publish"})))
XML = {"content-type": "application/xml"}


class Caller:
    """The HTTP client and whoever it calls as."""

    def __init__(self, app: FastAPI) -> None:
        self.actor: Actor = DESIGNER
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://flow.test/api/v1")

        @app.middleware("http")
        async def sign_in(request: Request, following):  # type: ignore[no-untyped-def]
            request.state.actor = self.actor
            return await following(request)

        @app.exception_handler(Problem)
        async def refuse(request: Request, problem: Problem) -> JSONResponse:
            return JSONResponse(problem.body(), problem.status, media_type="application/problem+json")
