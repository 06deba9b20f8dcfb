"""A small city of offices and people, on a real database, with clocks that a test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from tests.identity.city import City, publish_small_city
from yiwang.identity.passwords import Passwords
from yiwang.identity.service import IdentityService
from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings


@pytest.fixture
def clock() -> ManualClock:
    """City time."""
    return ManualClock(datetime(2026, 6, 18, 0, 30, tzinfo=UTC))


@pytest.fixture
def wall() -> ManualClock:
    """Machine time, months away from city time: nothing may mix the two up."""
    return ManualClock(datetime(2026, 11, 2, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def calendar() -> WorkingCalendar:
    return load_calendar(calendar_files())


@pytest.fixture
def context(database: Database, clock: ManualClock, calendar: WorkingCalendar) -> Context:
    return Context(database, clock, calendar, Settings(_env_file=None))  # type: ignore[call-arg]


@pytest_asyncio.fixture(loop_scope="session")
async def identity(context: Context, wall: ManualClock) -> AsyncIterator[IdentityService]:
    """A process of the small city; hashing is cheap so that tests are fast."""
    async with context.database.transaction() as connection:
        await publish_small_city(connection, IdentityService(context, wall, Passwords(memory_kib=64, passes=1)))
    service = IdentityService(context, wall, Passwords(memory_kib=64, passes=1))
    await service.start()
    yield service
    await service.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def other_process(context: Context, wall: ManualClock) -> AsyncIterator[IdentityService]:
    """A second process of the same city."""
    service = IdentityService(context, wall, Passwords(memory_kib=64, passes=1))
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
def city(identity: IdentityService) -> City:
    return City(identity)
