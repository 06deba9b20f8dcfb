"""The lake 数据湖: days of readings that have left the database, as Parquet files read in process by DuckDB.

A file holds one UTC day, sorted by device, metric, grain and time, so that the rows of one device lie together and
the statistics of row groups skip the others. Columns: ``device_id`` int, ``metric_id`` smallint, ``grain`` tinyint, ``at_utc``
timestamp (UTC, without zone: the zoned kind is six times slower to group by), ``value`` double, ``quality`` smallint.
Files are never changed: a day that is archived again gets a new file under a new name.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from yiwang.kernel import logs
from yiwang.sensing.errors import LakeDamaged
from yiwang.sensing.model import Fault, Flags, Rows, empty_rows
from yiwang.sensing.readings.store import day_number

if TYPE_CHECKING:
    import duckdb

log = logs.get("readings")

_DAY = 86_400_000_000
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_COLUMNS = "device_id, metric_id, grain, at_utc, value, quality"
_KEY = "device_id, metric_id, grain, at_utc"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a day are wanted: ``since`` ≤ at < ``until`` in microseconds; None: all devices, metrics, grains.
    ``between``: only devices from the first to the last, both included."""

    since: int
    until: int
    devices: tuple[int, ...] | None = None
    metric: int | None = None
    grain: int | None = None
    between: tuple[int, int] | None = None


class Lake:
    """The folder ``lake/readings`` under HOME. Blocking work runs in threads; each call has a cursor of its own."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "lake" / "readings"
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._opening = threading.Lock()

    async def known(self, rows: Rows, archived: dict[date, str]) -> tuple[Flags, npt.NDArray[np.int8]]:
        """Of rows that are to be stored: which lie in an archive file already; and the faults of those whose day was dropped
        for good (TOO_OLD) or whose file cannot be read just now (ARCHIVE_AWAY)."""
        known, faults = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.int8)
        day = rows["at"] // _DAY
        for which, path in archived.items():
            mine = np.flatnonzero(day == day_number(which))
            if not path:
                faults[mine] = Fault.TOO_OLD
                continue
            try:
                known[mine[await asyncio.to_thread(self._known, rows[mine], path)]] = True
            except LakeDamaged as damaged:
                log.warning("late readings are refused", day=which.isoformat(), reason=str(damaged))
                faults[mine] = Fault.ARCHIVE_AWAY
        return known, faults

    def _known(self, rows: Rows, path: str) -> list[int]:
        wanted = {**_columns(rows), "place": np.arange(len(rows), dtype=np.int64)}
        with self._cursor() as cursor:
            cursor.register("wanted", wanted)
            found = self._run(
                cursor,
                path,
                f"select w.place from wanted w semi join read_parquet(?) p using ({_KEY})",
                [str(self.folder / path)],
            )
        return [int(place) for place in found["place"]]

    async def read(self, paths: Sequence[str], selection: Selection) -> Rows:
        """The selected rows of these files, in key order.

        Raises:
            LakeDamaged: a file is not there or not readable.
        """
        if not paths:
            return empty_rows()
        return await asyncio.to_thread(self.read_now, paths, selection)

    def read_now(self, paths: Sequence[str], selection: Selection) -> Rows:
        """:meth:`read`, blocking."""
        where = ["at_utc >= make_timestamp(?)", "at_utc < make_timestamp(?)"]
        values: list[object] = [selection.since, selection.until]
        if selection.devices is not None:
            where.append(f"device_id in ({', '.join('?' * len(selection.devices))})")
            values += selection.devices
        if selection.metric is not None:
            where.append("metric_id = ?")
            values.append(selection.metric)
        if selection.grain is not None:
            where.append("grain = ?")
            values.append(selection.grain)
        if selection.between is not None:
            where.append("device_id between ? and ?")
            values += selection.between
        query = f"select {_COLUMNS} from read_parquet(?) where {' and '.join(where)} order by {_KEY}"
        with self._cursor() as cursor:
            found = self._run(cursor, paths[0], query, [[str(self.folder / path) for path in paths], *values])
        return _rows(found)

    def devices_now(self, path: str) -> dict[int, int]:
        """How many readings each device has in a file; blocking."""
        with self._cursor() as cursor:
            found = self._run(
                cursor,
                path,
                "select device_id, count(*) as n from read_parquet(?) group by 1",
                [str(self.folder / path)],
            )
        return dict(zip(found["device_id"].tolist(), found["n"].tolist(), strict=True))

    def scratch(self, path: Path) -> duckdb.DuckDBPyConnection:
        """A database file of its own, to gather a day in before it is written out as one sorted Parquet file."""
        import duckdb

        return duckdb.connect(str(path), config=_SETTINGS)

    def write_out(self, scratch: duckdb.DuckDBPyConnection, file: Path) -> None:
        """Write what was gathered as one Parquet file, in the order in which it was added."""
        scratch.execute(
            f"copy (select {_COLUMNS} from day) to '{str(file).replace(chr(39), chr(39) * 2)}' "
            "(format parquet, compression zstd, row_group_size 65536)"
        )

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._opening:
            if self._engine is None:
                import duckdb  # a gateway or simulator never asks the lake, and need not carry it

                self._engine = duckdb.connect(config=_SETTINGS)
        cursor = self._engine.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def _run(
        self, cursor: duckdb.DuckDBPyConnection, path: str, query: str, values: list[object]
    ) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
        import duckdb

        try:
            return cursor.execute(query, values).fetchnumpy()
        except duckdb.Error as error:
            raise LakeDamaged(path=path, reason=str(error).splitlines()[0]) from error


def _columns(rows: Rows) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    return {
        "device_id": np.ascontiguousarray(rows["device"]),
        "metric_id": np.ascontiguousarray(rows["metric"]),
        "grain": np.ascontiguousarray(rows["grain"]),
        "at_utc": np.ascontiguousarray(rows["at"]).view("M8[us]"),
        "value": np.ascontiguousarray(rows["value"]),
        "quality": np.ascontiguousarray(rows["quality"]),
    }


def _rows(found: dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]) -> Rows:
    rows = empty_rows(len(found["device_id"]))
    for name, column in (("device", "device_id"), ("metric", "metric_id"), ("grain", "grain"), ("value", "value")):
        rows[name] = found[column]
    rows["quality"] = found["quality"]
    rows["at"] = found["at_utc"].astype("M8[us]").view(np.int64)
    return rows


def append(scratch: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Add rows to the table ``day`` of a scratch database, which is made with the first."""
    scratch.execute(
        "create table if not exists day (device_id integer, metric_id smallint, grain tinyint, at_utc timestamp, "
        "value double, quality smallint)"
    )
    scratch.register("part", _columns(rows))
    scratch.execute(f"insert into day select {_COLUMNS} from part")
    scratch.unregister("part")


class Digest:
    """Number and SHA-256 of rows in key order, packed as dtype READING: the same however they were cut into pieces."""

    def __init__(self) -> None:
        self._hash, self.rows = hashlib.sha256(), 0

    def add(self, rows: Rows) -> None:
        self._hash.update(rows.tobytes())
        self.rows += len(rows)

    @property
    def value(self) -> str:
        return self._hash.hexdigest()
