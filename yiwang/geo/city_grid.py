"""Makes the divisions and grids of a city that was not surveyed, around whatever was surveyed. Pure: no database.

Promises: surveyed geometry is kept as it is; what is missing is filled with schematic areas (示意) that do not overlap
it; communities whose unit grids were surveyed are not cut again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo.divisions import Level, area_code, parent, parse
from yiwang.geo.errors import BoundaryUnusable
from yiwang.geo.grids import GridReport, UnitGrid, generate_responsibility_grids, generate_unit_grids
from yiwang.geo.model import AreaDraft, CityGridPlan, DivisionName, ResponsibilityGridDraft
from yiwang.geo.schematic import generate_communities

GENERATED_SOURCE = "generated"
_NEGLIGIBLE_SHARE = 1e-6
_NAME = 70
"""Characters of a community's name that go into the names of its grids, which may have 100."""


@dataclass(frozen=True, slots=True)
class CityGrid:
    """Rows to be written: divisions (geometry None where a surveyed one stands), unit grids, responsibility grids."""

    divisions: list[AreaDraft]
    unit_grids: list[AreaDraft]
    responsibility_grids: list[ResponsibilityGridDraft]
    report: GridReport


def digest(
    plan: CityGridPlan, boundary: BaseGeometry, measured: Mapping[str, BaseGeometry], skip: Sequence[str]
) -> str:
    """A fingerprint of everything that :func:`make_city_grid` depends on, in hexadecimal."""
    sha = hashlib.sha256(b"city grid 1")
    sha.update(repr(replace(plan, boundary=None)).encode())
    for code, geometry in sorted([("", boundary), *measured.items()], key=lambda item: item[0]):
        sha.update(code.encode() + shapely.to_wkb(geometry))
    sha.update(repr(sorted(skip)).encode())
    return sha.hexdigest()


def make_city_grid(
    plan: CityGridPlan, boundary: BaseGeometry, measured: Mapping[str, BaseGeometry], skip: Sequence[str] = ()
) -> CityGrid:
    """Divisions, unit grids and responsibility grids for a plan.

    Args:
        boundary: of ``plan.area``, CGCS2000 degrees.
        measured: surveyed geometry by code: of listed divisions, and of districts between them and ``plan.area``.
        skip: communities whose unit grids were surveyed.

    Raises:
        BoundaryUnusable, InvalidDivisionCode, GridDoesNotFit: see ``schematic`` and ``grids``.
    """
    names = {area_code(division.code): division for division in plan.divisions}
    shapes = _fill(area_code(plan.area), boundary, {*names, *measured}, names, measured)
    divisions = [
        AreaDraft(code, name.name_zh, None if code in measured else shapes[code], name.name_en)
        for code, name in sorted(names.items())
    ]
    shapes |= {code: measured[code] for code in names if code in measured}
    communities = [code for code in sorted(names) if parse(code).level is Level.COMMUNITY]
    cut = [code for code in communities if code not in set(skip) and code.startswith(plan.unit_grid_areas)]
    cells, report = generate_unit_grids([(code, shapes[code]) for code in cut], plan.rules)
    unit_grids = [
        AreaDraft(
            cell.code,
            f"{names[cell.community].name_zh[:_NAME]}{cell.code[-3:]}号网格",
            cell.geometry,
            f"{names[cell.community].name_en[:_NAME]} unit grid {cell.code[-3:]}".strip(),
        )
        for cell in cells
    ]
    grids = _responsibility_grids(plan, names, communities, shapes, cells)
    return CityGrid(divisions, unit_grids, grids, report)


def _fill(
    area: str,
    ground: BaseGeometry,
    codes: Collection[str],
    names: Mapping[str, DivisionName],
    measured: Mapping[str, BaseGeometry],
) -> dict[str, BaseGeometry]:
    """Schematic shapes for all of the codes below ``area`` that were not surveyed."""
    below = sorted(code for code in codes if code.startswith(area) and code != area)
    tops = [code for code in below if not any(above in codes for above in _between(code, area))]
    surveyed = [code for code in tops if code in measured]
    free = [code for code in below if not code.startswith(tuple(surveyed))]
    stray = next((code for code in free if code in measured), None)
    if stray is not None:
        raise BoundaryUnusable(area=stray, reason=f"it was surveyed but the area above it ({parent(stray)}) was not")
    shapes: dict[str, BaseGeometry] = {}
    if free:
        rest = (
            shapely.difference(ground, shapely.union_all([measured[code] for code in surveyed])) if surveyed else ground
        )
        if shapely.area(rest) <= _NEGLIGIBLE_SHARE * shapely.area(ground):
            raise BoundaryUnusable(area=min(free), reason="surveyed neighbours leave no ground for it")
        seats = {code: seat for code in free if (seat := names[code].seat) is not None}
        shapes |= generate_communities(rest, [(names[code].name_zh, code) for code in free], within=area, seats=seats)
    for code in surveyed:
        shapes |= _fill(code, measured[code], codes, names, measured)
    return shapes


def _between(code: str, area: str) -> list[str]:
    """The codes above ``code`` and below ``area``."""
    codes: list[str] = []
    above = parent(code)
    while above is not None and above != area and above.startswith(area):
        codes.append(above)
        above = parent(above)
    return codes


def _responsibility_grids(
    plan: CityGridPlan,
    names: Mapping[str, DivisionName],
    communities: Sequence[str],
    shapes: Mapping[str, BaseGeometry],
    cells: Sequence[UnitGrid],
) -> list[ResponsibilityGridDraft]:
    """Groups of unit grids where the plan asks for them, elsewhere one for each community."""
    grouped = generate_responsibility_grids(
        [cell for cell in cells if cell.community.startswith(plan.responsibility_grid_areas)], plan.rules
    )
    drafts = [
        ResponsibilityGridDraft(
            group.code,
            f"{names[group.community].name_zh[:_NAME]}第{int(group.code[13:])}责任网格",
            group.community,
            group.geometry,
            group.unit_grids,
            f"{names[group.community].name_en[:_NAME]} responsibility grid {int(group.code[13:])}".strip(),
        )
        for group in grouped
    ]
    if not plan.elsewhere_per_community:
        return drafts
    members: dict[str, list[str]] = {}
    for cell in cells:
        members.setdefault(cell.community, []).append(cell.code)
    done = {group.community for group in grouped}
    return drafts + [
        ResponsibilityGridDraft(
            f"{code}R01",
            f"{names[code].name_zh[:_NAME]}责任网格",
            code,
            shapes[code],
            tuple(members.get(code, ())),
            f"{names[code].name_en[:_NAME]} responsibility grid".strip(),
        )
        for code in communities
        if code not in done
    ]
