drop table flow_migration_case;
drop table flow_migration;
alter table flow_step drop column became;
