"""Schematic areas (示意): a district's boundary divided among its listed streets and communities.

Community borders are never public. For a city that has no survey yet this makes a stand-in: Voronoi cells of about
equal area, one for each finest listed code, neighbouring cells grouped into their street; children fill their parent
exactly. Deterministic. Positions are invented: every row made from it carries ``survey = 示意``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo import coverage
from yiwang.geo.coordinates import gauss_kruger_epsg, geometries_project, project
from yiwang.geo.coverage import Floats, Geometries, Integers
from yiwang.geo.divisions import area_code, parent
from yiwang.geo.errors import BoundaryUnusable, InvalidDivisionCode
from yiwang.geo.grids import CGCS2000_EPSG, check_boundary

_SAMPLES_PER_LEAF = 60
_LEAST_SAMPLES = 4000
_ROUNDS = 8


def generate_communities(
    boundary: BaseGeometry,
    names_and_codes: Sequence[tuple[str, str]],
    *,
    within: str,
    seats: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, BaseGeometry]:
    """Divide ``boundary`` (of the area ``within``, CGCS2000 degrees) among listed ``(name, code)`` pairs.

    The list may hold streets, communities or both; each finest code gets a cell, each coarser one the union of its
    own. ``seats`` (驻地, code → longitude, latitude) puts areas where they are: every place then belongs to the area
    of the nearest seat; each finest code must lie in one area with a seat. Returns area code → Polygon or
    MultiPolygon in degrees, for every listed code.

    Raises:
        BoundaryUnusable: see :func:`yiwang.geo.grids.check_boundary`; also when the area is too small for the list,
            or some areas have a seat and others have none.
        InvalidDivisionCode: a code that is wrong, given twice, or not below ``within``.
    """
    check_boundary(within, boundary)
    codes = _checked_codes(names_and_codes, area_code(within))
    if not codes:
        return {}
    parents = {parent(code) for code in codes}
    leaves = [code for code in codes if code not in parents]
    epsg = gauss_kruger_epsg(float(shapely.centroid(boundary).x))
    metric = geometries_project(coverage.geometry_array([boundary]), CGCS2000_EPSG, epsg)[0]
    zones = _zones(metric, leaves, seats or {}, within, epsg)
    cells = _divide(metric, zones, within)
    degrees = geometries_project(cells, epsg, CGCS2000_EPSG).tolist()
    shapes = dict(zip([leaf for zone in zones for leaf in zone.leaves], degrees, strict=True))
    for code in codes:
        if code in parents:
            shapes[code] = shapely.coverage_union_all([shapes[leaf] for leaf in leaves if leaf.startswith(code)])
    return {code: shapes[code] for code in codes}


def _checked_codes(names_and_codes: Sequence[tuple[str, str]], top: str) -> list[str]:
    codes = sorted(area_code(code) for _, code in names_and_codes)
    for before, code in zip(["", *codes], codes, strict=False):
        if code in (before, top) or not code.startswith(top):
            raise InvalidDivisionCode(
                text=code, reason_zh=f"重复,或不属于 {top}", reason_en=f"it is given twice or is not within {top}"
            )
    return codes


@dataclass(frozen=True, slots=True)
class _Zone:
    """Ground (metric) that is divided among leaves by one seed each, in the same order."""

    ground: BaseGeometry
    leaves: list[str]
    seeds: Floats


def _zones(
    area: BaseGeometry, leaves: list[str], seats: Mapping[str, tuple[float, float]], within: str, epsg: int
) -> list[_Zone]:
    """One zone for each seat, or the whole area as one."""
    if not seats:
        seeds = _spread(area, len(leaves), within)
        return [_Zone(area, leaves, seeds[_group_by_parent(seeds, leaves)])]
    seated = sorted(seats)
    members = [[leaf for leaf in leaves if leaf.startswith(code)] for code in seated]
    lost = set(leaves) - {leaf for group in members for leaf in group}
    if lost or not all(members) or sum(map(len, members)) != len(leaves):
        raise BoundaryUnusable(
            area=within, reason=f"each area needs exactly one seat; see {min(lost, default=seated[0])}"
        )
    places = np.array([seats[code] for code in seated], dtype=np.float64)
    x, y = project(places[:, 0], places[:, 1], CGCS2000_EPSG, epsg)
    grounds = _divide(area, [_Zone(area, seated, np.column_stack([x, y]))], within)
    zones: list[_Zone] = []
    for ground, group in zip(grounds.tolist(), members, strict=True):
        seeds = _spread(ground, len(group), within)
        zones.append(_Zone(ground, group, seeds[_group_by_parent(seeds, group)]))
    return zones


def _spread(area: BaseGeometry, count: int, within: str) -> Floats:
    """``count`` seeds whose Voronoi cells have about equal area: bisection of sample points, then Lloyd's rounds."""
    shapely.prepare(area)
    spacing = np.sqrt(area.area / max(count * _SAMPLES_PER_LEAF, _LEAST_SAMPLES))
    west, south, east, north = shapely.bounds(area)
    xs, ys = np.meshgrid(np.arange(west + spacing / 2, east, spacing), np.arange(south + spacing / 2, north, spacing))
    samples = np.column_stack([xs.ravel(), ys.ravel()])
    samples = samples[shapely.contains_xy(area, samples[:, 0], samples[:, 1])]
    seeds = np.array([part.mean(axis=0) for part in _bisect(samples, count) if len(part)]).reshape(-1, 2)
    for _ in range(_ROUNDS):
        nearest = shapely.STRtree(_points(seeds)).nearest(_points(samples))
        counts = np.bincount(nearest, minlength=len(seeds))
        means = np.column_stack([np.bincount(nearest, samples[:, axis], len(seeds)) for axis in (0, 1)])
        seeds = np.where(counts[:, None] > 0, means / np.maximum(counts, 1)[:, None], seeds)
    if len(seeds) < count:
        raise BoundaryUnusable(area=within, reason=f"it is too small for {count} areas")
    return np.asarray(seeds, dtype=np.float64)


def _points(places: Floats) -> Geometries:
    return np.asarray(shapely.points(places), dtype=np.object_)


def _bisect(points: Floats, count: int) -> list[Floats]:
    """Cut the points across their longer side until there are ``count`` parts of about equal size."""
    if count == 1 or len(points) < count:
        return [points]
    left = count // 2
    axis = int(np.argmax(np.ptp(points, axis=0)))
    order = np.lexsort((points[:, 1 - axis], points[:, axis]))
    middle = len(points) * left // count
    return _bisect(points[order[:middle]], left) + _bisect(points[order[middle:]], count - left)


def _group_by_parent(seeds: Floats, leaves: list[str]) -> Integers:
    """For each leaf the index of its seed, such that leaves of one street stand together, west and north first."""
    result = np.empty(len(leaves), dtype=np.int64)

    def divide(members: Integers, codes: list[tuple[str, list[int]]]) -> None:
        if len(codes) == 1:
            order = np.lexsort((seeds[members, 0], -seeds[members, 1]))
            result[codes[0][1]] = members[order]
            return
        sizes = np.cumsum([len(indices) for _, indices in codes])
        split = int(np.argmin(np.abs(sizes[:-1] - sizes[-1] / 2))) + 1
        axis = int(np.argmax(np.ptp(seeds[members], axis=0)))
        along = seeds[members, axis] * (1 if axis == 0 else -1)
        order = members[np.lexsort((seeds[members, 1 - axis], along))]
        divide(order[: sizes[split - 1]], codes[:split])
        divide(order[sizes[split - 1] :], codes[split:])

    streets: dict[str, list[int]] = {}
    for index, leaf in enumerate(leaves):
        streets.setdefault(parent(leaf) or leaf, []).append(index)
    divide(np.arange(len(seeds), dtype=np.int64)[: len(leaves)], list(streets.items()))
    return result


def _divide(area: BaseGeometry, zones: list[_Zone], within: str) -> Geometries:
    """The leaves' cells, zone after zone: one coverage of the area, each cell the ground nearest to its seed.

    Bits that a concave border cuts off go to the neighbour of the same zone that they touch most.
    """
    lines = [area.boundary]
    for zone in zones:
        lines.append(zone.ground.boundary)
        if len(zone.leaves) > 1:
            seeds = shapely.multipoints(zone.seeds)
            edges = shapely.voronoi_polygons(seeds, extend_to=shapely.envelope(area), only_edges=True)
            lines += shapely.get_parts(shapely.intersection(zone.ground, shapely.get_parts(edges))).tolist()
    faces = coverage.cut(coverage.geometry_array(lines))
    zone_of_face = coverage.owners(faces, coverage.geometry_array(zone.ground for zone in zones))
    faces, zone_of_face = faces[zone_of_face >= 0], zone_of_face[zone_of_face >= 0]
    inner = shapely.point_on_surface(faces)
    leaf = np.empty(len(faces), dtype=np.int64)
    first = 0
    for number, zone in enumerate(zones):
        here = np.nonzero(zone_of_face == number)[0]
        leaf[here] = first + shapely.STRtree(_points(zone.seeds)).nearest(inner[here])
        first += len(zone.leaves)
    main = np.zeros(len(faces), dtype=bool)
    by_area = np.lexsort((-shapely.area(faces), leaf))
    main[by_area[np.unique(leaf[by_area], return_index=True)[1]]] = True
    label = coverage.merge_small(faces, zone_of_face, np.where(main, 0.0, np.inf))
    cells, labels = coverage.dissolve(faces, leaf[label])
    if len(labels) < first:
        raise BoundaryUnusable(area=within, reason="a listed area got no ground: too small, or a seat outside")
    return cells
