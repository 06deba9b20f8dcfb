"""One TCP connection of a data logger (数采仪), or of a collecting station that speaks for several.

Bytes become frames, frames are admitted by device, uploads go to the intake, answers to the request under way. Each
refusal is answered as the standard says (9011 with QnRtn), counted, and harms no other connection.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from yiwang.sensing.gateways.hj212 import commands as cn
from yiwang.sensing.gateways.hj212.cipher import looks_plain
from yiwang.sensing.gateways.hj212.commands import GRAINS, Kind, encrypted, kind_of
from yiwang.sensing.gateways.hj212.fields import read_data
from yiwang.sensing.gateways.hj212.frames import (
    Edition,
    Frame,
    Result,
    SegmentUnreadable,
    answer,
    encode,
    read_segment,
    segment_of,
    text_of,
)
from yiwang.sensing.gateways.hj212.framing import Checksum, FrameReader, Received, Skipped, frame
from yiwang.sensing.gateways.hj212.joining import PacketJoiner, joined
from yiwang.sensing.gateways.hj212.measures import take
from yiwang.sensing.gateways.hj212.notes import told
from yiwang.sensing.gateways.hj212.sessions import MOST_UNKNOWN, Session
from yiwang.sensing.gateways.listening import remote_of
from yiwang.sensing.model import AHEAD, BACK

if TYPE_CHECKING:
    from yiwang.sensing.gateways.hj212.gateway import Gateway

PROTOCOL: Final = "hj212"
MOST_REFUSALS: Final = 50
"""So many refused frames in a row, and the connection is closed."""
MOST_DEVICES: Final = 2000
"""So many devices may speak over one connection, as those of a collecting station do."""
STRANGER_SECONDS: Final = 60.0
"""A connection on which no device of the city has spoken is closed after this."""
UNFINISHED_SECONDS: Final = 30.0
"""A frame that was begun is given up after this."""
_FLOOD_SECONDS: Final = 1.0
_TELLING: Final = frozenset({cn.BOOT, cn.UNIQUE_ID, cn.SITE_INFO})
_BACK: Final = BACK // timedelta(microseconds=1)
_AHEAD: Final = AHEAD // timedelta(microseconds=1)


class Connection(asyncio.Protocol):
    """See the module. ``heard`` and ``begun`` are seconds of the loop's clock."""

    __slots__ = (
        "_flooded", "_gateway", "_held", "_joiner", "_reader", "_refusals", "_sessions", "_transport", "_unwritable", "begun",
        "heard", "opened", "remote",
    )  # fmt: skip

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reader = FrameReader(gateway.longest, modbus=True)
        self._transport: asyncio.Transport | None = None
        self._sessions: dict[str, Session] = {}
        self._joiner: PacketJoiner | None = None
        self._refusals = 0
        self._held = self._unwritable = self._flooded = False
        self.remote = ""
        self.opened = self.heard = self.begun = 0.0

    # -- the transport's side -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # that of uvloop is one without being of its class
        self.remote = remote_of(transport)
        self.opened = self.heard = time.monotonic()
        if not self._gateway.connected(self):
            self._transport.abort()
            self._transport = None

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        sessions, self._sessions = self._sessions, {}
        self._gateway.disconnected(self, list(sessions.values()))

    def pause_writing(self) -> None:
        self._unwritable = True
        self._set_reading()

    def resume_writing(self) -> None:
        self._unwritable = False
        self._set_reading()

    def data_received(self, data: bytes) -> None:
        self.heard = time.monotonic()
        found = self._reader.feed(data)
        if not self._reader.waiting:
            self.begun = 0.0
        elif found or not self.begun:
            self.begun = self.heard
        if not found:
            return
        if not self._gateway.door.limit(self.remote, len(found)):
            self._flooded = True
            self._set_reading()
            asyncio.get_running_loop().call_later(_FLOOD_SECONDS, self._flood_over)
            return
        for item in found:
            if isinstance(item, Received):
                self._received(item)
            else:
                self._skipped(item)
            if self._transport is None:
                return

    # -- what others ask of it ------------------------------------------------------------------------------------

    @property
    def sessions(self) -> list[Session]:
        """The devices that speak over this connection."""
        return list(self._sessions.values())

    def send(self, data: bytes) -> None:
        """Send bytes; nothing happens when the connection is gone."""
        if self._transport is not None:
            self._transport.write(data)

    def hold(self, holding: bool) -> None:
        """Stop or go on reading, because the intake is full or has room again."""
        self._held = holding
        self._set_reading()

    def lose(self, session: Session) -> None:
        """The device speaks over another connection now, or is no longer in service; the last one closes this."""
        for name in [name for name, one in self._sessions.items() if one is session]:
            del self._sessions[name]
        if not self._sessions:
            self.close()

    def close(self) -> None:
        """Send what is under way and close."""
        if self._transport is not None:
            self._transport.close()

    def look_after(self, now: float, idle_seconds: float) -> None:
        """Close what is silent too long or never said who it is; give up a frame that does not end."""
        if self.begun and now - self.begun > UNFINISHED_SECONDS:
            self.begun = 0.0
            dropped = self._reader.drop()
            if dropped is not None:
                self._skipped(dropped)
        if self._sessions:
            longest = max(idle_seconds, *(one.idle_seconds for one in self._sessions.values()))
            if now - self.heard > longest:
                self.close()
        elif now - self.opened > STRANGER_SECONDS:
            self._gateway.door.bad(PROTOCOL, self.remote, "silent", b"")
            self.close()
        if self._joiner is not None:
            self._joiner.forget(now)
            if not self._joiner.waiting:
                self._joiner = None

    # -- frames ---------------------------------------------------------------------------------------------------

    def _skipped(self, skipped: Skipped) -> None:
        """Bytes that were no frame; one with a wrong check value from a known device is told so."""
        device = ""
        if skipped.segment:
            try:
                broken = read_segment(skipped.segment)
            except SegmentUnreadable:
                broken = None
            session = self._sessions.get(broken.device) if broken else None
            if broken is not None and session is not None:
                device = broken.device
                session.bad += 1
                session.fault = "crc"
                self._gateway.heard(session)
                self._answer_refusal(broken, Result.WRONG_CHECKSUM)
        self._count_refusal(skipped.fault, skipped.sample, device)

    def _received(self, received: Received) -> None:
        try:
            found = read_segment(received.segment)
        except SegmentUnreadable:
            self._count_refusal("format", received.segment)
            return
        session = self._sessions.get(found.device)
        if session is None:
            if len(self._sessions) < MOST_DEVICES:
                session = self._gateway.resolve(found.device, self, received.segment)
            if session is None:
                self._refusals += 1
                self._answer_refusal(found, Result.WRONG_DEVICE)
                self._close_if_too_many()
                return
            self._sessions[found.device] = session
        verdict = session.admits(found.password, found.system, self.remote)
        if verdict is Result.READY and received.checksum is Checksum.MODBUS:
            if session.modbus:
                self._gateway.modbus_frames += 1
            else:
                verdict = Result.WRONG_CHECKSUM
        if verdict is not Result.READY:
            self._refuse(session, found, verdict, _REASONS[verdict])
            return
        self._refusals = 0
        session.frames += 1
        self._gateway.heard(session)
        if found.flag is not None:
            session.edition = found.edition
        if found.system != "91":
            session.spoken_system = found.system
        if session.password is None:
            session.spoken_password = found.password.encode("latin-1", "replace")
        self._admitted(session, found)

    def _admitted(self, session: Session, found: Frame) -> None:
        kind = kind_of(found.command)
        if kind is Kind.UPLOAD:
            self._upload(session, found)
        elif kind is Kind.ANSWER:
            self._gateway.answered(session, found, read_data(found.text()))
        elif kind is Kind.NOTICE:
            self.send(encode(answer(found, cn.NOTICE_ANSWER)))
            if found.command == cn.ASK_FOR_TIME:
                self._gateway.tell_time(session)
        else:
            self._refuse(session, found, Result.WRONG_COMMAND, "command")

    def _upload(self, session: Session, found: Frame) -> None:
        """Data: deciphered, joined where they were split, turned into rows; answered after the commit."""
        if session.cipher is not None and encrypted(found.command):
            plain = session.cipher.decrypt(found.data)
            if plain is None:
                reason = "not_encrypted" if looks_plain(found.data) else "cipher"
                self._refuse(session, found, Result.REFUSED, reason)
                return
            found = found._replace(data=plain)
        packets = [found]
        if found.split and not (
            b"DataTime=" in found.data and found.command in GRAINS and found.command != cn.SITE_INFO
        ):
            # Packets with a time and whole factors of their own need not wait for each other.
            if self._joiner is None:
                self._joiner = PacketJoiner()
            complete = self._joiner.add(found, self.heard)
            if complete is None:
                return
            packets = complete
            found = packets[0]._replace(data=joined(packets))
        area = read_data(text_of(found.data))
        answers = b"".join(_data_answer(packet) for packet in packets if packet.wants_answer)
        grain = GRAINS.get(found.command)
        rows = b""
        count = 0
        if grain is not None:
            at = area.micros("DataTime")
            if at is None:
                self._refuse(session, found, Result.REFUSED, "datatime")
                return
            if not -_BACK < at - self._gateway.now_micros() <= _AHEAD:
                self._refuse(session, found, Result.REFUSED, "clock")
                return
            taken = take(area, session.table, session.device.id, grain, at)
            rows, count = taken.rows, taken.count
            if taken.unknown:
                self._unknown_codes(session, taken.unknown)
            if taken.missing or area.unreadable:
                session.fault = f"unreadable values: {taken.missing + area.unreadable}"
        elif not area.fields and not area.factors and found.data:
            self._refuse(session, found, Result.REFUSED, "format")
            return
        then = None
        if session.exchange is not None:
            then = partial(self._gateway.uploaded, session, found, area, count)
        note = None
        if found.command in _TELLING:
            note = told(found, area, session.device.id, self._gateway.now())
        if note is not None:
            self._gateway.notes.take(note, self, b"" if rows else answers)
        if rows:
            self._gateway.intake.take(rows, self, answers, then)
        else:
            if then is not None:
                then()
            if note is None:
                self.send(answers)

    def _unknown_codes(self, session: Session, codes: list[str]) -> None:
        """Count codes that the profile does not name, and show the new ones with the device."""
        self._gateway.unknown_values += len(codes)
        new = [code[:16] for code in codes if code not in session.unknown]
        if new and len(session.unknown) < MOST_UNKNOWN:
            session.unknown.update(new)
            session.fault = f"codes without a measure: {', '.join(sorted(session.unknown))}"

    # -- refusals -------------------------------------------------------------------------------------------------

    def _refuse(self, session: Session, found: Frame, result: Result, reason: str) -> None:
        session.bad += 1
        session.fault = reason
        if result is Result.REFUSED and reason in ("clock", "datatime", "format", "cipher", "not_encrypted"):
            self._gateway.heard(session)
        self._count_refusal(reason, segment_of(found._replace(password="***" if found.password else "")), found.device)
        self._answer_refusal(found, result)

    def _answer_refusal(self, found: Frame, result: Result) -> None:
        if found.wants_answer:
            self.send(encode(answer(found, cn.REQUEST_ANSWER, data=f"QnRtn={int(result)}")))

    def _count_refusal(self, reason: str, sample: bytes, device: str = "") -> None:
        self._gateway.door.bad(PROTOCOL, self.remote, reason, sample, device)
        self._refusals += 1
        self._close_if_too_many()

    def _close_if_too_many(self) -> None:
        if self._refusals > MOST_REFUSALS:
            self.close()

    # -- reading on or not ----------------------------------------------------------------------------------------

    def _flood_over(self) -> None:
        self._flooded = False
        self._set_reading()

    def _set_reading(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._held or self._unwritable or self._flooded:
            transport.pause_reading()
        else:
            transport.resume_reading()


_REASONS: Final = {
    Result.WRONG_PASSWORD: "password",
    Result.WRONG_SYSTEM: "system",
    Result.WRONG_CHECKSUM: "modbus_crc",
    Result.REFUSED: "address",
}


def _data_answer(to: Frame) -> bytes:
    """The 9014 to an upload, on the path that every frame takes."""
    if to.edition == Edition.HJT_2005:
        return encode(answer(to, cn.DATA_ANSWER))
    head = f"QN={to.number};" if to.number else ""
    segment = f"{head}ST=91;CN=9014;PW={to.password};MN={to.device};Flag={to.edition << 2};CP=&&&&"
    return frame(segment.encode("latin-1"))
