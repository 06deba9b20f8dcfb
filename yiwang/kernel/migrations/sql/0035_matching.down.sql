drop table match_waiting;
drop table match_proposal;
drop table match_rule;
