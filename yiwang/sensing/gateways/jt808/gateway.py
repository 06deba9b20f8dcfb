"""The gateway process of JT/T 808: listens, sweeps, delivers commands, and ends without losing what it acknowledged."""

from __future__ import annotations

import asyncio
import contextlib

from yiwang.kernel import logs
from yiwang.kernel.database import AWAY
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.holding import Holding
from yiwang.sensing.gateways.jt808 import orders
from yiwang.sensing.gateways.jt808.handling import Handling
from yiwang.sensing.gateways.jt808.keeping import Keeping
from yiwang.sensing.gateways.jt808.session import Asked, Session
from yiwang.sensing.gateways.jt808.wire import Malformed
from yiwang.sensing.gateways.listening import CommandFeed, GatewaySettings, listen
from yiwang.sensing.service import Sensing
from yiwang.sensing.vehicles.writer import PositionWriter

log = logs.get("jt808")

PORT = 9808


async def serve(
    services: Sensing,
    settings: GatewaySettings,
    stop: asyncio.Event,
    *,
    listening: asyncio.Future[int] | None = None,
) -> None:
    """Serve terminals until ``stop`` is set; returns when everything acknowledged is committed.

    Raises:
        GatewayPortTaken: the port is another program's.
    """
    positions = PositionWriter(services.context)
    await positions.start()
    try:
        handling = Handling(services, positions, Keeping(services.context))
        async with (
            Door(services.context, services.directory, settings) as door,
            Holding(services.context, door.name, handling.taken) as holding,
        ):
            handling.holding = holding
            await Gateway(services, handling, door, holding).run(settings, stop, listening)
    finally:
        await positions.stop()


class Gateway:
    """The connections of one process."""

    def __init__(self, services: Sensing, handling: Handling, door: Door, holding: Holding) -> None:
        self._services = services
        self._holding = holding
        self.handling = handling
        self._door = door
        self._connections: set[Session] = set()
        self._due: asyncio.Queue[int] = asyncio.Queue()
        handling.on_authenticated = self._due.put_nowait

    async def run(
        self, settings: GatewaySettings, stop: asyncio.Event, listening: asyncio.Future[int] | None = None
    ) -> None:
        """Listen until ``stop`` is set; ``listening`` learns the port."""
        server = await listen(settings, self._session)
        if listening is not None:
            listening.set_result(server.sockets[0].getsockname()[1])
        log.info("terminals may connect", host=settings.host, port=server.sockets[0].getsockname()[1])
        tasks = [
            asyncio.create_task(self._sweep(settings.idle_seconds), name="sweep"),
            asyncio.create_task(self._deliver(), name="commands"),
            asyncio.create_task(self._listen_for_commands(), name="feed"),
        ]
        try:
            await stop.wait()
        finally:
            server.close()
            for session in list(self._connections):
                session.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 5)

    def _session(self) -> Session:
        session = Session(self._door, self.handling)
        self._connections.add(session)
        return session

    async def _sweep(self, idle_seconds: float) -> None:
        """Each second repeat what was not answered; each half minute close who is silent for too long."""
        loop = asyncio.get_running_loop()
        rounds = 0
        while True:
            await asyncio.sleep(1)
            rounds += 1
            now = loop.time()
            lost: list[tuple[Session, Asked]] = []
            for session in list(self._connections):
                if not session.open:
                    self._connections.discard(session)
                    lost += [(session, asked) for asked in session.given_up()]
                    continue
                if session.busy:
                    lost += [(session, asked) for asked in session.tick(now)]
                if rounds % 30 == 0 and now - session.heard > idle_seconds:
                    session.close()
            for _, asked in lost:
                await self._no_answer(asked)

    async def _no_answer(self, asked: Asked) -> None:
        if asked.command is None:
            return
        try:
            async with self._services.context.database.transaction() as connection:
                await self._services.commands.answered(
                    connection, asked.command, False, {"reason": "no answer", "tries": asked.tries}
                )
        except AWAY as error:
            log.warning("an unanswered command waits to expire", error=type(error).__name__)

    # -- commands -------------------------------------------------------------------------------------------------

    async def _listen_for_commands(self) -> None:
        async with CommandFeed(self._services.context.database.url) as feed:
            async for device_id in feed:
                if device_id is not None:
                    if device_id in self.handling.sessions:
                        self._due.put_nowait(device_id)
                    continue
                try:
                    async with self._services.context.database.connection() as connection:
                        held = list(self.handling.sessions)
                        waiting = await self._services.commands.pending_devices(connection, held)
                except AWAY as error:
                    log.warning("commands wait for the database", error=type(error).__name__)
                    continue
                for each in waiting:
                    self._due.put_nowait(each)

    async def _deliver(self) -> None:
        while True:
            device_id = await self._due.get()
            session = self.handling.sessions.get(device_id)
            if session is None or not session.open:
                continue
            try:
                await self._send_waiting(session, device_id)
            except AWAY as error:
                log.warning("commands wait for the database", error=type(error).__name__)

    async def _send_waiting(self, session: Session, device_id: int) -> None:
        """Send what waits for a device: each command at most once, and only after that is committed."""
        commands, database = self._services.commands, self._services.context.database
        async with database.connection() as connection:
            waiting = await commands.pending(connection, device_id)
        for command in waiting:
            async with database.transaction() as connection:
                taken = await commands.sent(connection, command.id, self._holding.name)
            if taken is None:
                continue
            try:
                told = orders.messages_of(taken.verb, commands.plain(taken))
                for message in told:
                    message.encode(session.terminal.edition)  # what does not fit is refused before anything is sent
            except Malformed as error:
                async with database.transaction() as connection:
                    await commands.answered(connection, taken.id, False, {"reason": str(error)[:300]})
                continue
            for message in told:
                session.ask(message, taken.id)
