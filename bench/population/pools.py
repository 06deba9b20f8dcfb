"""What the archive is varied by: texts with their terms, places with their areas, prototypes. Tables of schema bench."""

from __future__ import annotations

import asyncpg
import numpy as np
import shapely

from bench.texts import Teller
from yiwang.casework.catalogue import CaseType
from yiwang.casework.intake.drafting import project
from yiwang.flow.assignment import Assignment, Place
from yiwang.geo.service import Locator

TEXTS, PLACES = 20_000, 20_000

_TABLES = """
drop schema if exists bench cascade;
create schema bench;
create table bench.telling (no int primary key, text text, road text, class_code text, terms text[]);
create table bench.place (
    no int primary key, lon float8, lat float8, x float8, y float8, area text, grid text, post_id int,
    point geometry(Point, 3857)
);
create table bench.done (first bigint primary key, last bigint not null);
create table bench.later (no int generated always as identity, command text not null, done boolean not null default false);
"""


async def make_pools(
    connection: asyncpg.Connection[asyncpg.Record],
    case_type: CaseType,
    locator: Locator,
    assignment: Assignment,
    *,
    seed: int,
) -> None:
    """Make the tables anew; texts are classified and places located by the product's own rules."""
    await connection.execute(_TABLES)
    tellings = Teller(case_type, seed).distinct(TEXTS)
    await connection.copy_records_to_table(
        "telling",
        schema_name="bench",
        records=[(no, item.text, item.road, item.class_code, list(item.terms)) for no, item in enumerate(tellings)],
        columns=["no", "text", "road", "class_code", "terms"],
    )
    verify = case_type.definition.graph.task("verify")
    records: list[tuple[object, ...]] = []
    for no, (lon, lat) in enumerate(await random_points(connection, PLACES, seed)):
        found = locator.locate(lon, lat)
        if found is None:
            raise RuntimeError(f"a point within the city cannot be located: {lon}, {lat}")
        grid = found.responsibility_grid or ""
        queue = assignment.queue(verify, {"grid": grid or found.area_code}, Place(found.area_code, grid))
        x, y = project(lon, lat)
        records.append((no, lon, lat, x, y, found.area_code, grid, queue.post_id if queue else None))
    await connection.copy_records_to_table(
        "place",
        schema_name="bench",
        records=records,
        columns=["no", "lon", "lat", "x", "y", "area", "grid", "post_id"],
    )
    await connection.execute("update bench.place set point = ST_SetSRID(ST_MakePoint(x, y), 3857)")
    await connection.execute("analyze bench.telling, bench.place")


async def random_points(
    connection: asyncpg.Connection[asyncpg.Record], count: int, seed: int
) -> list[tuple[float, float]]:
    """Points (lon, lat, degrees) spread evenly over the area that the city has geometry for, ten metres from its edge."""
    text = await connection.fetchval(
        "select ST_AsBinary(ST_Union(geom)) from area where geom is not null and level = ("
        " select level from area where geom is not null order by length(code) limit 1)"
    )
    city = shapely.buffer(shapely.from_wkb(text), -1e-4)
    shapely.prepare(city)
    chance = np.random.default_rng(seed)
    west, south, east, north = shapely.bounds(city)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        lon, lat = chance.uniform(west, east, count), chance.uniform(south, north, count)
        inside = shapely.contains_xy(city, lon, lat)
        found += list(zip(lon[inside].tolist(), lat[inside].tolist(), strict=True))
    return found[:count]
