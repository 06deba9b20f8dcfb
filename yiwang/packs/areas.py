"""The files in a city's ``areas/`` folder: its boundary, its streets and communities as lists or CSV; and its grid posts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from yiwang.geo.coordinates import geometries_to_cgcs2000
from yiwang.kernel.errors import Problem
from yiwang.packs.findings import Findings, Place, shown
from yiwang.packs.loaded import City
from yiwang.packs.model.city import AreaLevel, OrganisationEntry, Point
from yiwang.packs.source import read_text


@dataclass(frozen=True, slots=True)
class ListedArea:
    """An area of a list, with its place in the file; ``seat`` as [lon, lat] in degrees."""

    code: str
    name_zh: str
    name_en: str
    seat: Point | None
    place: Place


def read_boundary(city: City, findings: Findings) -> BaseGeometry | None:
    """The city's own boundary in CGCS2000 degrees: the one feature of the file, or the union of several."""
    if city.areas is None:
        return None
    areas = city.areas.value
    place = city.areas.source.place(("boundary",))
    path = city.folder / "areas" / areas.boundary
    if not path.is_file():
        findings.add(place, "file.missing", name=f"areas/{areas.boundary}")
        return None
    crs = areas.boundary_coordinates or city.file.value.coordinates
    try:
        document = orjson.loads(path.read_bytes())
        features = document["features"] if document.get("type") == "FeatureCollection" else [document]
        shapes = [shapely.from_geojson(orjson.dumps(feature.get("geometry", feature)).decode()) for feature in features]
        shape = geometries_to_cgcs2000(np.array([shapely.union_all(shapes)], dtype=np.object_), crs)[0]
    except (orjson.JSONDecodeError, GEOSException, KeyError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())[:120]
        findings.add(place, "city.boundary", name=areas.boundary, reason_zh=reason, reason_en=reason)
        return None
    except Problem as problem:
        zh, en = problem.message("zh"), problem.message("en")
        findings.add(place, "city.boundary", name=areas.boundary, reason_zh=zh, reason_en=en)
        return None
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon) or shape.is_empty or not shape.is_valid:
        words = {"reason_zh": "不是有效的多边形", "reason_en": "no valid polygon"}
        findings.add(place, "city.boundary", name=areas.boundary, **words)
        return None
    return shape


def listed_areas(city: City, level: str, findings: Findings) -> list[ListedArea]:
    """The areas listed for ``streets`` or ``communities``, from areas.yaml itself or its CSV file."""
    if city.areas is None:
        return []
    declared: AreaLevel | None = getattr(city.areas.value, level)
    if declared is None or declared.list_ is None:
        return []
    if isinstance(declared.list_, str):
        return _listed_in_csv(city, level, declared.list_, findings)
    return [
        ListedArea(
            item.code, item.names.zh, item.names.en, item.seat, city.areas.source.place((level, "list", index, "code"))
        )
        for index, item in enumerate(declared.list_)
    ]


def _listed_in_csv(city: City, level: str, name: str, findings: Findings) -> list[ListedArea]:
    path = city.folder / "areas" / name
    if not path.is_file():
        if city.areas is not None:
            findings.add(city.areas.source.place((level, "list")), "file.missing", name=f"areas/{name}")
        return []
    text = read_text(path, findings)
    if text is None:
        return []
    file = shown(path)
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames is None or not {"code", "name"} <= set(reader.fieldnames):
        findings.add(Place(file), "city.csv_columns", columns=", ".join(reader.fieldnames or []) or "—")
        return []
    listed: list[ListedArea] = []
    for row in reader:
        place = Place(file, reader.line_num)
        code, zh = (row.get("code") or "").strip(), (row.get("name") or "").strip()
        if not code.isdigit() or not zh:
            findings.add(place, "city.csv_row", text=",".join(str(value) for value in row.values())[:60])
            continue
        listed.append(ListedArea(code, zh, (row.get("name_en") or "").strip(), None, place))
    return listed


GRID_POST = "grid-worker"
"""The kind of post (网格员) of which every responsibility grid gets one, where the packs know it."""


@dataclass(frozen=True, slots=True)
class GridPosts:
    """The posts of one kind that organisations.yaml declares, and which organisation a grid's own post goes to."""

    declared: tuple[tuple[str, str], ...]
    """(organisation, area) of each."""

    @property
    def areas(self) -> frozenset[str]:
        """Areas and grids that have a post already."""
        return frozenset(area for _, area in self.declared)

    def office_for(self, area: str) -> str | None:
        """The finest organisation with such posts whose area covers the grid or area."""
        fitting = [(len(own), code) for code, own in self.declared if area.startswith(own)]
        return max(fitting)[1] if fitting else None


def grid_posts_declared(city: City, post: str) -> GridPosts:
    """Every post of the kind in organisations.yaml, with the area that it works for."""
    found: list[tuple[str, str]] = []

    def collect(entries: Sequence[OrganisationEntry], area: str) -> None:
        for entry in entries:
            own = area if entry.area is None else entry.area
            for item in entry.posts:
                if isinstance(item, str) and item == post:
                    found.append((entry.code, own))
                elif not isinstance(item, str) and item.code == post:
                    found.append((entry.code, own if item.area is None else item.area))
            collect(entry.children, own)

    if city.organisations is not None:
        collect(city.organisations.value.organisations, city.file.value.division)
    return GridPosts(tuple(found))
