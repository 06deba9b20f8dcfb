-- Places of a type with many things, counted by cells of the map: what its tiles below the closest zooms are drawn from.
create table thing_cell (
  type text not null,
  zoom smallint not null check (zoom between 0 and 14),
  x int not null,
  y int not null,
  area text collate "C" not null,
  organisation_id int,
  n int not null,
  thing_id uuid,  -- where it is the only one
  colour text,
  sum_x double precision not null,
  sum_y double precision not null
);
create index thing_cell_at on thing_cell (type, zoom, x, y);

-- When (machine time) the cells of a type were counted, and how much had been written to all facts by then.
create table thing_cells (
  type text primary key,
  counted_at timestamptz not null,
  seconds double precision not null,
  written bigint not null,
  things int not null
);

-- A box within an area: both narrow the search, so one index knows both.
create index thing_fact_place on thing_fact using gist (geometry, area);
drop index thing_fact_geometry;
