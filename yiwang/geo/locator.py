"""The locator: from a point to its unit grid, community, street, district and responsibility grid, in process.

Holds an immutable snapshot of all areas with geometry. Levels are asked from fine to coarse, so a point in a community
that has no unit grids is still placed in the community. A newer snapshot replaces the old one by a single assignment:
threads that are locating meanwhile finish on the old one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from yiwang.geo.area_index import AreaIndex, Index, outlines_of_wkb
from yiwang.geo.coverage import Floats
from yiwang.geo.divisions import DIGITS, LEVELS_FINE_TO_COARSE, Level, ancestor

CodeArray = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a point lies. ``area_code`` is the finest area's code; levels that do not exist there are None."""

    area_code: str
    unit_grid: str | None
    community: str | None
    street: str | None
    district: str | None
    responsibility_grid: str | None


def location_of(area: str, responsibility_grid: str | None) -> Location:
    """The location that an area code and a responsibility grid code amount to."""

    def above(level: Level) -> str | None:
        code = ancestor(area, level)
        # Hundreds of cells share the codes above them: one text for all of them.
        return code if code is None or code == area else sys.intern(code)

    return Location(
        area,
        area if len(area) == DIGITS[Level.UNIT_GRID] else None,
        above(Level.COMMUNITY),
        above(Level.STREET),
        above(Level.DISTRICT),
        None if responsibility_grid is None else sys.intern(responsibility_grid),
    )


class Snapshot:
    """Everything that locating needs, built once from arrays; read-only afterwards.

    Args:
        codes: area codes of all levels, ascending.
        geometries: their polygons or multipolygons in CGCS2000 degrees.
        responsibility_grids: code, unit grid codes and geometry of each; those without unit grids are found by
        geometry.
        version: the number of the state that this is.
    """

    def __init__(
        self,
        codes: Sequence[str],
        geometries: Sequence[bytes],
        responsibility_grids: Sequence[tuple[str, Sequence[str], bytes]] = (),
        version: int = 0,
    ) -> None:
        self.version = version
        lengths = np.array([len(code) for code in codes], dtype=np.int64)
        members = [np.nonzero(lengths == DIGITS[level])[0] for level in LEVELS_FINE_TO_COARSE]
        self.codes: CodeArray = np.array([codes[i] for level in members for i in level.tolist()], dtype="U15")
        self._levels: list[tuple[int, AreaIndex]] = []
        offset = 0
        for level in members:
            if len(level):
                self._levels.append((offset, AreaIndex(outlines_of_wkb([geometries[i] for i in level.tolist()]))))
            offset += len(level)
        self.unit_grids = len(members[0])
        self._read_responsibility_grids(responsibility_grids)
        self._locations: dict[int, Location] = {}

    def _read_responsibility_grids(self, grids: Sequence[tuple[str, Sequence[str], bytes]]) -> None:
        ordered = sorted(grids, key=lambda grid: grid[0])
        self.responsibility_codes: CodeArray = np.array([code for code, _, _ in ordered], dtype="U16")
        number_of_unit_grid = {code: i for i, code in enumerate(self.codes[: self.unit_grids].tolist())}
        self._by_area: Index = np.full(len(self.codes), -1, dtype=np.int32)
        for number, (_, unit_grids, _) in enumerate(ordered):
            for code in unit_grids:
                if code in number_of_unit_grid:
                    self._by_area[number_of_unit_grid[code]] = number
        self._by_area_list: list[int] = self._by_area.tolist()
        by_geometry = [i for i, (_, unit_grids, _) in enumerate(ordered) if not unit_grids]
        self._geometric_numbers: Index = np.array(by_geometry, dtype=np.int32)
        self._geometric = AreaIndex(outlines_of_wkb([ordered[i][2] for i in by_geometry])) if by_geometry else None

    def locate(self, longitude: float, latitude: float) -> Location | None:
        """The location of a point in CGCS2000 degrees; None outside every area."""
        for offset, index in self._levels:
            found = index.find(longitude, latitude)
            if found >= 0:
                area = offset + found
                return self.location(area, self._responsibility(area, longitude, latitude))
        return None

    def _responsibility(self, area: int, longitude: float, latitude: float) -> int:
        number = self._by_area_list[area]
        if number < 0 and self._geometric is not None:
            found = self._geometric.find(longitude, latitude)
            return int(self._geometric_numbers[found]) if found >= 0 else -1
        return number

    def responsibility_of(self, longitudes: Sequence[float], latitudes: Sequence[float]) -> list[str | None]:
        """The responsibility grid, by geometry alone, that holds each point."""
        if self._geometric is None:
            return [None] * len(longitudes)
        found = self._geometric.find_many(np.array(longitudes, dtype=float), np.array(latitudes, dtype=float))
        codes = self.responsibility_codes[self._geometric_numbers[found]]
        return [code if number >= 0 else None for code, number in zip(codes.tolist(), found.tolist(), strict=True)]

    def location(self, area: int, responsibility: int) -> Location:
        """The (shared) record for the numbers of an area and a responsibility grid (−1: none)."""
        key = area * (len(self.responsibility_codes) + 1) + responsibility + 1
        known = self._locations.get(key)
        if known is None:
            code = str(self.responsibility_codes[responsibility]) if responsibility >= 0 else None
            known = self._locations[key] = location_of(str(self.codes[area]), code)
        return known

    def locate_many(self, longitudes: Floats, latitudes: Floats) -> tuple[Index, Index]:
        """Numbers of area and responsibility grid for each point, −1 for none."""
        area: Index = np.full(len(longitudes), -1, dtype=np.int32)
        for offset, index in self._levels:
            left = np.nonzero(area < 0)[0]
            found = index.find_many(longitudes[left], latitudes[left])
            area[left] = np.where(found >= 0, found + offset, -1)
        responsibility: Index = np.full(len(area), -1, dtype=np.int32)
        inside = area >= 0
        responsibility[inside] = self._by_area[area[inside]]
        if self._geometric is not None:
            left = np.nonzero(inside & (responsibility < 0))[0]
            found = self._geometric.find_many(longitudes[left], latitudes[left])
            responsibility[left] = np.where(found >= 0, self._geometric_numbers[found], -1)
        return area, responsibility


class Locations(Sequence[Location | None]):
    """The answers for a batch: a sequence of locations, and columns as arrays ("" where there is none)."""

    def __init__(self, snapshot: Snapshot, area: Index, responsibility: Index) -> None:
        self._snapshot = snapshot
        self._area, self._responsibility = area, responsibility

    def __len__(self) -> int:
        return len(self._area)

    @overload
    def __getitem__(self, index: int) -> Location | None: ...
    @overload
    def __getitem__(self, index: slice) -> Locations: ...
    def __getitem__(self, index: int | slice) -> Location | Locations | None:
        if isinstance(index, slice):
            return Locations(self._snapshot, self._area[index], self._responsibility[index])
        area = int(self._area[index])
        return None if area < 0 else self._snapshot.location(area, int(self._responsibility[index]))

    @property
    def found(self) -> NDArray[np.bool_]:
        """True where the point lies in some area."""
        inside: NDArray[np.bool_] = self._area >= 0
        return inside

    @property
    def area_code(self) -> CodeArray:
        """The finest area's code."""
        return _column(self._snapshot.codes, self._area)

    @property
    def responsibility_grid(self) -> CodeArray:
        """The responsibility grid's code."""
        return _column(self._snapshot.responsibility_codes, self._responsibility)

    def level(self, level: Level) -> CodeArray:
        """The code of the ancestor at ``level``."""
        table = np.array([ancestor(code, level) or "" for code in self._snapshot.codes.tolist()], dtype="U15")
        return _column(table, self._area)


def _column(table: CodeArray, numbers: Index) -> CodeArray:
    return np.append(table, np.array([""], dtype=table.dtype))[numbers]


class Locator:
    """The process-wide locator; safe to use from any thread while another replaces its snapshot."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._snapshot = snapshot or Snapshot([], [], version=-1)

    @property
    def version(self) -> int:
        """The version of the state in use; −1 before the first load."""
        return self._snapshot.version

    @property
    def areas(self) -> int:
        """How many areas with geometry are in use."""
        return len(self._snapshot.codes)

    def replace(self, snapshot: Snapshot) -> None:
        """Use a newer snapshot from now on."""
        self._snapshot = snapshot

    def locate(self, longitude: float, latitude: float) -> Location | None:
        """Where a point (CGCS2000 degrees) lies; None outside every area. A point on a border has exactly one
        answer."""
        return self._snapshot.locate(longitude, latitude)

    def locate_many(self, longitudes: ArrayLike, latitudes: ArrayLike) -> Locations:
        """The same answers for one-dimensional arrays of equal length.

        Raises:
            ValueError: shapes differ or are not one-dimensional.
        """
        x, y = np.asarray(longitudes, dtype=np.float64), np.asarray(latitudes, dtype=np.float64)
        if x.ndim != 1 or x.shape != y.shape:
            raise ValueError(f"one-dimensional arrays of equal length are needed, not {x.shape} and {y.shape}")
        snapshot = self._snapshot
        return Locations(snapshot, *snapshot.locate_many(x, y))
