"""A city's ``areas/`` folder as geo wants it: surveys are imported, what nobody surveyed is generated and marked 示意."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from yiwang.geo.model import (
    Area,
    CityGridPlan,
    DivisionName,
    GridRules,
    ImportReport,
    PlaceDraft,
    Provenance,
    ResponsibilityGrid,
    Survey,
)
from yiwang.geo.service import GeoService
from yiwang.geo.survey_files import read_survey
from yiwang.identity.declarations import Names, PlacedPostDeclaration
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import FieldError
from yiwang.packs.areas import grid_posts_declared, listed_areas, read_boundary
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import City
from yiwang.packs.model.city import AreasFile


@dataclass(frozen=True, slots=True)
class AreasInstalled:
    """What was done in words, whether anything changed, and the rows of surveys that could not be taken."""

    zh: str
    en: str
    changed: bool
    problems: tuple[FieldError, ...] = ()


async def install_areas(geo: GeoService, connection: Connection, city: City) -> AreasInstalled:
    """Boundary, divisions, unit grids and responsibility grids. Good rows of a survey are taken, bad ones told.

    Raises:
        BoundaryUnusable, SurveyUnreadable and their like: see :class:`GeoService`.
    """
    if city.areas is None:
        return AreasInstalled("没有区域", "no areas", False)
    areas = city.areas.value
    origin = _origin(city, areas.boundary, areas.boundary_coordinates)
    divisions = _listed(city)
    changed = 0
    problems: list[FieldError] = []
    for level in ("streets", "communities", "unit_grids"):
        name = getattr(getattr(areas, level), "file", None)
        if name is None:
            continue
        path = city.folder / "areas" / name
        report = await geo.import_survey(connection, SYSTEM, path, _origin(city, name))
        changed += report.changed
        problems += _in_file(name, report)
        if level != "unit_grids":
            divisions += _surveyed(path, report)
    plan = CityGridPlan(
        area=city.file.value.division,
        name_zh=city.file.value.names.zh,
        name_en=city.file.value.names.en,
        divisions=tuple(divisions),
        boundary=read_boundary(city, Findings()),
        boundary_source=origin,
        rules=_rules(areas),
        unit_grid_areas=_unit_grid_areas(areas),
        responsibility_grid_areas=_responsibility_areas(areas),
        elsewhere_per_community=_elsewhere(areas),
        code_system=city.file.value.code_system,
    )
    made = await geo.generate_city_grid(connection, SYSTEM, plan, replace=True)
    grids = areas.responsibility_grids
    if grids is not None and grids.file is not None:
        path = city.folder / "areas" / grids.file
        report = await geo.import_responsibility_grids(connection, SYSTEM, path, _origin(city, grids.file))
        changed += report.changed
        problems += _in_file(grids.file, report)
    zh = f"{made.streets} 个街镇、{made.communities} 个社区、{made.unit_grids} 个单元网格、{made.responsibility_grids} 个责任网格"
    en = (
        f"{made.streets} streets, {made.communities} communities, {made.unit_grids} unit grids, "
        f"{made.responsibility_grids} responsibility grids"
    )
    if problems:
        zh, en = f"{zh};{len(problems)} 处未采用", f"{en}; {len(problems)} faults in the surveys"
    return AreasInstalled(zh, en, changed > 0 or not made.unchanged, tuple(problems))


def _surveyed(path: Path, report: ImportReport) -> Iterator[DivisionName]:
    """The divisions of a survey without the rows that were refused."""
    refused = {problem.where.partition(",")[0] for problem in report.problems}
    for row in read_survey(path):
        code = row.values.get("code")
        if code and f"row {row.row}" not in refused:
            yield DivisionName(code, row.values.get("name", code))


def _in_file(name: str, report: ImportReport) -> Iterator[FieldError]:
    """The refusals of a survey with the file that they stand in."""
    for problem in report.problems:
        yield problem.model_copy(update={"where": f"areas/{name}: {problem.where}"})


async def install_places(geo: GeoService, connection: Connection, city: City) -> int:
    """The named places of city.yaml, for words such as 学校门口东侧约80米; how many changed."""
    drafts = [
        PlaceDraft(key, place.names.zh, "landmark", place.at[0], place.at[1])
        for key, place in city.file.value.places.items()
    ]
    return await geo.import_places(connection, SYSTEM, f"city {city.id}", drafts)


async def grid_posts(geo: GeoService, city: City, post: str) -> list[PlacedPostDeclaration]:
    """A post of this kind for every responsibility grid that has none, in the finest organisation that has such posts.

    Areas must be committed already.
    """
    holders = grid_posts_declared(city, post)
    posts: list[PlacedPostDeclaration] = []
    async for grid in _all_grids(geo, city.file.value.division):
        office = holders.office_for(grid.code)
        if office is None or grid.code in holders.areas:
            continue
        posts.append(
            PlacedPostDeclaration(
                organisation=office,
                code=post,
                area=grid.code,
                names=Names(zh=f"{grid.name_zh}网格员", en=f"Grid worker of {grid.name_en or grid.code}"),
            )
        )
    return posts


async def _all_grids(geo: GeoService, division: str) -> AsyncIterator[ResponsibilityGrid]:
    async for street in _children(geo, division):
        async for community in _children(geo, street.code):
            after = ""
            while page := await geo.responsibility_grids(community.code, after=after):
                for grid in page:
                    yield grid
                after = page[-1].code


async def _children(geo: GeoService, parent: str) -> AsyncIterator[Area]:
    after = ""
    while page := await geo.areas(parent, after=after):
        for area in page:
            yield area
        after = page[-1].code


def _origin(city: City, name: str, crs: str | None = None) -> Provenance:
    surveyed = city.areas is not None and city.areas.value.surveyed
    return Provenance(
        source=f"{city.id}/areas/{name}",
        crs=crs or city.file.value.coordinates,
        code_system=city.file.value.code_system,
        survey=Survey.MEASURED if surveyed else Survey.SCHEMATIC,
    )


def _listed(city: City) -> list[DivisionName]:
    findings = Findings()
    return [
        DivisionName(item.code, item.name_zh, item.name_en, item.seat)
        for level in ("streets", "communities")
        for item in listed_areas(city, level, findings)
    ]


def _rules(areas: AreasFile) -> GridRules:
    unit, group = areas.unit_grids, areas.responsibility_grids
    return GridRules(
        cell_size=round(unit.generate.size) if unit and unit.generate else 100,
        cells_per_responsibility_grid=group.generate.unit_grids if group and group.generate else 40,
    )


def _unit_grid_areas(areas: AreasFile) -> tuple[str, ...]:
    if areas.unit_grids is None or areas.unit_grids.generate is None:
        return ()
    return tuple(areas.unit_grids.generate.areas) or ("",)


def _responsibility_areas(areas: AreasFile) -> tuple[str, ...]:
    grids = areas.responsibility_grids
    if grids is None or grids.generate is None:
        return ()
    return tuple(grids.generate.areas) or ("",)


def _elsewhere(areas: AreasFile) -> bool:
    grids = areas.responsibility_grids
    return grids is not None and grids.file is None and grids.elsewhere == "community"
