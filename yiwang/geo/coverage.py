"""Planar coverages: polygons that share their borders vertex by vertex, without overlap and without gap.

Works in a metric projection on a raster of 1 mm, so that the vertex that two neighbours share is the same number in
both. Such a coverage stays one when its vertices are projected back to degrees.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Geometries: TypeAlias = NDArray[np.object_]
Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

RASTER = 0.001
"""Metres; coordinates of a coverage are multiples of it."""


def geometry_array(geometries: Iterable[BaseGeometry]) -> Geometries:
    """A one-dimensional object array (NumPy would otherwise try to look into the geometries)."""
    items = list(geometries)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def cut(lines: Geometries) -> Geometries:
    """The faces (polygons) that the lines enclose, nodes snapped to :data:`RASTER` metres."""
    noded = shapely.union_all(lines, grid_size=RASTER)
    return geometry_array(shapely.polygonize([noded]).geoms)


def owners(faces: Geometries, areas: Geometries) -> Integers:
    """For each face the index of the area that holds its inner point (the first of several), −1 for none."""
    owner = np.full(len(faces), -1, dtype=np.int64)
    if not len(faces) or not len(areas):
        return owner
    points = shapely.point_on_surface(faces)
    tree = shapely.STRtree(areas)
    face, area = tree.query(points, predicate="intersects")
    order = np.lexsort((-area, face))
    owner[face[order]] = area[order]
    return owner


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Pairs of polygons that share an edge (not only a corner): ``first[i]``, ``second[i]``, ``length[i]``, each
    once."""

    first: Integers
    second: Integers
    length: Floats


def adjacency(polygons: Geometries) -> Adjacency:
    """Neighbours in a coverage, by equality of edges; length in the unit of the coordinates."""
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    begins = np.nonzero(ring_of_point[1:] == ring_of_point[:-1])[0]
    vertices, vertex = np.unique(points[:, 0] + 1j * points[:, 1], return_inverse=True)
    low, high = np.minimum(vertex[begins], vertex[begins + 1]), np.maximum(vertex[begins], vertex[begins + 1])
    edge = low * len(vertices) + high
    owner = polygon_of_ring[ring_of_point[begins]]
    order = np.argsort(edge, kind="stable")
    twin = np.nonzero((edge[order][1:] == edge[order][:-1]) & (owner[order][1:] != owner[order][:-1]))[0]
    one, other = owner[order[twin]], owner[order[twin + 1]]
    length = np.abs(vertices[low[order[twin]]] - vertices[high[order[twin]]])
    pair = np.minimum(one, other) * len(polygons) + np.maximum(one, other)
    pairs, index = np.unique(pair, return_inverse=True)
    shared = np.bincount(index, length, len(pairs)).astype(np.float64)
    return Adjacency(pairs // max(len(polygons), 1), pairs % max(len(polygons), 1), shared)


def merge_small(polygons: Geometries, group: Integers, least_area: Floats) -> Integers:
    """Join every polygon smaller than its ``least_area`` to the neighbour of the same group with the longest common
    edge.

    Smallest first, until what is joined is large enough or has no neighbour left in its group. Returns for each
    polygon the label of its union; equal labels belong together.
    """
    area = shapely.area(polygons)
    label = np.arange(len(polygons), dtype=np.int64)
    small = area < least_area
    neighbours = _neighbours_of_small(adjacency(polygons), group, small)
    size = area.copy()

    def root(index: int) -> int:
        while label[index] != index:
            label[index] = label[label[index]]
            index = int(label[index])
        return index

    for number in sorted(np.nonzero(small)[0].tolist(), key=lambda index: (area[index], index)):
        index = root(number)
        if size[index] >= least_area[index]:
            continue
        edges: dict[int, float] = {}
        for other, length in neighbours.get(index, {}).items():
            if root(other) != index:
                edges[root(other)] = edges.get(root(other), 0.0) + length
        if not edges:
            continue
        target = min(edges, key=lambda other: (-edges[other], other))
        label[index] = target
        size[target] += size[index]
        if target in neighbours:
            for other, length in edges.items():
                neighbours[target][other] = neighbours[target].get(other, 0.0) + length
    return np.array([root(index) for index in range(len(label))], dtype=np.int64)


def _neighbours_of_small(pairs: Adjacency, group: Integers, small: NDArray[np.bool_]) -> dict[int, dict[int, float]]:
    """Edge lengths of the small polygons to their neighbours in the same group."""
    keep = group[pairs.first] == group[pairs.second]
    neighbours: dict[int, dict[int, float]] = {int(index): {} for index in np.nonzero(small)[0]}
    for one, other in ((pairs.first, pairs.second), (pairs.second, pairs.first)):
        wanted = np.nonzero(keep & small[one])[0]
        for i in wanted:
            neighbours[int(one[i])][int(other[i])] = float(pairs.length[i])
    return neighbours


def dissolve(polygons: Geometries, label: Integers) -> tuple[Geometries, Integers]:
    """The unions of polygons with equal labels, in ascending order of label, and those labels."""
    labels, index, counts = np.unique(label, return_inverse=True, return_counts=True)
    united = np.empty(len(labels), dtype=object)
    order = np.argsort(index, kind="stable")
    starts = np.concatenate(([0], np.cumsum(counts)))
    for number, count in enumerate(counts):
        members = order[starts[number] : starts[number] + count]
        united[number] = polygons[members[0]] if count == 1 else shapely.coverage_union_all(polygons[members])
    return united, labels
