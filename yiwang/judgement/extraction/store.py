"""SQL that reads the city's own names: areas all at once (they are few), named places as they stand in a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yiwang.kernel.database import Connection

_most_areas = 50_000
_most_places = 200


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A name with its point (degrees, CGCS2000); ``code`` is that of an area, "" of a named place."""

    id: str
    name: str
    kind: str
    code: str
    longitude: float
    latitude: float


async def areas_version(connection: Connection) -> int:
    """The number of the present state of the areas."""
    found: int = await connection.fetchval("select version from geo_state")
    return found


async def area_names(connection: Connection) -> list[KnownPlace]:
    """All areas above unit grids that have a point, by code."""
    rows = await connection.fetch(
        "select code, name_zh, level, st_x(centroid) as lon, st_y(centroid) as lat from area"
        f" where level <> 'unit_grid' and centroid is not null order by code limit {_most_areas}"
    )
    return [
        KnownPlace(f"area:{row['code']}", row["name_zh"], row["level"], row["code"], row["lon"], row["lat"])
        for row in rows
    ]


async def places_named(connection: Connection, names: Sequence[str]) -> list[KnownPlace]:
    """Named places with exactly one of these names."""
    rows = await connection.fetch(
        "select id, name, kind, st_x(geom) as lon, st_y(geom) as lat from place where name = any($1::text[])"
        f" order by id limit {_most_places}",
        list(names),
    )
    return [KnownPlace(f"place:{row['id']}", row["name"], row["kind"], "", row["lon"], row["lat"]) for row in rows]
