drop table record_read;
