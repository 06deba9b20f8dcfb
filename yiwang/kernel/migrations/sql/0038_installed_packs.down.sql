drop table installed_pack;
