drop table alarm_news, alarm_opening, alarm_shelf, alarm, rule_baseline, rule_epoch, rule_state, sensing_rule_version, sensing_rule;
