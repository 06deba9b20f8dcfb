"""Fixed-width rows in and out of the database by binary COPY: an array of rows is the message, without a value touched.

A column pair ``x_hi``, ``x_lo`` is one uuid. Dates are days, times microseconds since 2000; no value is null.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, overload
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from yiwang.kernel.database import Connection

Rows: TypeAlias = NDArray[np.void]
"""Rows of a structured array."""
Numbers: TypeAlias = NDArray[Any]
"""Whole numbers: indexes of rows, objects, days, moments."""


class Picked:
    """Some rows of columns: a column is gathered when it is asked for, so that a choice of rows copies nothing."""

    __slots__ = ("_at", "_columns")

    def __init__(self, columns: Mapping[str, Numbers], at: slice | Numbers) -> None:
        self._columns = columns
        self._at = at

    @overload
    def __getitem__(self, which: str) -> Numbers: ...
    @overload
    def __getitem__(self, which: Numbers) -> Picked: ...
    def __getitem__(self, which: str | Numbers) -> Numbers | Picked:
        """A column by its name; or fewer rows, by a mask over these."""
        if isinstance(which, str):
            found: Numbers = self._columns[which][self._at]
            return found
        chosen = np.flatnonzero(which)
        if isinstance(self._at, slice):
            return Picked(self._columns, chosen + (self._at.start or 0))
        return Picked(self._columns, self._at[chosen])


class Columns:
    """Many rows, each column an array of its own: whoever looks at one column reads nothing of the others."""

    __slots__ = ("_columns", "_length")

    def __init__(self, columns: dict[str, Numbers], length: int) -> None:
        self._columns = columns
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> Numbers:
        return self._columns[name]

    def __setitem__(self, name: str, values: Numbers) -> None:
        self._columns[name] = values

    def pop(self, name: str) -> Numbers:
        """A column, which goes."""
        return self._columns.pop(name)

    def take(self, order: Numbers) -> Columns:
        """These rows, in this order."""
        return Columns({name: values[order] for name, values in self._columns.items()}, len(order))


_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_PIECE: Final = 1 << 18
"""Bytes of a message that are taken apart at once: they stay in the processor's own memory, and no message stands there whole."""


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

    async def columns_of(self, connection: Connection, query: str, *values: object) -> Columns:
        """The rows of a query whose columns are of these types, column by column."""
        taking = _Taking(self)
        await connection.copy_from_query(query, *values, output=taking.take, format="binary")
        return taking.columns()

    async def write(self, connection: Connection, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Add rows to a table in the caller's transaction."""
        if not len(rows):
            return

        async def content() -> AsyncIterator[bytes]:
            yield self.pack(rows)

        await connection.copy_to_table(table, source=content(), columns=list(columns), format="binary")


class _Taking:
    """Takes a COPY message apart while it comes."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: list[bytes] = []
        self._size = 0
        self._begun = False
        self._parts: list[dict[str, Numbers]] = []
        self._count = 0

    async def take(self, piece: bytes) -> None:
        self._waiting.append(piece)
        self._size += len(piece)
        if self._size >= _PIECE:
            self._take_apart()

    def _take_apart(self) -> None:
        content = b"".join(self._waiting)
        begin = 0 if self._begun else len(_HEAD)
        width = self._wire.wire.itemsize
        count = max(0, len(content) - begin) // width
        rows = np.frombuffer(content, dtype=self._wire.wire, count=count, offset=begin)
        self._parts.append({name: rows[name].astype(self._wire.rows[name]) for name in self._wire.names})
        self._begun = True
        self._count += count
        self._waiting = [content[begin + count * width :]]
        self._size = len(self._waiting[0])

    def columns(self) -> Columns:
        """All of it."""
        self._take_apart()
        if self._waiting != [_END]:
            raise ValueError("the rows are not of one width")
        names = self._wire.names
        return Columns({name: np.concatenate([part[name] for part in self._parts]) for name in names}, self._count)


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
