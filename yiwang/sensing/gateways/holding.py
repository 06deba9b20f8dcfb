"""Which devices this gateway process holds (持有), of several that serve the same protocol on one machine or on many.

A device that connects is claimed, in one row of the database for each device; the claim that came last counts. The process
that held it before is told and closes its connection, which may have been dead for minutes, and from the claim on a command
is only handed to the process that claimed last. A process that is killed holds nothing any more as soon as its devices
connect elsewhere; nothing has to expire.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable

from yiwang.kernel import logs
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY, connect
from yiwang.sensing.devices.store import sessions as store

log = logs.get("gateway")

_GATHER_SECONDS = 0.01
_LOOK_SECONDS = 5.0


class Holding:
    """One per gateway process. ``taken(device_id)`` is called when another process has claimed a device of ours; use as
    ``async with Holding(context, door.name, taken) as holding``."""

    def __init__(self, context: Context, gateway: str, taken: Callable[[int], None]) -> None:
        self._context = context
        self._taken = taken
        # Processes on several machines may have one name: containers are all process 1, and may share their host's name.
        self.name = f"{gateway}/{secrets.token_hex(4)}"
        self._turns: dict[int, int] = {}
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._writing: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Holding:
        self._listening = asyncio.create_task(self._keep_listening(), name="takeovers")
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [task for task in (self._listening, self._writing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for future in self._waiting.values():
            future.cancel()

    async def claim(self, device_ids: Iterable[int]) -> None:
        """Hold these devices from now on; returns after the commit. Claims that come together are written together.

        Raises:
            Unavailable, asyncpg.PostgresError, OSError: the database is away, and nothing is claimed.
        """
        loop = asyncio.get_running_loop()
        futures = []
        for device_id in device_ids:
            future = self._waiting.get(device_id)
            if future is None:
                future = self._waiting[device_id] = loop.create_future()
            futures.append(future)
        if futures and self._writing is None:
            self._writing = loop.create_task(self._write(), name="claims")
        for outcome in await asyncio.gather(*futures, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def release(self, device_id: int) -> None:
        """The connection of a device is closed: whoever claims it takes nothing from us."""
        self._turns.pop(device_id, None)

    async def _write(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        waiting, self._waiting, self._writing = self._waiting, {}, None
        try:
            async with self._context.database.transaction() as connection:
                turns = await store.claim(connection, self.name, list(waiting), self._context.clock.now())
        except AWAY as error:
            for future in waiting.values():
                if not future.done():
                    future.set_exception(error)
            return
        self._turns.update(turns)
        for future in waiting.values():
            if not future.done():
                future.set_result(None)

    # -- news of others -------------------------------------------------------------------------------------------

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except AWAY as error:
                log.warning("news of takeovers wait for the database", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _listen(self) -> None:
        connection = await connect(self._context.database.url)
        try:
            await connection.add_listener(store.CHANNEL, self._heard)
            while not connection.is_closed():
                if self._turns:  # also what was told while the line was down
                    self._lose(await store.taken_from(connection, self.name, dict(self._turns)))
                else:
                    await connection.fetchval("select 1")  # notices a dead connection
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await connection.close(timeout=2)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        gateway, turns = store.read_notice(str(payload))
        if gateway == self.name:
            self._lose(turns)

    def _lose(self, turns: dict[int, int]) -> None:
        """News of a claim that is older than our own last one say nothing."""
        for device_id, turn in turns.items():
            if self._turns.get(device_id, turn) < turn:
                del self._turns[device_id]
                self._taken(device_id)
