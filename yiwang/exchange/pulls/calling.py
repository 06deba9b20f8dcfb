"""Calling another system over HTTP at the address that was judged: no redirects, no proxies of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from yiwang.exchange.pulls.hosts import Host

if TYPE_CHECKING:
    import httpx


def request_to(
    client: httpx.AsyncClient,
    host: Host,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> httpx.Request:
    """A request to the judged address under the host's own name (also in TLS)."""
    parts = urlsplit(url)
    address = f"[{host.address}]" if ":" in host.address else host.address
    netloc = address if parts.port is None else f"{address}:{parts.port}"
    name = parts.netloc.rpartition("@")[2]
    return client.build_request(
        method,
        urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, "")),
        headers={**headers, "Host": name},
        content=content,
        extensions={"sni_hostname": host.name},
    )


def new_client(seconds: float) -> httpx.AsyncClient:
    """A client that answers for what it calls: it follows nothing and asks no proxy."""
    import httpx  # 5 MB, for processes that call nobody

    return httpx.AsyncClient(timeout=seconds, follow_redirects=False, trust_env=False)
