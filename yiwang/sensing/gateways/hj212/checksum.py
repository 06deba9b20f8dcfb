"""The check value of HJ 212 (CRC, Annex A): of the segment, four hexadecimal digits.

The standard's algorithm is not the CRC-16 of Modbus: before a byte is taken the register is shifted right by eight,
so that the low half is thrown away. What is left is linear in the bytes and comes back to itself after eight of
them. So the whole segment may be folded into eight bytes by exclusive-or first, as one large integer, and only
those eight be run through a table: some microseconds for the largest frame instead of one table look-up a byte.
Only 256 values exist, so one corrupted frame in 256 passes; length and structure are checked beside it.
"""

from __future__ import annotations

from typing import Final


def _shift(register: int) -> int:
    """Eight steps of the register with the polynomial 0xA001, lowest bit first."""
    for _ in range(8):
        low = register & 1
        register >>= 1
        if low:
            register ^= 0xA001
    return register


_TABLE: Final = tuple(_shift(value) for value in range(256))
_HIGH: Final = bytes(value >> 8 for value in _TABLE)


def _powers() -> tuple[bytes, ...]:
    """Tables of the map "high half of the shifted byte" applied 0 … 7 times; the eighth time is the identity
    again."""
    tables = [bytes(range(256))]
    for _ in range(7):
        tables.append(tables[-1].translate(_HIGH))
    return tuple(tables)


_P0, _P1, _P2, _P3, _P4, _P5, _P6, _P7 = _powers()
_MASKS: Final = {8 << step: (1 << (64 << step)) - 1 for step in range(12)}


def checksum(segment: bytes) -> int:
    """The check value (0 … 65535) of a segment by HJ 212-2017 Annex A; the editions of 2005 and 2025 use the same."""
    length = len(segment)
    if not length:
        return 0xFFFF
    folded = int.from_bytes(segment, "big") ^ (0xFF << (8 * (length - 1)))
    while length > 8:
        half = 4 << ((length - 1) >> 3).bit_length()
        folded = (folded >> (8 * half)) ^ (folded & _MASKS[half])
        length = half
    b7, b6, b5, b4, b3, b2, b1, b0 = folded.to_bytes(8, "big")
    return _TABLE[b0 ^ _P1[b1] ^ _P2[b2] ^ _P3[b3] ^ _P4[b4] ^ _P5[b5] ^ _P6[b6] ^ _P7[b7]]


def modbus_checksum(segment: bytes) -> int:
    """CRC-16/MODBUS of a segment, as some data loggers wrongly send it."""
    register = 0xFFFF
    table = _TABLE
    for byte in segment:
        register = (register >> 8) ^ table[(register ^ byte) & 0xFF]
    return register
