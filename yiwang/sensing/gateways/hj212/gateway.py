"""The HJ 212 gateway process: the listening socket, the devices that are connected, the requests to them.

Promises: a frame is acknowledged after what it says is committed; of two connections of one device the newer is
heard and the older is closed and counted; a command goes out once and ends with an answer. Memory is bounded by the
number of connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from yiwang.kernel import logs
from yiwang.kernel.database import AWAY, JsonObject
from yiwang.kernel.errors import Problem
from yiwang.sensing.devices.model import Command
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.hj212 import commands as cn
from yiwang.sensing.gateways.hj212.connection import PROTOCOL, Connection
from yiwang.sensing.gateways.hj212.exchange import ANSWER_SECONDS, ATTEMPTS, EXECUTION_SECONDS, Exchange, Outcome
from yiwang.sensing.gateways.hj212.fields import DataArea
from yiwang.sensing.gateways.hj212.frames import Frame, encode, flag_of
from yiwang.sensing.gateways.hj212.framing import LONGEST
from yiwang.sensing.gateways.hj212.intake import Intake
from yiwang.sensing.gateways.hj212.moments import number_of
from yiwang.sensing.gateways.hj212.notes import NoteKeeper
from yiwang.sensing.gateways.hj212.requests import Request, request_for
from yiwang.sensing.gateways.hj212.sessions import Session, SessionMaker
from yiwang.sensing.gateways.holding import Holding
from yiwang.sensing.gateways.listening import CommandFeed, GatewaySettings, listen
from yiwang.sensing.model import micros
from yiwang.sensing.service import Sensing

_LOOK_SECONDS: Final = 5.0
_TELL_SECONDS: Final = 0.5
_GREET_SECONDS: Final = 0.1
_PASSWORD = re.compile(rb"(?<=PW=)[^;]*")

log = logs.get("gateway.hj212")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the gateway waits for a device: the standard's 10 s and three attempts; a minute for the execution."""

    answer_seconds: float = ANSWER_SECONDS
    attempts: int = ATTEMPTS
    execution_seconds: float = EXECUTION_SECONDS


class Gateway:
    """One per process. :func:`yiwang.sensing.gateways.hj212.serve` runs it."""

    def __init__(
        self, services: Sensing, door: Door, settings: GatewaySettings, patience: Patience | None = None
    ) -> None:
        self._services = services
        self._settings = settings
        self._patience = patience or Patience()
        self._maker = SessionMaker(services.directory, services.secrets)
        self._clock = services.context.clock
        self._sessions: dict[int, Session] = {}
        self.connections: set[Connection] = set()
        self._heard: set[Session] = set()
        self._fresh: set[int] = set()
        self._holding = Holding(services.context, door.name, self._taken)
        self._numbers = 0
        self.door = door
        self.longest = min(settings.longest_frame, LONGEST)
        self.intake = Intake(services.writer)
        self.notes = NoteKeeper(services.context)
        self.replaced = self.modbus_frames = self.unknown_values = 0

    # -- running --------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event, listening: asyncio.Future[int] | None = None) -> None:
        """Listen until ``stop`` is set; ``listening`` learns the port. What was taken is stored and answered before
        it returns.

        Raises:
            GatewayPortTaken: the port is another program's.
        """
        _allow_many_connections()
        self.intake.start()
        self.notes.start()
        self._services.directory.on_change(self._changed)
        server = await listen(self._settings, partial(Connection, self))
        if listening is not None:
            listening.set_result(server.sockets[0].getsockname()[1])
        tasks = [
            asyncio.create_task(self._look_after(), name="hj212 connections"),
            asyncio.create_task(self._tell_door(), name="hj212 sightings"),
            asyncio.create_task(self._hear_commands(), name="hj212 commands"),
            asyncio.create_task(self._greet(), name="hj212 newcomers"),
        ]
        try:
            async with self._holding:
                await stop.wait()
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.intake.stop()
            await self.notes.stop()
            self._tell()
            for connection in list(self.connections):
                connection.close()

    def now(self) -> datetime:
        """City time."""
        return self._clock.now()

    def now_micros(self) -> int:
        """City time in microseconds UTC since 1970."""
        return micros(self._clock.now())

    # -- what connections tell ------------------------------------------------------------------------------------

    def connected(self, connection: Connection) -> bool:
        if not self.door.connected(connection.remote):
            return False
        self.connections.add(connection)
        return True

    def disconnected(self, connection: Connection, sessions: list[Session]) -> None:
        self.connections.discard(connection)
        self.door.disconnected(connection.remote)
        for session in sessions:
            if session.connection is connection:
                self._end(session)

    def resolve(self, name: str, connection: Connection, sample: bytes) -> Session | None:
        """The device that calls itself ``name``, taken over from an older connection; None counts as a knock."""
        device = self.door.find(PROTOCOL, name, connection.remote, _PASSWORD.sub(b"***", sample))
        if device is None:
            return None
        session = self._sessions.get(device.id)
        if session is None:
            session = Session(device, connection)
            try:
                self._maker.fill(session, device)
            except Problem as error:
                log.warning("a device cannot be served as it is registered", device=device.code, code=error.code)
                return None
            self._sessions[device.id] = session
        elif session.connection is not connection:
            older, session.connection = session.connection, connection
            self._replaced(session, older)
        self._fresh.add(device.id)
        return session

    def _taken(self, device_id: int) -> None:
        """The device speaks to another gateway process now: our connection, which it has left, is closed."""
        if (session := self._sessions.get(device_id)) is not None:
            self._end(session)
            self._replaced(session, session.connection)

    def _replaced(self, session: Session, older: Connection) -> None:
        self.replaced += 1
        self.door.bad(PROTOCOL, older.remote, "duplicate", b"", session.device.address)
        older.lose(session)

    def heard(self, session: Session) -> None:
        """The device spoke; told to the door within half a second."""
        self._heard.add(session)

    def answered(self, session: Session, found: Frame, area: DataArea) -> None:
        """An answer of a device: to its request, or too late for any."""
        exchange = session.exchange
        if exchange is None or not exchange.belongs(found, area):
            return
        if found.command == cn.REQUEST_ANSWER:
            exchange.accepted(area, time.monotonic())
        elif found.command == cn.EXECUTION:
            exchange.executed(area)
        elif found.command == cn.NOTICE_ANSWER:
            exchange.noticed()
        session.wake.set()

    def uploaded(self, session: Session, found: Frame, area: DataArea, readings: int) -> None:
        """An upload was stored while a request was under way."""
        if session.exchange is not None:
            session.exchange.uploaded(found, area, readings, time.monotonic())
            session.wake.set()

    def tell_time(self, session: Session) -> None:
        """The device asked for the time (1013): it is told by a request of our own (1012)."""
        session.own_requests.append(request_for("sync-time", {}, self.now()))
        self._begin_commands(session)

    # -- requests to devices --------------------------------------------------------------------------------------

    def _begin_commands(self, session: Session) -> None:
        if session.task is None or session.task.done():
            session.task = asyncio.create_task(self._command(session), name=f"hj212 commands of {session.device.code}")
        else:
            session.wake.set()

    async def _command(self, session: Session) -> None:
        """Everything that waits for a device, one after the other."""
        while session.device.id in self._sessions:
            if session.own_requests:
                await self._carry_on(session, session.own_requests.popleft())
                continue
            try:
                command = await self._next(session)
            except AWAY as error:
                log.warning("commands wait for the database", device=session.device.code, error=type(error).__name__)
                return
            if command is None:
                if session.own_requests:
                    continue
                return
            await self._finish(session, command, await self._said(session, command))

    async def _next(self, session: Session) -> Command | None:
        """The oldest command that waits, marked as sent: from now on it goes out once or not at all."""
        async with self._services.context.database.transaction() as connection:
            waiting = await self._services.commands.pending(connection, session.device.id)
            for command in waiting:
                taken = await self._services.commands.sent(connection, command.id, self._holding.name)
                if taken is not None:
                    return taken
        return None

    async def _said(self, session: Session, command: Command) -> Outcome:
        try:
            request = request_for(command.verb, self._plain(session, command), self.now())
        except Problem as error:
            return Outcome(
                False, {"reason": "unusable", "code": error.code, "zh": error.message("zh"), "en": error.message("en")}
            )
        return await self._carry_on(session, request)

    def _plain(self, session: Session, command: Command) -> JsonObject:
        """The parameters in clear. A device with an encryption key keeps it: a new password comes with the key
        again."""
        parameters = self._services.commands.plain(command)
        if command.verb == "set-password" and session.cipher is not None and " " not in str(parameters.get("password")):
            parameters = {}
        return parameters

    async def _carry_on(self, session: Session, request: Request) -> Outcome:
        """One request from first sending to its end."""
        patience = self._patience
        exchange = Exchange(
            request,
            self._number(),
            seconds=patience.answer_seconds,
            attempts=patience.attempts,
            execution_seconds=patience.execution_seconds,
        )
        session.exchange = exchange
        if request.new_password:
            session.new_password = request.new_password.encode()
        frame = encode(self._request_frame(session, request, exchange.number))
        try:
            while exchange.outcome is None:
                if self._sessions.get(session.device.id) is not session:
                    exchange.abandoned()
                    continue
                if exchange.due(time.monotonic()):
                    session.connection.send(frame)
                session.wake.clear()
                if exchange.outcome is None:
                    await _woken(session.wake, max(exchange.deadline - time.monotonic(), 0.005))
            return exchange.outcome
        finally:
            session.exchange = None

    def _request_frame(self, session: Session, request: Request, number: str) -> Frame:
        device = session.device
        system = session.system or device.attributes.get("system", "") or session.spoken_system or "32"
        password = (session.password or session.spoken_password).decode("latin-1")
        flag = flag_of(session.edition, answer=True)
        return Frame(
            number, system, request.command, password, device.address, flag, 0, 0, False, request.data.encode("utf-8")
        )  # fmt: skip

    async def _finish(self, session: Session, command: Command, outcome: Outcome) -> None:
        if not (outcome.ok and command.verb == "set-password"):
            session.new_password = None
        for attempt in range(5):
            try:
                async with self._services.context.database.transaction() as connection:
                    await self._services.commands.answered(connection, command.id, outcome.ok, outcome.answer)
            except AWAY as error:
                log.warning("an answer waits for the database", command=str(command.id), error=type(error).__name__)
                await asyncio.sleep(0.5 * 2**attempt)
            else:
                break
        if outcome.link_dead and session.connection.remote:
            session.fault = "no answer to a request"
            self.heard(session)

    def _number(self) -> str:
        """A request number that this process has not used before: city time, and a counter where the time stands
        still."""
        text = number_of(self.now())
        self._numbers = max(int(text), self._numbers + 1)
        return str(self._numbers)

    async def _hear_commands(self) -> None:
        async with CommandFeed(self._services.context.database.url) as feed:
            async for device_id in feed:
                if device_id is not None:
                    session = self._sessions.get(device_id)
                    if session is not None:
                        self._begin_commands(session)
                    continue
                self._fresh.update(self._sessions)

    async def _greet(self) -> None:
        """Claim devices that have just connected, and send what waits for them, for all at once: ten thousand may come
        together."""
        while True:
            await asyncio.sleep(_GREET_SECONDS)
            if not self._fresh:
                continue
            fresh, self._fresh = self._fresh & self._sessions.keys(), set()
            try:
                await self._holding.claim(fresh)
                async with self._services.context.database.connection() as connection:
                    waiting = await self._services.commands.pending_devices(connection, list(fresh))
            except AWAY as error:
                self._fresh |= fresh
                log.warning("commands wait for the database", error=type(error).__name__)
                continue
            for one in waiting:
                if (session := self._sessions.get(one)) is not None:
                    self._begin_commands(session)

    # -- keeping order --------------------------------------------------------------------------------------------

    def _changed(self, ids: frozenset[int]) -> None:
        """The register changed: sessions take it over, those of retired devices end."""
        directory = self._services.directory
        sessions = (
            [self._sessions[one] for one in ids if one in self._sessions] if ids else list(self._sessions.values())
        )
        for session in sessions:
            device = directory.device(session.device.id)
            if device is None or device.retired or device.address != session.device.address:
                self._end(session)
                session.connection.lose(session)
                continue
            try:
                self._maker.fill(session, device)
            except Problem as error:
                log.warning("a device cannot be served as it is registered", device=device.code, code=error.code)

    def _end(self, session: Session) -> None:
        self._sessions.pop(session.device.id, None)
        self._holding.release(session.device.id)
        session.wake.set()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            for number, connection in enumerate(list(self.connections)):
                connection.look_after(now, self._settings.idle_seconds)
                if number % 2000 == 1999:
                    await asyncio.sleep(0)

    async def _tell_door(self) -> None:
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            self._tell()

    def _tell(self) -> None:
        heard, self._heard = self._heard, set()
        for session in heard:
            self.door.seen(session.device.id, session.connection.remote, session.frames, session.bad, session.fault)
            session.frames, session.bad, session.fault = 0, 0, ""


def _allow_many_connections() -> None:
    """As many open files as this user may have: each device is one, and the usual limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _woken(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # wait_for may swallow our being cancelled
            await event.wait()
