"""What the gateway does with each message: who may speak, what is stored, what is answered, and when.

Nothing that carries data is acknowledged before its commit. Reports that stand together in a stream are stored together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from yiwang.kernel import logs
from yiwang.kernel.database import AWAY, JsonObject
from yiwang.sensing.devices.model import Device
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.gateways.holding import Holding
from yiwang.sensing.gateways.jt808 import intake, messages, orders
from yiwang.sensing.gateways.jt808.admitting import Admission
from yiwang.sensing.gateways.jt808.framing import Frame
from yiwang.sensing.gateways.jt808.keeping import Keeping
from yiwang.sensing.gateways.jt808.messages import drivers, general, media, parameters, passing, recorder, registering
from yiwang.sensing.gateways.jt808.messages.general import Result
from yiwang.sensing.gateways.jt808.messages.positions import AskedPosition, Batch, Position, Report, read_position
from yiwang.sensing.gateways.jt808.session import Session
from yiwang.sensing.gateways.jt808.wire import MESSAGES, Malformed, Message
from yiwang.sensing.service import Sensing
from yiwang.sensing.vehicles.model import Place
from yiwang.sensing.vehicles.writer import PositionWriter

log = logs.get("jt808")

REPORT, BATCH = Report.ID, Batch.ID
_AWAY = (*AWAY, SensingUnavailable)
_NO_ANSWER = {0x0104, 0x0107, 0x0201, 0x0500, 0x0700, 0x0802, 0x0805, 0x0608, 0x0001}
"""Messages that are answers themselves."""
_ANSWERED_BY_OTHERS = {0x8104, 0x8106, 0x8107, 0x8201, 0x8500, 0x8801}
"""Questions whose answer is more than an acknowledgement."""


class Handling:
    """One per gateway process. ``sessions``: authenticated connections by device id, the newest of each; ``holding``: by whom
    other processes are told of them."""

    def __init__(self, services: Sensing, positions: PositionWriter, keeping: Keeping) -> None:
        self._services = services
        self._positions = positions
        self._keeping = keeping
        self._admission = Admission(services, self._claim)
        self.holding: Holding | None = None
        self.sessions: dict[int, Session] = {}
        self.on_authenticated: Callable[[int], None] = lambda _: None
        self._verbs: Mapping[int, Callable[[Session, Frame, Message], Awaitable[Result | None]]] = {
            0x0002: self._nothing,
            0x0003: self._leave,
            0x0004: self._time,
            0x0005: self._packets_again,
            0x0001: self._acknowledged,
            0x0104: self._parameters,
            0x0107: self._attributes,
            0x0108: self._nothing,
            0x0201: self._asked_position,
            0x0500: self._asked_position,
            0x0702: self._driver,
            0x0701: self._waybill,
            0x0800: self._nothing,
            0x0801: self._media,
            0x0805: self._shot,
        }

    # -- the stream -----------------------------------------------------------------------------------------------

    async def handle(self, session: Session, frames: Sequence[Frame]) -> None:
        """Handle messages in order; see :class:`yiwang.sensing.gateways.jt808.session.Handler`."""
        reports: list[Frame] = []
        try:
            for frame in frames:
                if self._is_report(session, frame):
                    reports.append(frame)
                    continue
                if reports:
                    await self._store_reports(session, reports)
                    reports = []
                await self._one(session, frame)
            if reports:
                await self._store_reports(session, reports)
        except _AWAY as error:
            # Not acknowledged: the terminal keeps it and sends it again.
            log.warning("messages wait for the database", error=type(error).__name__)

    def _take_over(self, session: Session) -> None:
        """The newest connection of a terminal is the one that counts; an older one is closed."""
        device = session.terminal.device
        if device is None:
            return
        before = self.sessions.get(device.id)
        self.sessions[device.id] = session
        if before is not None and before is not session:
            session.door.seen(device.id, session.remote, 0, 0, f"taken over from {before.remote}")
            _kick(before)
        self.on_authenticated(device.id)

    def taken(self, device_id: int) -> None:
        """Another gateway process holds the terminal now: our connection, which it has left, is closed."""
        session = self.sessions.pop(device_id, None)
        if session is not None:
            session.door.seen(device_id, "", 0, 0, f"taken over from {session.remote} by another gateway")
            _kick(session)

    async def _claim(self, device_id: int) -> None:
        if self.holding is not None:
            await self.holding.claim([device_id])

    def closed(self, session: Session) -> None:
        device = session.terminal.device
        if device is not None and self.sessions.get(device.id) is session:
            del self.sessions[device.id]
            if self.holding is not None:
                self.holding.release(device.id)

    def _is_report(self, session: Session, frame: Frame) -> bool:
        return (
            frame.message in (REPORT, BATCH)
            and session.terminal.authenticated
            and frame.phone == session.terminal.phone
            and not frame.encryption
        )

    async def _one(self, session: Session, frame: Frame) -> None:
        terminal = session.terminal
        if not terminal.authenticated:
            terminal.edition = frame.edition
        encrypted = frame.encryption or frame.message == passing.TerminalKey.ID
        if frame.message not in MESSAGES or encrypted:
            # The standard exchanges RSA keys but says neither how blocks are padded nor how long bodies are cut: see the how-to.
            session.bad("encrypted" if encrypted else f"message {frame.message:04X}", frame.body[:64])
            session.write(session.answer(frame, Result.UNSUPPORTED))
            return
        try:
            message = messages.decode(frame.message, frame.body, frame.edition)
        except Malformed as error:
            session.bad(f"body: {error}"[:100], frame.body[:64])
            session.write(session.answer(frame, Result.BAD_MESSAGE))
            return
        if isinstance(message, registering.Register):
            await self._admission.register(session, frame, message)
            return
        if isinstance(message, registering.Authenticate):
            if await self._admission.authenticate(session, frame, message) and session.open:
                self._take_over(session)
            return
        if message is None or not terminal.authenticated or frame.phone != terminal.phone:
            session.bad("not authenticated" if not terminal.authenticated else "another phone", frame.body[:64])
            session.write(session.answer(frame, Result.FAILED))
            return
        verb = self._verbs.get(frame.message)
        if verb is None:
            session.bad(f"message {frame.message:04X}", frame.body[:64])
            session.write(session.answer(frame, Result.UNSUPPORTED))
            return
        result = await verb(session, frame, message)
        session.good(1)
        if result is not None and frame.message not in _NO_ANSWER:
            session.write(session.answer(frame, result))

    # -- positions ------------------------------------------------------------------------------------------------

    async def _store_reports(self, session: Session, frames: Sequence[Frame]) -> None:
        """Store reports, then acknowledge each; one that cannot be read is answered so and harms no other."""
        device = session.terminal.device
        assert device is not None  # noqa: S101  # authenticated
        places: list[Place] = []
        answers: list[tuple[Frame, Result]] = []
        for frame in frames:
            result = Result.OK
            try:
                if frame.message == REPORT:
                    result = self._add(session, device, frame.body, frame, False, places)
                else:
                    batch = Batch.decode(frame.body, frame.edition)
                    for body in batch.bodies:
                        self._add(session, device, body, frame, True, places)
            except Malformed as error:
                session.bad(f"body: {error}"[:100], frame.body[:64])
                result = Result.BAD_MESSAGE
            answers.append((frame, result))
        await self._store(device, places)
        session.good(len(frames))
        session.write(b"".join(session.answer(frame, result) for frame, result in answers))

    def _add(
        self, session: Session, device: Device, body: bytes, frame: Frame, replayed: bool, places: list[Place]
    ) -> Result:
        try:
            position = read_position(body)
        except Malformed:
            if not replayed:
                raise
            session.bad("replayed position", body[:64])  # the others of the batch count
            return Result.OK
        at = position.at
        if at is None and not position.fixed:
            return Result.OK  # a terminal that has just started knows neither where it is nor when
        if at is None or intake.clock_fault(at, self._services.context.clock.now()):
            session.bad("clock", body[:64])
            return Result.BAD_MESSAGE
        places.append(intake.place_of(device.id, body, position, at, frame.serial, replayed))
        return Result.OK

    async def _store(self, device: Device, places: Sequence[Place]) -> None:
        if not places:
            return
        rows = intake.readings_of(places, self._services.directory.profile_of(device))
        if rows is None:
            await self._positions.put(places)
        else:
            await asyncio.gather(self._positions.put(places), self._services.writer.put(rows))

    async def _asked_position(self, session: Session, frame: Frame, message: Message) -> Result | None:
        assert isinstance(message, AskedPosition)  # noqa: S101
        device = session.terminal.device
        assert device is not None  # noqa: S101  # authenticated
        places: list[Place] = []
        self._add(session, device, frame.body[2:], frame, False, places)
        await self._store(device, places)
        told: Position = message.position
        await self._answer(session, None, message.serial, True, {"position": orders.position_told(told)})
        return None

    # -- answers of the terminal ----------------------------------------------------------------------------------

    async def _nothing(self, session: Session, frame: Frame, message: Message) -> Result | None:
        return Result.OK

    async def _leave(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if session.terminal.device is not None:
            session.door.gone(session.terminal.device.id)
        asyncio.get_running_loop().call_later(1, session.close)
        return Result.OK

    async def _time(self, session: Session, frame: Frame, message: Message) -> Result | None:
        session.send(general.ServerTime(self._services.context.clock.now()))
        return None

    async def _packets_again(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, general.TerminalWantsPackets):
            session.send_again(message.first, message.numbers)
        return Result.OK

    async def _acknowledged(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, general.TerminalAck) and message.message not in _ANSWERED_BY_OTHERS:
            ok = message.result == Result.OK
            await self._answer(session, message.message, message.serial, ok, {"result": message.result})
        return None

    async def _parameters(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, parameters.Parameters):
            told: JsonObject = {"parameters": orders.parameters_told(message.items)}
            await self._answer(session, None, message.serial, True, told)
        return None

    async def _attributes(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, registering.Attributes):
            told: JsonObject = {"attributes": orders.attributes_told(message)}
            await self._answer(session, registering.AskAttributes.ID, None, True, told)
        return None

    async def _shot(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, media.Shot):
            told: JsonObject = {"result": message.result, "media": list(message.ids)}
            await self._answer(session, None, message.serial, message.result == 0, told)
        return None

    async def _answer(
        self, session: Session, message: int | None, serial: int | None, ok: bool, answer: JsonObject
    ) -> None:
        asked = session.answered(message, serial)
        if asked is not None and asked.command is not None:
            async with self._services.context.database.transaction() as connection:
                await self._services.commands.answered(connection, asked.command, ok, answer)

    # -- what is kept besides positions ---------------------------------------------------------------------------

    async def _driver(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, drivers.Driver) and session.terminal.device is not None:
            return await self._keeping.driver(session.terminal.device, message)
        return Result.BAD_MESSAGE

    async def _waybill(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, recorder.Waybill) and session.terminal.device is not None:
            await self._keeping.waybill(session.terminal.device, message)
        return Result.OK

    async def _media(self, session: Session, frame: Frame, message: Message) -> Result | None:
        if isinstance(message, media.Media) and session.terminal.device is not None:
            kept = await self._keeping.media(session.terminal.device, message)
            if not kept:
                session.bad("media beyond the bounds", b"")
            session.send(media.MediaAck(message.id))
        return None


def _kick(session: Session) -> None:
    """Close a connection whose terminal speaks over another one; nothing more that comes over it counts."""
    session.terminal.authenticated = False
    session.terminal.device = None
    session.close()
