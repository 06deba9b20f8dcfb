"""Which database this installation uses: one's own by URL, or the embedded one in its home."""

from __future__ import annotations

import asyncio
from pathlib import Path

from yiwang.kernel.cluster.provisioning import prepare_own_server
from yiwang.kernel.cluster.server import EmbeddedServer


async def ensure_database_url(settings_database_url: str | None, home: Path) -> str:
    """The URL of a database that is up, has our extensions and is ready for migrations.

    With ``settings_database_url`` that server is checked (15+, PostGIS 3.3+) and its database made ready; else the
    embedded server of ``home`` is started (installed and created first where needed) with the database ``yiwang``.

    Raises:
        Problem: of :mod:`yiwang.kernel.cluster.problems`, with the remedy.
    """
    if settings_database_url:
        await prepare_own_server(settings_database_url)
        return settings_database_url
    server = EmbeddedServer(home)
    await asyncio.to_thread(server.start)
    return await server.ensure_database("yiwang")
