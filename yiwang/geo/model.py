"""The nouns of geo: areas, responsibility grids, places, and what an import says about its rows."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from shapely.geometry.base import BaseGeometry

from yiwang.geo.divisions import STATISTICAL_2023, Level
from yiwang.kernel.errors import FieldError


class Survey(enum.StrEnum):
    """Whether a geometry was surveyed or is only a schematic stand-in."""

    MEASURED = "measured"
    SCHEMATIC = "示意"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where rows come from: ``source`` in words, ``crs`` in which they were delivered, the code system of their
    codes."""

    source: str
    crs: str = "EPSG:4490"
    code_system: str = STATISTICAL_2023
    survey: Survey = Survey.MEASURED


@dataclass(frozen=True, slots=True)
class GridRules:
    """How to cut. Metres; ``least_share``: a piece below this share of a full cell joins its neighbour."""

    cell_size: int = 100
    least_share: float = 0.3
    cells_per_responsibility_grid: int = 40


@dataclass(frozen=True, slots=True)
class AreaDraft:
    """An area to be written. ``geometry``: Polygon or MultiPolygon in CGCS2000 degrees, None where unknown."""

    code: str
    name_zh: str
    geometry: BaseGeometry | None
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A stored area without its geometry; centroid (a point inside it) in CGCS2000 degrees."""

    code: str
    parent: str | None
    level: Level
    kind: str
    name_zh: str
    name_en: str
    longitude: float | None
    latitude: float | None
    survey: Survey | None
    source: str
    crs_source: str
    code_system: str
    children: int


@dataclass(frozen=True, slots=True)
class ResponsibilityGridDraft:
    """A responsibility grid (责任网格) to be written; without ``unit_grids`` it is located by its geometry alone."""

    code: str
    name_zh: str
    community: str
    geometry: BaseGeometry
    unit_grids: tuple[str, ...] = ()
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class ResponsibilityGrid:
    """A stored responsibility grid; ``unit_grids`` is how many unit grids it holds."""

    code: str
    community: str
    name_zh: str
    name_en: str
    unit_grids: int
    survey: Survey


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """A named place (地名) to be written: CGCS2000 degrees; ``key`` identifies it among its source's places."""

    key: str
    name: str
    kind: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Place:
    """A stored place with the finest area that holds it ("" outside every area).

    ``id`` is ``place:12`` for a named point and ``area:120111001`` for an area found by its name.
    """

    id: str
    name: str
    kind: str
    longitude: float
    latitude: float
    area: str


@dataclass(frozen=True, slots=True)
class NearPlace:
    """The nearest named place: metres from it, and the compass point in which the asked point lies, seen from it."""

    place: Place
    metres: float
    bearing_zh: str
    bearing_en: str

    def text(self, language: str = "zh") -> str:
        """``学府工业区东北约200米`` or ``about 200 m north-east of 学府工业区``; within 20 m only the name."""
        if self.metres < 20:
            return f"{self.place.name}附近" if language.startswith("zh") else f"near {self.place.name}"
        metres = f"{round(self.metres, -1):.0f}" if self.metres < 1000 else f"{self.metres / 1000:.1f}"
        if language.startswith("zh"):
            unit = "米" if self.metres < 1000 else "公里"
            return f"{self.place.name}{self.bearing_zh}约{metres}{unit}"
        return f"about {metres} {'m' if self.metres < 1000 else 'km'} {self.bearing_en} of {self.place.name}"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import took and what it refused; ``problems`` name row, field and reason in both languages.

    ``changed``: how many of the accepted rows differed from what was stored.
    """

    rows: int
    accepted: int
    problems: tuple[FieldError, ...] = ()
    changed: int = 0


@dataclass(frozen=True, slots=True)
class DivisionName:
    """A listed division: code, names, and where its seat (驻地) stands (longitude, latitude), if that is known."""

    code: str
    name_zh: str
    name_en: str = ""
    seat: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class CityGridPlan:
    """What a city that was not surveyed gets: see :meth:`GeoService.generate_city_grid`.

    ``boundary`` (CGCS2000 degrees) may be None when the area's geometry is stored. ``divisions`` list its streets and
    communities. ``unit_grid_areas`` and ``responsibility_grid_areas`` limit the cutting to these subtrees (default:
    everywhere); elsewhere each community becomes one responsibility grid if ``elsewhere_per_community``.
    """

    area: str
    name_zh: str
    divisions: tuple[DivisionName, ...]
    name_en: str = ""
    boundary: BaseGeometry | None = None
    boundary_source: Provenance | None = None
    rules: GridRules = field(default_factory=GridRules)
    unit_grid_areas: tuple[str, ...] = ("",)
    responsibility_grid_areas: tuple[str, ...] = ("",)
    elsewhere_per_community: bool = True
    code_system: str = STATISTICAL_2023


@dataclass(frozen=True, slots=True)
class CityGridReport:
    """What :meth:`GeoService.generate_city_grid` wrote; ``unchanged``: the same plan stood already, nothing was
    done."""

    streets: int
    communities: int
    unit_grids: int
    responsibility_grids: int
    merged_slivers: int
    larger_cells: dict[str, int] = field(default_factory=dict)
    unchanged: bool = False
