"""The small city with open data, in process and on a real port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from support.http_city import http_city
from support.open_city import OpenCity, open_city

from yiwang.kernel.cluster import EmbeddedServer


@pytest.fixture(scope="module")
async def opened(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpenCity]:
    """What is open stands in the catalogue already."""
    async with http_city(server, tmp_path_factory.mktemp("home")) as city:
        found = await open_city(city)
        yield found
        await found.public.aclose()


@pytest.fixture(scope="module")
async def address(opened: OpenCity) -> AsyncIterator[str]:
    """The same city on a real port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(opened.city.app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL)
    serving = asyncio.create_task(server.serve())
    async with httpx.AsyncClient() as client:
        for _ in range(1200):
            with contextlib.suppress(httpx.TransportError):
                await client.get(f"http://127.0.0.1:{port}/healthz")
                break
            await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await serving
