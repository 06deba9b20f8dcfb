"""All SQL that reads and writes areas, responsibility grids and the record of imports (places: ``place_store``).

Every function runs on the connection that it is given; who writes has opened the transaction. Geometries travel as
well-known binary in CGCS2000 degrees (stored with SRID 4326, see ``coordinates``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo.divisions import Level, parent, parse, subtree_range
from yiwang.geo.model import Area, AreaDraft, Provenance, ResponsibilityGrid, ResponsibilityGridDraft, Survey
from yiwang.kernel.database import Connection, JsonObject, Record

CHANNEL = "yiwang_geo"
"""Notified with the new version in the transaction that changed areas or responsibility grids."""

_WRITE_AREAS = """
insert into area (code, parent, level, kind, name_zh, name_en, geom, survey, source, crs_source, code_system)
select d.code, d.parent, d.level, d.kind, d.name_zh, d.name_en, st_multi(st_geomfromwkb(d.geom, 4326)),
       case when d.geom is null then null else $8 end, $9, $10, $11
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])
     as d (code, parent, level, kind, name_zh, name_en, geom)
on conflict (code) do update set
    parent = coalesce(excluded.parent, area.parent), kind = excluded.kind,
    name_zh = excluded.name_zh, name_en = excluded.name_en, code_system = excluded.code_system,
    geom = coalesce(excluded.geom, area.geom), survey = coalesce(excluded.survey, area.survey),
    source = case when excluded.geom is null then area.source else excluded.source end,
    crs_source = case when excluded.geom is null then area.crs_source else excluded.crs_source end
where not coalesce(area.survey = 'measured' and excluded.survey = '示意', false)
  and ((area.kind, area.name_zh, area.name_en, area.code_system)
           is distinct from (excluded.kind, excluded.name_zh, excluded.name_en, excluded.code_system)
       or coalesce(area.parent is distinct from excluded.parent and excluded.parent is not null, false)
       or excluded.geom is not null
          and (area.geom, area.survey, area.source, area.crs_source)
              is distinct from (excluded.geom, excluded.survey, excluded.source, excluded.crs_source))
"""

# Rows that stood alone until their parent came: only rows without a parent are looked at, and those are few.
_ADOPT = """
update area child set parent = p.code
from unnest($1::text[], $2::text[]) as p (code, child_code)
where child.parent is null and child.code = p.child_code
"""

_WRITE_RESPONSIBILITY_GRIDS = """
insert into responsibility_grid
    (code, community, name_zh, name_en, unit_grids, geom, survey, source, crs_source)
select d.code, d.community, d.name_zh, d.name_en,
       case when d.unit_grids = '' then '{}' else string_to_array(d.unit_grids, ',') end,
       st_multi(st_geomfromwkb(d.geom, 4326)), $7, $8, $9
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
     as d (code, community, name_zh, name_en, unit_grids, geom)
on conflict (code) do update set
    name_zh = excluded.name_zh, name_en = excluded.name_en, unit_grids = excluded.unit_grids, geom = excluded.geom,
    survey = excluded.survey, source = excluded.source, crs_source = excluded.crs_source
where not (responsibility_grid.survey = 'measured' and excluded.survey = '示意')
  and (responsibility_grid.name_zh, responsibility_grid.name_en, responsibility_grid.unit_grids,
       responsibility_grid.geom, responsibility_grid.survey, responsibility_grid.source, responsibility_grid.crs_source)
      is distinct from (excluded.name_zh, excluded.name_en, excluded.unit_grids, excluded.geom, excluded.survey,
                        excluded.source, excluded.crs_source)
"""

_AREA = """
select a.code, a.parent, a.level, a.kind, a.name_zh, a.name_en, st_x(a.centroid) as longitude,
       st_y(a.centroid) as latitude, a.survey, a.source, a.crs_source, a.code_system,
       (select count(*) from area c where c.parent = a.code) as children
from area a
"""


async def read_version(connection: Connection) -> int:
    """The number of the present state."""
    version: int = await connection.fetchval("select version from geo_state")
    return version


async def raise_version(connection: Connection) -> int:
    """Say that areas or responsibility grids changed; the row lock also keeps two imports from interleaving."""
    version: int = await connection.fetchval("update geo_state set version = version + 1 returning version")
    await connection.execute("select pg_notify($1, $2)", CHANNEL, str(version))
    return version


async def write_areas(connection: Connection, drafts: Sequence[AreaDraft], provenance: Provenance) -> int:
    """Insert or update areas in one statement; a measured geometry is never replaced by a schematic one.

    The parent is set where it is stored or among the drafts. Returns how many rows really changed.
    """
    divisions = [parse(draft.code) for draft in drafts]
    wanted = {division.parent for division in divisions if division.parent}
    stored = await connection.fetch("select code from area where code = any($1::text[])", sorted(wanted))
    known = {row["code"] for row in stored} | {division.code for division in divisions}
    status = await connection.execute(
        _WRITE_AREAS,
        [division.code for division in divisions],
        [division.parent if division.parent in known else None for division in divisions],
        [division.level.value for division in divisions],
        [division.kind.value for division in divisions],
        [draft.name_zh for draft in drafts],
        [draft.name_en for draft in drafts],
        [None if draft.geometry is None else shapely.to_wkb(draft.geometry) for draft in drafts],
        provenance.survey.value,
        provenance.source,
        provenance.crs,
        provenance.code_system,
    )
    alone = await connection.fetch("select code from area where parent is null")
    pairs = [(parent(row["code"]), row["code"]) for row in alone]
    pairs = [(above, code) for above, code in pairs if above in known]
    await connection.execute(_ADOPT, [above for above, _ in pairs], [code for _, code in pairs])
    return int(status.rsplit(" ", 1)[-1])


async def write_responsibility_grids(
    connection: Connection, drafts: Sequence[ResponsibilityGridDraft], provenance: Provenance
) -> int:
    """Insert or update responsibility grids in one statement; their communities must be stored. Returns rows
    changed."""
    status = await connection.execute(
        _WRITE_RESPONSIBILITY_GRIDS,
        [draft.code for draft in drafts],
        [draft.community for draft in drafts],
        [draft.name_zh for draft in drafts],
        [draft.name_en for draft in drafts],
        [",".join(draft.unit_grids) for draft in drafts],
        [shapely.to_wkb(draft.geometry) for draft in drafts],
        provenance.survey.value,
        provenance.source,
        provenance.crs,
    )
    return int(status.rsplit(" ", 1)[-1])


async def delete_schematic_grids(connection: Connection, scope: str) -> int:
    """Remove the unit and responsibility grids within ``scope`` that were generated; surveyed ones stay."""
    low, high = subtree_range(scope)
    within = "code >= $1 and code < $2 and survey = $3"
    await connection.execute(f"delete from responsibility_grid where {within}", low, high, Survey.SCHEMATIC.value)
    status = await connection.execute(
        f"delete from area where {within} and level = 'unit_grid'", low, high, Survey.SCHEMATIC.value
    )
    return int(status.rsplit(" ", 1)[-1])


async def has_schematic_unit_grids(connection: Connection, scope: str) -> bool:
    """Whether generated unit grids are stored within ``scope``."""
    found: bool = await connection.fetchval(
        "select exists (select from area where code >= $1 and code < $2 and level = 'unit_grid' and survey = $3)",
        *subtree_range(scope),
        Survey.SCHEMATIC.value,
    )
    return found


async def communities_with_surveyed_grids(connection: Connection, scope: str) -> list[str]:
    """The communities within ``scope`` that have surveyed unit grids, by code."""
    rows = await connection.fetch(
        "select distinct left(code, 12) as code from area"
        " where code >= $1 and code < $2 and level = 'unit_grid' and survey = $3 order by 1",
        *subtree_range(scope),
        Survey.MEASURED.value,
    )
    return [row["code"] for row in rows]


async def read_centres(connection: Connection, communities: Sequence[str]) -> list[tuple[str, float, float]]:
    """Code, longitude, latitude of an inner point of each unit grid of the communities, by code."""
    rows = await connection.fetch(
        "select code, st_x(centroid) as x, st_y(centroid) as y from area"
        " where parent = any($1::text[]) and centroid is not null order by code",
        list(communities),
    )
    return [(row["code"], row["x"], row["y"]) for row in rows]


async def read_area(connection: Connection, code: str) -> Area | None:
    """One area, None if it is not stored."""
    row = await connection.fetchrow(_AREA + "where a.code = $1", code)
    return _area(row) if row else None


async def read_children(connection: Connection, above: str | None, *, after: str = "", limit: int = 200) -> list[Area]:
    """The areas directly below ``above`` (None: those without a stored parent) by code, beyond ``after``."""
    condition = "a.parent = $1" if above is not None else "a.parent is null and $1::text is null"
    rows = await connection.fetch(
        _AREA + f'where {condition} and a.code > $2 collate "C" order by a.code limit $3', above, after, limit
    )
    return [_area(row) for row in rows]


def _area(row: Record) -> Area:
    return Area(
        row["code"],
        row["parent"],
        Level(row["level"]),
        row["kind"],
        row["name_zh"],
        row["name_en"],
        row["longitude"],
        row["latitude"],
        Survey(row["survey"]) if row["survey"] else None,
        row["source"],
        row["crs_source"],
        row["code_system"],
        row["children"],
    )


async def read_geometry(connection: Connection, code: str) -> BaseGeometry | None:
    """The geometry of one area or responsibility grid in CGCS2000 degrees."""
    wkb: bytes | None = await connection.fetchval(
        "select st_asbinary(geom) from area where code = $1"
        " union all select st_asbinary(geom) from responsibility_grid where code = $1",
        code,
    )
    return None if wkb is None else shapely.from_wkb(wkb)


async def read_geojson(connection: Connection, code: str, *, digits: int = 7) -> str | None:
    """The geometry of one area as GeoJSON text, ``digits`` decimals of a degree (7: 1 cm)."""
    text: str | None = await connection.fetchval(
        "select st_asgeojson(geom, $2) from area where code = $1", code, digits
    )
    return text


async def read_geometries(
    connection: Connection, scope: str = "", *, levels: Sequence[Level] = tuple(Level)
) -> dict[str, tuple[str, BaseGeometry | None, Survey | None]]:
    """Code → (Chinese name, geometry, survey) of the areas of these levels within ``scope`` ("": all), by code."""
    low, high = subtree_range(scope) if scope else ("", ":")
    rows = await connection.fetch(
        "select code, name_zh, st_asbinary(geom) as geom, survey from area"
        ' where code >= $1 and code < $2 and level = any($3::text[]) order by code collate "C"',
        low,
        high,
        [level.value for level in levels],
    )
    return {
        row["code"]: (
            row["name_zh"],
            None if row["geom"] is None else shapely.from_wkb(row["geom"]),
            Survey(row["survey"]) if row["survey"] else None,
        )
        for row in rows
    }


async def read_responsibility_grids(
    connection: Connection, community: str, *, after: str = "", limit: int = 200
) -> list[ResponsibilityGrid]:
    """The responsibility grids of a community by code, beyond ``after``."""
    rows = await connection.fetch(
        "select code, community, name_zh, name_en, cardinality(unit_grids) as unit_grids, survey"
        ' from responsibility_grid where community = $1 and code > $2 collate "C" order by code limit $3',
        community,
        after,
        limit,
    )
    return [
        ResponsibilityGrid(
            row["code"],
            row["community"],
            row["name_zh"],
            row["name_en"],
            row["unit_grids"],
            Survey(row["survey"]),
        )
        for row in rows
    ]


async def load_snapshot(
    connection: Connection,
) -> tuple[list[str], list[bytes], list[tuple[str, list[str], bytes]], int]:
    """Codes, geometries, responsibility grids and version of one moment: the parts of a locator's snapshot.

    To be called in a repeatable-read transaction.
    """
    version = await read_version(connection)
    areas = await connection.fetch(
        'select code, st_asbinary(geom) as geom from area where geom is not null order by code collate "C"'
    )
    # A grid with unit grids is found by them and needs no geometry.
    grids = await connection.fetch(
        "select code, unit_grids, case when unit_grids = '{}' then st_asbinary(geom) else '' end as geom"
        " from responsibility_grid"
    )
    return (
        [row["code"] for row in areas],
        [row["geom"] for row in areas],
        [(row["code"], row["unit_grids"], row["geom"]) for row in grids],
        version,
    )


async def newest_import(connection: Connection, verb: str, scope: str) -> tuple[str, JsonObject] | None:
    """Digest and report of the newest import of this kind and scope."""
    row = await connection.fetchrow(
        "select digest, report from geo_import where verb = $1 and scope = $2 order by id desc limit 1", verb, scope
    )
    return (row["digest"], row["report"]) if row else None


async def record_import(
    connection: Connection, *, at: datetime, verb: str, scope: str, digest: str, source: str, report: JsonObject
) -> None:
    """Remember what was imported or generated."""
    await connection.execute(
        "insert into geo_import (at, verb, scope, digest, source, report) values ($1, $2, $3, $4, $5, $6)",
        at,
        verb,
        scope,
        digest,
        source,
        report,
    )
