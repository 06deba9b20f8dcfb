"""Fixed-width rows in and out of the database by binary COPY: an array of rows is the message, without a value touched.

A column pair ``x_hi``, ``x_lo`` is one uuid. Dates are days, times microseconds since 2000; no value is null.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from yiwang.kernel.database import Connection

Rows: TypeAlias = NDArray[np.void]
"""Rows of a structured array."""
Numbers: TypeAlias = NDArray[Any]
"""Whole numbers: indexes of rows, objects, days, moments."""

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"


class Wire:
    """How rows of one dtype travel. ``names``: only these of its fields, in this order."""

    def __init__(self, rows: np.dtype[np.void], names: Sequence[str] | None = None) -> None:
        self.rows = rows
        self.names = tuple(names or rows.names or ())
        parts: list[tuple[str, str]] = [("fields", ">i2")]
        for name in self.names:
            kind = rows[name].str
            if name.endswith("_lo"):
                parts.append((name, ">i8"))
                continue
            parts.append((f"{name}_length", ">i4"))
            parts.append((name, kind if rows[name].kind == "S" else ">" + kind[1:]))
        self.wire = np.dtype(parts)
        self.columns = len([name for name in self.names if not name.endswith("_lo")])

    def parse(self, content: bytes) -> Rows:
        """The rows of a whole COPY message."""
        count, rest = divmod(len(content) - len(_HEAD) - len(_END), self.wire.itemsize)
        if rest:
            raise ValueError("the rows are not of one width")
        wire = np.frombuffer(content, dtype=self.wire, count=count, offset=len(_HEAD))
        rows = np.empty(count, dtype=self.rows)
        for name in self.names:
            rows[name] = wire[name]
        return rows

    def pack(self, rows: Rows) -> bytes:
        """A whole COPY message."""
        wire = np.empty(len(rows), dtype=self.wire)
        wire["fields"] = self.columns
        for name in self.names:
            wire[name] = rows[name]
            if not name.endswith("_lo"):
                wire[f"{name}_length"] = 16 if name.endswith("_hi") else self.rows[name].itemsize
        return b"".join((_HEAD, wire.tobytes(), _END))

    async def read(self, connection: Connection, query: str, *values: object) -> Rows:
        """The rows of a query whose columns are of these types."""
        pieces: list[bytes] = []

        async def take(piece: bytes) -> None:
            pieces.append(piece)

        await connection.copy_from_query(query, *values, output=take, format="binary")
        return self.parse(b"".join(pieces))

    async def write(self, connection: Connection, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Add rows to a table in the caller's transaction."""
        if not len(rows):
            return

        async def content() -> AsyncIterator[bytes]:
            yield self.pack(rows)

        await connection.copy_to_table(table, source=content(), columns=list(columns), format="binary")


def uuid_of(hi: int, lo: int) -> UUID:
    """A UUID from its halves."""
    return UUID(int=((int(hi) & (2**64 - 1)) << 64) | (int(lo) & (2**64 - 1)))


def halves_of(value: UUID) -> tuple[int, int]:
    """The halves of a UUID as signed numbers."""
    hi, lo = value.int >> 64, value.int & (2**64 - 1)
    return hi - 2**64 if hi >= 2**63 else hi, lo - 2**64 if lo >= 2**63 else lo


def column(rows: Rows, name: str) -> NDArray[Any]:
    """A column of structured rows."""
    found: NDArray[Any] = rows[name]
    return found
