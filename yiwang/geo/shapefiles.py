"""Reads a Shapefile in a zip, row by row; see :mod:`yiwang.geo.survey_files`, which brings it in when there is one."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import shapefile
import shapely
from shapely.errors import GEOSException

from yiwang.geo import survey_files
from yiwang.geo.errors import SurveyTooLarge, SurveyUnreadable
from yiwang.geo.survey_files import SurveyRow, ask_layer, broken, text_of

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


def shapefile_rows(path: Path, layer: str | None) -> Iterator[SurveyRow]:
    """The rows of the one Shapefile in the zip, or of the one called ``layer``.

    Raises:
        SurveyUnreadable, SurveyTooLarge: as ``read_survey``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, layer)
            parts = {suffix: io.BytesIO(archive.read(name)) for suffix, name in members.items()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise broken("zip", error) from error
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
            raise broken("Shapefile", error) from error
    raise broken("Shapefile", str(last))


def _members(archive: zipfile.ZipFile, layer: str | None) -> dict[str, str]:
    """Suffix → name in the zip of the one Shapefile (or the one called ``layer``)."""
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > survey_files.UNPACKED_LIMIT:
        raise SurveyTooLarge(limit=f"{survey_files.UNPACKED_LIMIT} B", size=f"{unpacked} B")
    names = [info.filename for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
    stems = [name[:-4] for name in names if name.lower().endswith(".shp")]
    stems = [stem for stem in stems if layer is None or stem.rsplit("/", 1)[-1] == layer]
    if len(stems) != 1:
        raise ask_layer("Shapefile", [name for name in names if name.lower().endswith(".shp")])
    found = {name[len(stems[0]) :].lower(): name for name in names if name[: len(stems[0])] == stems[0]}
    if ".dbf" not in found:
        raise SurveyUnreadable(reason_zh="zip 中缺少 .dbf 文件", reason_en="the zip lacks the .dbf file")
    return {suffix: name for suffix, name in found.items() if suffix in (".shp", ".dbf", ".shx", ".cpg")}


def _shapes(reader: shapefile.Reader, names: list[str], records: list[list[object]]) -> Iterator[SurveyRow]:
    for row, record in enumerate(records, 1):
        values = {name: text_of(value) for name, value in zip(names, record, strict=False)}
        try:
            shape = reader.shape(row - 1)
            geometry = None if shape is None else shapely.geometry.shape(shape.__geo_interface__)
        except _SHAPE_FAULTS as error:
            yield SurveyRow(row, values, None, str(error)[:200])
            continue
        missing = geometry is None or geometry.is_empty
        yield SurveyRow(row, values, None if missing else geometry, "no geometry" if missing else "")
