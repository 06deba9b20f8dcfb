"""Frames of JT/T 808: finding them in a stream, escaping, checking, headers of all editions, and making them.

Pure: no clock, no sockets. A stream is cut at 7E; whatever lies between two of them is one frame or one fault, never an
exception. Frames are ``NamedTuple`` because twenty thousand a second are made of them.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from typing import NamedTuple

MARK = b"\x7e"
MOST_BODY = 1023
"""Bytes of a body: the length has ten bits."""
MOST_PACKETS = 0xFFFF

_plain, _plain_split = struct.Struct(">HH6sH"), struct.Struct(">HH")
_new = struct.Struct(">HHB10sH")
_new_version, _split, _encrypted, _length = 1 << 14, 1 << 13, 7 << 10, 0x3FF
_longest = 2 * (MOST_BODY + 21 + 1)
_halves = [0] + [4 << (size - 1).bit_length() for size in range(1, _longest + 1)]
_masks = {width: (1 << width) - 1 for width in (8 << n for n in range(16))}


class Edition(enum.IntEnum):
    """Year of the standard that a terminal speaks; 2011 and 2013 share their header."""

    E2011 = 2011
    E2013 = 2013
    E2019 = 2019


class Fault(enum.StrEnum):
    """Why bytes are no frame."""

    SHORT = "short"
    ESCAPE = "escape"
    CHECKSUM = "checksum"
    LENGTH = "length"
    TOO_LONG = "too_long"
    PHONE = "phone"
    PACKET = "packet"


class Frame(NamedTuple):
    """One frame. ``phone`` is the terminal's address without leading zeros; ``edition`` is 2013 where the header may be 2011.

    ``total`` and ``number`` are 0 unless the message comes in packets (1 … total). ``encryption`` 0: plain, 1: RSA.
    """

    message: int
    phone: str
    serial: int
    body: bytes
    edition: Edition
    total: int = 0
    number: int = 0
    encryption: int = 0
    protocol_version: int = 0


class BadFrame(NamedTuple):
    """Bytes that are no frame, and why; ``sample`` holds at most 64 of them."""

    fault: Fault
    sample: bytes


def checksum(data: bytes) -> int:
    """XOR of all bytes."""
    value = int.from_bytes(data, "little")
    width = _halves[len(data)] if len(data) < len(_halves) else 4 << (len(data) - 1).bit_length()
    while width >= 8:
        value = (value >> width) ^ (value & ((1 << width) - 1))
        width >>= 1
    return value


def escape(data: bytes) -> bytes:
    """7D → 7D 01, 7E → 7D 02."""
    return data.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def unescape(data: bytes) -> bytes | None:
    """The bytes meant; None where a 7D is followed by anything but 01 or 02."""
    if data.count(b"\x7d") != data.count(b"\x7d\x01") + data.count(b"\x7d\x02"):
        return None
    return data.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


def parse(raw: bytes) -> Frame | BadFrame:
    """The frame in ``raw``, which stood between two 7E."""
    data: bytes | None = raw
    if b"\x7d" in raw:
        data = unescape(raw)
        if data is None:
            return BadFrame(Fault.ESCAPE, raw[:64])
    assert data is not None  # noqa: S101  # unescape answered above
    size = len(data)
    if size < 13:
        return BadFrame(Fault.SHORT, raw[:64])
    if size > MOST_BODY + 22:
        return BadFrame(Fault.TOO_LONG, raw[:64])
    value = int.from_bytes(data, "little")
    width = _halves[size]
    while width >= 8:
        value = (value >> width) ^ (value & _masks[width])
        width >>= 1
    if value:
        return BadFrame(Fault.CHECKSUM, raw[:64])
    message, properties, phone, serial = _plain.unpack_from(data)
    if properties & _new_version:
        return _parse_2019(data, raw)
    start, total, number = 12, 0, 0
    if properties & _split:
        if size < 17:
            return BadFrame(Fault.SHORT, raw[:64])
        total, number = _plain_split.unpack_from(data, 12)
        start = 16
        if not 1 <= number <= total:
            return BadFrame(Fault.PACKET, raw[:64])
    if size - 1 - start != properties & _length:
        return BadFrame(Fault.LENGTH, raw[:64])
    digits = phone.hex()
    if not digits.isdecimal():
        return BadFrame(Fault.PHONE, raw[:64])
    return Frame(
        message,
        digits.lstrip("0"),
        serial,
        data[start:-1],
        Edition.E2013,
        total,
        number,
        (properties & _encrypted) >> 10,
    )


def _parse_2019(data: bytes, raw: bytes) -> Frame | BadFrame:
    size = len(data)
    if size < 18:
        return BadFrame(Fault.SHORT, raw[:64])
    message, properties, version, phone, serial = _new.unpack_from(data)
    start, total, number = 17, 0, 0
    if properties & _split:
        if size < 22:
            return BadFrame(Fault.SHORT, raw[:64])
        total, number = _plain_split.unpack_from(data, 17)
        start = 21
        if not 1 <= number <= total:
            return BadFrame(Fault.PACKET, raw[:64])
    if size - 1 - start != properties & _length:
        return BadFrame(Fault.LENGTH, raw[:64])
    digits = phone.hex()
    if not digits.isdecimal():
        return BadFrame(Fault.PHONE, raw[:64])
    return Frame(
        message,
        digits.lstrip("0"),
        serial,
        data[start:-1],
        Edition.E2019,
        total,
        number,
        (properties & _encrypted) >> 10,
        version,
    )


class FrameReader:
    """Cuts a stream of one connection into frames; holds at most one unfinished frame (about 2 kB)."""

    __slots__ = ("_skipping", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Frame | BadFrame]:
        """The frames and faults that end within ``data``."""
        if MARK not in data:
            return self._hold(self._tail + data)
        pieces = (self._tail + data).split(MARK)
        found: list[Frame | BadFrame] = []
        if self._skipping:
            self._skipping = False
            del pieces[0]  # the rest of what was told to be too long
        last = pieces.pop()
        self._tail = b""
        for piece in pieces:
            if piece:
                found.append(parse(piece))
        return found + self._hold(last)

    def _hold(self, tail: bytes) -> list[Frame | BadFrame]:
        if self._skipping:
            self._tail = b""
            return []
        if len(tail) > _longest:
            self._tail, self._skipping = b"", True
            return [BadFrame(Fault.TOO_LONG, tail[:64])]
        self._tail = tail
        return []


def encode(frame: Frame) -> bytes:
    """The bytes of one frame with its marks.

    Raises:
        ValueError: the body is longer than one frame holds, or the phone has more digits than the header.
    """
    if len(frame.body) > MOST_BODY:
        raise ValueError(f"a frame holds {MOST_BODY} bytes, not {len(frame.body)}: use packets()")
    properties = len(frame.body) | frame.encryption << 10 | (_split if frame.total else 0)
    digits = 20 if frame.edition is Edition.E2019 else 12
    if len(frame.phone) > digits or not (frame.phone.isdecimal() or not frame.phone):
        raise ValueError(f"a phone has at most {digits} digits: {frame.phone!r}")
    phone = bytes.fromhex(frame.phone.zfill(digits))
    if frame.edition is Edition.E2019:
        head = _new.pack(frame.message, properties | _new_version, frame.protocol_version or 1, phone, frame.serial)
    else:
        head = _plain.pack(frame.message, properties, phone, frame.serial)
    if frame.total:
        head += _plain_split.pack(frame.total, frame.number)
    content = head + frame.body
    return MARK + escape(content + bytes((checksum(content),))) + MARK


def packets(frame: Frame, most: int = MOST_BODY) -> Iterator[Frame]:
    """The frame, or the packets that carry its long body, with consecutive serials from ``frame.serial``.

    Raises:
        ValueError: more packets than their number can say.
    """
    if len(frame.body) <= most:
        yield frame
        return
    total = -(-len(frame.body) // most)
    if total > MOST_PACKETS:
        raise ValueError("the message is longer than 65,535 packets")
    for index in range(total):
        yield frame._replace(
            body=frame.body[index * most : (index + 1) * most],
            serial=(frame.serial + index) & 0xFFFF,
            total=total,
            number=index + 1,
        )
