"""Who may speak: registration (注册) and authentication (鉴权).

A terminal is admitted when its phone is that of a device in service whose purpose is stated; where the device's attributes name
``plate`` or ``terminal_id``, the registration must agree. The authentication code is the device's secret, made at the first
registration and kept sealed.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Awaitable, Callable

from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.store import registry
from yiwang.sensing.gateways.jt808 import intake
from yiwang.sensing.gateways.jt808.framing import Edition, Frame
from yiwang.sensing.gateways.jt808.messages.general import Result
from yiwang.sensing.gateways.jt808.messages.registering import Authenticate, Register, RegisterAck, Registered
from yiwang.sensing.gateways.jt808.session import PROTOCOL, Session
from yiwang.sensing.service import Sensing


class Admission:
    """One per gateway process."""

    def __init__(self, services: Sensing, claim: Callable[[int], Awaitable[None]]) -> None:
        self._services = services
        self._claim = claim

    async def register(self, session: Session, frame: Frame, message: Register) -> None:
        """Answer 8100: the code, or why not.

        Raises:
            Unavailable: the database does not answer.
        """
        session.terminal.phone = frame.phone
        session.terminal.edition = message.layout
        result, device = self._registration(session, frame, message)
        code = ""
        if result is Registered.OK and device is not None:
            code = await self._code(device)
            session.terminal.issued = self._services.secrets.seal(code)
            session.good(1)
        else:
            session.bad(f"registration {result.value}", frame.body[:64])
        session.send(RegisterAck(frame.serial, result, code))

    def _registration(self, session: Session, frame: Frame, message: Register) -> tuple[Registered, Device | None]:
        directory = self._services.directory
        device = session.door.find(PROTOCOL, frame.phone, session.remote, frame.body[:64])
        if device is None or not intake.has_purpose(device, directory.profile_of(device)):
            return Registered.TERMINAL_UNKNOWN, None
        plate, number = device.attributes.get("plate"), device.attributes.get("terminal_id")
        if number and message.terminal and number != message.terminal:
            return Registered.TERMINAL_REGISTERED, device
        if plate and message.plate and plate != message.plate:
            taken = any(each.attributes.get("plate") == message.plate for each in directory.devices(PROTOCOL))
            return (Registered.VEHICLE_REGISTERED if taken else Registered.VEHICLE_UNKNOWN), device
        return Registered.OK, device

    async def _code(self, device: Device) -> str:
        secrets, context = self._services.secrets, self._services.context
        async with context.database.transaction() as connection:
            kept: str | None = await connection.fetchval(
                "select secret from device where id = $1 for update", device.id
            )
            code = secrets.open(kept) if kept else None
            if code is None:
                code = random.token_hex(8)
                await registry.write_secret(connection, device.id, secrets.seal(code), context.clock.now())
        return code

    async def authenticate(self, session: Session, frame: Frame, message: Authenticate) -> bool:
        """Answer 8001; whether the terminal may speak from now on.

        Raises:
            Unavailable: the database does not answer.
        """
        terminal = session.terminal
        if terminal.phone != frame.phone:
            terminal.issued = None
        terminal.phone = frame.phone
        if terminal.edition is not Edition.E2011 or frame.edition is Edition.E2019:
            terminal.edition = frame.edition  # a 2011 terminal is known by its registration only
        device = session.door.find(PROTOCOL, frame.phone, session.remote, b"")
        purposeful = device is not None and intake.has_purpose(device, self._services.directory.profile_of(device))
        if device is None or not purposeful or not await self._matches(device, terminal.issued, message.code):
            session.bad("password" if purposeful else "purpose" if device else "unknown", b"")
            session.write(session.answer(frame, Result.FAILED))
            return False
        await self._claim(device.id)
        terminal.device, terminal.authenticated = device, True
        session.good(1)
        session.write(session.answer(frame, Result.OK))
        return True

    async def _matches(self, device: Device, issued: str | None, code: str) -> bool:
        secrets = self._services.secrets
        if secrets.matches(issued or device.secret, code):
            return True
        # The directory may be three seconds behind a registration on another connection.
        async with self._services.context.database.connection() as connection:
            kept: str | None = await connection.fetchval("select secret from device where id = $1", device.id)
        return kept not in (issued, device.secret) and secrets.matches(kept, code)
