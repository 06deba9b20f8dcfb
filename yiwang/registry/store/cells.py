"""Cells of the map, counted from the facts of a type, and which types have been counted."""

from __future__ import annotations

import math
from datetime import datetime
from typing import NamedTuple

from yiwang.geo.tiles import HALF_WORLD
from yiwang.kernel.database import Connection

FINEST = 14
"""The zoom from whose cells all coarser ones are added up."""
RASTER = 24
"""Cells along the edge of a tile."""
_LOCK = 0x79_77_63_65  # of the transaction that counts: one worker at a time
_EDGE = 2 * HALF_WORLD / (RASTER * 2**FINEST)
_NORTHERNMOST = math.degrees(
    math.atan(math.sinh(math.pi))
)  # the map of the tiles ends there; a pole has no place on it
_COLUMNS = "type, zoom, x, y, area, organisation_id, n, thing_id, colour, sum_x, sum_y"
_COUNT = f"""
with places as materialized (
  select thing_id, area, organisation_id, colour, ST_Transform(middle, 3857) as at from (
    select f.thing_id, f.area, f.organisation_id, f.attributes->>$3::text as colour,
      case when ST_GeometryType(f.geometry) = 'ST_Point' then f.geometry else ST_PointOnSurface(f.geometry) end as middle
    from thing_fact f
    where f.type = $1 and upper_inf(f.recorded) and f.valid @> $2::timestamptz and f.geometry is not null offset 0) middles
  where ST_Y(middle) between -{_NORTHERNMOST} and {_NORTHERNMOST}),
cells as (
  insert into thing_cell ({_COLUMNS})
  select $1, {FINEST}, floor((ST_X(at) + {HALF_WORLD}) / {_EDGE})::int, floor(({HALF_WORLD} - ST_Y(at)) / {_EDGE})::int,
    area, organisation_id, count(*), case when count(*) = 1 then min(thing_id::text)::uuid end,
    mode() within group (order by colour), sum(ST_X(at)), sum(ST_Y(at))
  from places group by 3, 4, 5, 6 returning n)
select coalesce(sum(n), 0)::int from cells
"""
_COARSER = f"""
insert into thing_cell ({_COLUMNS})
select $1, $2::smallint, x / 2, y / 2, area, organisation_id, sum(n),
  case when sum(n) = 1 then min(thing_id::text)::uuid end, (array_agg(colour order by n desc))[1], sum(sum_x), sum(sum_y)
from thing_cell where type = $1 and zoom = $2::smallint + 1 group by x / 2, y / 2, area, organisation_id
"""


class Counted(NamedTuple):
    """When (machine time) a type was counted, how long that took, how much had been written to all facts by then."""

    at: datetime
    seconds: float
    written: int


async def alone(connection: Connection) -> bool:
    """Until the transaction ends no other counts; false while another does. It may take as long as it needs: millions of
    places are not counted within the time that a statement has elsewhere."""
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", _LOCK):
        return False
    await connection.execute("set local statement_timeout = 0")
    return True


async def written(connection: Connection) -> int:
    """How many facts of all types have been written, ever; grows a little after each commit."""
    found: int = await connection.fetchval(
        "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables"
        " where relname = 'thing_fact'"
    )
    return found


async def counted(connection: Connection) -> dict[str, Counted]:
    """The types that have been counted."""
    rows = await connection.fetch("select type, counted_at, seconds, written from thing_cells")
    return {row["type"]: Counted(row["counted_at"], row["seconds"], row["written"]) for row in rows}


async def more_facts_than(connection: Connection, type_id: str, facts: int) -> bool:
    """Whether a type has more facts, believed and superseded; reads no more of them."""
    found: int = await connection.fetchval(
        "select count(*) from (select from thing_fact where type = $1 limit $2) f", type_id, facts + 1
    )
    return found > facts


async def count(connection: Connection, type_id: str, colour: str | None, now: datetime) -> int:
    """Count the places of a type anew, at every zoom; how many there are. ``colour``: the attribute that colours the map.

    What lies beyond the map's edge in the far north or south is not counted.
    """
    await connection.execute("delete from thing_cell where type = $1", type_id)
    things: int = await connection.fetchval(_COUNT, type_id, now, colour)
    for zoom in range(FINEST - 1, -1, -1):
        await connection.execute(_COARSER, type_id, zoom)
    return things


async def keep(connection: Connection, type_id: str, done: Counted, things: int) -> None:
    """Note that the cells of a type can be drawn."""
    await connection.execute(
        "insert into thing_cells (type, counted_at, seconds, written, things) values ($1, $2, $3, $4, $5)"
        " on conflict (type) do update set counted_at = excluded.counted_at, seconds = excluded.seconds,"
        " written = excluded.written, things = excluded.things",
        type_id,
        done.at,
        done.seconds,
        done.written,
        things,
    )
