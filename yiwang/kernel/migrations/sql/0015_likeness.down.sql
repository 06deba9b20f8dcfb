drop table likeness_sample;
drop table likeness_term;
