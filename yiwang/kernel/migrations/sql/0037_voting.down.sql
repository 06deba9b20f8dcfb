drop table vote_paper;
drop table vote_ballot;
drop table vote_roll;
drop table vote;
drop table vote_declaration;
