update case_file set class_source = 'rule' where class_source = 'model';
alter table case_file drop constraint case_file_class_source_check;
alter table case_file add constraint case_file_class_source_check
    check (class_source in ('person', 'rule', 'none', 'import')) not valid;
drop table journal_follower, dispatch_outcome, dispatch_turn, case_advice, learned_model;
