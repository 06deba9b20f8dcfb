"""Simulated terminals that speak JT/T 808 over real sockets, and drive.

Each registers, authenticates, keeps its line alive, puts its driver's card in, reports where it is, keeps reports while there is
no connection and sends them afterwards (0704), and answers what it is asked. Options (``SimulateOptions.more``): ``version``
2011, 2013 or 2019; ``speeding``, ``leaving``, ``tired``: codes of devices that drive too fast, leave their route, or never rest;
``losing``: share of reports after which the connection is lost; ``pictures``: 1 sends a picture after each trip, in packets.
"""

from __future__ import annotations

import asyncio
import math
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from yiwang.kernel import logs
from yiwang.sensing.gateways.jt808 import messages
from yiwang.sensing.gateways.jt808.framing import Edition, Frame, FrameReader, encode, packets
from yiwang.sensing.gateways.jt808.messages import control, drivers, general, media, parameters, positions
from yiwang.sensing.gateways.jt808.messages.positions import Position, item, write_position
from yiwang.sensing.gateways.jt808.messages.registering import (
    AskAttributes,
    Attributes,
    Authenticate,
    Register,
    RegisterAck,
)
from yiwang.sensing.gateways.jt808.wire import Message
from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions
from yiwang.sensing.vehicles.fences import metres_between, metres_per_degree

log = logs.get("simulate")

PORT = 9808
MOST_KEPT = 500
_ACK_SECONDS = 10.0
_AWAY = (OSError, TimeoutError, asyncio.IncompleteReadError)
_JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"


class Refused(Exception):
    """The platform does not admit this terminal."""


class Line:
    """A terminal's end of one connection. Sending waits for the platform's acknowledgement."""

    def __init__(self, phone: str, edition: Edition) -> None:
        self.phone, self.edition = phone, edition
        self.told: list[Message] = []
        """What the platform sent besides acknowledgements, the newest last (at most a hundred)."""
        self.answers = True
        self._serial = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self.place: Position | None = None

    async def connect(self, host: str, port: int) -> None:
        """Raises OSError where nobody listens."""
        self._reader, self._writer = await asyncio.open_connection(host, port)
        self._task = asyncio.create_task(self._listen(self._reader), name=f"terminal {self.phone}")

    @property
    def open(self) -> bool:
        return self._task is not None and not self._task.done()

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._give_up()

    def lose(self) -> None:
        """Drop the connection without a word."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def send(self, message: Message, *, most: int = 1023) -> Message:
        """Send a message, in packets of ``most`` bytes where it is longer; the platform's answer to it.

        Raises:
            TimeoutError: none came. ConnectionError: the connection is gone.
        """
        serial = self.post(message, most=most)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[serial] = answer
        try:
            async with asyncio.timeout(_ACK_SECONDS):  # wait_for would lose a cancellation that meets the answer
                return await answer
        finally:
            self._waiting.pop(serial, None)

    def post(self, message: Message, *, most: int = 1023) -> int:
        """Send a message without waiting; the serial that the platform will answer (that of the last packet)."""
        if self._writer is None or not self.open:
            raise ConnectionResetError("the terminal is not connected")
        frame = Frame(message.ID, self.phone, self._serial, message.encode(self.edition), self.edition)
        frames = list(packets(frame, most))
        self._serial = (self._serial + len(frames)) & 0xFFFF
        self._writer.write(b"".join(encode(each) for each in frames))
        return frames[-1].serial

    def write(self, data: bytes) -> None:
        """Bytes as they are, for tests of bad frames."""
        if self._writer is None:
            raise ConnectionResetError("the terminal is not connected")
        self._writer.write(data)

    async def admit(self, register: Register | None, code: str | None) -> str:
        """Register (where no code is known) and authenticate; the code.

        Raises:
            Refused: with the platform's result. TimeoutError, ConnectionError: no answer.
        """
        if code is None:
            if register is None:
                raise Refused("no code")
            answer = await self.send(register)
            if not isinstance(answer, RegisterAck) or answer.result:
                raise Refused(f"registration: {getattr(answer, 'result', answer)}")
            code = answer.code
        acknowledged = await self.send(Authenticate(code, "860000000000000", "simulated"))
        if not isinstance(acknowledged, general.PlatformAck) or acknowledged.result:
            raise Refused("authentication")
        return code

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        frames = FrameReader()
        try:
            while data := await reader.read(65_536):
                for found in frames.feed(data):
                    if isinstance(found, Frame) and not found.total:
                        self._hear(found)
        except OSError:
            pass  # the line is down: whoever waits is told below
        finally:
            self._give_up()

    def _give_up(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the connection is gone"))

    def _hear(self, frame: Frame) -> None:
        message = messages.decode(frame.message, frame.body, frame.edition)
        serial = message.serial if isinstance(message, general.PlatformAck | RegisterAck) else None
        if serial is not None and message is not None:
            waiting = self._waiting.get(serial)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
            return
        if message is None:
            return
        if isinstance(message, media.MediaAck) and self._waiting:
            newest = next(reversed(self._waiting.values()))
            if not newest.done():
                newest.set_result(message)
        self.told = [*self.told[-99:], message]
        if self.answers:
            for answer in self._answers(frame, message):
                self.post(answer)

    def _answers(self, frame: Frame, message: Message) -> list[Message]:
        place = self.place or Position(None, 0.0, 0.0, 0, 0.0, 0, 0, 0)
        if isinstance(message, parameters.AskParameters | parameters.AskGivenParameters):
            known = (parameters.parameter("heartbeat_seconds", 30), parameters.parameter("server", "127.0.0.1"))
            return [parameters.Parameters(frame.serial, known)]
        if isinstance(message, positions.AskPosition):
            return [positions.AskedPosition(frame.serial, place)]
        if isinstance(message, control.VehicleControl):
            return [positions.VehicleControlled(frame.serial, place)]
        if isinstance(message, AskAttributes):
            return [Attributes(1, "YWSIM", "simulated", self.phone[-7:], "0" * 20, "1", "1", 3, 1)]
        if isinstance(message, media.Shoot):
            return [media.Shot(frame.serial, 0, (1,))]
        silent = media.MediaAck | general.ServerTime | general.PlatformWantsPackets
        return [] if isinstance(message, silent) else [general.TerminalAck(frame.serial, frame.message, 0)]


@dataclass
class Drive:
    """A vehicle on its route, to and fro: it starts, cruises, and rests at both ends. Distances in metres, speeds in km/h."""

    route: tuple[tuple[float, float], ...]
    random: random.Random
    cruise: float = 45.0
    rests: bool = True
    aside: float = 0.0
    metres: float = 0.0
    speed: float = 0.0
    mileage: float = 0.0
    forward: bool = True
    resting: float = 0.0

    def __post_init__(self) -> None:
        pairs = list(zip(self.route, self.route[1:], strict=False))
        self._lengths = [metres_between(*one, *other) for one, other in pairs]
        self.metres = self.random.uniform(0, sum(self._lengths))
        self.mileage = self.random.uniform(5_000, 90_000)

    @property
    def length(self) -> float:
        return sum(self._lengths)

    def go(self, seconds: float) -> bool:
        """Drive for so long; whether an end was reached."""
        if self.resting > 0:
            self.resting -= seconds
            self.speed = 0.0
            return False
        wanted = self.cruise * self.random.uniform(0.75, 1.1)
        self.speed = wanted if seconds > 20 else self.speed + max(-12.0, min(8.0, wanted - self.speed))
        way = self.speed / 3.6 * seconds
        self.mileage += way / 1000
        self.metres += way if self.forward else -way
        if 0 <= self.metres <= self.length:
            return False
        self.metres = max(0.0, min(self.length, self.metres))
        self.forward = not self.forward
        self.resting = self.random.uniform(300, 1500) if self.rests else 0.0
        return True

    def place(self) -> tuple[float, float, int]:
        """Longitude, latitude, direction."""
        left = self.metres
        for index, length in enumerate(self._lengths):
            if left <= length or index == len(self._lengths) - 1:
                (lon, lat), (to_lon, to_lat) = self.route[index], self.route[index + 1]
                share = left / length if length else 0.0
                east, north = metres_per_degree(lat)
                x, y = (to_lon - lon) * east, (to_lat - lat) * north
                direction = math.degrees(math.atan2(x, y)) % 360
                far = math.hypot(x, y) or 1.0
                off_lon, off_lat = self.aside * y / far / east, -self.aside * x / far / north
                shown = direction if self.forward else (direction + 180) % 360
                return lon + (to_lon - lon) * share + off_lon, lat + (to_lat - lat) * share + off_lat, int(shown)
            left -= length
        raise ValueError("a route has two points or more")


def circuit(lon: float, lat: float, metres: float = 1500.0) -> tuple[tuple[float, float], ...]:
    """A round trip for a vehicle that has no route: a square about its place."""
    east, north = metres_per_degree(lat)
    x, y = metres / east, metres / north
    return ((lon - x, lat - y), (lon + x, lat - y), (lon + x, lat + y), (lon - x, lat + y), (lon - x, lat - y))


def report(drive: Drive, at: datetime, *, alarm: int = 0) -> Position:
    """The position of a driving vehicle."""
    lon, lat, direction = drive.place()
    status = 0b10 | (1 if drive.resting <= 0 else 0) | 1 << 18 | 1 << 19
    items = item(0x01, struct.pack(">I", round(drive.mileage * 10))) + item(0x02, struct.pack(">H", 800))
    items += item(0x30, b"\x1f") + item(0x31, b"\x0c")
    return Position(
        at, round(lon, 6), round(lat, 6), 5, round(drive.speed, 1), direction, alarm, status, None, None, items
    )


async def simulate(devices: Sequence[SimulatedDevice], options: SimulateOptions, stop: asyncio.Event) -> None:
    """Play all devices until ``stop`` is set or ``options.duration`` is over."""
    tasks = [asyncio.create_task(_Terminal(device, options, index).live()) for index, device in enumerate(devices)]
    try:
        await asyncio.wait_for(stop.wait(), options.duration)
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Terminal:
    """One vehicle's life."""

    def __init__(self, simulated: SimulatedDevice, options: SimulateOptions, index: int) -> None:
        device = simulated.device
        self._simulated, self._options = simulated, options
        self._random = random.Random(f"{options.seed}/{device.code}")  # noqa: S311  # a drive, not a secret
        self._edition = Edition(int(options.more.get("version", "2013" if index % 2 else "2019")))
        route = simulated.route if len(simulated.route) > 1 else circuit(device.lon or 117.0, device.lat or 39.1)
        self._drive = Drive(
            route,
            self._random,
            cruise=110.0 if self._does("speeding") else self._random.uniform(35, 55),
            rests=not self._does("tired"),
            aside=600.0 if self._does("leaving") else 0.0,
        )
        self._code = simulated.secret
        self._kept: list[bytes] = []
        self._at = options.clock.now()
        self._carded = False
        self._place = report(self._drive, self._at)

    def _does(self, what: str) -> bool:
        return self._simulated.device.code in self._options.more.get(what, "").split(",")

    async def live(self) -> None:
        await asyncio.sleep(self._random.uniform(0, 1))
        while True:
            line = Line(self._simulated.address, self._edition)
            try:
                await line.connect(self._options.host, self._options.port or PORT)
                await self._admitted(line)
                await self._drive_on(line)
            except Refused as refused:
                log.warning("a terminal is not admitted", device=self._simulated.device.code, reason=str(refused))
                self._code = self._simulated.secret
                await asyncio.sleep(10)
            except _AWAY:
                await self._without_line()
            finally:
                await line.close()

    async def _admitted(self, line: Line) -> None:
        device = self._simulated.device
        plate = device.attributes.get("plate", "津A00000")
        terminal = device.attributes.get("terminal_id", line.phone[-7:])
        register = Register(
            12, 111, "YWSIM", "simulated" if self._edition > 2011 else "sim", terminal, 2, plate, self._edition
        )
        self._code = await line.admit(register, self._code)
        if not self._carded:
            self._carded = True
            until = date(self._at.year + 3, 1, 1)
            name = self._random.choice(("王建国", "李志强", "张伟", "刘洋", "陈军"))
            await line.send(
                drivers.Driver(1, self._at, 0, name, f"12011119800101{device.id:04d}", "天津市道路运输管理局", until)
            )
        while self._kept:
            batch, self._kept = self._kept[:20], self._kept[20:]
            try:
                await line.send(positions.Batch(1, tuple(batch)))
            except _AWAY:
                self._kept = batch + self._kept
                raise

    async def _drive_on(self, line: Line) -> None:
        losing = float(self._options.more.get("losing", "0"))
        beats = 0.0
        while True:
            body, arrived = self._next()
            try:
                if self._random.random() < self._options.errors:
                    line.write(b"\x7e\x02\x00\x00\x05spoilt\x7e")
                line.place = self._place
                await line.send(positions.Report(self._place))
            except _AWAY:
                self._keep(body)
                raise
            if arrived and self._options.more.get("pictures") == "1":
                picture = media.Media(self._random.randrange(2**32), 0, 0, 1, 1, self._place._replace(items=b""), _JPEG)
                await line.send(picture, most=800)
            if self._random.random() < losing:
                line.lose()
            pause = self._options.pause(self._simulated.profile)
            beats += pause
            if beats >= 60:
                beats = 0.0
                await line.send(general.Heartbeat())
            await asyncio.sleep(pause)

    async def _without_line(self) -> None:
        """Drive on and keep what there is to report, as terminals do in a tunnel."""
        for _ in range(3):
            await asyncio.sleep(self._options.pause(self._simulated.profile))
            self._keep(self._next()[0])

    def _keep(self, body: bytes) -> None:
        self._kept = [*self._kept[-MOST_KEPT:], body]

    def _next(self) -> tuple[bytes, bool]:
        now = self._options.clock.now()
        passed = min(max((now - self._at).total_seconds(), 0.0), timedelta(hours=1).total_seconds())
        self._at = now
        arrived = self._drive.go(passed)
        exceeding = self._options.exceeding(self._simulated.device, "speed")
        if exceeding is not None:
            self._drive.speed = exceeding
        alarm = (1 << 1 if self._drive.speed > 100 else 0) | (1 << 2 if self._does("tired") else 0)
        self._place = report(self._drive, now, alarm=alarm)
        return write_position(self._place), arrived
