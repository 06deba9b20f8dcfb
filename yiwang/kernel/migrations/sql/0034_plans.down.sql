drop table sheet_answer;
drop table case_card;
drop table case_progress;
drop table case_part;
drop table case_breakdown;
drop table plan_task;
drop table plan_period;
drop table plan_declaration;
