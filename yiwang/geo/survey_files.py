"""Reads survey files: GeoJSON, Shapefile (in a zip) and GeoPackage, row by row.

Promises: a row that cannot be read is delivered with its fault and costs no other row; files are bounded in bytes, rows
and unpacked size before they are read; nothing in a file is executed or followed.
"""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import shapefile
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from yiwang.geo.errors import SurveyTooLarge, SurveyUnreadable

FILE_LIMIT = 512 * 2**20
ROW_LIMIT = 1_000_000
UNPACKED_LIMIT = 2 * 2**30
_SHAPE_FAULTS = (
    shapefile.ShapefileException,
    shapefile.GeoJSON_Error,
    shapefile.RingSamplingError,
    GEOSException,
    struct.error,
    ValueError,
    IndexError,
    TypeError,
)
_GEOPACKAGE_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """One feature in the coordinates of the file. ``row`` counts from 1; ``fault`` says why ``geometry`` is None."""

    row: int
    values: dict[str, str]
    geometry: BaseGeometry | None
    fault: str = ""


def read_survey(path: Path, *, layer: str | None = None) -> Iterator[SurveyRow]:
    """The rows of ``.geojson``/``.json``, ``.zip`` (one Shapefile) or ``.gpkg``; ``layer`` picks one of several.

    Raises:
        SurveyUnreadable: no such file, not one of the formats, broken as a whole, or ``layer`` is needed or missing.
        SurveyTooLarge: beyond :data:`FILE_LIMIT` bytes, :data:`ROW_LIMIT` rows or :data:`UNPACKED_LIMIT` bytes
        unpacked.
    """
    if not path.is_file():
        raise SurveyUnreadable(reason_zh=f"没有文件 {path.name}", reason_en=f"there is no file {path.name}")
    if path.stat().st_size > FILE_LIMIT:
        raise SurveyTooLarge(limit=f"{FILE_LIMIT} B", size=f"{path.stat().st_size} B")
    readers = {".geojson": _geojson, ".json": _geojson, ".zip": _shapefile, ".gpkg": _geopackage}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SurveyUnreadable(
            reason_zh=f"不支持的扩展名 {path.suffix}", reason_en=f"files named {path.suffix} are not supported"
        )
    for row in reader(path, layer):
        if row.row > ROW_LIMIT:
            raise SurveyTooLarge(limit=f"{ROW_LIMIT} rows", size=f"> {ROW_LIMIT} rows")
        yield row


def _broken(what: str, error: Exception | str) -> SurveyUnreadable:
    return SurveyUnreadable(reason_zh=f"{what} 已损坏({error})", reason_en=f"the {what} is broken ({error})")


def _text(value: object) -> str:
    """An attribute as text; numbers that carry a code (``120111001001001.0``) lose their fraction."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip("\x00 ")
    return str(value).strip("\x00 ")


def _geojson(path: Path, layer: str | None) -> Iterator[SurveyRow]:
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise _broken("GeoJSON", error) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise SurveyUnreadable(
            reason_zh="GeoJSON 中没有 FeatureCollection", reason_en="the GeoJSON holds no FeatureCollection"
        )
    for row, feature in enumerate(features, 1):
        if not isinstance(feature, dict):
            yield SurveyRow(row, {}, None, "not a feature")
            continue
        properties = feature.get("properties")
        values = {str(k): _text(v) for k, v in properties.items()} if isinstance(properties, dict) else {}
        geometry = feature.get("geometry")
        if not isinstance(geometry, dict):
            yield SurveyRow(row, values, None, "no geometry")
            continue
        try:
            yield SurveyRow(row, values, shapely.from_geojson(orjson.dumps(geometry).decode()))
        except (GEOSException, orjson.JSONEncodeError) as error:
            yield SurveyRow(row, values, None, str(error)[:200])


def _shapefile(path: Path, layer: str | None) -> Iterator[SurveyRow]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, layer)
            parts = {suffix: io.BytesIO(archive.read(name)) for suffix, name in members.items()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise _broken("zip", error) from error
    declared = parts.pop(".cpg", io.BytesIO()).read().decode("ascii", "replace").strip()
    last: Exception | None = None
    # Attribute tables of Chinese survey offices are GBK more often than UTF-8, and seldom say which.
    for encoding in ([declared] if declared else []) + ["utf-8", "gb18030"]:
        for part in parts.values():
            part.seek(0)
        try:
            with shapefile.Reader(
                shp=parts[".shp"], dbf=parts[".dbf"], shx=parts.get(".shx"), encoding=encoding
            ) as reader:
                names = [str(field[0]) for field in reader.fields if field[0] != "DeletionFlag"]
                records = [list(record) for record in reader.iterRecords()]
                yield from _shapes(reader, names, records)
                return
        except (UnicodeDecodeError, LookupError, shapefile.dbfFileException) as error:
            last = error
        except (shapefile.ShapefileException, struct.error, ValueError, IndexError, OSError) as error:
            raise _broken("Shapefile", error) from error
    raise _broken("Shapefile", str(last))


def _members(archive: zipfile.ZipFile, layer: str | None) -> dict[str, str]:
    """Suffix → name in the zip of the one Shapefile (or the one called ``layer``)."""
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > UNPACKED_LIMIT:
        raise SurveyTooLarge(limit=f"{UNPACKED_LIMIT} B", size=f"{unpacked} B")
    names = [info.filename for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
    stems = [name[:-4] for name in names if name.lower().endswith(".shp")]
    stems = [stem for stem in stems if layer is None or stem.rsplit("/", 1)[-1] == layer]
    if len(stems) != 1:
        raise _layers("Shapefile", [name for name in names if name.lower().endswith(".shp")])
    found = {name[len(stems[0]) :].lower(): name for name in names if name[: len(stems[0])] == stems[0]}
    if ".dbf" not in found:
        raise SurveyUnreadable(reason_zh="zip 中缺少 .dbf 文件", reason_en="the zip lacks the .dbf file")
    return {suffix: name for suffix, name in found.items() if suffix in (".shp", ".dbf", ".shx", ".cpg")}


def _layers(what: str, found: list[str]) -> SurveyUnreadable:
    names = "、".join(found[:20]) or "—"
    return SurveyUnreadable(
        reason_zh=f"请指定唯一的图层,{what} 中有:{names}", reason_en=f"name one layer; the {what} has: {names}"
    )


def _shapes(reader: shapefile.Reader, names: list[str], records: list[list[object]]) -> Iterator[SurveyRow]:
    for row, record in enumerate(records, 1):
        values = {name: _text(value) for name, value in zip(names, record, strict=False)}
        try:
            shape = reader.shape(row - 1)
            geometry = None if shape is None else shapely.geometry.shape(shape.__geo_interface__)
        except _SHAPE_FAULTS as error:
            yield SurveyRow(row, values, None, str(error)[:200])
            continue
        missing = geometry is None or geometry.is_empty
        yield SurveyRow(row, values, None if missing else geometry, "no geometry" if missing else "")


def _geopackage(path: Path, layer: str | None) -> Iterator[SurveyRow]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as package:
            package.execute("pragma trusted_schema = off")
            layers = package.execute(
                "select c.table_name, g.column_name from gpkg_contents c"
                " join gpkg_geometry_columns g on g.table_name = c.table_name where c.data_type = 'features'"
            ).fetchall()
            layers = [found for found in layers if layer is None or found[0] == layer]
            if len(layers) != 1:
                raise _layers("GeoPackage", [str(name) for name, _ in layers])
            table, column = (str(name).replace('"', '""') for name in layers[0])
            cursor = package.execute(f'select * from "{table}"')
            names = [str(item[0]) for item in cursor.description]
            at = names.index(column)
            for row, record in enumerate(cursor, 1):
                values = {
                    name: _text(value) for i, (name, value) in enumerate(zip(names, record, strict=True)) if i != at
                }
                yield _geopackage_row(row, values, record[at])
    except (sqlite3.Error, ValueError) as error:
        raise _broken("GeoPackage", error) from error


def _geopackage_row(row: int, values: dict[str, str], blob: object) -> SurveyRow:
    """OGC 12-128: "GP", version, flags (bits 1–3 envelope, bit 4 empty), srs id, envelope, then well-known binary."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return SurveyRow(row, values, None, "no GeoPackage geometry")
    envelope = _GEOPACKAGE_ENVELOPES.get(blob[3] >> 1 & 0b111)
    if envelope is None or blob[3] & 0b10000:
        return SurveyRow(row, values, None, "empty geometry")
    try:
        return SurveyRow(row, values, shapely.from_wkb(blob[8 + envelope :]))
    except GEOSException as error:
        return SurveyRow(row, values, None, str(error)[:200])
