"""Reads survey files: GeoJSON, Shapefile (in a zip) and GeoPackage, row by row.

Promises: a row that cannot be read is delivered with its fault and costs no other row; files are bounded in bytes, rows
and unpacked size before they are read; nothing in a file is executed or followed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from yiwang.geo.errors import SurveyTooLarge, SurveyUnreadable

FILE_LIMIT = 512 * 2**20
ROW_LIMIT = 1_000_000
UNPACKED_LIMIT = 2 * 2**30
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


def broken(what: str, error: Exception | str) -> SurveyUnreadable:
    return SurveyUnreadable(reason_zh=f"{what} 已损坏({error})", reason_en=f"the {what} is broken ({error})")


def text_of(value: object) -> str:
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
        raise broken("GeoJSON", error) from error
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
        values = {str(k): text_of(v) for k, v in properties.items()} if isinstance(properties, dict) else {}
        geometry = feature.get("geometry")
        if not isinstance(geometry, dict):
            yield SurveyRow(row, values, None, "no geometry")
            continue
        try:
            yield SurveyRow(row, values, shapely.from_geojson(orjson.dumps(geometry).decode()))
        except (GEOSException, orjson.JSONEncodeError) as error:
            yield SurveyRow(row, values, None, str(error)[:200])


def _shapefile(path: Path, layer: str | None) -> Iterator[SurveyRow]:
    from yiwang.geo.shapefiles import shapefile_rows  # its library weighs 9 MB in every process that never reads one

    return shapefile_rows(path, layer)


def ask_layer(what: str, found: list[str]) -> SurveyUnreadable:
    names = "、".join(found[:20]) or "—"
    return SurveyUnreadable(
        reason_zh=f"请指定唯一的图层,{what} 中有:{names}", reason_en=f"name one layer; the {what} has: {names}"
    )


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
                raise ask_layer("GeoPackage", [str(name) for name, _ in layers])
            table, column = (str(name).replace('"', '""') for name in layers[0])
            cursor = package.execute(f'select * from "{table}"')
            names = [str(item[0]) for item in cursor.description]
            at = names.index(column)
            for row, record in enumerate(cursor, 1):
                values = {
                    name: text_of(value) for i, (name, value) in enumerate(zip(names, record, strict=True)) if i != at
                }
                yield _geopackage_row(row, values, record[at])
    except (sqlite3.Error, ValueError) as error:
        raise broken("GeoPackage", error) from error


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
