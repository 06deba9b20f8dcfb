"""What the worker does for devices every few seconds: who fell silent, which commands expired, which knocks are forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from yiwang.kernel.clock import CityClock
from yiwang.kernel.context import Context
from yiwang.sensing.devices.commands import Commands
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.journalling import tell_turns
from yiwang.sensing.devices.store import states as store
from yiwang.sensing.service import Sensing

KNOCKS_KEPT = timedelta(days=30)
GATEWAYS_KEPT = timedelta(days=2)
_patience_seconds = 20.0


class Sweeper:
    """One per worker process; several may run.

    Where city time runs fast or jumps, a device would seem silent merely because the clock was turned. There it must besides have
    been silent for twenty real seconds since this process first missed it.
    """

    def __init__(self, sensing: Sensing, seconds: Callable[[], float] = time.monotonic) -> None:
        self._context: Context = sensing.context
        self._directory: DeviceDirectory = sensing.directory
        self._commands: Commands = sensing.commands
        self._seconds = seconds
        self._missed: dict[int, tuple[datetime, float]] = {}

    async def sweep(self) -> int:
        """One round; how many devices went offline.

        Raises:
            Unavailable: the database does not answer.
        """
        now = self._context.clock.now()
        count = 0
        for profile in list(self._directory.profiles.values()):
            spared = await self._spared(profile.id, now - profile.offline_after)
            async with self._context.database.transaction() as connection:
                gone = await store.silence(connection, profile.id, profile.offline_after, now, spared)
                await tell_turns(connection, now, (), gone, "silent")
            count += len(gone)
        async with self._context.database.transaction() as connection:
            await self._commands.expire(connection)
        return count

    async def tidy(self) -> int:
        """Forget old knocks; how many went.

        Raises:
            Unavailable: the database does not answer.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            await store.forget_gateways(connection, now - GATEWAYS_KEPT)
            return await store.forget_knocks(connection, now - KNOCKS_KEPT)

    async def _spared(self, profile: str, before: datetime) -> list[int]:
        """Devices that seem silent and are given some real seconds to speak."""
        clock = self._context.clock
        if not (isinstance(clock, CityClock) and clock.state.simulated):
            return []
        async with self._context.database.connection() as connection:
            silent = await store.silent(connection, profile, before)
        now, spared = self._seconds(), []
        for device_id, seen in silent:
            known = self._missed.get(device_id)
            if known is None or known[0] != seen:
                known = self._missed[device_id] = (seen, now)
            if now - known[1] < _patience_seconds:
                spared.append(device_id)
            else:
                del self._missed[device_id]
        return spared
