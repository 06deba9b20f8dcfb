"""The driving recorder (行驶记录仪, GB/T 19056), waybills, CAN data."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.sensing.gateways.jt808.wire import (
    BYTE,
    BYTES32,
    DWORD,
    REST,
    WORD,
    Message,
    Reader,
    Record,
    Wire,
    Writer,
    bcd,
    fixed_bytes,
    gbk,
    text_of,
)


@dataclass(frozen=True, slots=True)
class AskRecorder(Message):
    """8700 行驶记录数据采集命令: the command word and its block."""

    ID = 0x8700
    WIRE = (BYTE, REST)
    command: int
    block: bytes


@dataclass(frozen=True, slots=True)
class RecorderData(Message):
    """0700 行驶记录数据上传."""

    ID = 0x0700
    WIRE = (WORD, BYTE, REST)
    serial: int
    command: int
    block: bytes


@dataclass(frozen=True, slots=True)
class SetRecorder(Message):
    """8701 行驶记录参数下传命令."""

    ID = 0x8701
    WIRE = (BYTE, REST)
    command: int
    block: bytes


@dataclass(frozen=True, slots=True)
class Waybill(Message):
    """0701 电子运单上报: what the vehicle carries; the content is of the maker's own form, mostly text."""

    ID = 0x0701
    WIRE = (BYTES32,)
    content: bytes

    @property
    def text(self) -> str:
        return text_of(self.content)

    @staticmethod
    def of(text: str) -> Waybill:
        return Waybill(gbk(text))


@dataclass(frozen=True, slots=True)
class CanItem(Record):
    """One frame of the CAN bus: ``id`` holds channel (bit 31), frame kind (30), way of collecting (29) and the bus id."""

    WIRE = (DWORD, fixed_bytes(8))
    id: int
    data: bytes


def _read_items(reader: Reader) -> tuple[str, tuple[CanItem, ...]]:
    count = WORD.read(reader)
    return bcd(5).read(reader), tuple([CanItem.read(reader) for _ in range(count)])


def _write_items(writer: Writer, value: tuple[str, tuple[CanItem, ...]]) -> None:
    WORD.write(writer, len(value[1]))
    bcd(5).write(writer, value[0])
    for can in value[1]:
        can.write(writer)


@dataclass(frozen=True, slots=True)
class CanData(Message):
    """0705 CAN总线数据上传: ``received`` is (hhmmss and four digits below the second, items)."""

    ID = 0x0705
    WIRE = (Wire[tuple[str, tuple[CanItem, ...]]](_read_items, _write_items),)
    received: tuple[str, tuple[CanItem, ...]]
