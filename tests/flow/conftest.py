"""The service of a small city, and an office in which every act is a transaction of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from tests.flow.callers import Caller
from tests.flow.offices import Office, context, directory
from yiwang.flow.api import router
from yiwang.flow.service import FlowService
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Database


@pytest.fixture
def flow(database: Database) -> FlowService:
    shared = context(database)
    assert isinstance(shared.clock, ManualClock)
    return FlowService(shared, directory(shared.clock, database))


@pytest.fixture
def office(flow: FlowService) -> Office:
    return Office(flow)


@pytest.fixture
async def call(office: Office) -> AsyncIterator[Caller]:
    app = FastAPI()
    app.include_router(router)
    app.state.flow = office.flow
    caller = Caller(app)
    async with caller.http:
        yield caller
