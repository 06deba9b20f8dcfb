"""Registration, authentication, attributes of a terminal."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Self

from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.wire import (
    BYTE,
    BYTES32,
    TEXT,
    TEXT8,
    WORD,
    Malformed,
    Message,
    Reader,
    Writer,
    bcd,
    fixed_text,
)

SHORTEST_2013 = 37
"""Bytes of the fixed fields of 0100 in 2013; a shorter body has the layout of 2011."""

_SIZES = {Edition.E2011: (5, 8, 7), Edition.E2013: (5, 20, 7), Edition.E2019: (11, 30, 30)}


class Registered(enum.IntEnum):
    """Result of a registration (注册应答)."""

    OK = 0
    VEHICLE_REGISTERED = 1
    VEHICLE_UNKNOWN = 2
    TERMINAL_REGISTERED = 3
    TERMINAL_UNKNOWN = 4


@dataclass(frozen=True, slots=True)
class Register(Message):
    """0100 终端注册. ``plate`` holds the VIN where ``colour`` is 0 (no plate). ``layout`` is the edition of the body."""

    ID = 0x0100
    province: int
    city: int
    maker: str
    model: str
    terminal: str
    colour: int
    plate: str
    layout: Edition

    @classmethod
    def read(cls, reader: Reader) -> Self:
        edition = reader.edition
        if edition is Edition.E2013 and reader.left < SHORTEST_2013:
            edition = Edition.E2011
        province, city = WORD.read(reader), WORD.read(reader)
        maker, model, terminal = (fixed_text(size).read(reader) for size in _SIZES[edition])
        return cls(province, city, maker, model, terminal, BYTE.read(reader), TEXT.read(reader), edition)

    def write(self, writer: Writer) -> None:
        WORD.write(writer, self.province)
        WORD.write(writer, self.city)
        for size, value in zip(_SIZES[self.layout], (self.maker, self.model, self.terminal), strict=True):
            fixed_text(size).write(writer, value)
        BYTE.write(writer, self.colour)
        TEXT.write(writer, self.plate)


@dataclass(frozen=True, slots=True)
class RegisterAck(Message):
    """8100 终端注册应答: the authentication code comes only with result 0."""

    ID = 0x8100
    serial: int
    result: int
    code: str

    @classmethod
    def read(cls, reader: Reader) -> Self:
        serial, result = WORD.read(reader), BYTE.read(reader)
        return cls(serial, result, "" if result else TEXT.read(reader))

    def write(self, writer: Writer) -> None:
        WORD.write(writer, self.serial)
        BYTE.write(writer, self.result)
        if not self.result:
            TEXT.write(writer, self.code)


@dataclass(frozen=True, slots=True)
class Authenticate(Message):
    """0102 终端鉴权; IMEI and software version since 2019."""

    ID = 0x0102
    code: str
    imei: str = ""
    software: str = ""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        if reader.edition is not Edition.E2019:
            return cls(TEXT.read(reader))
        return cls(TEXT8.read(reader), fixed_text(15).read(reader), fixed_text(20).read(reader))

    def write(self, writer: Writer) -> None:
        if writer.edition is not Edition.E2019:
            TEXT.write(writer, self.code)
            return
        TEXT8.write(writer, self.code)
        fixed_text(15).write(writer, self.imei)
        fixed_text(20).write(writer, self.software)


@dataclass(frozen=True, slots=True)
class AskAttributes(Message):
    """8107 查询终端属性."""

    ID = 0x8107


@dataclass(frozen=True, slots=True)
class Attributes(Message):
    """0107 查询终端属性应答."""

    ID = 0x0107
    WIRE = (
        WORD,
        fixed_text(5),
        fixed_text(20, 30),
        fixed_text(7, 30),
        bcd(10),
        TEXT8,
        TEXT8,
        BYTE,
        BYTE,
    )
    kind: int
    maker: str
    model: str
    terminal: str
    iccid: str
    hardware: str
    firmware: str
    satellites: int
    networks: int

    @classmethod
    def decode(cls, body: bytes, edition: Edition) -> Self:
        """Real terminals send the layout of 2019 behind a header of 2013: the one that fits is taken."""
        try:
            return cls.read(Reader(body, edition))
        except Malformed:
            return cls.read(Reader(body, Edition.E2013 if edition is Edition.E2019 else Edition.E2019))


@dataclass(frozen=True, slots=True)
class UpgradePackage(Message):
    """8108 下发终端升级包. ``kind``: 0 terminal, 12 card reader, 52 GNSS module."""

    ID = 0x8108
    WIRE = (BYTE, fixed_text(5), TEXT8, BYTES32)
    kind: int
    maker: str
    version: str
    data: bytes


@dataclass(frozen=True, slots=True)
class UpgradeResult(Message):
    """0108 终端升级结果通知: 0 done, 1 failed, 2 cancelled."""

    ID = 0x0108
    WIRE = (BYTE, BYTE)
    kind: int
    result: int
