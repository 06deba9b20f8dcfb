"""Proxies before the application: whose word is taken for where a request comes from and whether it came by TLS.

Believed are the loopback addresses and what ``YIWANG_TRUSTED_PROXIES`` adds. From anybody else ``X-Forwarded-For`` and
``X-Forwarded-Proto`` are words of the caller, and passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

_LOOPBACK = frozenset({"127.0.0.1", "::1", ""})  # "": a unix socket
_most_hops = 10


class Proxies:
    """One per process; asks only where a request carries forwarded headers."""

    def __init__(self, networks: Iterable[str]) -> None:
        trusted: list[IPv4Network | IPv6Network] = [ip_network(text, strict=False) for text in networks]

        @lru_cache(maxsize=1024)
        def trusts(address: str) -> bool:
            if address in _LOOPBACK:
                return True
            try:
                found = ip_address(address)
            except ValueError:
                return False
            return any(found in network for network in trusted)

        self.trusts = trusts

    def enter(self, scope: Scope, headers: Headers) -> str:
        """The caller's own address; what a trusted proxy says of address and TLS is put into ``scope`` for all inside."""
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        if "x-forwarded-for" not in headers and "x-forwarded-proto" not in headers:
            return peer
        if not self.trusts(peer):
            return peer
        address = self._caller(peer, headers.get("x-forwarded-for", ""))
        scope["client"] = (address, client[1] if client and address == peer else 0)
        if headers.get("x-forwarded-proto", "").rpartition(",")[2].strip() == "https":
            scope["scheme"] = "https"
        return address

    def _caller(self, peer: str, forwarded: str) -> str:
        """The last hop that no trusted proxy is; each proxy appends whom it has heard."""
        hops = [hop.strip() for hop in forwarded.split(",")[-_most_hops:]]
        address = peer
        for hop in reversed(hops):
            if not hop:
                break
            address = hop
            if not self.trusts(hop):
                break
        return address


def from_this_machine(scope: Scope) -> bool:
    """Whether the request comes from this machine itself and through no proxy."""
    client = scope.get("client")
    headers = Headers(scope=scope)
    proxied = any(name in headers for name in ("x-forwarded-for", "x-forwarded-proto", "forwarded"))
    return (client[0] if client else "") in _LOOPBACK and not proxied
