"""Fixtures that every test may use: the reference data, a private database server, a fresh migrated database."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.templates import MIGRATED

from yiwang.kernel import migrations
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import Database

settings.register_profile("yiwang", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("yiwang")

# Tests lose nothing that matters when the power goes, so they need not wait for the disk.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "256MB"}


def _run_id() -> str:
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", f"alone-{os.getpid()}")


def server_of(worker: str) -> EmbeddedServer:
    """The server of one worker of this run, "" for a run without workers; it belongs to the run, not to the checkout.

    Each worker has its own: followers of the journal wait for every open transaction of a server, and would wait for those
    of the tests beside them.
    """
    return EmbeddedServer(_home() / worker, settings=FAST, say=_quiet)


def _home() -> Path:
    """What the workers of this run keep together."""
    return Path(tempfile.gettempdir()) / f"yiwang-test-{_run_id()[:12]}"


def _quiet(zh: str, en: str) -> None:
    """Tests do not want progress lines."""


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of real data and plan texts beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("YIWANG_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference data at {folder}; set YIWANG_SHARED to its folder")
    return folder


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[EmbeddedServer]:
    """A private PostgreSQL with a template that holds all migrations."""
    found = server_of(os.environ.get("PYTEST_XDIST_WORKER", ""))
    await asyncio.to_thread(found.start)

    async def build(url: str) -> None:
        await asyncio.to_thread(migrations.upgrade, url)

    await found.ensure_template(MIGRATED, build)
    yield found
    if "support.serving" in sys.modules:  # which takes long to import
        await sys.modules["support.serving"].close()


@pytest.fixture(scope="module")
async def database_url(server: EmbeddedServer) -> AsyncIterator[str]:
    """The URL of a fresh migrated database, one per test module."""
    name = f"test_{secrets.token_hex(6)}"
    url = await server.create_database(name, template=MIGRATED)
    yield url
    await server.drop_database(name)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    """A pool on a fresh migrated database, one per test module."""
    found = await Database.open(database_url, connections=10)
    yield found
    await found.close()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controller (or a run without workers) removes the servers and their data."""
    if not hasattr(session.config, "workerinput"):
        run = getattr(session.config, "_yiwang_run", None)
        if run is None and "PYTEST_XDIST_TESTRUNUID" not in os.environ:
            plugin = session.config.pluginmanager.getplugin("dsession")
            uid = getattr(getattr(plugin, "nodemanager", None), "testrunuid", None)
            if uid:
                os.environ["PYTEST_XDIST_TESTRUNUID"] = uid
        for home in _home().glob("gw*") if _home().exists() else ():
            server_of(home.name).destroy()
        server_of("").destroy()
        shutil.rmtree(_home(), ignore_errors=True)
