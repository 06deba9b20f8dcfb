"""The directory of devices: metrics, profiles and devices of the city in the process, found without a query.

:class:`DeviceDirectory` hears of changes over LISTEN and asks every few seconds besides; of a hundred thousand devices it
reads only those that changed. Lookups are dictionary accesses and never wait. Retired devices are found by id, not by
address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from yiwang.kernel import logs
from yiwang.kernel.database import AWAY, Database, connect
from yiwang.sensing.devices.addresses import canonical
from yiwang.sensing.devices.compiling import limits_of
from yiwang.sensing.devices.model import Device, Metric, Profile
from yiwang.sensing.devices.store import directory as store
from yiwang.sensing.model import Limits

poll_seconds = 3.0
"""How late a process may notice a change whose notice was lost."""

log = logs.get("devices")


class DeviceDirectory:
    """The devices as this process knows them: :meth:`refresh` before the first lookup, :meth:`start` keeps it fresh."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = -1
        self._metrics: dict[str, Metric] = {}
        self._metrics_by_id: dict[int, Metric] = {}
        self._profiles: dict[str, Profile] = {}
        self._devices: dict[int, Device] = {}
        self._by_address: dict[tuple[str, str], Device] = {}
        self._by_code: dict[str, Device] = {}
        self._limits: dict[tuple[str, int], Limits | None] = {}
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loading = asyncio.Lock()
        self._on_change: list[Callable[[frozenset[int]], None]] = []

    # -- lookups --------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Grows whenever a lookup may give another answer."""
        return self._version

    def find(self, protocol: str, address: str) -> Device | None:
        """The device in service that is called so on the wire, leading zeros of a phone number or small letters of an MN
        notwithstanding."""
        found = self._by_address.get((protocol, address))
        return found or self._by_address.get((protocol, canonical(protocol, address)))

    def device(self, device_id: int) -> Device | None:
        """A device by id, also a retired one."""
        return self._devices.get(device_id)

    def by_code(self, code: str) -> Device | None:
        """A device by the city's own code, also a retired one."""
        return self._by_code.get(code)

    def profile(self, profile_id: str) -> Profile | None:
        return self._profiles.get(profile_id)

    def profile_of(self, device: Device) -> Profile:
        """The profile of a device of this directory."""
        return self._profiles[device.profile]

    def metric(self, code: str) -> Metric | None:
        return self._metrics.get(code)

    def metric_by_id(self, metric_id: int) -> Metric | None:
        return self._metrics_by_id.get(metric_id)

    def limits(self, device: int, metric: int) -> Limits | None:
        """What values of this device and metric are checked against; None where its profile does not measure it."""
        found = self._devices.get(device)
        if found is None:
            return None
        key = (found.profile, metric)
        if key not in self._limits:
            self._limits[key] = limits_of(self._profiles[found.profile], metric)
        return self._limits[key]

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """All metrics by code."""
        return self._metrics

    @property
    def profiles(self) -> Mapping[str, Profile]:
        """All profiles by id."""
        return self._profiles

    def devices(self, protocol: str | None = None) -> list[Device]:
        """The devices in service, of one protocol or all, by id."""
        return [one for one in self._devices.values() if not one.retired and protocol in (None, one.protocol)]

    # -- keeping fresh --------------------------------------------------------------------------------------------

    def on_change(self, callback: Callable[[frozenset[int]], None]) -> None:
        """Call back with the ids of devices that changed; with none when metrics or profiles may have."""
        self._on_change.append(callback)

    async def refresh(self) -> bool:
        """Read what is newer in the database; tells whether there was anything.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._loading:
            async with self._database.connection() as connection:
                if await store.version(connection) == self._version:
                    return False
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    version = await store.version(connection)
                    metrics = await store.metrics(connection)
                    profiles = await store.profiles(connection, {metric.code: metric for metric in metrics})
                    changed = await store.devices(connection, after=self._version)
            self._metrics = {metric.code: metric for metric in metrics}
            self._metrics_by_id = {metric.id: metric for metric in metrics}
            self._profiles = {profile.id: profile for profile in profiles}
            self._limits = {}
            self._take(changed)
            self._version = version
        ids = frozenset(device.id for device in changed)
        for callback in self._on_change:
            callback(ids)
        return True

    def _take(self, changed: Iterable[Device]) -> None:
        for device in changed:
            before = self._devices.get(device.id)
            if before is not None:
                key = (before.protocol, before.address)
                if (holder := self._by_address.get(key)) is not None and holder.id == device.id:
                    del self._by_address[key]
                self._by_code.pop(before.code, None)
            self._devices[device.id] = device
            self._by_code[device.code] = device
        for device in changed:
            if not device.retired:
                self._by_address[(device.protocol, device.address)] = device

    async def start(self) -> None:
        """Load, and keep fresh in the background until :meth:`stop`."""
        await self.refresh()
        self._task = asyncio.create_task(self._watch(), name="device directory")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _watch(self) -> None:
        while True:
            try:
                await self._listen()
            except AWAY as error:
                log.warning("the directory of devices waits for the database", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _listen(self) -> None:
        connection = await connect(self._database.url)
        try:
            await connection.add_listener(store.channel, self._notice)
            while not connection.is_closed():
                await self.refresh()
                try:
                    async with asyncio.timeout(poll_seconds):  # wait_for may swallow our being cancelled
                        await self._heard.wait()
                except TimeoutError:
                    await connection.fetchval("select 1")  # notices a dead connection
                self._heard.clear()
        finally:
            await connection.close(timeout=2)

    def _notice(self, *_arguments: object) -> None:
        self._heard.set()
