drop table thing_read;
alter table thing_key drop column first_thing_id;
drop index thing_merged_into;
drop table thing_merge, resolution_pair, resolution_run;
