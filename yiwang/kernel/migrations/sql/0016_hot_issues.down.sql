drop index area_name;
drop index place_name;
drop table hot_issue_day;
drop table hot_issue_text;
drop table hot_issue;
drop table hot_issue_term;
drop table hot_issue_reading;
