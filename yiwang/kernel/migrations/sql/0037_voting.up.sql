-- Votes: what packs declare, who is called upon, what was cast (sealed until the end), what came of it.

-- A declaration as published last; what no pack declares any more is kept, not active, for what it was used for.
create table vote_declaration (
    id text primary key,
    pack text not null,
    body jsonb not null,
    digest text not null,
    published_at timestamptz not null,
    active boolean not null
);

-- A vote, called at a step of a case. body: the declaration as it was then. result: None until it was counted.
create table vote (
    id uuid primary key,
    declared text not null,
    body jsonb not null,
    case_id uuid not null references case_file (id),
    case_number text not null,
    scope_id uuid not null references thing (id),
    scope_title text not null,
    area text collate "C" not null,
    organisation_id int,
    title text not null,
    secret boolean not null,
    questions jsonb not null,
    voices int not null,
    houses int not null,
    weight bigint not null check (weight > 0),
    called_at timestamptz not null,
    called_by text not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null check (closes_at > opens_at),
    state text not null default 'called' check (state in ('called', 'counted', 'withdrawn')),
    ended_at timestamptz,
    reason text not null default '',
    result jsonb
);
create unique index vote_case_called on vote (case_id) where state = 'called';
create index vote_due on vote (closes_at) where state = 'called';
create index vote_newest on vote (called_at desc, id desc);
create index vote_counted on vote (ended_at desc, id desc) where state = 'counted';

-- A voice: a house, or the houses that have the same owners. weight: square metres times 100. code, owners: keyed digests.
-- cast_how: how its ballot came; what it says is not here. choices: of an open vote, once it was counted.
create table vote_roll (
    id uuid primary key,
    vote_id uuid not null references vote (id),
    nth int not null,
    title text not null,
    houses jsonb not null,
    owners text[] not null,
    owner_names text not null,
    weight bigint not null check (weight > 0),
    code text,
    coded_at timestamptz,
    tries smallint not null default 0,
    tried_at timestamptz,
    proxy text,
    proxy_name text not null default '',
    proxy_proof uuid references case_attachment (id),
    cast_at timestamptz,
    cast_how text not null default '' check (cast_how in ('', 'code', 'proxy', 'paper')),
    choices jsonb,
    unique (vote_id, nth)
);
create unique index vote_roll_code on vote_roll (code) where code is not null;

-- The box. Nothing here names a voice: of a secret vote the ballot tells nobody's name, and no time. Written anew in random order
-- when it is counted. receipt: keyed digest of what the voter was given.
create table vote_ballot (
    id uuid primary key,
    vote_id uuid not null references vote (id),
    receipt text not null unique,
    key text not null,
    sealed text not null,
    counted boolean not null default false
);
create index vote_ballot_vote on vote_ballot (vote_id);

-- Ballots on paper that one clerk has read and another has not yet.
create table vote_paper (
    roll_id uuid primary key references vote_roll (id),
    key text not null,
    sealed text not null,
    read_by uuid not null,
    read_label text not null,
    read_at timestamptz not null
);
