"""What every gateway needs to listen: its settings, the limits per remote address, the server socket, the feed of commands.

Memory is bounded: the table of remote addresses holds at most :data:`MOST_REMOTES`, of which idle ones are forgotten first.
Addresses of this machine (and whatever else is named trusted, such as a load balancer) are not limited.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from yiwang.kernel import logs
from yiwang.kernel.database import AWAY, connect
from yiwang.kernel.errors import Problem

log = logs.get("gateway")

MOST_REMOTES = 20_000
commands_channel = "yiwang_command"


class GatewayPortTaken(Problem):
    code = "gateway.port_taken"
    status = 503
    zh = "{name} 网关的端口 {host}:{port} 已被其他程序占用;请另设端口(--port 或 {variable}),或停掉那个程序。"
    en = (
        "Another program listens on {host}:{port}, the port of the gateway {name}; choose another (--port or {variable}), "
        "or stop that program."
    )


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How one gateway process listens. ``name`` is the protocol; ``broker`` is for mqtt only.

    ``connections`` and ``connections_per_remote`` are open ones; ``frames_per_second`` is per remote address, with a burst of ten
    seconds; ``idle_seconds`` after which a silent connection is closed (machine time); ``longest_frame`` in bytes.
    ``trusted`` remotes are not limited. ``ends_with`` is the process with which a broker of our own ends.
    """

    name: str
    host: str = "127.0.0.1"
    port: int = 0
    broker: str = ""
    connections: int = 50_000
    connections_per_remote: int = 100
    frames_per_second: float = 200.0
    idle_seconds: float = 900.0
    longest_frame: int = 16_384
    trusted: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    ends_with: int | None = None


@dataclass(slots=True)
class _Remote:
    connections: int
    tokens: float
    at: float


class Limits:
    """Connections and frames per remote address, as token buckets in a bounded table."""

    def __init__(self, settings: GatewaySettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._burst = settings.frames_per_second * 10
        self._networks = tuple(ip_network(one, strict=False) for one in settings.trusted)
        self._remotes: OrderedDict[str, _Remote] = OrderedDict()
        self.open = 0

    def connected(self, remote: str) -> bool:
        """Whether one more connection of ``remote`` may stay; if so it is counted until :meth:`disconnected`."""
        if self.open >= self._settings.connections:
            return False
        if not _trusted(remote, self._networks):
            state = self._state(remote)
            if state.connections >= self._settings.connections_per_remote:
                return False
            state.connections += 1
        self.open += 1
        return True

    def disconnected(self, remote: str) -> None:
        """A connection that :meth:`connected` let in is closed."""
        self.open -= 1
        state = self._remotes.get(remote)
        if state is not None and state.connections > 0:
            state.connections -= 1

    def frames(self, remote: str, count: int = 1) -> bool:
        """Whether ``count`` more frames of ``remote`` may be taken now; those that may not cost it nothing."""
        if _trusted(remote, self._networks):
            return True
        state = self._state(remote)
        now = self._clock()
        state.tokens = min(self._burst, state.tokens + (now - state.at) * self._settings.frames_per_second)
        state.at = now
        if state.tokens < count:
            return False
        state.tokens -= count
        return True

    def _state(self, remote: str) -> _Remote:
        state = self._remotes.get(remote)
        if state is None:
            if len(self._remotes) >= MOST_REMOTES:
                self._forget()
            state = self._remotes[remote] = _Remote(0, self._burst, self._clock())
        else:
            self._remotes.move_to_end(remote)
        return state

    def _forget(self) -> None:
        """Drop the remote that was idle longest; one with open connections only when nothing else is left."""
        for key, state in self._remotes.items():
            if state.connections == 0:
                del self._remotes[key]
                return
        self._remotes.popitem(last=False)


@lru_cache(maxsize=4096)
def _trusted(remote: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(remote.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped.version == network.version and mapped in network for network in networks)


def remote_of(transport: asyncio.BaseTransport) -> str:
    """The address of the other end, without its port; ``""`` where it is gone already."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""


async def listen(
    settings: GatewaySettings, factory: Callable[[], asyncio.BaseProtocol], *, variable: str = ""
) -> asyncio.Server:
    """A listening TCP server whose connections are handled by protocols of ``factory``; the caller closes it.

    Raises:
        GatewayPortTaken: the port is another program's.
    """
    try:
        return await asyncio.get_running_loop().create_server(factory, settings.host, settings.port, backlog=4096)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        name = variable or f"YIWANG_GATEWAY_{settings.name.upper()}_PORT"
        raise GatewayPortTaken(name=settings.name, host=settings.host, port=settings.port, variable=name) from error


class CommandFeed:
    """Tells a gateway for which device a command waits: by LISTEN, and by None ("any may") at start and after a lost line.

    Use as ``async with CommandFeed(url) as feed: async for device_id in feed: …``.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: asyncio.Queue[int | None] = asyncio.Queue(10_000)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> CommandFeed:
        self._task = asyncio.create_task(self._keep(), name="command feed")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def __aiter__(self) -> CommandFeed:
        return self

    async def __anext__(self) -> int | None:
        return await self._waiting.get()

    async def _keep(self) -> None:
        while True:
            try:
                await self._listen()
            except AWAY as error:
                log.warning("the feed of commands waits for the database", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _listen(self) -> None:
        connection = await connect(self._url)
        try:
            await connection.add_listener(commands_channel, self._heard)
            self._tell(None)
            while not connection.is_closed():
                await asyncio.sleep(5)
                await connection.fetchval("select 1")  # notices a dead connection
        finally:
            await connection.close(timeout=2)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._tell(int(payload) if isinstance(payload, str) and payload.isdigit() else None)

    def _tell(self, device_id: int | None) -> None:
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            device_id = None
        self._waiting.put_nowait(device_id)
