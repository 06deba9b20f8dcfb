alter table position_latest drop column written;
drop table device_session;
