drop table patrol_point;
drop table patrol;
drop table administered_state;
drop table administered_change;
drop table administered;
