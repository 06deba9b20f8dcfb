drop table flow_decision;
drop function flow_decision_is_kept;
