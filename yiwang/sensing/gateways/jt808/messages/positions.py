"""Positions: 0200 with its additional items, 0704, and the messages that carry one.

The hot path: :func:`read_position` makes a flat ``NamedTuple``; additional items stay bytes until :func:`items_of` is asked,
but for mileage and fuel, which every follower wants.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Self

from yiwang.sensing.gateways.jt808.wire import (
    BYTE,
    DWORD,
    WORD,
    Malformed,
    Message,
    Reader,
    Writer,
    time_bytes,
    time_of,
)

BASIC = 28
_basic = struct.Struct(">IIIIHHH6s")
_dword, _word = struct.Struct(">I"), struct.Struct(">H")
_fixed, _south, _west = 1 << 1, 1 << 2, 1 << 3
_time = lru_cache(maxsize=4096)(time_of)

CLEARED_BY_ACK = 1 << 0 | 1 << 3 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 27 | 1 << 28 | 1 << 31
"""Alarm bits that the terminal clears when the report is acknowledged."""


class Position(NamedTuple):
    """A report of position. ``lon``, ``lat`` degrees (CGCS2000), ``altitude`` m, ``speed`` km/h, ``direction`` degrees from
    north, ``mileage`` km and ``fuel`` litres where the terminal tells them. ``at`` is UTC, None where the clock said nonsense.
    ``items`` are the additional items as they came."""

    at: datetime | None
    lon: float
    lat: float
    altitude: int
    speed: float
    direction: int
    alarm: int
    status: int
    mileage: float | None = None
    fuel: float | None = None
    items: bytes = b""

    @property
    def fixed(self) -> bool:
        """Whether the satellites were seen; otherwise the terminal repeats its last place."""
        return bool(self.status & _fixed)


def read_position(body: bytes) -> Position:
    """The position in a body of 0200.

    Raises:
        Malformed: fewer than 28 bytes, or degrees that do not exist.
    """
    try:
        alarm, status, lat, lon, altitude, speed, direction, at = _basic.unpack_from(body)
    except struct.error as error:
        raise Malformed("a position has 28 bytes") from error
    if lat > 90_000_000 or lon > 180_000_000:
        raise Malformed("the degrees do not exist")
    items = body[BASIC:]
    mileage = fuel = None
    at_item, end = 0, len(items)
    while at_item + 2 <= end:
        kind, size = items[at_item], items[at_item + 1]
        if kind == 1 and size == 4 and at_item + 6 <= end:
            mileage = _dword.unpack_from(items, at_item + 2)[0] / 10
        elif kind == 2 and size == 2 and at_item + 4 <= end:
            fuel = _word.unpack_from(items, at_item + 2)[0] / 10
        at_item += 2 + size
    return Position(
        _time(at),
        -lon / 1e6 if status & _west else lon / 1e6,
        -lat / 1e6 if status & _south else lat / 1e6,
        altitude,
        speed / 10,
        direction,
        alarm,
        status,
        mileage,
        fuel,
        items,
    )


def write_position(position: Position) -> bytes:
    """The body of 0200. ``mileage`` and ``fuel`` are those of ``items``: make these with :func:`item`.

    Raises:
        Malformed: a value does not fit.
    """
    status = position.status & ~(_south | _west)
    status |= (_south if position.lat < 0 else 0) | (_west if position.lon < 0 else 0)
    try:
        return (
            _basic.pack(
                position.alarm,
                status,
                round(abs(position.lat) * 1e6),
                round(abs(position.lon) * 1e6),
                position.altitude,
                round(position.speed * 10),
                position.direction,
                time_bytes(position.at),
            )
            + position.items
        )
    except struct.error as error:
        raise Malformed(str(error)) from error


def items_of(data: bytes) -> list[tuple[int, bytes]]:
    """The additional items as (id, bytes); what is cut off at the end is left out, since some makers write lengths of two
    bytes or ids of two bytes there."""
    found, at = [], 0
    while at + 2 <= len(data):
        kind, size = data[at], data[at + 1]
        if at + 2 + size > len(data):
            break
        found.append((kind, data[at + 2 : at + 2 + size]))
        at += 2 + size
    return found


def item(kind: int, value: bytes) -> bytes:
    """One additional item. Raises Malformed above 255 bytes."""
    if len(value) > 255:
        raise Malformed("an additional item has at most 255 bytes")
    return bytes((kind, len(value))) + value


@dataclass(frozen=True, slots=True)
class Report(Message):
    """0200 位置信息汇报."""

    ID = 0x0200
    position: Position

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(read_position(reader.rest()))

    def write(self, writer: Writer) -> None:
        writer.put(write_position(self.position))


@dataclass(frozen=True, slots=True)
class AskPosition(Message):
    """8201 位置信息查询."""

    ID = 0x8201


@dataclass(frozen=True, slots=True)
class AskedPosition(Message):
    """0201 位置信息查询应答; ``serial`` is that of the question."""

    ID = 0x0201
    serial: int
    position: Position

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(WORD.read(reader), read_position(reader.rest()))

    def write(self, writer: Writer) -> None:
        WORD.write(writer, self.serial)
        writer.put(write_position(self.position))


@dataclass(frozen=True, slots=True)
class VehicleControlled(AskedPosition):
    """0500 车辆控制应答."""

    ID = 0x0500


@dataclass(frozen=True, slots=True)
class Batch(Message):
    """0704 定位数据批量上传; ``kind`` 0 ordinary, 1 kept while there was no connection (盲区补报)."""

    ID = 0x0704
    kind: int
    bodies: tuple[bytes, ...]

    @classmethod
    def read(cls, reader: Reader) -> Self:
        count, kind = WORD.read(reader), BYTE.read(reader)
        return cls(kind, tuple([reader.take(WORD.read(reader)) for _ in range(count)]))

    def write(self, writer: Writer) -> None:
        WORD.write(writer, len(self.bodies))
        BYTE.write(writer, self.kind)
        for body in self.bodies:
            WORD.write(writer, len(body))
            writer.put(body)


@dataclass(frozen=True, slots=True)
class Track(Message):
    """8202 临时位置跟踪控制: every ``interval`` s for ``validity`` s; interval 0 ends it and is the whole body."""

    ID = 0x8202
    interval: int
    validity: int = 0

    @classmethod
    def read(cls, reader: Reader) -> Self:
        interval = WORD.read(reader)
        return cls(interval, DWORD.read(reader) if interval else 0)

    def write(self, writer: Writer) -> None:
        WORD.write(writer, self.interval)
        if self.interval:
            DWORD.write(writer, self.validity)


@dataclass(frozen=True, slots=True)
class ConfirmAlarm(Message):
    """8203 人工确认报警消息: serial 0 confirms all of the kinds whose bits are set (0, 3, 20, 21, 22, 27, 28)."""

    ID = 0x8203
    WIRE = (WORD, DWORD)
    serial: int
    kinds: int
