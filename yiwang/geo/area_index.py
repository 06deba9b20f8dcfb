"""Point in polygon over one level of areas, one by one and in batches, without building a geometry for the point.

A raster over the level's bounds names the few areas that can hold a point; each of them keeps its edges by raster row,
so that a test looks at a handful of edges however large the area is. The crossing test is half-open (an edge counts
from its lower end inclusive to its upper end exclusive, a point on it belongs to the side east of it), and two
neighbours that share an edge compute it from the same numbers: in a coverage a point on a border therefore belongs to
exactly one area. Where areas overlap, the one that stands first wins. Degrees, longitude before latitude; the arrays
are never changed after building, so any number of threads may read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from yiwang.geo.coverage import Floats, Geometries, Integers

Index: TypeAlias = NDArray[np.int32]

PIXELS_PER_AREA = 4
_LEAST_PIXELS, _MOST_PIXELS = 4096, 4_000_000
_CHUNK = 65_536
_PARSED = 4096


@dataclass(frozen=True, slots=True)
class Outlines:
    """What of some areas an index needs: bounds (west, south, east, north), and their non-level edges.

    ``edges``: lower y, upper y, x at the lower y, slope dx/dy; ``owner``: the area of each edge.
    """

    bounds: Floats
    owner: Integers
    edges: Floats


def outlines_of(geometries: Geometries) -> Outlines:
    """The outlines of polygons and multipolygons."""
    parts, owner_of_part = shapely.get_parts(geometries, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    begin = np.nonzero(ring_of_point[1:] == ring_of_point[:-1])[0]
    begin = begin[points[begin, 1] != points[begin + 1, 1]]
    rising = points[begin, 1] < points[begin + 1, 1]
    low, high = points[np.where(rising, begin, begin + 1)], points[np.where(rising, begin + 1, begin)]
    slope = (high[:, 0] - low[:, 0]) / (high[:, 1] - low[:, 1])
    owner = owner_of_part[part_of_ring[ring_of_point[begin]]]
    return Outlines(shapely.bounds(geometries), owner, np.column_stack([low[:, 1], high[:, 1], low[:, 0], slope]))


def outlines_of_wkb(geometries: Sequence[bytes]) -> Outlines:
    """The same from well-known binary, some thousand areas at a time: geometry objects need ten times the memory."""
    found = [
        outlines_of(shapely.from_wkb(np.array(geometries[start : start + _PARSED], dtype=np.object_)))
        for start in range(0, len(geometries), _PARSED)
    ] or [Outlines(np.zeros((0, 4)), np.zeros(0, dtype=np.int64), np.zeros((0, 4)))]
    return Outlines(
        np.concatenate([part.bounds for part in found]),
        np.concatenate([part.owner + number * _PARSED for number, part in enumerate(found)]),
        np.concatenate([part.edges for part in found]),
    )


class AreaIndex:
    """Answers with the position of the area in the outlines, −1 for none."""

    def __init__(self, outlines: Outlines) -> None:
        bounds = outlines.bounds
        self.size = len(bounds)
        if self.size:
            self.west, self.south = float(bounds[:, 0].min()), float(bounds[:, 1].min())
            self.east, self.north = float(bounds[:, 2].max()), float(bounds[:, 3].max())
        else:
            self.west, self.south, self.east, self.north = 1.0, 1.0, -1.0, -1.0
        self._lay_raster()
        self._bands(bounds, outlines.owner, outlines.edges)

    def _lay_raster(self) -> None:
        """Pixels about square on the ground, about :data:`PIXELS_PER_AREA` for each area."""
        width, height = max(self.east - self.west, 1e-9), max(self.north - self.south, 1e-9)
        squeeze = float(np.cos(np.radians((self.south + self.north) / 2)))
        wanted = min(max(self.size * PIXELS_PER_AREA, _LEAST_PIXELS), _MOST_PIXELS)
        side = float(np.sqrt(width * squeeze * height / wanted))
        self.columns = min(int(width * squeeze / side) + 1, _MOST_PIXELS)
        self.rows = min(int(height / side) + 1, _MOST_PIXELS)
        self._per_degree_x, self._per_degree_y = (self.columns - 1e-9) / width, (self.rows - 1e-9) / height

    def _row(self, latitude: Floats) -> Integers:
        return ((latitude - self.south) * self._per_degree_y).astype(np.int64)

    def _column(self, longitude: Floats) -> Integers:
        return ((longitude - self.west) * self._per_degree_x).astype(np.int64)

    def _bands(self, bounds: Floats, owner: Integers, edges: Floats) -> None:
        """Edges sorted by (area, row), and for each pixel its candidate areas with the slice of edges to look at."""
        first_row, last_row = self._row(bounds[:, 1]), self._row(bounds[:, 3])
        first_column, last_column = self._column(bounds[:, 0]), self._column(bounds[:, 2])
        heights, widths = last_row - first_row + 1, last_column - first_column + 1
        first_band = np.concatenate(([0], np.cumsum(heights)))

        low_row, high_row = self._row(edges[:, 0]), self._row(edges[:, 1])
        copies = high_row - low_row + 1
        edge = np.repeat(np.arange(len(edges)), copies)
        row = np.repeat(low_row, copies) + _counting(copies)
        band = first_band[owner[edge]] + row - first_row[owner[edge]]
        order = np.argsort(band, kind="stable")
        self._edge = np.ascontiguousarray(edges[edge[order]])
        band_start = np.searchsorted(band[order], np.arange(first_band[-1] + 1)).astype(np.int32)

        area = np.repeat(np.arange(self.size), heights * widths)
        step = _counting(heights * widths)
        down, along = step // widths[area], step % widths[area]
        pixel = (first_row[area] + down) * self.columns + first_column[area] + along
        order = np.argsort(pixel, kind="stable")
        area, down = area[order], down[order]
        candidate_band = first_band[area] + down
        self._first = np.searchsorted(pixel[order], np.arange(self.rows * self.columns + 1)).astype(np.int32)
        self._candidate = area.astype(np.int32)
        self._from, self._to = band_start[candidate_band], band_start[candidate_band + 1]
        # Views for the scalar path: reading one number from them costs a third of reading it from the array.
        self._edge_view = self._edge.reshape(-1).data.cast("B").cast("d") if len(self._edge) else None
        self._views = tuple(
            array.data.cast("B").cast("i") if len(array) else None
            for array in (self._first, self._candidate, self._from, self._to)
        )

    def find(self, longitude: float, latitude: float) -> int:
        """The area that holds the point, −1 for none (also for coordinates that are not numbers)."""
        edges = self._edge_view
        first, candidates, begins, ends = self._views
        if (
            not (self.west <= longitude <= self.east and self.south <= latitude <= self.north)
            or edges is None
            or first is None
            or candidates is None
            or begins is None
            or ends is None
        ):
            return -1
        pixel = int((latitude - self.south) * self._per_degree_y) * self.columns + int(
            (longitude - self.west) * self._per_degree_x
        )
        for k in range(first[pixel], first[pixel + 1]):
            inside = False
            for e in range(begins[k] * 4, ends[k] * 4, 4):
                low = edges[e]
                if low <= latitude < edges[e + 1] and longitude < edges[e + 2] + (latitude - low) * edges[e + 3]:
                    inside = not inside
            if inside:
                return candidates[k]
        return -1

    def find_many(self, longitudes: Floats, latitudes: Floats) -> Index:
        """The same answers for arrays of equal length."""
        found = np.full(len(longitudes), -1, dtype=np.int32)
        for start in range(0, len(longitudes), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = self._find_chunk(longitudes[part], latitudes[part])
        return found

    def _find_chunk(self, x: Floats, y: Floats) -> Index:
        found = np.full(len(x), -1, dtype=np.int32)
        open_ = np.nonzero((x >= self.west) & (x <= self.east) & (y >= self.south) & (y <= self.north))[0]
        pixel = self._row(y[open_]) * self.columns + self._column(x[open_])
        k, last = self._first[pixel].astype(np.int64), self._first[pixel + 1]
        while True:
            left = k < last
            open_, k, last = open_[left], k[left], last[left]
            if not len(open_):
                return found
            begin, end = self._from[k].astype(np.int64), self._to[k]
            counts = end - begin
            point = np.repeat(np.arange(len(open_)), counts)
            edge = self._edge[np.repeat(begin, counts) + _counting(counts)]
            latitude, longitude = y[open_][point], x[open_][point]
            crosses = (edge[:, 0] <= latitude) & (latitude < edge[:, 1])
            crosses &= longitude < edge[:, 2] + (latitude - edge[:, 0]) * edge[:, 3]
            inside = np.bincount(point[crosses], minlength=len(open_)) % 2 == 1
            found[open_[inside]] = self._candidate[k[inside]]
            open_, k, last = open_[~inside], k[~inside] + 1, last[~inside]


def _counting(counts: Integers) -> Integers:
    """0 … counts[0]−1, 0 … counts[1]−1, …"""
    total = int(counts.sum())
    return np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
