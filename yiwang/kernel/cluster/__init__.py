"""The database brought up by itself: find or install PostgreSQL with PostGIS, run a private server, make databases.

``await ensure_database_url(settings.database_url, settings.home)`` is all that an application needs; tests and
commands use :class:`EmbeddedServer`. Rooms: ``binaries`` (find), ``install``, ``placement`` (folders and accounts),
``configuration`` (server settings), ``server`` and ``postmaster`` (start, stop, look), ``provisioning`` (databases,
extensions), ``problems``.
"""

from yiwang.kernel.cluster.binaries import Binaries, ensure_binaries, find_binaries
from yiwang.kernel.cluster.selection import ensure_database_url
from yiwang.kernel.cluster.server import EmbeddedServer, Status

__all__ = ["Binaries", "EmbeddedServer", "Status", "ensure_binaries", "ensure_database_url", "find_binaries"]
