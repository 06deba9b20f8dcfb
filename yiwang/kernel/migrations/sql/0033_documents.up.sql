-- Kinds of document (文书) as packs declare them, with the template's words; what was issued keeps the version that it was made by.
create table document_type (
    key text collate "C" not null,
    version int not null,
    case_type text collate "C" not null,
    declaration jsonb not null,
    template text not null,
    digest text not null,
    current boolean not null,
    published_at timestamptz not null,
    primary key (key, version)
);
create unique index document_type_current on document_type (key) where current;

-- The last serial of a pattern, an office and a year. Its row lock is held until the document is committed: no gaps.
create table document_counter (
    organisation_id int not null references organisation,
    rule text not null,
    year int not null,
    last int not null,
    primary key (organisation_id, rule, year)
);

-- Keys with which offices sign. The private part is sealed under HOME/document-keys; public parts stay for ever.
create table document_key (
    id uuid primary key,
    organisation_id int not null references organisation,
    organisation_name text not null,
    public_key text not null,
    sealed text not null,
    made_at timestamptz not null,
    retired_at timestamptz,
    proof text not null
);
create unique index document_key_current on document_key (organisation_id) where retired_at is null;

-- What was issued. content is all that is printed, frozen with the number; the PDF is set and signed right after.
create table document (
    id uuid primary key,
    type_key text collate "C" not null,
    type_version int not null,
    case_id uuid not null references case_file,
    task_id uuid,
    organisation_id int not null references organisation,
    rule text not null,
    year int not null,
    serial int not null,
    number text not null,
    code text not null,
    title text not null,
    title_en text not null,
    office text not null,
    version int not null,
    replaces uuid unique references document,
    content jsonb not null,
    personal boolean not null,
    delivered boolean not null,
    state text not null check (state in ('issued', 'void', 'replaced')),
    issued_at timestamptz not null,
    issued_by uuid,
    issued_label text not null,
    ended_at timestamptz,
    ended_label text not null default '',
    ended_reason text not null default '',
    key_id uuid references document_key,
    signed_at timestamptz,
    digest text,
    signature text,
    pdf bytea,
    unique (organisation_id, rule, year, serial),
    unique (task_id, type_key),
    foreign key (type_key, type_version) references document_type,
    check ((pdf is null) = (signature is null))
);
create index document_case on document (case_id, issued_at);
create index document_number on document (number);
create unique index document_digest on document (digest) where digest is not null;
create index document_unmade on document (issued_at) where pdf is null;
