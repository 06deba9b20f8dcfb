"""One connection of a terminal: frames in, answers out, in order; bounded whatever the other end does.

A session knows nothing of the database: it hands whole messages to a :class:`Handler` in batches, one batch at a time, and
stops reading while too many wait. Sent messages that want an answer are repeated by the standard's rule T(N+1) = T(N)·(N+1).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast
from uuid import UUID

from yiwang.sensing.devices.model import Device
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.jt808.assembly import Assembly
from yiwang.sensing.gateways.jt808.framing import BadFrame, Edition, Frame, FrameReader, encode, packets
from yiwang.sensing.gateways.jt808.messages.general import PlatformWantsPackets, Result, acknowledge
from yiwang.sensing.gateways.jt808.wire import Message
from yiwang.sensing.gateways.listening import remote_of

PROTOCOL = "jt808"
MOST_QUEUED = 256
"""Messages of one connection that wait to be handled; beyond, nothing more is read from it."""
MOST_UNKNOWN = 10
"""Bad or forbidden frames in a row after which a connection is closed."""
MOST_ASKED = 32
FIRST_WAIT = 10.0
MOST_TRIES = 3
MOST_UNSENT = 256 * 1024
"""Bytes that a terminal does not take; more and it is closed."""


@dataclass(slots=True)
class Asked:
    """A message to the terminal that wants an answer. ``serials``: of its packets; ``command``: of what order it is part."""

    message: int
    serials: tuple[int, ...]
    data: bytes
    command: UUID | None
    due: float
    wait: float = FIRST_WAIT
    tries: int = 1


class Handler(Protocol):
    """What a gateway does with whole messages."""

    async def handle(self, session: Session, frames: Sequence[Frame]) -> None:
        """Handle messages in order and answer each; must not raise for what a terminal says."""
        ...

    def closed(self, session: Session) -> None: ...


@dataclass(slots=True)
class Terminal:
    """Who is on the other end, once it said so. ``issued``: the sealed code of a registration on this connection."""

    device: Device | None = None
    authenticated: bool = False
    edition: Edition = Edition.E2013
    phone: str = ""
    issued: str | None = field(default=None, repr=False)


class Session(asyncio.Protocol):
    """The state of one connection."""

    __slots__ = (
        "_assembly", "_bad", "_counted", "_handler", "_queue", "_reader", "_serial", "_task", "_transport", "asked",
        "door", "heard", "remote", "sent_packets", "terminal",
    )  # fmt: skip

    def __init__(self, door: Door, handler: Handler) -> None:
        self.door = door
        self._handler = handler
        self._reader = FrameReader()
        self._queue: deque[Frame] = deque()
        self._assembly: Assembly | None = None
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._serial = 0
        self._bad = 0
        self._counted = False
        self.remote = ""
        self.terminal = Terminal()
        self.asked: OrderedDict[int, Asked] | None = None
        self.sent_packets: tuple[int, tuple[bytes, ...]] = (0, ())
        self.heard = 0.0

    # -- the connection -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclasses of asyncio's
        self.remote = remote_of(transport)
        self.heard = asyncio.get_running_loop().time()
        if not self.door.connected(self.remote):
            self._transport.abort()
            return
        self._counted = True

    def connection_lost(self, error: Exception | None) -> None:
        if self._counted:
            self.door.disconnected(self.remote)
            self._counted = False
        self._transport = None
        self._queue.clear()
        self._handler.closed(self)

    def data_received(self, data: bytes) -> None:
        if not self._counted:
            return
        self.heard = asyncio.get_running_loop().time()
        found = self._reader.feed(data)
        if found and not self.door.limit(self.remote, len(found)):
            return  # unanswered: whoever is in earnest sends again
        for each in found:
            if isinstance(each, BadFrame):
                self.bad(each.fault.value, each.sample)
            else:
                self._take(each)
        if self._queue and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())
        if len(self._queue) >= MOST_QUEUED and self._transport is not None:
            self._transport.pause_reading()

    def _take(self, frame: Frame) -> None:
        if frame.total > 1:
            if self._assembly is None:
                self._assembly = Assembly()
            whole = self._assembly.add(frame, self.heard)
            if whole is None:
                return
            frame = whole
        self._queue.append(frame)

    async def _work(self) -> None:
        try:
            while self._queue:
                frames = list(self._queue)
                self._queue.clear()
                if self._transport is not None and not self._transport.is_closing():
                    self._transport.resume_reading()
                await self._handler.handle(self, frames)
        finally:
            self._task = None

    # -- sending --------------------------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def next_serial(self, count: int = 1) -> int:
        first = self._serial
        self._serial = (self._serial + count) & 0xFFFF
        return first

    def send(self, message: Message) -> int:
        """Send a message; the serial of its (first) frame."""
        return self._send(message.ID, message.encode(self.terminal.edition))[0][0]

    def answer(self, frame: Frame, result: Result) -> bytes:
        """The frame of a general acknowledgement, to be written with :meth:`write`."""
        body = acknowledge(frame.message, frame.serial, result, self.terminal.edition)
        return encode(
            Frame(0x8001, self.terminal.phone or frame.phone, self.next_serial(), body, self.terminal.edition)
        )

    def write(self, data: bytes) -> None:
        """Bytes of frames; a terminal that does not take its answers is closed."""
        if self._transport is None:
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MOST_UNSENT:
            self.bad("does not read", b"")
            self._transport.abort()

    def ask(self, message: Message, command: UUID | None) -> None:
        """Send a message that wants an answer, and send it again until it comes or three tries are over."""
        serials, data = self._send(message.ID, message.encode(self.terminal.edition))
        if self.asked is None:
            self.asked = OrderedDict()
        due = asyncio.get_running_loop().time() + FIRST_WAIT
        self.asked[serials[-1]] = Asked(message.ID, serials, data, command, due)
        while len(self.asked) > MOST_ASKED:
            self.asked.popitem(last=False)

    def answered(self, message: int | None, serial: int | None) -> Asked | None:
        """What was asked by this message (any, if None) and serial (the oldest, if None); it is asked no longer."""
        for key, asked in (self.asked or {}).items():
            if (serial is None or serial in asked.serials) and (message is None or asked.message == message):
                assert self.asked is not None  # noqa: S101  # it was iterated
                del self.asked[key]
                return asked
        return None

    def send_again(self, first: int, numbers: Sequence[int]) -> None:
        """Packets of the last long message that the terminal misses (0005)."""
        serial, parts = self.sent_packets
        if serial == first:
            self.write(b"".join(parts[number - 1] for number in numbers if 1 <= number <= len(parts)))

    def tick(self, now: float) -> list[Asked]:
        """Repeat what was not answered, ask for missing packets; what is given up is handed back."""
        lost: list[Asked] = []
        if self._assembly is not None:
            for missing in self._assembly.overdue(now):
                self.send(PlatformWantsPackets(missing.first, missing.numbers))
            if not len(self._assembly):
                self._assembly = None
        for key, asked in list((self.asked or {}).items()):
            if now < asked.due:
                continue
            if asked.tries >= MOST_TRIES:
                assert self.asked is not None  # noqa: S101  # it was iterated
                del self.asked[key]
                lost.append(asked)
                continue
            asked.tries += 1
            asked.wait *= asked.tries
            asked.due = now + asked.wait
            self.write(asked.data)
        return lost

    def given_up(self) -> list[Asked]:
        """What the terminal was asked and can no longer answer, its connection being closed."""
        asked, self.asked = self.asked, None
        return list((asked or {}).values())

    @property
    def busy(self) -> bool:
        """Whether :meth:`tick` has anything to look at."""
        return bool(self.asked) or self._assembly is not None

    def _send(self, message: int, body: bytes) -> tuple[tuple[int, ...], bytes]:
        whole = Frame(message, self.terminal.phone, 0, body, self.terminal.edition)
        frames = list(packets(whole))
        first = self.next_serial(len(frames))
        parts = tuple(encode(each._replace(serial=(first + index) & 0xFFFF)) for index, each in enumerate(frames))
        if len(parts) > 1:
            self.sent_packets = (first, parts)
        data = b"".join(parts)
        self.write(data)
        return tuple((first + index) & 0xFFFF for index in range(len(parts))), data

    # -- counting -------------------------------------------------------------------------------------------------

    def bad(self, reason: str, sample: bytes) -> None:
        """Count a frame that is none, or may not be; too many in a row close the connection."""
        device = self.terminal.device
        if device is not None and self.terminal.authenticated:
            self.door.seen(device.id, self.remote, 1, 1, reason)
        else:
            self.door.bad(PROTOCOL, self.remote, reason, sample, self.terminal.phone)
        self._bad += 1
        if self._bad >= MOST_UNKNOWN:
            self.close()

    def good(self, frames: int) -> None:
        """Count frames that were in order."""
        self._bad = 0
        if self.terminal.device is not None:
            self.door.seen(self.terminal.device.id, self.remote, frames)
