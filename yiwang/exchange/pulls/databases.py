"""Fetching from databases of other offices, read only: PostgreSQL and MySQL, all at once or behind an incremental key.

The result is a CSV file, which is imported like any other; the key is moved on only when its import has ended.
"""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from yiwang.exchange.pulls.errors import SourceFailed
from yiwang.exchange.pulls.hosts import Host
from yiwang.exchange.pulls.model import DatabaseSettings, Fetched
from yiwang.registry.importing import pulling

_table_name = re.compile(r"^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$")
_seconds = 15
_longest_seconds = 600


async def from_postgresql(
    wanted: DatabaseSettings, host: Host, password: str, since: str | None, path: Path
) -> Fetched | None:
    """What is new, as a file at ``path``; None when there is nothing.

    Raises:
        PullFailed.
    """
    address = f"[{host.address}]" if ":" in host.address else host.address
    account = f"{quote(wanted.user, safe='')}:{quote(password, safe='')}"
    url = f"postgresql://{account}@{address}:{wanted.port}/{quote(wanted.database, safe='')}"
    rows, key = await pulling.fetch(pulling.Pull(wanted.source, url, wanted.source, wanted.key), since, path)
    return Fetched(path, wanted.source[:100], key) if rows else None


async def from_mysql(
    wanted: DatabaseSettings, host: Host, password: str, since: str | None, path: Path
) -> Fetched | None:
    """The same of MySQL and its kin, in a read-only transaction.

    Raises:
        SourceFailed.
    """
    return await asyncio.to_thread(_mysql, wanted, host, password, since, path)


def mysql_query(wanted: DatabaseSettings, since: str | None) -> tuple[str, tuple[str, ...]]:
    """The select behind the key, in its order, and its parameters."""
    text = wanted.source.strip().rstrip(";")
    inner = f"select * from {text}" if _table_name.match(text) else text
    if not wanted.key:
        return inner, ()
    column = "`" + wanted.key.replace("`", "``") + "`"
    if since is None:
        return f"select * from ({inner}) pulled order by {column}", ()
    escaped = inner.replace("%", "%%")  # the driver puts parameters in by the percent sign
    return f"select * from ({escaped}) pulled where {column} > %s order by {column}", (since,)


def _mysql(wanted: DatabaseSettings, host: Host, password: str, since: str | None, path: Path) -> Fetched | None:
    import pymysql  # only few installations fetch so
    import pymysql.cursors

    query, parameters = mysql_query(wanted, since)
    try:
        connection = pymysql.connect(
            host=host.address, port=wanted.port, user=wanted.user, password=password, database=wanted.database,
            charset="utf8mb4", connect_timeout=_seconds, read_timeout=_longest_seconds, local_infile=False,
            cursorclass=pymysql.cursors.SSCursor,
        )  # fmt: skip
        try:
            with connection.cursor() as cursor:
                cursor.execute("start transaction read only")
                cursor.execute(query, parameters or None)
                header = [str(column[0]) for column in cursor.description or ()]
                key = written(path, header, iter(cursor.fetchone, None), wanted.key)
        finally:
            connection.close()
    except (pymysql.MySQLError, OSError, RuntimeError, ValueError) as error:
        raise SourceFailed(reason=f"{type(error).__name__}: {error}"[:300]) from error
    return Fetched(path, wanted.source[:100], key[1]) if key[0] else None


def written(path: Path, header: Sequence[str], rows: Iterator[Sequence[object]], key: str) -> tuple[int, str | None]:
    """Rows as CSV at ``path`` (mode 0600); how many, and the key of the last."""
    path.touch(mode=0o600)
    at = header.index(key) if key in header else None
    count, last = 0, None
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        for row in rows:
            cells = ["" if value is None else _text(value) for value in row]
            out.writerow(cells)
            count += 1
            last = cells[at] if at is not None else None
    return count, last


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)
