-- Casework: case types as published, case files, their reporters, attachments, requests, searchable text.

-- A published version of a case type with everything a running case needs of it.
create table case_type (
    key text not null,
    version int not null,
    digest text not null,
    body jsonb not null,
    definition_id uuid not null references flow_definition (id),
    published_at timestamptz not null,
    primary key (key, version)
);

-- The last serial number given out, by number rule and day; its row lock also orders the folding of duplicates.
create table case_counter (
    rule text not null,
    day date not null,
    last bigint not null,
    primary key (rule, day)
);

-- A case file (案卷): anything with a number that someone must finish. Its flow instance has the same id.
create table case_file (
    id uuid primary key,
    number text not null,
    type text not null,
    type_version int not null,
    state text not null check (state in ('open', 'closed', 'void', 'not_accepted', 'folded')),
    status text not null,
    stage text not null,
    class_code text,
    class_system text not null,
    class_source text not null check (class_source in ('person', 'rule', 'none', 'import')),
    standard text,
    channel text not null,
    text text not null,
    address text not null,
    lon double precision,
    lat double precision,
    point geometry (Point, 3857),
    area text collate "C" not null,
    grid text collate "C" not null,
    organisation_id int,
    department_id int,
    section_id int,
    handler_id uuid,
    urgency text not null check (urgency in ('normal', 'urgent')),
    head_id uuid,
    followers int not null default 0,
    reported_at timestamptz not null,
    filed_at timestamptz,
    dispatched_at timestamptz,
    handled_at timestamptz,
    checked_at timestamptz,
    closed_at timestamptz,
    archived_at timestamptz,
    limit_text text,
    due_at timestamptz,
    warn_at timestamptz,
    suspended_at timestamptz,
    supervised_at timestamptz,
    forced boolean not null default false,
    rework_count smallint not null default 0,
    return_count smallint not null default 0,
    extension_count smallint not null default 0,
    reopen_count smallint not null default 0,
    satisfaction smallint check (satisfaction between 1 and 5),
    source_number text,
    idempotency_key text,
    fields jsonb not null default '{}'
) with (fillfactor = 85);
create unique index case_file_number on case_file (number);
create unique index case_file_idempotency on case_file (idempotency_key) where idempotency_key is not null;
create unique index case_file_source on case_file (type, source_number) where source_number is not null;
create index case_file_newest on case_file (reported_at desc, id desc);
create index case_file_open_newest on case_file (reported_at desc, id desc) where closed_at is null;
create index case_file_area on case_file (area, reported_at desc);
create index case_file_department on case_file (department_id, reported_at desc) where department_id is not null;
create index case_file_open_place on case_file using gist (point) where closed_at is null;
create index case_file_open_due on case_file (due_at) where closed_at is null and due_at is not null;
create index case_file_head on case_file (head_id) where head_id is not null;
create index case_file_closed on case_file (closed_at) where closed_at is not null;
create index case_file_archivable on case_file (type, closed_at) where closed_at is not null and archived_at is null;

-- Who reported: personal data, apart from the case, with the code that lets them follow it.
-- Its row and that of case_text are written in the statement that writes the case; a foreign key would only check that.
create table case_reporter (
    case_id uuid primary key,
    code text not null,
    name text not null,
    phone text not null,
    account_id uuid
);
create index case_reporter_account on case_reporter (account_id, case_id) where account_id is not null;
create index case_reporter_phone on case_reporter (phone, case_id) where phone <> '';

-- Searchable words of a case: each bigram is prefixed with its month, so that a search walks back in bounded steps.
create table case_text (
    case_id uuid primary key,
    terms tsvector not null
);
create index case_text_terms on case_text using gin (terms);

-- Photos and documents; the bytes lie in the attachment folder under their SHA-256.
create table case_attachment (
    id uuid primary key,
    case_id uuid references case_file (id),
    kind text not null check (kind in ('report', 'verify', 'before', 'after', 'check', 'other')),
    sha256 text not null,
    media_type text not null,
    bytes bigint not null,
    width int,
    height int,
    taken_at timestamptz,
    lon double precision,
    lat double precision,
    name text not null,
    claim text not null,
    uploaded_by uuid,
    uploaded_name text not null,
    uploaded_at timestamptz not null
);
create index case_attachment_case on case_attachment (case_id, uploaded_at) where case_id is not null;
create index case_attachment_unclaimed on case_attachment (uploaded_at) where case_id is null;

-- Something asked for that another post decides: an extension (延期).
create table case_request (
    id uuid primary key,
    case_id uuid not null references case_file (id),
    kind text not null check (kind in ('extension')),
    amount text not null,
    reason text not null,
    requested_by uuid,
    requested_name text not null,
    requested_at timestamptz not null,
    state text not null check (state in ('pending', 'approved', 'refused', 'lapsed')),
    decided_name text,
    decided_at timestamptz,
    decision_note text
);
create unique index case_request_one_pending on case_request (case_id, kind) where state = 'pending';
create index case_request_pending on case_request (requested_at) where state = 'pending';

-- Runs of `yiwang import cases`, so that an interrupted one goes on where it stopped.
create table case_import (
    id uuid primary key,
    file_name text not null,
    file_sha256 text not null,
    mapping_digest text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    rows_done bigint not null default 0,
    taken bigint not null default 0,
    refused bigint not null default 0,
    unique (file_sha256, mapping_digest)
);
