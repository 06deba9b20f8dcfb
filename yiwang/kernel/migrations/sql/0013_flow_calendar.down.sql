drop table flow_calendar;
