drop table anomaly_finding;
drop table anomaly_run;
drop table publicity_question;
drop table publicity_row;
drop table publicity_issue;
drop table publicity_declaration;
