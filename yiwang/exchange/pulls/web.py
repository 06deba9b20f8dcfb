"""Fetching JSON over HTTP: pages of objects, behind an incremental key, as a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import orjson

from yiwang.exchange.pulls.calling import new_client, request_to
from yiwang.exchange.pulls.databases import written
from yiwang.exchange.pulls.errors import SourceFailed
from yiwang.exchange.pulls.hosts import AllowedHosts
from yiwang.exchange.pulls.model import Fetched, HttpSettings
from yiwang.kernel.database import Json, JsonObject
from yiwang.registry.importing.sources import cell_text

if TYPE_CHECKING:
    import httpx

MOST_ROWS = 200_000
MOST_BYTES = 64 * 2**20
MOST_PAGES = 1000
_seconds = 60.0


async def from_http(
    wanted: HttpSettings, hosts: AllowedHosts, token: str, since: str | None, path: Path
) -> Fetched | None:
    """What is new, as a file at ``path``; None when there is nothing.

    Raises:
        HostNotAllowed. SourceFailed: no answer, no JSON, too much, or another host named as the next page.
    """
    url, rows = _with_key(wanted, since), list[JsonObject]()
    async with new_client(_seconds) as client:
        for _ in range(MOST_PAGES):
            answer = await _page(client, wanted, hosts, token, url)
            rows += _items(wanted, answer)
            if len(rows) > MOST_ROWS:
                raise SourceFailed(reason=f"> {MOST_ROWS} 行 rows")
            after = _at(answer, wanted.next) if wanted.next else None
            if not isinstance(after, str) or not after:
                break
            url = urljoin(url, after)
            if urlsplit(url)[:2] != urlsplit(wanted.url)[:2]:
                raise SourceFailed(reason="下一页在另一主机 the next page lies on another host")
    if not rows:
        return None
    header = list(dict.fromkeys(name for row in rows for name in row))
    written(path, header, ([cell_text(row.get(name)) for name in header] for row in rows), "")
    return Fetched(path, urlsplit(wanted.url).path[-100:] or "/", _greatest(rows, wanted.key))


async def _page(client: httpx.AsyncClient, wanted: HttpSettings, hosts: AllowedHosts, token: str, url: str) -> Json:
    import httpx  # 5 MB, for processes that call nobody

    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise SourceFailed(reason=str(error)) from error
    host = await hosts.judged(parts.hostname or "", port)
    headers = {"Accept": "application/json", "User-Agent": "yiwang"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = bytearray()
    try:
        request = request_to(client, host, "GET", url, headers=headers)
        answer = await client.send(request, stream=True)
        try:
            if not answer.is_success:
                raise SourceFailed(reason=f"HTTP {answer.status_code}")
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise SourceFailed(reason=f"> {MOST_BYTES} 字节 bytes")
        finally:
            await answer.aclose()
        found: Json = orjson.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, orjson.JSONDecodeError) as error:
        raise SourceFailed(reason=f"{type(error).__name__}: {error}"[:300]) from error
    return found


def _with_key(wanted: HttpSettings, since: str | None) -> str:
    if since is None or not wanted.key_parameter:
        return wanted.url
    parts = urlsplit(wanted.url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != wanted.key_parameter]
    return urlunsplit(parts._replace(query=urlencode([*query, (wanted.key_parameter, since)])))


def _at(answer: Json, trail: str) -> Json:
    """What stands at ``a.b.c``; None where there is nothing."""
    found = answer
    for name in trail.split(".") if trail else ():
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _items(wanted: HttpSettings, answer: Json) -> list[JsonObject]:
    items = _at(answer, wanted.items)
    if not isinstance(items, list):
        raise SourceFailed(reason=f"“{wanted.items or '/'}” 不是列表 is no list")
    return [item for item in items if isinstance(item, dict)]


def _greatest(rows: list[JsonObject], key: str) -> str | None:
    """The greatest key: as numbers where all are, else as texts."""
    values = [cell_text(row[key]) for row in rows if key and row.get(key) is not None]
    if not values:
        return None
    try:
        return max(values, key=float)
    except ValueError:
        return max(values)
