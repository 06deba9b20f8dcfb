"""The door (门) of a gateway process: which device an address is, what was seen of it, and who knocks without being
one.

Nothing here waits: what is seen is added up in memory and written once a second in one transaction, so that ten
thousand devices cost one statement. What is not yet written when the process is killed are counts of a second, never
a reading. Memory is bounded: at most :data:`MOST_KNOCKS_AT_ONCE` different knocks are held between two writings, the
others are counted as one.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from yiwang.kernel import logs
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY
from yiwang.sensing.devices.addresses import canonical
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.journalling import tell_turns
from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.store import states as store
from yiwang.sensing.gateways.listening import GatewaySettings, Limits

MOST_KNOCKS_AT_ONCE = 2_000
LONGEST_ADDRESS = 64
LONGEST_SAMPLE = 512
OTHERS = "…"
"""The address under which knocks are counted when too many different ones came within a second."""

_flush_seconds = 1.0
_figures_seconds = 10.0

log = logs.get("gateway")


@dataclass(slots=True)
class _Sight:
    at: datetime
    remote: str = ""
    frames: int = 0
    bad: int = 0
    fault: str = ""
    online: bool = True


@dataclass(slots=True)
class _Knock:
    first_at: datetime
    last_at: datetime
    remote: str
    times: int
    sample: bytes


class Door:
    """One per gateway process. Use as ``async with Door(context, directory, settings) as door``.

    ``frames``, ``bad_frames`` and ``knocks`` count since the start.
    """

    def __init__(self, context: Context, directory: DeviceDirectory, settings: GatewaySettings) -> None:
        self._context = context
        self._directory = directory
        self.settings = settings
        self.limits = Limits(settings)
        self.name = f"{settings.name}@{socket.gethostname()}:{os.getpid()}"
        self.frames = self.bad_frames = self.knocks = 0
        self._seen: dict[int, _Sight] = {}
        self._knocks: dict[tuple[str, str, str], _Knock] = {}
        self._writing = asyncio.Lock()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_writing(), name="door")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.flush()
        except AWAY as gone:
            log.warning("the last counts of a gateway are lost", gateway=self.name, error=type(gone).__name__)

    # -- limits ---------------------------------------------------------------------------------------------------

    def connected(self, remote: str) -> bool:
        """Whether a new connection of this remote address may stay; one that may is counted until :meth:`disconnected`."""
        if self.limits.connected(remote):
            return True
        self.bad(self.settings.name, remote, "connections", b"")
        return False

    def disconnected(self, remote: str) -> None:
        """A connection that :meth:`connected` let in is closed."""
        self.limits.disconnected(remote)

    def limit(self, remote: str, frames: int = 1) -> bool:
        """Whether ``frames`` more frames of this remote may be taken now; if not, it is counted as a flood."""
        if self.limits.frames(remote, frames):
            return True
        self.bad(self.settings.name, remote, "flood", b"")
        return False

    # -- who is it ------------------------------------------------------------------------------------------------

    def find(
        self, protocol: str, address: str, remote: str, sample: bytes = b"", reason: str = "unknown"
    ) -> Device | None:
        """The device in service with this address; None counts as a knock for ``reason``, ``sample`` being its frame.

        A device of the city's own that stays None because its address was just registered is found within three seconds.
        """
        found = self._directory.find(protocol, address)
        if found is None:
            self._knock(protocol, canonical(protocol, address), remote, reason, sample)
        return found

    def bad(self, protocol: str, remote: str, reason: str, sample: bytes, address: str = "") -> None:
        """A frame that belongs to no device, or came from one that must not speak so: unreadable, wrong password …

        ``reason`` is a short stable word: ``crc``, ``format``, ``password``, ``clock``, ``flood``, ``connections``.
        """
        self.bad_frames += 1
        self._knock(protocol, canonical(protocol, address) if address else remote, remote, reason, sample)

    # -- what was seen --------------------------------------------------------------------------------------------

    def seen(self, device_id: int, remote: str, frames: int = 1, bad: int = 0, fault: str = "") -> None:
        """The device spoke: so many frames, ``bad`` of them refused, for ``fault`` in a word or two; it is online."""
        self.frames += frames
        self.bad_frames += bad
        sight = self._seen.get(device_id)
        if sight is None:
            sight = self._seen[device_id] = _Sight(self._context.clock.now())
        sight.at = self._context.clock.now()
        sight.remote = remote
        sight.frames += frames
        sight.bad += bad
        sight.online = True
        if fault:
            sight.fault = fault[:200]

    def gone(self, device_id: int) -> None:
        """The device is known to be off (its last will, or it said so): offline without waiting for the grace."""
        sight = self._seen.setdefault(device_id, _Sight(self._context.clock.now()))
        sight.online = False

    # -- writing --------------------------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Write what was seen since the last time, in one transaction; on failure it is kept for the next time.

        Returns when all that was seen before the call is durable, also what another call is writing just now.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._writing:
            await self._write()

    async def _write(self) -> None:
        seen, self._seen = self._seen, {}
        knocks, self._knocks = self._knocks, {}
        if not seen and not knocks:
            return
        try:
            async with self._context.database.transaction() as connection:
                if seen:
                    sightings = [
                        store.Sighting(device, one.at, one.remote, one.frames, one.bad, one.fault, one.online)
                        for device, one in sorted(seen.items())
                    ]
                    online, offline = await store.write_sightings(connection, self.name, sightings)
                    await tell_turns(connection, self._context.clock.now(), online, offline, "said")
                if knocks:
                    told = [
                        store.Knocking(*key, one.remote, one.first_at, one.last_at, one.times, one.sample)
                        for key, one in knocks.items()
                    ]
                    await store.write_knocks(connection, told)
        except AWAY:
            self._take_back(seen, knocks)
            raise

    def _take_back(self, seen: dict[int, _Sight], knocks: dict[tuple[str, str, str], _Knock]) -> None:
        for device, earlier in seen.items():
            later = self._seen.setdefault(device, earlier)
            if later is not earlier:
                later.frames += earlier.frames
                later.bad += earlier.bad
        for key, knock in knocks.items():
            if len(self._knocks) < MOST_KNOCKS_AT_ONCE:
                newer = self._knocks.setdefault(key, knock)
                if newer is not knock:
                    newer.times += knock.times
                    newer.first_at = knock.first_at

    def _knock(self, protocol: str, address: str, remote: str, reason: str, sample: bytes) -> None:
        self.knocks += 1
        now = self._context.clock.now()
        key = (protocol, _printable(address), reason)
        if key not in self._knocks and len(self._knocks) >= MOST_KNOCKS_AT_ONCE:
            key = (protocol, OTHERS, reason)
        knock = self._knocks.get(key)
        if knock is None:
            self._knocks[key] = _Knock(now, now, remote, 1, bytes(sample[:LONGEST_SAMPLE]))
            return
        knock.last_at, knock.remote = now, remote
        knock.times += 1
        if sample:
            knock.sample = bytes(sample[:LONGEST_SAMPLE])

    async def _keep_writing(self) -> None:
        since_figures = _figures_seconds
        while not await self._ends_within(_flush_seconds):
            since_figures += _flush_seconds
            try:
                await self.flush()
                if since_figures >= _figures_seconds:
                    since_figures = 0.0
                    await self._tell_figures()
            except AWAY as error:
                log.warning("the door waits for the database", gateway=self.name, error=type(error).__name__)

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._ending.wait()
        except TimeoutError:
            return False

    async def _tell_figures(self) -> None:
        figures: dict[str, int | float | str] = {
            "connections": self.limits.open,
            "frames": self.frames,
            "bad_frames": self.bad_frames,
            "knocks": self.knocks,
            "listening": f"{self.settings.host}:{self.settings.port}",
        }
        async with self._context.database.connection() as connection:
            now = self._context.clock.now()
            await store.write_gateway(connection, self.name, self.settings.name, now, figures)


def _printable(address: str) -> str:
    """What a stranger calls itself, short and without signs that a terminal or the database would not bear."""
    return "".join(sign if sign.isprintable() else "�" for sign in address[:LONGEST_ADDRESS])
