-- Geo: division tree with its geometry, responsibility grids, named places, and the record of what was imported.
create extension if not exists postgis;

-- One row: the number of the present state; every change of areas or responsibility grids raises it, locators follow it.
create table geo_state (
    only_row boolean primary key default true check (only_row),
    version bigint not null default 0
);
insert into geo_state default values;

-- Divisions (行政区划) from province to unit grid (单元网格); a code's prefix is its parent. Degrees: CGCS2000 ≈ EPSG:4326.
create table area (
    code text collate "C" primary key check (code ~ '^[0-9]{2}([0-9]{2}([0-9]{2}([0-9]{3}){0,3})?)?$'),
    parent text collate "C" references area (code),
    level text not null check (level in ('province', 'city', 'district', 'street', 'community', 'unit_grid')),
    kind text not null,
    name_zh text not null check (length(name_zh) between 1 and 100),
    name_en text not null default '' check (length(name_en) <= 100),
    geom geometry(multipolygon, 4326) check (st_isvalid(geom) and not st_isempty(geom)),
    geom_3857 geometry(multipolygon, 3857) generated always as (st_transform(geom, 3857)) stored,
    centroid geometry(point, 4326) generated always as (st_pointonsurface(geom)) stored,
    survey text check (survey in ('measured', '示意')),
    source text not null,
    crs_source text not null,
    code_system text not null,
    check (parent is null or starts_with(code, parent)),
    check ((geom is null) = (survey is null))
);
create index area_parent on area (parent, code);
create index area_above_grids on area (code) where level <> 'unit_grid';
create index area_geom on area using gist (geom);
create index area_tile on area using gist (geom_3857) where level <> 'unit_grid';
create index area_tile_unit_grid on area using gist (geom_3857) where level = 'unit_grid';

-- Responsibility grids (责任网格): groups of unit grids of one community; without unit grids they count by geometry.
create table responsibility_grid (
    code text collate "C" primary key check (code ~ '^[0-9]{12}[A-Z][0-9]{2,3}$'),
    community text collate "C" not null references area (code),
    name_zh text not null check (length(name_zh) between 1 and 100),
    name_en text not null default '' check (length(name_en) <= 100),
    unit_grids text[] collate "C" not null default '{}',
    geom geometry(multipolygon, 4326) not null check (st_isvalid(geom) and not st_isempty(geom)),
    geom_3857 geometry(multipolygon, 3857) generated always as (st_transform(geom, 3857)) stored,
    survey text not null check (survey in ('measured', '示意')),
    source text not null,
    crs_source text not null,
    check (starts_with(code, community))
);
create index responsibility_grid_community on responsibility_grid (community, code);
create index responsibility_grid_tile on responsibility_grid using gist (geom_3857);

-- Gazetteer (地名): named points; terms are made by the application (characters in pairs, kernel.text).
create table place (
    id integer generated always as identity primary key,
    source text not null,
    key text not null,
    name text not null check (length(name) between 1 and 100),
    kind text not null check (length(kind) between 1 and 40),
    geom geometry(point, 4326) not null,
    search tsvector not null,
    unique (source, key)
);
create index place_geom on place using gist (geom);
create index place_search on place using gin (search);

-- What was imported or generated, by scope: a repetition of the newest one with the same digest changes nothing.
create table geo_import (
    id integer generated always as identity primary key,
    at timestamptz not null,
    verb text not null,
    scope text collate "C" not null,
    digest text not null,
    source text not null,
    report jsonb not null
);
create index geo_import_scope on geo_import (verb, scope, id desc);
