"""Readings between numpy arrays and PostgreSQL's binary COPY, without touching single values in Python."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from yiwang.kernel.database import Connection
from yiwang.sensing.model import Flags, Rows, empty_rows

_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_EPOCH_OFFSET = 946_684_800_000_000  # PostgreSQL counts microseconds from 2000
_BLOCK = 1 << 20

_WIDTHS = {"i1": 1, "i2": 2, "i4": 4, "i8": 8, "f8": 8}


def copy_dtype(columns: list[tuple[str, str]]) -> np.dtype[np.void]:
    """The row of a binary COPY without nulls for columns of ``(name, i2|i4|i8|f8|i1)``; each value has its length before it."""
    fields: list[tuple[str, str]] = [("_columns", ">i2")]
    for name, kind in columns:
        fields += [(f"{name}_length", ">i4"), (name, kind if kind == "i1" else f">{kind}")]
    return np.dtype(fields)


def blank(columns: list[tuple[str, str]], rows: int) -> npt.NDArray[np.void]:
    """Rows of :func:`copy_dtype` with all but the values filled in."""
    found = np.empty(rows, dtype=copy_dtype(columns))
    found["_columns"] = len(columns)
    for name, kind in columns:
        found[f"{name}_length"] = _WIDTHS[kind]
    return found


_STAGED = [
    ("ordinal", "i4"), ("device", "i4"), ("metric", "i2"), ("grain", "i2"), ("at", "i8"), ("value", "f8"),
    ("quality", "i2"), ("newest", "i1"), ("fresh", "i1"),
]  # fmt: skip
_STORED = _STAGED[1:-2]
_STORED_ROW = copy_dtype(_STORED)
STORED_COLUMNS = ("device_id", "metric_id", "grain", "at", "value", "quality")
STAGED_COLUMNS = ("ordinal", *STORED_COLUMNS, "newest", "fresh")


async def _content(rows: npt.NDArray[np.void]) -> AsyncIterator[bytes]:
    yield _HEAD
    data = rows.tobytes()
    for begin in range(0, len(data), _BLOCK):
        yield data[begin : begin + _BLOCK]
    yield _END


def _filled(columns: list[tuple[str, str]], rows: Rows) -> npt.NDArray[np.void]:
    packed = blank(columns, len(rows))
    for name in ("device", "metric", "grain", "value", "quality"):
        packed[name] = rows[name]
    packed["at"] = since_2000(rows["at"])
    return packed


async def stage(
    connection: Connection, table: str, rows: Rows, places: npt.NDArray[np.intp], newest: Flags, fresh: Flags
) -> None:
    """COPY the rows at ``places`` with their place and marks into the staging ``table``."""
    packed = _filled(_STAGED, rows[places])
    packed["ordinal"], packed["newest"], packed["fresh"] = places, newest[places], fresh[places]
    await copy_packed(connection, table, STAGED_COLUMNS, packed)


async def copy_in(connection: Connection, table: str, rows: Rows) -> None:
    """COPY ``rows`` into ``table``, which has the columns of ``reading``; fails as a whole where one is there already."""
    packed = _filled(_STORED, rows)
    await copy_packed(connection, table, STORED_COLUMNS, packed)


async def copy_packed(
    connection: Connection, table: str, columns: Sequence[str] | None, packed: npt.NDArray[np.void]
) -> None:
    """COPY rows of :func:`blank` into ``table``; ``columns`` None: all, in their order."""
    await connection.copy_to_table(table, source=_content(packed), columns=columns, format="binary")


async def copy_out(connection: Connection, query: str, *values: object) -> Rows:
    """The rows of a query that selects :data:`STORED_COLUMNS` (none of them null)."""
    packed = await copy_fixed(connection, _STORED_ROW, query, *values)
    found = empty_rows(len(packed))
    for name in ("device", "metric", "grain", "value", "quality"):
        found[name] = packed[name]
    found["at"] = since_1970(packed["at"])
    return found


async def copy_fixed(
    connection: Connection, row: np.dtype[np.void], query: str, *values: object
) -> npt.NDArray[np.void]:
    """The rows of a query none of whose columns is null, in the layout of :func:`copy_dtype`, times since 2000."""
    content = bytearray()

    async def take(data: bytes) -> None:
        content.extend(data)

    await connection.copy_from_query(query, *values, output=take, format="binary")
    return np.frombuffer(content, dtype=row, offset=len(_HEAD), count=(len(content) - len(_HEAD) - 2) // row.itemsize)


def since_2000(at: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Microseconds since 1970 as PostgreSQL counts them."""
    return at.astype(np.int64) - _EPOCH_OFFSET


def since_1970(at: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Times of a binary COPY (microseconds since 2000, big-endian) as microseconds since 1970."""
    return at.astype(np.int64) + _EPOCH_OFFSET
