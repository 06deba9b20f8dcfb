-- Judgement: learned models, the advice given at intake, and which departments a case went to.

-- A learned model with its card. One version of each subject (a case type) is in service; those before it stay for a rollback.
create table learned_model (
    task text not null check (task in ('class')),
    subject text not null,
    version int not null,
    state text not null check (state in ('trained', 'published', 'retired', 'withdrawn')),
    digest text not null,
    content bytea not null,
    card jsonb not null,
    examples int not null,
    macro_f1 double precision not null,
    trained_by text not null,
    trained_at timestamptz not null,
    published_at timestamptz,
    primary key (task, subject, version)
);
alter table learned_model alter column content set storage external; -- it is compressed already
create unique index learned_model_in_service on learned_model (task, subject) where state = 'published';

-- What the rules and the model said of a report when it came, by case; what people made of it stands in the case.
create table case_advice (
    case_id uuid primary key,
    model_version int,
    class_code text,
    probability real,
    body jsonb not null
);

-- One turn of a case at a department, from dispatch to its end: the ground of learned dispatch and of detours.
create table dispatch_turn (
    case_id uuid not null,
    turn int not null,
    type text not null,
    class_code text not null,
    area text collate "C" not null,
    department_id int not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    ending text check (ending in ('closed', 'refused', 'moved')),
    reason text not null default '',
    wrong boolean not null default false,
    detour_hours real,
    primary key (case_id, turn)
);
create index dispatch_turn_ended on dispatch_turn (ended_at) where ended_at is not null;

-- Outcomes counted by class, street and department; what a department refused counts against it.
create table dispatch_outcome (
    type text not null,
    class_code text not null,
    area text collate "C" not null,
    department_id int not null,
    closed bigint not null default 0,
    refused bigint not null default 0,
    last_reason text not null default '',
    primary key (type, class_code, area, department_id)
);

-- How far a follower of the journal has read.
create table journal_follower (
    name text primary key,
    tx bigint not null,
    seq bigint not null
);

alter table case_file drop constraint case_file_class_source_check;
alter table case_file add constraint case_file_class_source_check
    check (class_source in ('person', 'rule', 'model', 'none', 'import')) not valid;
