drop table trend_alarm;
drop table trend_progress;
drop table trend_stale;
drop table trend_count;
