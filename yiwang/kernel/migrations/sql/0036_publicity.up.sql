-- Publicity: what packs declare of publication and of anomalies; what was published, masked; what rules found.

-- A declaration as published last; what no pack declares any more is kept, not active, for what was published by it.
create table publicity_declaration (
    room text not null check (room in ('publication', 'anomaly')),
    id text not null,
    pack text not null,
    body jsonb not null,
    digest text not null,
    published_at timestamptz not null,
    active boolean not null,
    primary key (room, id)
);

-- One issue of a publication: proposed, approved by another person, public until it ends. columns: what it shows, as worded then.
create table publicity_issue (
    id uuid primary key,
    publication text not null,
    state text not null check (state in ('proposed', 'running', 'ended', 'withdrawn', 'refused')),
    title text not null,
    note text not null default '',
    area text collate "C" not null,
    organisation_id int,
    columns jsonb not null,
    row_count int not null,
    proposed_at timestamptz not null,
    proposed_by uuid,
    proposed_label text not null,
    decided_at timestamptz,
    decided_label text not null default '',
    reason text not null default '',
    starts_at timestamptz,
    ends_at timestamptz
);
create index publicity_issue_publication on publicity_issue (publication, proposed_at desc);
create index publicity_issue_running on publicity_issue (starts_at desc) where state = 'running';

-- A row of it as the public sees it: values are masked here already. own: keyed digest of a person's name and last digits.
create table publicity_row (
    id uuid primary key,
    issue_id uuid not null references publicity_issue,
    nth int not null,
    thing_id uuid,
    case_id uuid,
    area text collate "C" not null,
    at timestamptz,
    shown jsonb not null,
    terms tsvector not null,
    own text,
    unique (issue_id, nth)
);
create index publicity_row_own on publicity_row (own) where own is not null;
create index publicity_row_terms on publicity_row using gin (terms);

-- A question about a row: the case that it became.
create table publicity_question (
    case_id uuid primary key references case_file (id),
    row_id uuid not null references publicity_row,
    asked_at timestamptz not null
);
create index publicity_question_row on publicity_question (row_id);

-- How a rule ran last. seen_tx: records of transactions before it were looked at.
create table anomaly_run (
    rule text primary key,
    ran_at timestamptz not null,
    seconds real not null,
    found int not null,
    seen_tx bigint not null,
    next_at timestamptz not null,
    fault text not null default ''
);

-- What a rule found, once: key tells the same finding again. cleared: no longer so; set_aside: a person explained it.
create table anomaly_finding (
    id uuid primary key,
    rule text not null,
    key text not null,
    state text not null check (state in ('open', 'cleared', 'set_aside')),
    things uuid[] not null,
    area text collate "C" not null,
    organisation_id int,
    reason_zh text not null,
    reason_en text not null,
    found_at timestamptz not null,
    cleared_at timestamptz,
    case_id uuid references case_file (id),
    case_number text not null default '',
    fault text not null default '',
    set_aside_at timestamptz,
    set_aside_label text not null default '',
    set_aside_reason text not null default '',
    unique (rule, key)
);
create index anomaly_finding_list on anomaly_finding (rule, state, id desc);
create index anomaly_finding_uncased on anomaly_finding (rule) where case_id is null and state = 'open' and fault = '';
