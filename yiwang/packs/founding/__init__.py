"""Founding a city (自带城市): a boundary file and a sheet of organisations become a city's folder, checked as any other.

Promises: the folder is written as a whole or not at all; what is wrong is told by file and line — for organisations by the
row of the sheet that they came from; nothing is published here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from yiwang.packs.check.cities import check_city
from yiwang.packs.findings import Finding, Findings, shown
from yiwang.packs.founding.files import areas_yaml, city_yaml, demo_accounts, organisations_yaml
from yiwang.packs.founding.model import STREET, BoundaryUnreadable, CityTaken, Founded, Office, SheetUnreadable, Wish
from yiwang.packs.founding.sheet import COLUMNS, KINDS, read_offices, unknown_words, words_of
from yiwang.packs.loader import load_city, load_pack, pack_folders

__all__ = [
    "COLUMNS",
    "KINDS",
    "BoundaryUnreadable",
    "CityTaken",
    "Founded",
    "SheetUnreadable",
    "Wish",
    "found_city",
]


def found_city(wish: Wish, boundary: bytes, sheet: Path, folder: Path, packs: Path) -> Founded:
    """Write the folder ``folder`` (its name is the city's id) in place of what was there, and check it.

    Raises:
        SheetUnreadable, BoundaryUnreadable: nothing is written then.
    """
    chosen = [
        pack for pack in (load_pack(packs / name, Findings()) for name in wish.packs if _is_pack(packs, name)) if pack
    ]
    words = words_of(chosen)
    offices = read_offices(sheet, words)
    document, streets_surveyed = read_boundary_file(boundary, wish.division)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / folder.name
        (made / "areas").mkdir(parents=True)
        (made / "areas" / "boundary.geojson").write_bytes(document)
        (made / "organisations.yaml").write_text(organisations_yaml(offices, wish), "utf-8")
        accounts = demo_accounts(offices, wish) if wish.password else []  # after the administrators have their posts
        streets, communities, areas = areas_yaml(offices, wish, surveyed_streets=streets_surveyed)
        (made / "areas" / "areas.yaml").write_text(areas, "utf-8")
        (made / "city.yaml").write_text(city_yaml(wish, accounts), "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    findings = Findings()
    findings.extend(unknown_words(offices, words, sheet.name))
    if not findings.errors:  # else the same would be told again, of files that nobody has written by hand
        city = load_city(folder, packs, findings)
        if city is not None and not findings.errors:
            check_city(city, findings)
    return Founded(
        folder,
        tuple(_told_by_row(item, offices, folder, sheet.name) for item in findings.sorted()),
        len(offices),
        sum(len(office.posts) for office in offices),
        streets,
        communities,
        len(accounts),
    )


def _is_pack(packs: Path, name: str) -> bool:
    return name in {path.name for path in pack_folders(packs)}


def read_boundary_file(content: bytes, division: str) -> tuple[bytes, bool]:
    """The boundary as GeoJSON, and whether its features are the surveyed streets (each with a code of 9 digits).

    Raises:
        BoundaryUnreadable.
    """
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BoundaryUnreadable(reason_zh="不是 JSON", reason_en="it is no JSON") from error
    if not isinstance(document, dict) or document.get("type") not in (
        "Feature", "FeatureCollection", "Polygon", "MultiPolygon",
    ):  # fmt: skip
        raise BoundaryUnreadable(reason_zh="不是 GeoJSON 多边形", reason_en="it holds no GeoJSON polygon")
    if document["type"] in ("Polygon", "MultiPolygon"):
        document = {"type": "Feature", "properties": {}, "geometry": document}
    features = document.get("features", []) if document["type"] == "FeatureCollection" else [document]
    if not features or not all(isinstance(item, dict) and isinstance(item.get("geometry"), dict) for item in features):
        raise BoundaryUnreadable(reason_zh="没有图形", reason_en="it holds no shapes")
    codes = [str((item.get("properties") or {}).get("code", "")) for item in features]
    streets = len(codes) > 1 and all(len(code) == STREET and code.startswith(division) for code in codes)
    return orjson.dumps(document), streets


def _told_by_row(item: Finding, offices: Sequence[Office], folder: Path, sheet: str) -> Finding:
    """A finding about organisations.yaml, told of the sheet's row instead; all others by their place in the city's folder."""
    if item.file == shown(folder / "organisations.yaml"):
        above = [office for office in offices if 0 < office.line <= item.line]
        if above:
            return replace(item, file=sheet, line=max(above, key=lambda office: office.line).row, column=1)
    for path in _files(folder):
        if item.file == shown(path):
            return replace(item, file=path.relative_to(folder).as_posix())
    return item


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
