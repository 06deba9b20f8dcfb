"""The verbs of geo: the only file that other engines call (with ``Location``, ``Locator`` and the tile builders).

Writing verbs take the caller's ``connection`` first and run in its transaction: rows, version and journal entry commit
together. After the commit, :meth:`GeoService.refresh` brings this process's locator up to date; other processes see
the new version when they ask next (at the latest at their next poll). Degrees are CGCS2000, longitude before latitude.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo import place_store, store
from yiwang.geo.city_grid import GENERATED_SOURCE, CityGrid, digest, make_city_grid
from yiwang.geo.coordinates import check_degrees
from yiwang.geo.divisions import Level, area_code, is_valid
from yiwang.geo.errors import BoundaryUnusable, GridsAlreadyCoded, UnknownArea
from yiwang.geo.grids import check_boundary
from yiwang.geo.locator import Location, Locations, Locator, Snapshot
from yiwang.geo.model import (
    Area,
    AreaDraft,
    CityGridPlan,
    CityGridReport,
    DivisionName,
    GridRules,
    ImportReport,
    NearPlace,
    Place,
    PlaceDraft,
    Provenance,
    ResponsibilityGrid,
    ResponsibilityGridDraft,
    Survey,
)
from yiwang.geo.survey import CheckedRow, Fields, check_areas, check_responsibility_grids
from yiwang.geo.survey_files import read_survey
from yiwang.geo.tiles import PointLayer, Tile, area_tile, point_tile_query
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject

__all__ = [
    "AreaDraft",
    "CityGridPlan",
    "CityGridReport",
    "DivisionName",
    "Fields",
    "GeoService",
    "GridRules",
    "ImportReport",
    "Location",
    "Locations",
    "Locator",
    "NearPlace",
    "PlaceDraft",
    "PointLayer",
    "Provenance",
    "Survey",
    "Tile",
    "point_tile_query",
]

PARENT_LEVELS = (Level.PROVINCE, Level.CITY, Level.DISTRICT, Level.STREET, Level.COMMUNITY)
NEAR_METRES = 5000.0
_COMPASS_ZH = ("北侧", "东北", "东侧", "东南", "南侧", "西南", "西侧", "西北")
_COMPASS_EN = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_ELLIPSOID = pyproj.Geod(ellps="GRS80")


class GeoService:
    """One for each process; holds the locator."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.locator = Locator()

    async def refresh(self) -> bool:
        """Load the areas into the locator if the stored version is another one; returns whether it was."""
        async with self._context.database.connection() as connection:
            if await store.read_version(connection) == self.locator.version:
                return False
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                loaded = await store.load_snapshot(connection)
        self.locator.replace(await asyncio.to_thread(Snapshot, *loaded))
        return True

    async def import_areas(
        self, connection: Connection, actor: Actor, drafts: Sequence[AreaDraft], provenance: Provenance
    ) -> int:
        """Insert or update areas that the caller vouches for; returns how many really changed (0: nothing is
        journalled).

        Raises:
            InvalidDivisionCode: a wrong code. BoundaryUnusable: a geometry that is not a valid area in degrees.
        """
        for draft in drafts:
            if draft.geometry is not None:
                check_boundary(draft.code, draft.geometry)
        changed = await store.write_areas(connection, drafts, provenance)
        if changed:
            data: JsonObject = {"areas": changed, "source": provenance.source, "crs": provenance.crs}
            await self._changed(connection, actor, "area.imported", _common_prefix([d.code for d in drafts]), data)
        return changed

    async def import_survey(
        self,
        connection: Connection,
        actor: Actor,
        path: Path,
        provenance: Provenance,
        *,
        fields: Fields | None = None,
        layer: str | None = None,
    ) -> ImportReport:
        """Import areas of any level, unit grids included, from GeoJSON, Shapefile (zip) or GeoPackage.

        Good rows are stored, bad ones reported by row. Coordinates are those of ``provenance.crs``.

        Raises:
            SurveyUnreadable, SurveyTooLarge: the file as a whole. UnknownCoordinateSystem, DatumNeedsParameters: its
            crs.
        """
        known = await store.read_geometries(connection, levels=PARENT_LEVELS)
        parents = {code: geometry for code, (_, geometry, _) in known.items()}

        def check() -> tuple[list[AreaDraft], ImportReport]:
            rows, problems, count = check_areas(
                read_survey(path, layer=layer), crs=provenance.crs, fields=fields, known=parents
            )
            drafts = [AreaDraft(row.code, row.name_zh, row.geometry, row.name_en) for row in rows]
            return drafts, ImportReport(count, len(rows), tuple(problems))

        drafts, report = await asyncio.to_thread(check)
        changed = await self.import_areas(connection, actor, drafts, provenance) if drafts else 0
        return dataclasses.replace(report, changed=changed)

    async def import_responsibility_grids(
        self,
        connection: Connection,
        actor: Actor,
        path: Path,
        provenance: Provenance,
        *,
        fields: Fields | None = None,
        layer: str | None = None,
    ) -> ImportReport:
        """Import responsibility grids from a survey file; a stored unit grid belongs to the one that holds its centre.

        Raises: as :meth:`import_survey`.
        """
        known = await store.read_geometries(connection, levels=(Level.COMMUNITY,))
        parents = {code: geometry for code, (_, geometry, _) in known.items()}

        def check() -> tuple[list[CheckedRow], ImportReport]:
            rows, problems, count = check_responsibility_grids(
                read_survey(path, layer=layer), crs=provenance.crs, fields=fields, known=parents
            )
            return rows, ImportReport(count, len(rows), tuple(problems))

        rows, report = await asyncio.to_thread(check)
        members = await self._unit_grids_within(connection, rows)
        drafts = [
            ResponsibilityGridDraft(
                row.code, row.name_zh, row.code[:12], row.geometry, members.get(row.code, ()), row.name_en
            )
            for row in rows
        ]
        changed = await store.write_responsibility_grids(connection, drafts, provenance) if drafts else 0
        if changed:
            data: JsonObject = {"grids": changed, "source": provenance.source, "crs": provenance.crs}
            scope = _common_prefix([draft.community for draft in drafts])
            await self._changed(connection, actor, "responsibility_grid.imported", scope, data)
        return dataclasses.replace(report, changed=changed)

    async def _unit_grids_within(
        self, connection: Connection, rows: Sequence[CheckedRow]
    ) -> dict[str, tuple[str, ...]]:
        """Responsibility grid code → codes of the unit grids whose inner point it holds."""
        members: dict[str, list[str]] = {}
        if not rows:
            return {}
        units = await store.read_centres(connection, sorted({row.code[:12] for row in rows}))
        finder = Snapshot([], [], [(row.code, (), shapely.to_wkb(row.geometry)) for row in rows])
        found = finder.responsibility_of([x for _, x, _ in units], [y for _, _, y in units])
        for (code, _, _), grid in zip(units, found, strict=True):
            if grid is not None and code.startswith(grid[:12]):
                members.setdefault(grid, []).append(code)
        return {grid: tuple(codes) for grid, codes in members.items()}

    async def generate_city_grid(
        self, connection: Connection, actor: Actor, plan: CityGridPlan, *, replace: bool = False
    ) -> CityGridReport:
        """Divisions, unit grids and responsibility grids for an area without a survey, around what was surveyed.

        The same plan again does nothing. Generated rows carry ``survey = 示意``. ``replace`` permits new codes for
        unit grids that were generated before (surveyed ones always stay).

        Raises:
            BoundaryUnusable: no boundary given or stored, or it cannot be used. InvalidDivisionCode: in the list.
            GridDoesNotFit: see ``grids``. GridsAlreadyCoded: other unit grids stand there and ``replace`` is false.
        """
        area = area_code(plan.area)
        if plan.boundary is not None:
            origin = plan.boundary_source or Provenance("city folder", code_system=plan.code_system)
            await self.import_areas(
                connection, actor, [AreaDraft(area, plan.name_zh, plan.boundary, plan.name_en)], origin
            )
        boundary = await store.read_geometry(connection, area)
        if boundary is None:
            raise BoundaryUnusable(area=area, reason="neither given nor stored")
        listed = {area_code(division.code) for division in plan.divisions}
        measured = await self._measured(connection, area, listed)
        skip = await store.communities_with_surveyed_grids(connection, area)
        fingerprint = digest(plan, boundary, measured, skip)
        newest = await store.newest_import(connection, "area.generated", area)
        if newest is not None and newest[0] == fingerprint:
            return _report_of(newest[1], unchanged=True)
        if not replace and await store.has_schematic_unit_grids(connection, area):
            raise GridsAlreadyCoded(area=area)
        grid = await asyncio.to_thread(make_city_grid, plan, boundary, measured, skip)
        report = await self._write_city_grid(connection, area, plan, grid)
        await self._changed(connection, actor, "area.generated", area, report)
        at = self._context.clock.now()
        await store.record_import(
            connection,
            at=at,
            verb="area.generated",
            scope=area,
            digest=fingerprint,
            source=GENERATED_SOURCE,
            report=report,
        )
        return _report_of(report, unchanged=False)

    async def _measured(self, connection: Connection, area: str, listed: set[str]) -> dict[str, BaseGeometry]:
        """Surveyed geometry within ``area``: of listed divisions, and of districts that hold some of them."""
        levels = (Level.DISTRICT, Level.STREET, Level.COMMUNITY)
        stored = await store.read_geometries(connection, area, levels=levels)
        above = listed | {code[:6] for code in listed}
        return {
            code: shape
            for code, (_, shape, survey) in stored.items()
            if shape is not None and survey is Survey.MEASURED and code in above and code != area
        }

    async def _write_city_grid(
        self, connection: Connection, area: str, plan: CityGridPlan, grid: CityGrid
    ) -> JsonObject:
        origin = Provenance(GENERATED_SOURCE, code_system=plan.code_system, survey=Survey.SCHEMATIC)
        await store.delete_schematic_grids(connection, area)
        await store.write_areas(connection, [*grid.divisions, *grid.unit_grids], origin)
        await store.write_responsibility_grids(connection, grid.responsibility_grids, origin)
        larger: JsonObject = dict(grid.report.larger_cells)
        return {
            "streets": sum(len(draft.code) == 9 for draft in grid.divisions),
            "communities": sum(len(draft.code) == 12 for draft in grid.divisions),
            "unit_grids": len(grid.unit_grids),
            "responsibility_grids": len(grid.responsibility_grids),
            "merged_slivers": grid.report.merged_slivers,
            "larger_cells": larger,
        }

    async def import_places(
        self, connection: Connection, actor: Actor, source: str, drafts: Sequence[PlaceDraft]
    ) -> int:
        """Insert or update the named places of a source; returns how many really changed.

        Raises:
            ImpossibleCoordinates: a place that is not in degrees.
        """
        for draft in drafts:
            check_degrees(draft.longitude, draft.latitude)
        if not drafts:
            return 0
        changed = await place_store.write_places(connection, source, drafts)
        if changed:
            data: JsonObject = {"places": changed, "source": source}
            at = self._context.clock.now()
            await journal.append(connection, journal.entry(actor, at, "place.imported", "place", None, data=data))
        return changed

    async def areas(self, parent: str | None = None, *, after: str = "", limit: int = 200) -> list[Area]:
        """The areas directly below ``parent`` (None: the top ones) by code, at most ``limit`` beyond the code
        ``after``."""
        async with self._context.database.connection() as connection:
            return await store.read_children(connection, parent, after=after, limit=limit)

    async def area(self, code: str) -> Area:
        """One area. Raises UnknownArea."""
        async with self._context.database.connection() as connection:
            found = await store.read_area(connection, area_code(code)) if is_valid(code) else None
        if found is None:
            raise UnknownArea(area=code)
        return found

    async def geometry(self, code: str) -> BaseGeometry | None:
        """The geometry of an area or responsibility grid in CGCS2000 degrees, None where there is none."""
        async with self._context.database.connection() as connection:
            return await store.read_geometry(connection, code)

    async def geojson(self, code: str) -> str | None:
        """The geometry of an area as GeoJSON text (CGCS2000, 7 decimals: 1 cm), None where there is none."""
        async with self._context.database.connection() as connection:
            return await store.read_geojson(connection, code)

    async def area_tile(self, tile: Tile) -> bytes:
        """The vector tile of the areas, see ``tiles``."""
        async with self._context.database.connection() as connection:
            return await area_tile(connection, tile)

    async def responsibility_grids(
        self, community: str, *, after: str = "", limit: int = 200
    ) -> list[ResponsibilityGrid]:
        """The responsibility grids of a community by code."""
        async with self._context.database.connection() as connection:
            return await store.read_responsibility_grids(connection, community, after=after, limit=limit)

    async def search_places(self, text: str, *, limit: int = 20) -> list[Place]:
        """Named places and areas whose name holds ``text``, the best first."""
        async with self._context.database.connection() as connection:
            found = await place_store.search_places(connection, text, limit)
        return [self._with_area(place) for place in found]

    def _with_area(self, place: Place) -> Place:
        location = None if place.area else self.locator.locate(place.longitude, place.latitude)
        return place if location is None else dataclasses.replace(place, area=location.area_code)

    async def nearest_place(
        self, longitude: float, latitude: float, *, metres: float = NEAR_METRES
    ) -> NearPlace | None:
        """The nearest named place within ``metres``, for words like 学府工业区东北约200米; None where there is none.

        Raises:
            ImpossibleCoordinates: not degrees.
        """
        check_degrees(longitude, latitude)
        north = metres / 110_574.0
        east = north / max(float(np.cos(np.radians(latitude))), 0.01)
        async with self._context.database.connection() as connection:
            found = await place_store.nearest_place(connection, longitude, latitude, (east, north))
        if found is None or found[1] > metres:
            return None
        place, away = found
        azimuth = _ELLIPSOID.inv(place.longitude, place.latitude, longitude, latitude)[0]
        point = round(float(azimuth) / 45.0) % 8
        return NearPlace(self._with_area(place), away, _COMPASS_ZH[point], _COMPASS_EN[point])

    async def _changed(self, connection: Connection, actor: Actor, verb: str, area: str, data: JsonObject) -> None:
        """Raise the version and journal what was done to the areas below ``area``."""
        version = await store.raise_version(connection)
        entry = journal.entry(
            actor, self._context.clock.now(), verb, "area", None, area=area, data={**data, "version": version}
        )
        await journal.append(connection, entry)


def _common_prefix(codes: Sequence[str]) -> str:
    """The finest area that holds all codes, "" if none does."""
    low, high = min(codes), max(codes)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return next((low[:digits] for digits in (15, 12, 9, 6, 4, 2) if digits <= same), "")


def _report_of(report: JsonObject, *, unchanged: bool) -> CityGridReport:
    def count(name: str) -> int:
        value = report.get(name)
        return value if isinstance(value, int) else 0

    larger = report.get("larger_cells")
    sizes = {code: size for code, size in larger.items() if isinstance(size, int)} if isinstance(larger, dict) else {}
    return CityGridReport(
        count("streets"),
        count("communities"),
        count("unit_grids"),
        count("responsibility_grids"),
        count("merged_slivers"),
        sizes,
        unchanged,
    )
