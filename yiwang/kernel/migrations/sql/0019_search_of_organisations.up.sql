-- A department searches and lists its own cases, newest first: they are few among millions.
create index case_file_organisation on case_file (organisation_id, reported_at desc, id desc) where organisation_id is not null;
