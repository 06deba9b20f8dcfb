"""How fields of message bodies lie on the wire, and records made of them.

A :class:`Record` is a frozen dataclass whose ``WIRE`` names one :class:`Wire` for each field in order; reading and writing
follow from it. Big-endian; text is GBK (字符集 GBK); fixed text ends at its padding (00 or blanks). Layouts of an edition
are chosen by the edition of the :class:`Reader` or :class:`Writer`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import fields as fields_of
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from yiwang.sensing.gateways.jt808.framing import Edition

T = TypeVar("T")

CHINA = timezone(timedelta(hours=8))
"""The clock of terminals (GMT+8, the standard's own words), whatever the city's zone."""


class Malformed(ValueError):
    """A body that does not hold what its message must hold."""


class Reader:
    """A body being read."""

    __slots__ = ("at", "data", "edition")

    def __init__(self, data: bytes, edition: Edition) -> None:
        self.data = data
        self.edition = edition
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next bytes. Raises Malformed where there are fewer."""
        end = self.at + count
        if end > len(self.data):
            raise Malformed(f"{end - len(self.data)} bytes are missing")
        found = self.data[self.at : end]
        self.at = end
        return found

    def rest(self) -> bytes:
        found = self.data[self.at :]
        self.at = len(self.data)
        return found

    @property
    def left(self) -> int:
        return len(self.data) - self.at


class Writer:
    """A body being written."""

    __slots__ = ("edition", "parts")

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.parts: list[bytes] = []

    def put(self, data: bytes) -> None:
        self.parts.append(data)

    def body(self) -> bytes:
        return b"".join(self.parts)


class Wire(NamedTuple, Generic[T]):
    """How one field is read and written."""

    read: Callable[[Reader], T]
    write: Callable[[Writer, T], None]


def _number(form: str) -> Wire[int]:
    packed = struct.Struct(form)

    def read(reader: Reader) -> int:
        value: int = packed.unpack(reader.take(packed.size))[0]
        return value

    def write(writer: Writer, value: int) -> None:
        try:
            writer.put(packed.pack(value))
        except struct.error as error:
            raise Malformed(f"{value} does not fit: {error}") from error

    return Wire(read, write)


BYTE, WORD, DWORD = _number(">B"), _number(">H"), _number(">I")


def gbk(text: str) -> bytes:
    """GBK; what GBK cannot say becomes a question mark, as terminals show it."""
    return text.encode("gbk", "replace")


def text_of(data: bytes) -> str:
    """Text of a field without its padding; bytes that are no GBK are replaced."""
    return data.decode("gbk", "replace").strip("\x00 ")


def _counted(length: Wire[int]) -> Wire[str]:
    def write(writer: Writer, value: str) -> None:
        content = gbk(value)
        length.write(writer, len(content))
        writer.put(content)

    return Wire(lambda reader: text_of(reader.take(length.read(reader))), write)


TEXT = Wire[str](lambda reader: text_of(reader.rest()), lambda writer, value: writer.put(gbk(value)))
"""Text that fills the rest of the body."""
TEXT8, TEXT16 = _counted(BYTE), _counted(WORD)
"""Text after its length in bytes."""
REST = Wire[bytes](lambda reader: reader.rest(), lambda writer, value: writer.put(value))


def counted_bytes(length: Wire[int]) -> Wire[bytes]:
    """Bytes after their count."""

    def write(writer: Writer, value: bytes) -> None:
        length.write(writer, len(value))
        writer.put(value)

    return Wire(lambda reader: reader.take(length.read(reader)), write)


BYTES8, BYTES32 = counted_bytes(BYTE), counted_bytes(DWORD)


def fixed_bytes(count: int) -> Wire[bytes]:
    """Exactly ``count`` bytes."""

    def write(writer: Writer, value: bytes) -> None:
        if len(value) != count:
            raise Malformed(f"{count} bytes are wanted, not {len(value)}")
        writer.put(value)

    return Wire(lambda reader: reader.take(count), write)


def fixed_text(count: int, later: int | None = None) -> Wire[str]:
    """Text in ``count`` bytes (``later`` in the 2019 edition), padded with 00 behind."""

    def size(edition: Edition) -> int:
        return later if later is not None and edition is Edition.E2019 else count

    def write(writer: Writer, value: str) -> None:
        content, room = gbk(value), size(writer.edition)
        if len(content) > room:
            raise Malformed(f"{value!r} is longer than {room} bytes")
        writer.put(content.ljust(room, b"\0"))

    return Wire(lambda reader: text_of(reader.take(size(reader.edition))), write)


def bcd(count: int) -> Wire[str]:
    """Digits, two a byte; digits beyond nine (some makers pad so) are kept as they are."""

    def write(writer: Writer, value: str) -> None:
        try:
            content = bytes.fromhex(value.zfill(2 * count))
        except ValueError as error:
            raise Malformed(f"{value!r} holds more than digits") from error
        if len(content) != count:
            raise Malformed(f"{value!r} has more than {2 * count} digits")
        writer.put(content)

    return Wire(lambda reader: reader.take(count).hex(), write)


def time_of(data: bytes, zone: tzinfo = CHINA) -> datetime | None:
    """BCD YYMMDDhhmmss of ``zone`` as UTC; None where it is no time (a terminal without a fix sends zeros)."""
    digits = data.hex()
    try:
        year, month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def time_bytes(at: datetime | None, zone: tzinfo = CHINA) -> bytes:
    """BCD YYMMDDhhmmss of ``zone``; zeros for None.

    Raises:
        Malformed: the year does not lie in 2000 … 2099.
    """
    if at is None:
        return bytes(6)
    local = at.astimezone(zone)
    if not 2000 <= local.year < 2100:
        raise Malformed(f"the year {local.year} cannot be said in two digits")
    return bytes.fromhex(local.strftime("%y%m%d%H%M%S"))


TIME = Wire[datetime | None](
    lambda reader: time_of(reader.take(6)), lambda writer, value: writer.put(time_bytes(value))
)
UTC_TIME = Wire[datetime | None](
    lambda reader: time_of(reader.take(6), UTC), lambda writer, value: writer.put(time_bytes(value, UTC))
)


def since_2019(wire: Wire[T], otherwise: T) -> Wire[T]:
    """A field that older editions do not have."""

    def write(writer: Writer, value: T) -> None:
        if writer.edition is Edition.E2019:
            wire.write(writer, value)

    return Wire(lambda reader: wire.read(reader) if reader.edition is Edition.E2019 else otherwise, write)


def by_edition(before: Wire[T], later: Wire[T]) -> Wire[T]:
    """A field that the 2019 edition writes otherwise."""

    def chosen(edition: Edition) -> Wire[T]:
        return later if edition is Edition.E2019 else before

    return Wire(
        lambda reader: chosen(reader.edition).read(reader),
        lambda writer, value: chosen(writer.edition).write(writer, value),
    )


def many(count: Wire[int], item: Wire[T]) -> Wire[tuple[T, ...]]:
    """A count and so many items."""

    def write(writer: Writer, values: tuple[T, ...]) -> None:
        count.write(writer, len(values))
        for value in values:
            item.write(writer, value)

    return Wire(lambda reader: tuple([item.read(reader) for _ in range(count.read(reader))]), write)


@dataclass(frozen=True, slots=True)
class Record:
    """A message body, or a part of one, with its fields in the order of the wire."""

    WIRE: ClassVar[tuple[Wire[Any], ...]] = ()  # each field has a type of its own

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises Malformed where bytes are missing."""
        return cls(*[wire.read(reader) for wire in cls.WIRE])

    def write(self, writer: Writer) -> None:
        """Raises Malformed where a value does not fit its field."""
        for wire, field in zip(type(self).WIRE, fields_of(self), strict=True):
            wire.write(writer, getattr(self, field.name))

    @classmethod
    def wire(cls) -> Wire[Self]:
        """This record as a field of another."""
        return Wire(cls.read, lambda writer, value: value.write(writer))


@dataclass(frozen=True, slots=True)
class Message(Record):
    """A whole body. ``ID`` is its message id; subclasses register themselves in :data:`MESSAGES`."""

    ID: ClassVar[int] = -1

    def __init_subclass__(cls) -> None:
        if "ID" in cls.__dict__:
            MESSAGES[cls.ID] = cls

    @classmethod
    def decode(cls, body: bytes, edition: Edition) -> Self:
        """Raises Malformed where the body does not hold the message. Bytes behind it are ignored: makers add their own."""
        return cls.read(Reader(body, edition))

    def encode(self, edition: Edition) -> bytes:
        """Raises Malformed where a value does not fit its field."""
        writer = Writer(edition)
        self.write(writer)
        return writer.body()


MESSAGES: dict[int, type[Message]] = {}
