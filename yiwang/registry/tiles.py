"""Things of a type as vector tiles (Mapbox Vector Tile 2.1, EPSG:3857): what a list would show, drawn.

Promises: a tile shows exactly the things that its reader may read, and counts no others; it is one statement; the rows read
are bounded. Up to :data:`SINGLE_FROM` points are clustered on a raster and everything else is drawn as its middle; from
there on things have their own shape, their title (masked where it is personal) and the value that colours them. Types with
many things are drawn from cells that were counted ahead (:mod:`yiwang.registry.cells`), unless filters or a moment are asked for:
what has been written since the last count may be missing there, for half a minute or for ten times as long as counting takes,
whichever is longer, and while it is counted.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from yiwang.geo.tiles import BUFFER, EXTENT, FEATURE_LIMIT, Tile, tile_envelope
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection
from yiwang.registry import store
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.cells import Cells
from yiwang.registry.model import kinds_of
from yiwang.registry.reading import Reading
from yiwang.registry.store.cells import RASTER
from yiwang.registry.store.facts import moment
from yiwang.registry.types import CompiledType

SINGLE_FROM = 15
"""Zoom from which every thing is drawn by itself."""
ROW_LIMIT = 100_000
_kept_seconds = 5.0
_most_kept = 512


@dataclass(frozen=True, slots=True)
class TileAsked:
    """Which things: ``filters`` and moments as in a list."""

    tile: Tile
    filters: str = ""
    valid_at: datetime | None = None
    known_at: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether all things of now are asked for, from afar."""
        return self.tile.z < SINGLE_FROM and not self.filters and self.valid_at is None and self.known_at is None


class TypeTiles:
    """Draws tiles; keeps each some seconds for all who may read the same."""

    def __init__(self, clock: Clock, catalogue: TypeCatalogue, reading: Reading, cells: Cells) -> None:
        self._clock, self._catalogue, self._reading, self._cells = clock, catalogue, reading, cells
        self._kept: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()

    async def draw(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        tile: Tile,
        *,
        filters: dict[str, str],
        valid_at: datetime | None = None,
        known_at: datetime | None = None,
    ) -> bytes:
        """The tile's bytes; layer ``things``. Empty where nothing is.

        Raises:
            TypeUnknown, FilterUnknown.
        """
        kind = self._catalogue.type(type_id)
        asked = TileAsked(tile, self._reading.filter_query(kind, filters), valid_at, known_at)
        key = _key(actor, kind, asked)
        kept = self._kept.get(key)
        if kept is not None and monotonic() - kept[0] < _kept_seconds:
            return kept[1]
        args = Sql()
        ahead = asked.whole and kind.id in self._cells.counted
        query = _of_cells(kind, actor, tile, args) if ahead else _query(kind, actor, asked, args, self._clock.now())
        content: bytes = await connection.fetchval(query, *args.values)
        self._kept[key] = (monotonic(), content)
        self._kept.move_to_end(key)
        while len(self._kept) > _most_kept:
            self._kept.popitem(last=False)
        return content

    def forget(self) -> None:
        """Draw the next tiles anew."""
        self._kept.clear()


def _key(actor: Actor, kind: CompiledType, asked: TileAsked) -> bytes:
    """Equal for those who may read the same: the grants decide, not the person."""
    grants = [grant for name in kinds_of(kind.id) for grant in actor.grants_for(name, "read")]
    reach = sorted(
        (grant.area, "" if grant.organisations is None else str(sorted(grant.organisations))) for grant in grants
    )
    text = repr((kind.id, kind.declaration.version, asked, reach))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _of_cells(kind: CompiledType, actor: Actor, tile: Tile, args: Sql) -> str:
    west, south, east, north = (f"{args.bind(edge)}::float8" for edge in tile_envelope(tile.z, tile.x, tile.y))
    box = f"ST_MakeEnvelope({west}, {south}, {east}, {north}, 3857)"
    columns, rows = (f"between {at * RASTER} and {at * RASTER + RASTER - 1}" for at in (tile.x, tile.y))
    middle = "ST_SetSRID(ST_MakePoint(sum(c.sum_x) / sum(c.n), sum(c.sum_y) / sum(c.n)), 3857)"
    features = (
        f"select sum(c.n)::int as n, case when sum(c.n) = 1 then min(c.thing_id::text) end as id,"
        f" (array_agg(c.colour order by c.n desc))[1] as colour,"
        f" ST_AsMVTGeom({middle}, {box}, {EXTENT}, {BUFFER}, true) as geom from thing_cell c"
        f" where c.type = {args.bind(kind.id)} and c.zoom = {tile.z} and c.x {columns} and c.y {rows}"
        f" and {store.reach(actor, kind.id, 'read', args, 'c')} group by c.x, c.y"
    )
    return f"select coalesce(ST_AsMVT(features, 'things', {EXTENT}, 'geom'), ''::bytea) from ({features}) features"


def _query(kind: CompiledType, actor: Actor, asked: TileAsked, args: Sql, now: datetime) -> str:
    tile = asked.tile
    single = tile.z >= SINGLE_FROM
    west, south, east, north = (f"{args.bind(edge)}::float8" for edge in tile_envelope(tile.z, tile.x, tile.y))
    box = f"ST_MakeEnvelope({west}, {south}, {east}, {north}, 3857)"
    around = f"ST_Expand({box}, ({east} - {west}) * {BUFFER / EXTENT})" if single else box
    conditions = [
        f"f.type = {args.bind(kind.id)}",
        moment("f.valid", asked.valid_at, args, now=now),
        moment("f.recorded", asked.known_at, args, now=now),
        store.reach(actor, kind.id, "read", args),
        f"f.geometry && ST_Transform({around}, 4326)",
    ]
    if asked.filters:
        conditions.append(f"f.terms @@ {args.bind(asked.filters)}::tsquery")
    colour = kind.declaration.presentation.colour
    value = f"f.attributes->>{args.bind(colour)}::text" if colour else "null::text"
    if colour in kind.declaration.personal:
        value = "null::text"
    where = " and ".join(conditions)
    if single:
        personal = any(name in kind.declaration.personal for name in kind.declaration.presentation.title)
        title = "''" if personal else "f.title"
        rows = (
            f"select f.thing_id::text as id, {title} as title, {value} as colour,"
            f" ST_AsMVTGeom(ST_Transform(f.geometry, 3857), {box}, {EXTENT}, {BUFFER}, true) as geom"
            f" from thing_fact f where {where} limit {FEATURE_LIMIT}"
        )
        features = "select * from rows where geom is not null"
    else:
        cell = f"(({east} - {west}) / {RASTER})"
        rows = (
            f"select f.thing_id, {value} as colour,"
            f" ST_Transform(case when ST_GeometryType(f.geometry) = 'ST_Point' then f.geometry"
            f" else ST_PointOnSurface(f.geometry) end, 3857) as at from thing_fact f where {where} limit {ROW_LIMIT}"
        )
        middle = "ST_SetSRID(ST_MakePoint(avg(ST_X(at)), avg(ST_Y(at))), 3857)"
        features = (
            f"select count(*)::int as n, case when count(*) = 1 then min(thing_id::text) end as id,"
            f" mode() within group (order by colour) as colour,"
            f" ST_AsMVTGeom({middle}, {box}, {EXTENT}, {BUFFER}, true) as geom from rows"
            f" where ST_X(at) >= {west} and ST_X(at) < {east} and ST_Y(at) >= {south} and ST_Y(at) < {north}"
            f" group by floor((ST_X(at) - {west}) / {cell}), floor((ST_Y(at) - {south}) / {cell})"
        )
    return (
        f"with rows as materialized ({rows}), features as ({features})"
        f" select coalesce(ST_AsMVT(features, 'things', {EXTENT}, 'geom'), ''::bytea) from features"
    )
