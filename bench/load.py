"""The load generator: HTTP/1.1 over keep-alive connections, requests serialised beforehand, one loop, no framework.

It shares the machine with the server that it loads, so it must cost little: one answer costs it about a tenth of what a
whole-featured client costs. Two ways to load:

* :func:`saturate` (closed loop): every connection sends its next request when it has its answer; tells the highest rate.
* :func:`arrive` (open loop): requests arrive by chance at a mean rate whatever the answers do; tells latency at that
  rate. Latency counts from the planned arrival, so a stalled server cannot hide its stall.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import orjson
import uvloop

Result = TypeVar("Result")

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens."""

    host: str
    port: int


@dataclass(slots=True)
class Load:
    """What a load saw: seconds of every answer in the order of arrival, how many of each status, wall seconds.

    ``refused`` keeps the first few unexpected bodies, so that a wrong benchmark explains itself.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    elapsed: float = 0.0
    broken: int = 0
    own_cpu_seconds: float = 0.0
    refused: list[str] = field(default_factory=list)

    @property
    def good(self) -> int:
        """Answers of the 2xx kind."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.good / self.elapsed if self.elapsed else 0.0

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        return percentile(self.seconds, share)

    def check(self, what: str) -> Load:
        """Raises RuntimeError when not every answer was good: figures of failed requests mean nothing."""
        if self.broken or self.good != sum(self.statuses.values()) or not self.statuses:
            raise RuntimeError(f"{what}: answers {self.statuses}, broken {self.broken}; {' | '.join(self.refused)}")
        return self


def request(
    method: str, path: str, *, token: str = "", body: object = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """A request as bytes; ``body`` becomes JSON."""
    content = b"" if body is None else orjson.dumps(body)
    lines = [f"{method} {path} HTTP/1.1", "host: bench"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + _HEAD_END + content


Answered = Callable[[int, bytes], None]
"""Gets status and body of an answer."""


class _Wire(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, done: Callable[[_Wire, int, bytes], None], lost: Callable[[_Wire], None]) -> None:
        self._done, self._lost = done, lost
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.started = 0.0
        self.answered: Answered | None = None
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not derive from it

    def send(self, data: bytes, started: float, answered: Answered | None) -> None:
        self.started, self.answered, self.busy = started, answered, True
        assert self._transport is not None
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(_LENGTH)
        length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if at < 0 and b"transfer-encoding" in head:
            raise RuntimeError("the load generator reads answers with a declared length only")
        if len(self._buffer) < end + 4 + length:
            return
        status, body, self._buffer = int(head[9:12]), self._buffer[end + 4 :], b""
        self.busy = False
        if self.answered is not None:
            self.answered(status, body)
        self._done(self, status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _Pool:
    """The connections of one load and what they have seen."""

    def __init__(self, address: Address, *, on_free: Callable[[_Wire], None]) -> None:
        self.address, self.load, self.closing = address, Load(), False
        self._on_free = on_free
        self.wires: list[_Wire] = []
        self.idle = asyncio.Event()

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, wire = await loop.create_connection(
                lambda: _Wire(self._answered, self._lost), self.address.host, self.address.port
            )
            self.wires.append(wire)

    def _answered(self, wire: _Wire, status: int, body: bytes) -> None:
        load = self.load
        load.seconds.append(time.perf_counter() - wire.started)
        load.statuses[status] = load.statuses.get(status, 0) + 1
        if not 200 <= status < 300 and len(load.refused) < 3:
            load.refused.append(f"{status} {body[:300].decode(errors='replace')}")
        self._on_free(wire)
        self._look()

    def _look(self) -> None:
        if not any(wire.busy for wire in self.wires):
            self.idle.set()

    def _lost(self, wire: _Wire) -> None:
        if not self.closing:
            self.load.broken += 1
            wire.busy = False
            self._look()

    async def drained(self, patience: float) -> None:
        """Wait until no request is under way, at most ``patience`` seconds; what is then still under way counts as broken."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.idle.wait(), patience)
        self.load.broken += sum(wire.busy for wire in self.wires)

    def close(self) -> None:
        self.closing = True
        for wire in self.wires:
            wire.close()


Requests = Iterator[bytes] | Iterator[tuple[bytes, Answered]]


def _split(item: bytes | tuple[bytes, Answered]) -> tuple[bytes, Answered | None]:
    return (item, None) if isinstance(item, bytes) else item


async def saturate(address: Address, requests: Requests, *, connections: int, seconds: float = 1e9) -> Load:
    """Closed loop for ``seconds`` or until the requests are used up; the rate counts until the last answer."""
    ending = 0.0

    def go(wire: _Wire) -> None:
        now = time.perf_counter()
        if now >= ending:
            return
        item = next(requests, None)
        if item is not None:
            data, answered = _split(item)
            wire.send(data, now, answered)

    pool = _Pool(address, on_free=go)
    await pool.open(connections)
    with _NoCollection():
        cpu, started = time.process_time(), time.perf_counter()
        ending = started + seconds
        for wire in pool.wires:
            go(wire)
        if any(wire.busy for wire in pool.wires):
            await pool.drained(min(seconds, 3600) + 15)
        pool.load.elapsed = time.perf_counter() - started
        pool.load.own_cpu_seconds = time.process_time() - cpu
    pool.close()
    return pool.load


async def arrive(
    address: Address, requests: Requests, *, rate: float, seconds: float, connections: int = 64, seed: int = 1
) -> Load:
    """Open loop: arrivals by chance (exponential gaps) at ``rate`` a second in the mean, for ``seconds``."""
    chance = random.Random(seed)
    waiting: deque[tuple[bytes, Answered | None, float]] = deque()
    idle: list[_Wire] = []

    def free(wire: _Wire) -> None:
        if waiting:
            data, answered, planned = waiting.popleft()
            wire.send(data, planned, answered)
        else:
            idle.append(wire)

    pool = _Pool(address, on_free=free)
    await pool.open(connections)
    idle.extend(pool.wires)
    with _NoCollection():
        cpu, started = time.process_time(), time.perf_counter()
        planned, ending = started, started + seconds
        while planned < ending:
            now = time.perf_counter()
            while planned <= now and planned < ending:
                item = next(requests, None)
                if item is None:
                    ending = planned
                    break
                waiting.append((*_split(item), planned))
                if idle:
                    free(idle.pop())
                planned += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, min(planned - time.perf_counter(), 0.002)))
        if any(wire.busy for wire in pool.wires):
            pool.idle.clear()
            await pool.drained(15)
    pool.load.elapsed = time.perf_counter() - started
    pool.load.own_cpu_seconds = time.process_time() - cpu
    pool.load.broken += len(waiting)
    pool.close()
    return pool.load


async def one(address: Address, data: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own: (status, body). Raises OSError when there is no answer."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[int, bytes]] = loop.create_future()

    def lost(_wire: _Wire) -> None:
        if not answer.done():
            answer.set_exception(ConnectionResetError("no answer"))

    def done(_wire: _Wire, status: int, body: bytes) -> None:
        if not answer.done():
            answer.set_result((status, body))

    _, wire = await loop.create_connection(lambda: _Wire(done, lost), address.host, address.port)
    wire.send(data, 0.0, None)
    try:
        return await asyncio.wait_for(answer, 30)
    finally:
        wire.close()


async def ask(address: Address, data: bytes, *expected: int) -> Any:
    """The JSON of one answer; raises RuntimeError when its status is not an expected one (default: any 2xx)."""
    status, body = await one(address, data)
    if not (status in expected if expected else 200 <= status < 300):
        raise RuntimeError(f"{status}: {body[:600].decode(errors='replace')} to {data[:80]!r}")
    return orjson.loads(body) if body else None


class _NoCollection:
    """No collector pauses inside a measurement."""

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run on uvloop."""
    return uvloop.run(work)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies (nearest rank); 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(round(len(ordered) * share, 6)) - 1)] if ordered else 0.0
