"""Frames out of a stream of bytes: ``## LLLL SEGMENT CCCC CR LF`` (HJ 212 chapter 6, table 1), however the network
cut them.

No input or output here and no exception for any input. What is not a frame is skipped up to the next ``##`` and
reported once per stretch; a frame whose length or check value is wrong gives up only its own ``##``, so that a good
frame behind (or inside) is still found. Of bytes fed at once that hold more than 64 faults the rest is thrown away,
so that nobody buys much work with few bytes. Memory: at most one frame of the largest allowed size and what was fed
at once.
"""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

from yiwang.sensing.gateways.hj212.checksum import checksum, modbus_checksum

LONGEST: Final = 9999
"""Four digits say the length, so no segment is longer; the standard allows 1024, vendors are known to send 9,800."""
SAMPLE: Final = 160
_HEAD: Final = 6
_TAIL: Final = 4
_MOST_FAULTS: Final = 64
_BETWEEN: Final = b"\r\n \t\x00"
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_FIRST_KEYS: Final = frozenset((b"QN=", b"ST=", b"CN=", b"MN=", b"PW="))


class Checksum(enum.Enum):
    """Which check value a frame bore: the standard's, or that of Modbus, which some loggers send by mistake."""

    STANDARD = "standard"
    MODBUS = "modbus"


class Received(NamedTuple):
    """The segment of a frame whose length and check value are right."""

    segment: bytes
    checksum: Checksum


class Fault(enum.StrEnum):
    """Why bytes were not taken as a frame."""

    GARBAGE = "garbage"
    LENGTH = "length"
    OVERSIZE = "oversize"
    TRUNCATED = "truncated"
    CHECKSUM = "checksum"


class Skipped(NamedTuple):
    """Bytes that were no frame: why, and the first of them. ``segment`` is set where only the check value was
    wrong."""

    fault: Fault
    sample: bytes
    segment: bytes = b""


class FrameReader:
    """Collects the bytes of one connection; :meth:`feed` returns what became complete, in order."""

    __slots__ = ("_longest", "_modbus", "_rest")

    def __init__(self, longest: int = LONGEST, *, modbus: bool = False) -> None:
        """``longest``: largest segment in bytes; ``modbus``: take frames with the check value of Modbus too, marked
        as such."""
        self._longest = min(longest, LONGEST)
        self._modbus = modbus
        self._rest = b""

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished frame that are held."""
        return len(self._rest)

    def drop(self) -> Skipped | None:
        """Give up the unfinished frame; for senders that stop in the middle."""
        rest, self._rest = self._rest, b""
        return Skipped(Fault.TRUNCATED, rest[:SAMPLE]) if rest else None

    def feed(self, data: bytes) -> list[Received | Skipped]:
        """Take the next bytes of the stream; never raises."""
        stream = self._rest + data if self._rest else data
        found: list[Received | Skipped] = []
        position, size = 0, len(stream)
        while position < size:
            if len(found) > _MOST_FAULTS and sum(isinstance(item, Skipped) for item in found) > _MOST_FAULTS:
                position = size
                break
            start = stream.find(b"##", position)
            if start != position:
                position = self._skip(stream, position, start, found)
                if start < 0:
                    break
            if size - position < _HEAD:
                break
            digits = stream[position + 2 : position + _HEAD]
            if not digits.isdigit():
                # "###0101" is a stray sign before a frame: go on by one byte, not two.
                position += 1
                if digits[:1] != b"#":
                    found.append(Skipped(Fault.LENGTH, stream[position - 1 : position - 1 + SAMPLE]))
                    position += 1
                continue
            length = int(digits)
            if length > self._longest:
                found.append(Skipped(Fault.OVERSIZE, stream[position : position + SAMPLE]))
                position += 2
                continue
            end = position + _HEAD + length
            if size < end + _TAIL:
                following = _next_start(stream, position + _HEAD)
                if following < 0:
                    break
                found.append(Skipped(Fault.TRUNCATED, stream[position : min(following, position + SAMPLE)]))
                position = following
                continue
            position = self._take(stream, position, end, found)
        self._rest = stream[position:] if position < size else b""
        return found

    def _take(self, stream: bytes, position: int, end: int, found: list[Received | Skipped]) -> int:
        """The whole frame is there: check it; returns where to go on."""
        segment = stream[position + _HEAD : end]
        said = stream[end : end + _TAIL]
        if _HEX.issuperset(said):
            value = int(said, 16)
            if value == checksum(segment):
                found.append(Received(segment, Checksum.STANDARD))
                return end + (6 if stream.startswith(b"\r\n", end + _TAIL) else _TAIL)
            if self._modbus and value == modbus_checksum(segment):
                found.append(Received(segment, Checksum.MODBUS))
                return end + (6 if stream.startswith(b"\r\n", end + _TAIL) else _TAIL)
        inner = stream.find(b"##", position + 2, end + _TAIL)
        whole = inner < 0 and _HEX.issuperset(said)
        found.append(Skipped(Fault.CHECKSUM, stream[position : position + SAMPLE], segment if whole else b""))
        return end + _TAIL if whole else position + 2

    @staticmethod
    def _skip(stream: bytes, position: int, start: int, found: list[Received | Skipped]) -> int:
        """Pass over what stands before the next ``##``; ends of lines between frames are no fault."""
        stop = start
        if start < 0:
            stop = len(stream) - 1 if stream.endswith(b"#") else len(stream)
        skipped = stream[position:stop].strip(_BETWEEN)
        if skipped:
            found.append(Skipped(Fault.GARBAGE, skipped[:SAMPLE]))
        return stop


def _next_start(stream: bytes, position: int) -> int:
    """Where the next frame clearly begins although the one before is not complete; -1 where none does."""
    while True:
        start = stream.find(b"##", position)
        if start < 0 or start + 9 > len(stream):
            return -1
        if stream[start + 2 : start + _HEAD].isdigit() and stream[start + _HEAD : start + 9] in _FIRST_KEYS:
            return start
        position = start + 1


def frame(segment: bytes, *, value: int | None = None) -> bytes:
    """The bytes on the wire for a segment: head, length, segment, check value (upper case), CR LF.

    Raises:
        ValueError: the segment is longer than four digits can say.
    """
    if len(segment) > LONGEST:
        raise ValueError(f"a segment of {len(segment)} bytes does not fit into one frame; split it into packets")
    return b"##%04d%b%04X\r\n" % (len(segment), segment, checksum(segment) if value is None else value)
