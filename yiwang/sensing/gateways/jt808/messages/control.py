"""Words and orders to a terminal: control, text, calling back, doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.wire import BYTE, TEXT, WORD, Message, Reader, Record, Writer, many, since_2019

MOST_TEXT = 1024
"""Bytes of the GBK text of 8300."""


@dataclass(frozen=True, slots=True)
class Control(Message):
    """8105 终端控制: 1 upgrade, 2 connect to a server, 3 power off, 4 reset, 5 factory reset, 6 close data, 7 close all
    communication; ``parameters`` are separated by ``;``."""

    ID = 0x8105
    WIRE = (BYTE, TEXT)
    command: int
    parameters: str = ""


@dataclass(frozen=True, slots=True)
class Text(Message):
    """8300 文本信息下发. ``flags`` bits: 0 urgent, 2 display, 3 read aloud, 4 advertising screen, 5 CAN fault;
    ``kind`` since 2019: 1 notice, 2 service."""

    ID = 0x8300
    WIRE = (BYTE, since_2019(BYTE, 1), TEXT)
    flags: int
    kind: int
    text: str


@dataclass(frozen=True, slots=True)
class CallBack(Message):
    """8400 电话回拨: flag 0 ordinary call, 1 listening."""

    ID = 0x8400
    WIRE = (BYTE, TEXT)
    flag: int
    phone: str


@dataclass(frozen=True, slots=True)
class Order(Record):
    """One order of 8500 in 2019: kind 1 door, value 0 unlock, 1 lock."""

    WIRE = (WORD, BYTE)
    kind: int
    value: int


@dataclass(frozen=True, slots=True)
class VehicleControl(Message):
    """8500 车辆控制. Before 2019 one byte whose bit 0 is the door: the value of the only order."""

    ID = 0x8500
    orders: tuple[Order, ...]

    @classmethod
    def read(cls, reader: Reader) -> Self:
        if reader.edition is Edition.E2019:
            return cls(many(WORD, Order.wire()).read(reader))
        return cls((Order(1, BYTE.read(reader)),))

    def write(self, writer: Writer) -> None:
        if writer.edition is Edition.E2019:
            many(WORD, Order.wire()).write(writer, self.orders)
        else:
            BYTE.write(writer, self.orders[0].value if self.orders else 0)
