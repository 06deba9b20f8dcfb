-- Plans: what packs declare of periodic work, of breaking matters down and of scoring sheets; and what has come of it.

-- A declaration as published last; what no pack declares any more is kept, not active, for what it has opened.
create table plan_declaration (
    room text not null check (room in ('plan', 'breakdown', 'sheet')),
    id text not null,
    pack text not null,
    body jsonb not null,
    digest text not null,
    first_at timestamptz not null,
    published_at timestamptz not null,
    active boolean not null,
    primary key (room, id)
);

-- A period of a plan that has come. mark: how far its objects have been gone through; passed: it was over before anybody worked.
create table plan_period (
    plan text not null,
    key text not null,
    first_day date not null,
    last_day date not null,
    opens_at timestamptz not null,
    mark text not null default '',
    opened_at timestamptz,
    passed boolean not null default false,
    primary key (plan, key)
);
create index plan_period_newest on plan_period (plan, first_day desc);

-- One object of one period, with the case that was opened for it or the reason why none could be.
create table plan_task (
    plan text not null,
    period text not null,
    object text not null,
    title text not null,
    area text collate "C" not null,
    organisation_id int,
    case_id uuid references case_file (id),
    case_number text not null default '',
    fault text not null default '',
    opened_at timestamptz not null,
    primary key (plan, period, object)
);
create index plan_task_case on plan_task (case_id) where case_id is not null;

-- A case that was broken down; percent of all its parts by weight, settled when the last of them has ended.
create table case_breakdown (
    parent_id uuid primary key references case_file (id),
    declared text not null,
    divided_at timestamptz not null,
    divided_by text not null,
    percent real not null default 0,
    settled_at timestamptz
);
create index case_breakdown_open on case_breakdown (divided_at) where settled_at is null;

-- A part of it: a case of its own. reports_due and missed count reports of progress.
create table case_part (
    child_id uuid primary key references case_file (id),
    parent_id uuid not null references case_breakdown (parent_id),
    nth smallint not null,
    title text not null,
    organisation_id int not null,
    area text collate "C" not null,
    weight real not null check (weight > 0),
    percent smallint not null default 0 check (percent between 0 and 100),
    card text not null default '',
    missed smallint not null default 0,
    created_at timestamptz not null,
    ended_at timestamptz,
    unique (parent_id, nth)
);
create index case_part_organisation on case_part (organisation_id, created_at);
create index case_part_created on case_part (created_at);

-- Reports of progress: the last of each period.
create table case_progress (
    child_id uuid not null references case_part (child_id),
    period text not null,
    percent smallint not null check (percent between 0 and 100),
    text text not null,
    given_at timestamptz not null,
    given_by text not null,
    primary key (child_id, period)
);

-- Cards that were shown, each until it was taken back or another took its place.
create table case_card (
    id bigint generated always as identity primary key,
    child_id uuid not null references case_part (child_id),
    card text not null,
    shown_at timestamptz not null,
    ended_at timestamptz
);
create index case_card_child on case_card (child_id, shown_at);

-- Scoring sheets that were filled in, with the step that they finished; body: the sheet as it was then.
create table sheet_answer (
    id uuid primary key,
    sheet text not null,
    body jsonb not null,
    case_id uuid not null references case_file (id),
    task_id uuid not null unique,
    answers jsonb not null,
    total real not null,
    full_points real not null,
    percent real not null,
    verdict text not null,
    vetoed text[] not null,
    answered_by uuid,
    answered_label text not null,
    answered_at timestamptz not null
);
create index sheet_answer_case on sheet_answer (case_id, answered_at);
