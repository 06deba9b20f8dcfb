drop table thing_pull, thing_mapping, thing_import;
