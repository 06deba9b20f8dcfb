"""Pulling (库表抽取) a table or query of another PostgreSQL database, read only, all at once or by an incremental key.

What was pulled becomes a CSV file and is imported like one, so that reports, resuming and lineage are the same. The key is
moved on only when the import has ended: whatever happens between, nothing is left out.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from yiwang.kernel.clock import real_now
from yiwang.kernel.database import AWAY
from yiwang.registry.importing import store
from yiwang.registry.importing.errors import PullFailed
from yiwang.registry.service import RegistryService

_table_name = re.compile(r"^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$")
_settings = {"statement_timeout": "600000", "standard_conforming_strings": "on"}


@dataclass(frozen=True, slots=True)
class Pull:
    """What is pulled: ``name`` under which the key is remembered, ``url`` of the database, ``source`` (table or select),
    ``key``: the column that grows, empty for everything each time."""

    name: str
    url: str
    source: str
    key: str = ""


async def pull(service: RegistryService, wanted: Pull, path: Path) -> tuple[int, str | None]:
    """Write what is new to ``path`` as CSV; returns its rows and the greatest key (None: no key, or nothing new).

    Raises:
        PullFailed: the database, the account or the query does not work.
    """
    async with service.context.database.connection() as own:
        since = await store.last_key(own, wanted.name) if wanted.key else None
    return await fetch(wanted, since, path)


async def fetch(wanted: Pull, since: str | None, path: Path) -> tuple[int, str | None]:
    """The same behind a key that the caller keeps.

    Raises:
        PullFailed: the database, the account or the query does not work.
    """
    try:
        connection = await asyncpg.connect(wanted.url, timeout=15, server_settings=_settings)
    except (*AWAY, ValueError) as error:
        raise PullFailed(reason=_told(error)) from error
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            query = _query(wanted, since)
            path.touch(mode=0o600)
            status = await connection.copy_from_query(query, output=path, format="csv", header=True)
    except AWAY as error:
        raise PullFailed(reason=_told(error)) from error
    finally:
        await connection.close()
    return int(status.split()[-1]), _greatest(path, wanted.key) if wanted.key else None


async def keep_key(service: RegistryService, wanted: Pull, key: str | None) -> None:
    """After the import has ended: the next pull begins behind this key."""
    if key is not None:
        async with service.context.database.transaction() as connection:
            await store.keep_last_key(connection, wanted.name, key, real_now())


def _query(wanted: Pull, since: str | None) -> str:
    """Rows behind the key, in its order. What was kept is its text: a literal, compared in the type of the column."""
    text = wanted.source.strip().rstrip(";")
    inner = f"select * from {text}" if _table_name.match(text) else text
    if not wanted.key:
        return inner
    column = '"' + wanted.key.replace('"', '""') + '"'
    if since is None:
        return f"select * from ({inner}) pulled order by {column}"
    literal = "'" + since.replace("'", "''") + "'"
    return f"select * from ({inner}) pulled where {column} > {literal} order by {column}"


def _greatest(path: Path, key: str) -> str | None:
    """The key of the last row: they come in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        last = None
        for row in rows:
            last = row
    return None if last is None or key not in header else last[header.index(key)]


def _told(error: BaseException) -> str:
    """Why, without the address (it may hold a password)."""
    return f"{type(error).__name__}: {error}"[:300]
