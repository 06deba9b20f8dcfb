"""Areas and routes that a terminal itself watches (区域与路线).

Attribute bits of an area: 0 by time, 1 speed limit, 2 and 3 tell the driver and the platform of entering, 4 and 5 of leaving,
6 south, 7 west, 8 doors stay shut, 14 no communication inside, 15 GNSS detail inside. A time whose date is 00-00-00 is daily.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.wire import (
    BYTE,
    DWORD,
    REST,
    TEXT16,
    WORD,
    Message,
    Reader,
    Record,
    Writer,
    bcd,
    many,
)

BY_TIME, SPEED_LIMIT, TELL_ENTERING, TELL_LEAVING, SOUTH, WEST = 1 << 0, 1 << 1, 1 << 3, 1 << 5, 1 << 6, 1 << 7
UPDATE, APPEND, MODIFY = 0, 1, 2
_stamp = bcd(6)


@dataclass(frozen=True, slots=True)
class Limits(Record):
    """When an area holds (YYMMDDhhmmss digits) and how fast one may be (km/h, for longer than ``seconds``); ``night`` since
    2019. Present as the area's attribute bits say."""

    since: str = ""
    until: str = ""
    speed: int = 0
    seconds: int = 0
    night: int = 0


def _times(reader: Reader, attribute: int) -> tuple[str, str]:
    return (_stamp.read(reader), _stamp.read(reader)) if attribute & BY_TIME else ("", "")


def _speeds(reader: Reader, attribute: int) -> tuple[int, int]:
    return (WORD.read(reader), BYTE.read(reader)) if attribute & SPEED_LIMIT else (0, 0)


def _night(reader: Reader, attribute: int) -> int:
    return WORD.read(reader) if attribute & SPEED_LIMIT and reader.edition is Edition.E2019 else 0


def _name(reader: Reader) -> str:
    return TEXT16.read(reader) if reader.edition is Edition.E2019 else ""


def _write_times(writer: Writer, attribute: int, limits: Limits) -> None:
    if attribute & BY_TIME:
        _stamp.write(writer, limits.since)
        _stamp.write(writer, limits.until)


def _write_speeds(writer: Writer, attribute: int, limits: Limits) -> None:
    if attribute & SPEED_LIMIT:
        WORD.write(writer, limits.speed)
        BYTE.write(writer, limits.seconds)


def _write_night(writer: Writer, attribute: int, limits: Limits) -> None:
    if attribute & SPEED_LIMIT and writer.edition is Edition.E2019:
        WORD.write(writer, limits.night)


def _write_name(writer: Writer, name: str) -> None:
    if writer.edition is Edition.E2019:
        TEXT16.write(writer, name)


@dataclass(frozen=True, slots=True)
class _Area(Record):
    """A circle or a rectangle; ``numbers`` are millionths of degrees (and metres) in the order of the wire."""

    COUNT: ClassVar[int] = 0
    id: int
    attribute: int
    numbers: tuple[int, ...]
    limits: Limits = field(default_factory=Limits)
    name: str = ""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        number, attribute = DWORD.read(reader), WORD.read(reader)
        numbers = tuple([DWORD.read(reader) for _ in range(cls.COUNT)])
        limits = Limits(*_times(reader, attribute), *_speeds(reader, attribute), _night(reader, attribute))
        return cls(number, attribute, numbers, limits, _name(reader))

    def write(self, writer: Writer) -> None:
        DWORD.write(writer, self.id)
        WORD.write(writer, self.attribute)
        for number in self.numbers:
            DWORD.write(writer, number)
        _write_times(writer, self.attribute, self.limits)
        _write_speeds(writer, self.attribute, self.limits)
        _write_night(writer, self.attribute, self.limits)
        _write_name(writer, self.name)


@dataclass(frozen=True, slots=True)
class Circle(_Area):
    """``numbers``: latitude, longitude, radius in metres."""

    COUNT = 3


@dataclass(frozen=True, slots=True)
class Rectangle(_Area):
    """``numbers``: latitude and longitude of the upper left, then of the lower right corner."""

    COUNT = 4


@dataclass(frozen=True, slots=True)
class SetCircles(Message):
    """8600 设置圆形区域. ``way`` 0 instead of all, 1 more, 2 changed."""

    ID = 0x8600
    WIRE = (BYTE, many(BYTE, Circle.wire()))
    way: int
    items: tuple[Circle, ...]


@dataclass(frozen=True, slots=True)
class DropCircles(Message):
    """8601 删除圆形区域; no ids: all of them. So do 8603, 8605 and 8607."""

    ID = 0x8601
    WIRE = (many(BYTE, DWORD),)
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SetRectangles(Message):
    """8602 设置矩形区域."""

    ID = 0x8602
    WIRE = (BYTE, many(BYTE, Rectangle.wire()))
    way: int
    items: tuple[Rectangle, ...]


@dataclass(frozen=True, slots=True)
class DropRectangles(Message):
    """8603 删除矩形区域."""

    ID = 0x8603
    WIRE = (many(BYTE, DWORD),)
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Corner(Record):
    """Millionths of degrees."""

    WIRE = (DWORD, DWORD)
    lat: int
    lon: int


@dataclass(frozen=True, slots=True)
class SetPolygon(Message):
    """8604 设置多边形区域."""

    ID = 0x8604
    id: int
    attribute: int
    corners: tuple[Corner, ...]
    limits: Limits = field(default_factory=Limits)
    name: str = ""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        number, attribute = DWORD.read(reader), WORD.read(reader)
        times, speeds = _times(reader, attribute), _speeds(reader, attribute)
        corners = many(WORD, Corner.wire()).read(reader)
        limits = Limits(*times, *speeds, _night(reader, attribute))
        return cls(number, attribute, corners, limits, _name(reader))

    def write(self, writer: Writer) -> None:
        DWORD.write(writer, self.id)
        WORD.write(writer, self.attribute)
        _write_times(writer, self.attribute, self.limits)
        _write_speeds(writer, self.attribute, self.limits)
        many(WORD, Corner.wire()).write(writer, self.corners)
        _write_night(writer, self.attribute, self.limits)
        _write_name(writer, self.name)


@dataclass(frozen=True, slots=True)
class DropPolygons(Message):
    """8605 删除多边形区域."""

    ID = 0x8605
    WIRE = (many(BYTE, DWORD),)
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Turn(Record):
    """A turning point (拐点) and the segment behind it: ``width`` m; attribute bits 0 times, 1 speed, 2 south, 3 west;
    ``longest`` and ``shortest`` s."""

    id: int
    segment: int
    lat: int
    lon: int
    width: int
    attribute: int
    longest: int = 0
    shortest: int = 0
    speed: int = 0
    seconds: int = 0
    night: int = 0

    @classmethod
    def read(cls, reader: Reader) -> Self:
        number, segment, lat, lon = (DWORD.read(reader) for _ in range(4))
        width, attribute = BYTE.read(reader), BYTE.read(reader)
        longest, shortest = (WORD.read(reader), WORD.read(reader)) if attribute & BY_TIME else (0, 0)
        speed, seconds = _speeds(reader, attribute)
        night = _night(reader, attribute)
        return cls(number, segment, lat, lon, width, attribute, longest, shortest, speed, seconds, night)

    def write(self, writer: Writer) -> None:
        for value in (self.id, self.segment, self.lat, self.lon):
            DWORD.write(writer, value)
        BYTE.write(writer, self.width)
        BYTE.write(writer, self.attribute)
        if self.attribute & BY_TIME:
            WORD.write(writer, self.longest)
            WORD.write(writer, self.shortest)
        limits = Limits(speed=self.speed, seconds=self.seconds, night=self.night)
        _write_speeds(writer, self.attribute, limits)
        _write_night(writer, self.attribute, limits)


@dataclass(frozen=True, slots=True)
class SetRoute(Message):
    """8606 设置路线."""

    ID = 0x8606
    id: int
    attribute: int
    turns: tuple[Turn, ...]
    limits: Limits = field(default_factory=Limits)
    name: str = ""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        number, attribute = DWORD.read(reader), WORD.read(reader)
        limits = Limits(*_times(reader, attribute))
        return cls(number, attribute, many(WORD, Turn.wire()).read(reader), limits, _name(reader))

    def write(self, writer: Writer) -> None:
        DWORD.write(writer, self.id)
        WORD.write(writer, self.attribute)
        _write_times(writer, self.attribute, self.limits)
        many(WORD, Turn.wire()).write(writer, self.turns)
        _write_name(writer, self.name)


@dataclass(frozen=True, slots=True)
class DropRoutes(Message):
    """8607 删除路线."""

    ID = 0x8607
    WIRE = (many(BYTE, DWORD),)
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskAreas(Message):
    """8608 查询区域或线路数据 (2019). ``kind`` 1 circle, 2 rectangle, 3 polygon, 4 route."""

    ID = 0x8608
    WIRE = (BYTE, many(DWORD, DWORD))
    kind: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AreasTold(Message):
    """0608 查询区域或线路数据应答 (2019): ``count`` areas in the form in which they are set."""

    ID = 0x0608
    WIRE = (BYTE, DWORD, REST)
    kind: int
    count: int
    content: bytes
