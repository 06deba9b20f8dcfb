drop table share_file;
drop table share_use;
drop table share_nonce;
drop table share_grant;
drop table share_request;
drop table resource_step;
drop table resource_serial;
drop table resource;
