"""Open datasets as files: CSV, JSON, GeoJSON, written once and given to everybody for ten minutes.

Promises: a file is whole or not there; its count of rows and its SHA-256 go with it; texts that a spreadsheet would run as
formulas are made harmless; only open columns are in it.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import orjson

from yiwang.exchange.open import rows
from yiwang.exchange.open.model import Column, Dataset, Row
from yiwang.kernel.context import Context
from yiwang.kernel.database import Json
from yiwang.kernel.sheets import harmless
from yiwang.registry.types import CompiledType

FORMS: Mapping[str, tuple[str, str, str]] = {
    "csv": ("CSV", "text/csv", "逗号分隔,UTF-8,首行为字段名"),
    "json": ("JSON", "application/json", "对象数组,字段以编码命名"),
    "geojson": ("GeoJSON", "application/geo+json", "RFC 7946,CGCS2000 经纬度,先经后纬"),
}
"""Form → name, media type, what it holds."""

FOLDER = "open-data"
_kept_seconds = 600


def download_path(dataset_id: str, form: str) -> str:
    """The address of a file below this server's."""
    return f"/opendata/datasets/{dataset_id}/data.{form}"


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is ready. ``rows``: how many it holds; ``sha256``: of its bytes, in hexadecimal."""

    path: Path
    rows: int
    sha256: str


class Downloads:
    """Files of this installation's home. One per process; others may write the same file at the same time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._writing = asyncio.Lock()

    async def file(self, kind: CompiledType, dataset: Dataset, form: str) -> Download:
        """The file of a dataset in one of :data:`FORMS`, at most ten minutes old."""
        folder = self._context.settings.home / FOLDER / dataset.id
        path = folder / f"{dataset.version}-{_columns_digest(dataset)}.{form}"
        found = _kept(path)
        if found is not None:
            return found
        async with self._writing:  # one at a time: it is reading of whole tables
            return _kept(path) or await self._write(kind, dataset, form, path)

    async def _write(self, kind: CompiledType, dataset: Dataset, form: str, path: Path) -> Download:
        path.parent.mkdir(parents=True, exist_ok=True)
        now = self._context.clock.now()
        with _new_file(path) as file:
            out = _Counted(file)
            write, end = _writer(form, dataset, out)
            async with (
                self._context.database.connection() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                async for row in rows.stream(connection, kind, dataset, now):
                    write(row)
                    out.rows += 1
            end()
        made = Download(path, out.rows, out.digest.hexdigest())
        with _new_file(_note(path)) as note:
            note.write(orjson.dumps({"rows": made.rows, "sha256": made.sha256, "size": path.stat().st_size}))
        for other in path.parent.iterdir():
            if not other.name.startswith((path.stem, ".")):
                other.unlink(missing_ok=True)
        return made


def _columns_digest(dataset: Dataset) -> str:
    text = repr([(each.name, each.names, each.words) for each in dataset.columns] + [dataset.geometry, dataset.area])
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".note")


def _kept(path: Path) -> Download | None:
    """The file as it lies there, if it is young enough and what is noted of it is true."""
    try:
        stat, note = path.stat(), orjson.loads(_note(path).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    if not 0 <= time.time() - stat.st_mtime < _kept_seconds or stat.st_size != note["size"]:
        return None
    return Download(path, note["rows"], note["sha256"])


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is whole."""
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            yield file
            file.flush()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


class _Counted:
    """Writes on, and keeps the digest of what was written and the number of rows."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.rows = 0

    def write(self, piece: bytes) -> None:
        self._file.write(piece)
        self.digest.update(piece)


def _writer(form: str, dataset: Dataset, out: _Counted) -> tuple[Callable[[Row], None], Callable[[], None]]:
    """What writes a row, and what ends the file; the beginning is written here."""
    if form == "csv":
        out.write("\ufeff".encode() + _line(csv_header(dataset)))
        return lambda row: out.write(_line(csv_cells(dataset, row))), lambda: None
    opening, closing = (b"[", b"\n]\n") if form == "json" else (b'{"type":"FeatureCollection","features":[', b"\n]}\n")
    out.write(opening)

    def write(row: Row) -> None:
        value = {"id": str(row.id), **row.values}
        if form == "geojson":
            value = {"type": "Feature", "id": str(row.id), "geometry": row.geometry, "properties": row.values}
        elif dataset.geometry != "none":
            value["geometry"] = row.geometry
        out.write((b",\n" if out.rows else b"\n") + orjson.dumps(value))

    return write, lambda: out.write(closing)


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(map(harmless, cells))
    return text.getvalue().encode()


def csv_header(dataset: Dataset) -> list[str]:
    """Names of the columns as people say them, with their units."""
    names = [each.names.zh + (f"({each.unit})" if each.unit else "") for each in dataset.columns]
    return names + {"none": [], "point": ["经度", "纬度"]}.get(dataset.geometry, ["geometry"])


def csv_cells(dataset: Dataset, row: Row) -> list[str]:
    """A row as people read it: words instead of codes."""
    cells = [_text(column, row.values.get(column.name)) for column in dataset.columns]
    if dataset.geometry == "point":
        place = row.geometry.get("coordinates") if row.geometry else None
        cells += [str(place[0]), str(place[1])] if isinstance(place, list) and len(place) >= 2 else ["", ""]
    elif dataset.geometry != "none":
        cells.append(orjson.dumps(row.geometry).decode() if row.geometry else "")
    return cells


def _text(column: Column, value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_text(column, each) for each in value)
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    words = column.words.get(str(value))
    return words.zh if words else str(value)
