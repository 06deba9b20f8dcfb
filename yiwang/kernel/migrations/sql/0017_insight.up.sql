-- Insight: declared indicators and boards, what the journal's follower knows of each case, and the counts of each day.

-- Indicators, formulas and boards as published; the newest version of a key counts.
create table insight_declaration (
    kind text not null check (kind in ('indicator', 'board')),
    key text not null,
    version int not null,
    digest text not null,
    body jsonb not null,
    published_at timestamptz not null,
    retired_at timestamptz,
    primary key (kind, key, version)
);

-- Conditions by which counts are kept apart (scopes of indicators); the bit stands for it wherever cases are counted.
create table insight_slice (
    bit smallint primary key check (bit between 0 and 61),
    condition jsonb not null unique,
    since timestamptz not null
);

-- What is evaluated (评价对象): an area, a department, or a seat (a person on a post, "post:account").
create table insight_object (
    id int generated always as identity primary key,
    kind text not null check (kind in ('area', 'department', 'seat')),
    key text collate "C" not null,
    unique (kind, key)
);

-- How far the journal was followed, on which of the two sides the counts are read, and how far a recomputation has come.
create table insight_progress (
    only_row boolean primary key default true check (only_row),
    side smallint not null default 0 check (side in (0, 1)),
    tx bigint not null default 0,
    seq bigint not null default 0,
    as_of timestamptz not null default '-infinity',
    scopes text not null default '',
    rebuild_tx bigint,
    rebuild_at_tx bigint,
    rebuild_at_seq bigint,
    rebuild_scopes text,
    rebuild_from uuid,
    rebuild_done bigint not null default 0,
    rebuild_of bigint not null default 0,
    rebuild_began timestamptz
);
insert into insight_progress default values;

-- What is known of each case after its last entry; 'infinity' stands for “not”, object 0 for “nobody”.
create table insight_life_0 (
    case_id uuid primary key,
    slices bigint not null,
    flags int not null,
    area int not null,
    reported_on date not null,
    reporter int not null,
    filed_on date not null,
    filer int not null,
    folded_on date not null,
    dispatched_on date not null,
    dispatcher int not null,
    department int not null,
    round smallint not null,
    began_at timestamptz not null,
    due_at timestamptz not null,
    due_on date not null,
    handler int not null,
    handled_on date not null,
    minutes int not null,
    closing smallint not null,
    closed_on date not null,
    stage smallint not null,
    step_due_at timestamptz not null,
    step_due_on date not null,
    seat int not null,
    watch_at timestamptz not null
) with (fillfactor = 80);
create index insight_life_0_watch on insight_life_0 (watch_at) where watch_at < 'infinity';

-- Which counts a case entered, by object and day: bit n of facts stands for count n. What a drill-down reads.
create table insight_fact_0 (
    object int not null,
    day date not null,
    case_id uuid not null,
    facts bigint not null,
    primary key (object, day, case_id)
);

-- How often a case entered a count on one day for one object, where that is not once.
create table insight_many_0 (
    object int not null,
    day date not null,
    case_id uuid not null,
    fact smallint not null,
    n int not null,
    primary key (object, day, case_id, fact)
);

-- The counts of each day (基数), by object and slice. What every score is reckoned from.
create table insight_count_0 (
    object int not null,
    day date not null,
    slice smallint not null,
    fact smallint not null,
    n bigint not null,
    primary key (object, slice, fact, day)
) with (fillfactor = 80);

-- The other side: a recomputation fills it while the first is read, then they change places.
create table insight_life_1 (like insight_life_0 including all);
create table insight_fact_1 (like insight_fact_0 including all);
create table insight_many_1 (like insight_many_0 including all);
create table insight_count_1 (like insight_count_0 including all);

-- Appeals against being counted as late (超时申诉): asked for by the department, reviewed by dispatch, decided by intake.
create table insight_appeal (
    id uuid primary key,
    case_id uuid not null unique references case_file (id),
    reason text not null,
    state text not null check (state in ('pending', 'reviewed', 'approved', 'refused')),
    requested_by uuid,
    requested_name text not null,
    requested_at timestamptz not null,
    reviewed_name text,
    reviewed_at timestamptz,
    review_note text,
    decided_name text,
    decided_at timestamptz,
    decision_note text
);
create index insight_appeal_open on insight_appeal (requested_at, id) where state in ('pending', 'reviewed');
