"""Binary COPY: rows in PostgreSQL's own form, packed beforehand, for loads of thousands of rows a statement.

A driver that looks up each value's type again for each row spends more on it than the server on writing the row. Whoever
packs knows the types of the columns named; the server refuses what does not fit them.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import orjson

from yiwang.kernel.database import Connection, JsonObject

NULL = b"\xff\xff\xff\xff"
JSONB_VERSION = b"\x01"

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_length, _short = struct.Struct(">i").pack, struct.Struct(">h").pack
_int, _long, _float = struct.Struct(">ii").pack, struct.Struct(">iq").pack, struct.Struct(">id").pack


def row_head(columns: int) -> bytes:
    """What stands before the values of each row."""
    return _short(columns)


def packed(value: bytes) -> bytes:
    """A value that is in its type's binary form already."""
    return _length(len(value)) + value


def packed_text(value: str | None) -> bytes:
    """``text``."""
    if value is None:
        return NULL
    content = value.encode()
    return _length(len(content)) + content


packed_word = lru_cache(maxsize=4096)(packed_text)
"""``text`` of which there are few different ones: names, codes, states."""


def packed_uuid(value: UUID | None) -> bytes:
    """``uuid``."""
    return NULL if value is None else b"\0\0\0\x10" + value.bytes


def packed_int(value: int | None) -> bytes:
    """``int``."""
    return NULL if value is None else _int(4, value)


def packed_bigint(value: int) -> bytes:
    """``bigint``."""
    return _long(8, value)


def packed_float(value: float | None) -> bytes:
    """``float8``."""
    return NULL if value is None else _float(8, value)


def packed_time(value: datetime | None) -> bytes:
    """``timestamptz``."""
    if value is None:
        return NULL
    since = value - _EPOCH
    return _long(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def packed_json(value: JsonObject) -> bytes:
    """``jsonb``."""
    return packed(JSONB_VERSION + orjson.dumps(value))


async def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """Write packed rows, each begun by :func:`row_head`, in the caller's transaction."""

    async def content() -> AsyncIterator[bytes]:
        yield b"".join((_HEAD, *rows, _END))

    await connection.copy_to_table(table, source=content(), columns=columns, format="binary")
