-- Who has read the personal data of a reporter, when, in which office and posts, and for what (谁看过我的信息).
create table record_read (
    case_id uuid not null,
    at timestamptz not null,
    account_id uuid,
    organisation_id int,
    post_ids int[] not null,
    purpose text not null
);
create index record_read_case on record_read (case_id, at desc);
