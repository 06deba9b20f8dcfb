"""Writes survey files of each format, for the tests of import."""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import orjson
import shapefile
import shapely
from shapely.geometry.base import BaseGeometry

Feature = tuple[dict[str, object], BaseGeometry | None]


def write_geojson(path: Path, features: Sequence[Feature]) -> Path:
    items = [
        {
            "type": "Feature",
            "properties": values,
            "geometry": None if shape is None else orjson.loads(shapely.to_geojson(shape)),
        }
        for values, shape in features
    ]
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": items}))
    return path


def write_shapefile(path: Path, features: Sequence[Feature], *, encoding: str = "utf-8", declare: bool = True) -> Path:
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, encoding=encoding, shapeType=shapefile.POLYGON) as writer:
        for name in features[0][0]:
            writer.field(name, "C", size=80)
        for values, shape in features:
            writer.record(*[str(value) for value in values.values()])
            writer.shape(shapely.geometry.mapping(shape)) if shape is not None else writer.null()
    with zipfile.ZipFile(path, "w") as archive:
        for suffix, data in ((".shp", shp), (".shx", shx), (".dbf", dbf)):
            archive.writestr(f"survey/grids{suffix}", data.getvalue())
        if declare:
            archive.writestr("survey/grids.cpg", encoding)
    return path


def write_geopackage(path: Path, features: Sequence[Feature], *, table: str = "grids", envelope: bool = True) -> Path:
    names = list(features[0][0])
    with sqlite3.connect(path) as package:
        package.executescript(
            "create table if not exists gpkg_contents (table_name text, data_type text);"
            "create table if not exists gpkg_geometry_columns (table_name text, column_name text);"
        )
        package.execute("insert into gpkg_contents values (?, 'features')", (table,))
        package.execute("insert into gpkg_geometry_columns values (?, 'geom')", (table,))
        quoted = '"' + table.replace('"', '""') + '"'
        package.execute(f"create table {quoted} (fid integer primary key, geom blob, {', '.join(names)})")
        for values, shape in features:
            blob = None
            if shape is not None:
                head = b"GP\x00" + bytes([0b0000_0011 if envelope else 0b0000_0001]) + struct.pack("<i", 4490)
                west, south, east, north = shape.bounds
                box = struct.pack("<4d", west, east, south, north) if envelope else b""
                blob = head + box + shapely.to_wkb(shape)
            marks = ", ".join("?" for _ in names)
            package.execute(f"insert into {quoted} values (null, ?, {marks})", (blob, *values.values()))
    package.close()
    return path
