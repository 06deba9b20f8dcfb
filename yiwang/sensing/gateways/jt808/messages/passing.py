"""Bytes that pass through: transparent, compressed, keys."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.sensing.gateways.jt808.wire import BYTE, BYTES32, DWORD, REST, Message, fixed_bytes


@dataclass(frozen=True, slots=True)
class Down(Message):
    """8900 数据下行透传. ``kind``: 00 GNSS detail, 0B card, 41 and 42 serial ports, F0–FF the user's."""

    ID = 0x8900
    WIRE = (BYTE, REST)
    kind: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Up(Message):
    """0900 数据上行透传."""

    ID = 0x0900
    WIRE = (BYTE, REST)
    kind: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Compressed(Message):
    """0901 数据压缩上报: gzip of another message's bytes; never unpacked here, since its size is the sender's to choose."""

    ID = 0x0901
    WIRE = (BYTES32,)
    content: bytes


@dataclass(frozen=True, slots=True)
class PlatformKey(Message):
    """8A00 平台RSA公钥."""

    ID = 0x8A00
    WIRE = (DWORD, fixed_bytes(128))
    exponent: int
    modulus: bytes


@dataclass(frozen=True, slots=True)
class TerminalKey(Message):
    """0A00 终端RSA公钥."""

    ID = 0x0A00
    WIRE = (DWORD, fixed_bytes(128))
    exponent: int
    modulus: bytes
