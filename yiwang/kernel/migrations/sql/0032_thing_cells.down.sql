create index thing_fact_geometry on thing_fact using gist (geometry);
drop index thing_fact_place;
drop table thing_cells;
drop table thing_cell;
