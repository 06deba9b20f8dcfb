"""Identifiers: UUID version 7 (RFC 9562), made by the process, ordered by time, needing no round trip to the database."""

from __future__ import annotations

import os
import secrets
import time
from uuid import UUID

_last_ms = 0
_counter = 0


def new_id() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, 12 bits of counter within the millisecond, 62 random bits.

    Monotonic within a process. The time in it orders pages of an index and is never read as a business time.
    """
    global _last_ms, _counter
    now = time.time_ns() // 1_000_000
    if now <= _last_ms:
        now = _last_ms
        _counter += 1
        if _counter > 0xFFF:
            now += 1
            _counter = 0
    else:
        _counter = 0
    _last_ms = now
    random = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(now & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | _counter << 64 | 0x2 << 62 | random)


_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_code(length: int = 6) -> str:
    """A random code that a person can read over the phone: no 0/O, 1/I/L. 6 places carry 29 bits."""
    number = secrets.randbelow(len(_ALPHABET) ** length)
    code = ""
    for _ in range(length):
        number, place = divmod(number, len(_ALPHABET))
        code += _ALPHABET[place]
    return code
