"""Which other systems may be asked: only hosts that the operator has declared, and never an address that serves this machine's
own cloud (metadata services), whatever its name says.

A name is resolved here and the address that was judged is the one that is called, so that a name cannot point elsewhere a
moment later.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from yiwang.kernel.errors import Problem

_NEVER = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "ff00::/8",
        "fd00:ec2::/32",
    )
)  # fmt: skip
"""No system to ask: this host's “any” address, link-local with the metadata services of clouds, multicast, reserved."""


class HostNotAllowed(Problem):
    code = "exchange.host_not_allowed"
    status = 422
    zh = "不能访问“{host}”:{reason_zh}。请系统管理员在 YIWANG_EXCHANGE_HOSTS 中登记该系统。"
    en = "“{host}” may not be called: {reason_en}. The operator declares other systems in YIWANG_EXCHANGE_HOSTS."


@dataclass(frozen=True, slots=True)
class Host:
    """A system that may be called: its name, and the address that was judged."""

    name: str
    address: str


class AllowedHosts:
    """The declared hosts of an installation: names, ``*.suffix``, addresses, networks."""

    def __init__(self, declared: str) -> None:
        self._names: set[str] = set()
        self._suffixes: list[str] = []
        self._networks = []
        for part in (each.strip().lower().rstrip(".") for each in declared.split(",")):
            if not part:
                continue
            try:
                self._networks.append(ip_network(part, strict=False))
            except ValueError:
                if part.startswith("*."):
                    self._suffixes.append(part[1:])
                else:
                    self._names.add(part)

    async def judged(self, host: str, port: int) -> Host:
        """The address of a host that may be called.

        Raises:
            HostNotAllowed: it is not declared, is unknown, or has an address that is never called.
        """
        name = host.strip().lower().strip("[]").rstrip(".")
        named = name in self._names or any(name.endswith(suffix) for suffix in self._suffixes)
        if not named and not self._networks:
            raise _refused(host, "没有登记", "it is not declared")
        addresses = await _addresses(name, port)
        for address in addresses:
            if any(address in network for network in _NEVER):
                raise _refused(host, "它指向保留或元数据地址", "it leads to a reserved or metadata address")
        allowed = addresses if named else [each for each in addresses if self._declared(each)]
        if not allowed or len(allowed) < len(addresses):
            raise _refused(host, "没有登记", "it is not declared")
        return Host(name, str(allowed[0]))

    def _declared(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)


async def _addresses(name: str, port: int) -> list[IPv4Address | IPv6Address]:
    try:
        return [_plain(ip_address(name))]
    except ValueError:
        pass
    try:
        async with asyncio.timeout(10):
            found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise _refused(name, "域名无法解析", "its name is not known") from error
    return [_plain(ip_address(str(each[4][0]).partition("%")[0])) for each in found]


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that is written as IPv6 is judged as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _refused(host: str, zh: str, en: str) -> HostNotAllowed:
    return HostNotAllowed(host=host[:100], reason_zh=zh, reason_en=en)
