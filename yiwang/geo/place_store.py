"""All SQL of the gazetteer: named places, found by name or by nearness.

A place is stored without its area, since areas change: the service adds it from the locator.
"""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.geo.model import Place, PlaceDraft
from yiwang.kernel.database import Connection, Record
from yiwang.kernel.text import search_query, search_terms

_CANDIDATES = 2000
"""Rows that one search ranks at most, so that a term that stands in every name costs no more than a rare one."""

_WRITE = """
insert into place (source, key, name, kind, geom, search)
select $1, d.key, d.name, d.kind, st_setsrid(st_makepoint(d.longitude, d.latitude), 4326),
       array_to_tsvector(string_to_array(d.terms, chr(31)))
from unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::text[])
     as d (key, name, kind, longitude, latitude, terms)
on conflict (source, key) do update set
    name = excluded.name, kind = excluded.kind, geom = excluded.geom, search = excluded.search
where (place.name, place.kind, place.geom) is distinct from (excluded.name, excluded.kind, excluded.geom)
"""

_SEARCH = f"""
with found as (
    (select 'place:' || id as id, name, kind, geom, '' as area from place
     where search @@ $1::tsquery limit {_CANDIDATES})
    union all
    (select 'area:' || code, name_zh, kind, centroid, code from area
     where level <> 'unit_grid' and centroid is not null and strpos(lower(name_zh), lower($2)) > 0
     limit {_CANDIDATES})
)
select id, name, kind, st_x(geom) as longitude, st_y(geom) as latitude, area from found
order by lower(name) = lower($2) desc, starts_with(lower(name), lower($2)) desc,
         strpos(lower(name), lower($2)) > 0 desc, length(name), name, id
limit $3
"""

# The index orders by degrees, in which a metre east is shorter than a metre north: the nearest few are measured again.
_NEAREST = """
with near as (
    select id, name, kind, geom from place
    where geom && st_expand(st_setsrid(st_makepoint($1, $2), 4326), $3, $4)
    order by geom <-> st_setsrid(st_makepoint($1, $2), 4326) limit 32
)
select 'place:' || id as id, name, kind, st_x(geom) as longitude, st_y(geom) as latitude, '' as area,
       st_distance(geom::geography, st_setsrid(st_makepoint($1, $2), 4326)::geography) as metres
from near order by metres, id limit 1
"""


async def write_places(connection: Connection, source: str, drafts: Sequence[PlaceDraft]) -> int:
    """Insert or update the places of a source in one statement. Returns rows changed."""
    status = await connection.execute(
        _WRITE,
        source,
        [draft.key for draft in drafts],
        [draft.name for draft in drafts],
        [draft.kind for draft in drafts],
        [draft.longitude for draft in drafts],
        [draft.latitude for draft in drafts],
        ["\x1f".join(search_terms(draft.name)) for draft in drafts],
    )
    return int(status.rsplit(" ", 1)[-1])


async def search_places(connection: Connection, text: str, limit: int) -> list[Place]:
    """Places and areas whose name holds the text: equal names first, then beginnings, then shorter names."""
    query = search_query(text)
    if query.empty:
        return []
    rows = await connection.fetch(_SEARCH, query.tsquery, text, limit)
    return [_place(row) for row in rows]


async def nearest_place(
    connection: Connection, longitude: float, latitude: float, reach: tuple[float, float]
) -> tuple[Place, float] | None:
    """The nearest place within ``reach`` degrees (east, north), and its distance in metres on the ellipsoid."""
    row = await connection.fetchrow(_NEAREST, longitude, latitude, *reach)
    return (_place(row), row["metres"]) if row else None


def _place(row: Record) -> Place:
    return Place(row["id"], row["name"], row["kind"], row["longitude"], row["latitude"], row["area"])
