"""The tests' small city, open over HTTP inside this process, on a real database."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from support.templates import MIGRATED

from yiwang.http.trial import Trial, open_trial, publish, trial_settings
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.settings import Settings

ROOT = Path(__file__).parents[2]
MORNING = datetime(2026, 6, 18, 0, 30, tzinfo=UTC)  # a Thursday, 08:30 in the city
TEMPLATE = "small_city_over_http"


@pytest.fixture(scope="session")
def small_city_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return trial_settings(tmp_path_factory.mktemp("home"), ROOT / "tests" / "cities" / "small", ROOT / "packs")


@pytest.fixture(scope="session")
async def small_city_template(server: EmbeddedServer, small_city_settings: Settings) -> str:
    async def build(url: str) -> None:
        await publish(small_city_settings, url, datetime(2020, 1, 1, tzinfo=UTC))

    await server.ensure_template(TEMPLATE, build, like=MIGRATED)
    return TEMPLATE


@pytest.fixture(scope="module")
async def city_url(server: EmbeddedServer, small_city_template: str) -> AsyncIterator[str]:
    name = f"city_{secrets.token_hex(6)}"
    yield await server.create_database(name, template=small_city_template)
    await server.drop_database(name)


@pytest.fixture(scope="module")
async def city(city_url: str, small_city_settings: Settings) -> AsyncIterator[Trial]:
    """A fresh copy of the small city for this module; its clock stands at 08:30 of a working day."""
    async with open_trial(small_city_settings, city_url, MORNING) as trial:
        yield trial


@pytest.fixture
async def visitor(city: Trial) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account."""
    async with city.client() as client:
        yield client


async def signed_in(city: Trial, login: str) -> httpx.AsyncClient:
    """A client with the session of a demo account; the caller closes it."""
    client = city.client()
    answer = await client.post("/api/v1/session", json={"login": login, "password": "Small-city-2026"})
    assert answer.status_code == 200, answer.text
    return client
