"""Vector tiles (Mapbox Vector Tile 2.1, EPSG:3857, z/x/y with y southwards): areas, and points of other engines.

Promises: a tile costs one statement; the number of features in it is bounded; a point layer is bounded too in the rows
that it reads, and shows only rows that meet the condition of its caller (the scope of the reader).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from yiwang.geo.divisions import Level
from yiwang.geo.errors import TileOutOfRange
from yiwang.kernel.access import Sql
from yiwang.kernel.database import Connection

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
MOST_ZOOM = 22
HALF_WORLD = math.pi * 6378137.0
"""Metres from the middle of the EPSG:3857 square to its edge."""

EXTENT = 4096
BUFFER = 64
FEATURE_LIMIT = 4000
"""Features of one layer in one tile; a tile of 100 m cells holds at most about 400 at the lowest zoom that shows
them."""

LAYERS: Mapping[str, int] = {
    Level.PROVINCE: 0,
    Level.CITY: 0,
    Level.DISTRICT: 0,
    Level.STREET: 9,
    Level.COMMUNITY: 11,
    "responsibility_grid": 13,
    Level.UNIT_GRID: 14,
}
"""Layer of the area tiles → lowest zoom that shows it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A checked tile number."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        """Raises TileOutOfRange."""
        if not (0 <= self.z <= MOST_ZOOM and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z):
            raise TileOutOfRange(z=self.z, x=self.x, y=self.y)


def tile_envelope(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile in EPSG:3857 metres.

    Raises:
        TileOutOfRange: no such tile.
    """
    tile = Tile(z, x, y)
    side = 2 * HALF_WORLD / 2**tile.z
    west, north = -HALF_WORLD + tile.x * side, HALF_WORLD - tile.y * side
    return west, north - side, west + side, north


def tile_of(longitude: float, latitude: float, z: int) -> Tile:
    """The tile that holds a place in degrees (latitudes beyond ±85.06° fall into the outermost rows)."""
    count = 2**z
    x = int((longitude + 180.0) / 360.0 * count)
    sine = math.sin(math.radians(min(max(latitude, -89.9), 89.9)))
    y = int((0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * count)
    return Tile(z, min(max(x, 0), count - 1), min(max(y, 0), count - 1))


_AREA_LAYER = """
select st_asmvt(f, '{layer}', {extent}, 'geom') as tile from (
    select code, name_zh, nullif(name_en, '') as name_en, {kind} as kind, survey,
           st_asmvtgeom(geom_3857, b.box, {extent}, {buffer}, true) as geom
    from {table}, b where {level} geom_3857 && b.around
    limit {limit}
) f where geom is not null
"""


def area_tile_query(tile: Tile) -> str:
    """SQL with the parameters z, x, y (``$1 … $3``) that gives the tile's area layers as one ``bytea``."""
    layers = [
        _AREA_LAYER.format(
            layer=str(layer),
            table="responsibility_grid" if layer == "responsibility_grid" else "area",
            kind="'responsibility_grid'" if layer == "responsibility_grid" else "kind",
            level="" if layer == "responsibility_grid" else _level_condition(layer),
            extent=EXTENT,
            buffer=BUFFER,
            limit=FEATURE_LIMIT,
        )
        for layer, lowest in LAYERS.items()
        if tile.z >= lowest
    ]
    return (
        "with b as (select st_tileenvelope($1, $2, $3) as box,"
        f" st_tileenvelope($1, $2, $3, margin => {BUFFER / EXTENT}) as around)\n"
        "select coalesce(string_agg(tile, ''::bytea), ''::bytea) from (" + " union all ".join(layers) + ") layers"
    )


def _level_condition(layer: str) -> str:
    """The condition, worded so that the partial index of the unit grids, or that of all others, answers it."""
    return f"level = '{layer}' and " + ("" if layer == Level.UNIT_GRID else "level <> 'unit_grid' and ")


async def area_tile(connection: Connection, tile: Tile) -> bytes:
    """The area layers of a tile, each from its zoom on (:data:`LAYERS`); empty bytes where nothing is."""
    tile_bytes: bytes = await connection.fetchval(area_tile_query(tile), tile.z, tile.x, tile.y)
    return tile_bytes


@dataclass(frozen=True, slots=True)
class PointLayer:
    """How an engine's table is drawn as points. The texts are SQL of the engine, never of a user.

    ``source``: what stands after ``from``. ``geometry``: a point column in EPSG:3857 with a GiST index.
    ``attributes``: name → expression, shown for single points. ``counts``: name → condition, counted in clusters.
    Below ``single_from_zoom`` points are clustered on a raster of ``raster`` × ``raster`` to the tile.
    At most ``row_limit`` rows are read; a tile that reaches it carries ``capped`` on its features.
    """

    name: str
    source: str
    geometry: str
    identifier: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, str] = field(default_factory=dict)
    single_from_zoom: int = 14
    raster: int = 16
    row_limit: int = 50_000


def point_tile_query(layer: PointLayer, tile: Tile, args: Sql, condition: str) -> str:
    """SQL that gives one ``bytea``: the points (or clusters) of the layer in the tile that meet ``condition``.

    ``condition`` is SQL over the layer's source, with its values bound in ``args`` (``scope_condition`` makes such);
    the tile's own values are bound in ``args`` as well. Each point belongs to exactly one tile, so that the counts of
    all clusters of a zoom add up. Run it with ``connection.fetchval(query, *args.values)``.
    """
    west, south, east, north = (f"{args.bind(edge)}::float8" for edge in tile_envelope(tile.z, tile.x, tile.y))
    box = f"st_makeenvelope({west}, {south}, {east}, {north}, 3857)"
    inside = (
        f"{layer.geometry} && {box} and st_x({layer.geometry}) >= {west} and st_x({layer.geometry}) < {east}"
        f" and st_y({layer.geometry}) >= {south} and st_y({layer.geometry}) < {north}"
    )
    single = tile.z >= layer.single_from_zoom
    limit = min(FEATURE_LIMIT, layer.row_limit) if single else layer.row_limit
    columns = layer.attributes if single else layer.counts
    picked = "".join(f", {expression} as {_quoted(name)}" for name, expression in columns.items())
    rows = (
        f"select {layer.geometry} as at, {layer.identifier} as id{picked}"
        f" from {layer.source} where {inside} and ({condition}) limit {limit}"
    )
    capped = f"(select nullif(count(*) >= {limit}, false) from rows) as capped"
    place = f"{box}, {EXTENT}, {BUFFER}, true"
    if single:
        shown = "".join(f", {_quoted(name)}" for name in columns)
        features = f"select st_asmvtgeom(at, {place}) as geom, id::text as id{shown}, {capped} from rows"
    else:
        cell = f"(({east} - {west}) / {layer.raster})"
        shown = "".join(f", count(*) filter (where {_quoted(name)})::int as {_quoted(name)}" for name in columns)
        features = (
            f"select st_asmvtgeom(st_setsrid(st_makepoint(avg(st_x(at)), avg(st_y(at))), 3857), {place}) as geom,"
            f" count(*)::int as n, case when count(*) = 1 then min(id::text) end as id{shown}, {capped}"
            f" from rows group by floor((st_x(at) - {west}) / {cell}), floor((st_y(at) - {south}) / {cell})"
        )
    encoded = f"st_asmvt(features, {args.bind(layer.name)}::text, {EXTENT}, 'geom')"
    return (
        f"with rows as materialized ({rows}), features as ({features})"
        f" select coalesce({encoded}, ''::bytea) from features"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
