alter table hot_issue drop column acknowledged_at, drop column acknowledged_name, drop column acknowledged_note;
drop table notice;
