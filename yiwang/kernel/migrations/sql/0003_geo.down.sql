drop table geo_import, place, responsibility_grid, area, geo_state;
