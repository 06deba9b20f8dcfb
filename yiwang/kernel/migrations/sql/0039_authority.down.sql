drop table thing_code;
drop table thing_authority;
