-- Flow: definitions, running instances, their open tasks, waiting tokens and timers, and the steps that were finished.

-- A process (流程定义) as drawn, one row per version; at most one draft and one published version of a key.
create table flow_definition (
    id uuid primary key,
    key text not null check (length(key) between 1 and 100),
    version int not null check (version > 0),
    state text not null check (state in ('draft', 'published', 'retired')),
    names jsonb not null,
    xml text not null check (length(xml) <= 2097152),
    digest text not null,
    created_at timestamptz not null,
    created_by uuid,
    published_at timestamptz,
    published_by uuid,
    unique (key, version),
    check (state = 'draft' or published_at is not null)
);
create unique index flow_definition_draft on flow_definition (key) where state = 'draft';
create unique index flow_definition_published on flow_definition (key) where state = 'published';

-- A published version never changes, since running instances walk by it: only its state may become retired.
create function flow_definition_is_kept() returns trigger language plpgsql as $$
begin
    if old.state = 'draft' then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    if tg_op = 'DELETE' or (new.id, new.key, new.version, new.xml, new.digest, new.published_at)
        is distinct from (old.id, old.key, old.version, old.xml, old.digest, old.published_at) or new.state = 'draft' then
        raise exception 'a published flow definition cannot be changed' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger flow_definition_kept before update or delete on flow_definition
    for each row execute function flow_definition_is_kept();

-- One walk through a definition for one subject (a case). Its row is the lock of everything that belongs to it.
-- No foreign key to flow_definition: every start would lock the same row there; that row cannot be deleted anyway.
create table flow_instance (
    id uuid primary key,
    definition_id uuid not null,
    subject_kind text not null,
    subject_id uuid not null,
    area text collate "C" not null,
    grid text collate "C" not null,
    state text not null check (state in ('active', 'suspended', 'completed', 'cancelled')),
    variables jsonb not null,
    clocks jsonb not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    suspended_at timestamptz,
    check ((ended_at is not null) = (state in ('completed', 'cancelled'))),
    check ((suspended_at is not null) = (state = 'suspended'))
) with (fillfactor = 80);
create index flow_instance_subject on flow_instance (subject_id);
create index flow_instance_open on flow_instance (definition_id) where state in ('active', 'suspended');

-- A step that waits for a person now; the row moves to flow_step when it is finished. In one queue: a post's or a person's.
-- sort_due pages the lists: what has no deadline, or is paused, comes last.
create table flow_task (
    id uuid primary key,
    instance_id uuid not null references flow_instance,
    node text not null,
    subject_kind text not null,
    subject_id uuid not null,
    area text collate "C" not null,
    grid text collate "C" not null,
    post_id int,
    organisation_id int,
    assignee_id uuid,
    home_post_id int,
    stage text not null,
    status text not null,
    created_at timestamptz not null,
    due_at timestamptz,
    sort_due timestamptz not null generated always as (coalesce(due_at, 'infinity')) stored,
    warn_at timestamptz,
    clock jsonb not null,
    paused_at timestamptz,
    urged int not null default 0,
    priority smallint not null default 0,
    check ((post_id is null) <> (assignee_id is null)),
    check (paused_at is null or due_at is null)
) with (fillfactor = 80);
create index flow_task_post on flow_task (post_id, sort_due, id) where post_id is not null;
create index flow_task_assignee on flow_task (assignee_id, sort_due, id) where assignee_id is not null;
create index flow_task_instance on flow_task (instance_id);
create index flow_task_subject on flow_task (subject_id);

-- A branch that has arrived at a parallel join and waits for the others.
create table flow_token (
    id uuid primary key,
    instance_id uuid not null references flow_instance,
    node text not null,
    sequence_flow text not null,
    arrived_at timestamptz not null,
    unique (instance_id, sequence_flow) deferrable initially deferred
);

-- A boundary timer of an open task; wake_at is null while the instance is suspended.
create table flow_timer (
    id uuid primary key,
    instance_id uuid not null references flow_instance,
    task_id uuid not null,
    node text not null,
    wake_at timestamptz,
    clock jsonb not null,
    failures smallint not null default 0,
    error text,
    unique (task_id, node)
) with (fillfactor = 80);
create index flow_timer_wake on flow_timer (wake_at) where wake_at is not null;
create index flow_timer_instance on flow_timer (instance_id);

-- A step that was finished, by whom and how; id is the task's. Kept for ever: the path walked, and the base of every count.
create table flow_step (
    id uuid primary key,
    instance_id uuid not null,
    node text not null,
    how text not null check (how in ('done', 'skipped', 'sent_back', 'timer', 'withdrawn', 'jumped', 'cancelled')),
    subject_kind text not null,
    subject_id uuid not null,
    area text collate "C" not null,
    stage text not null,
    post_id int,
    organisation_id int,
    assignee_id uuid,
    actor_id uuid,
    actor_name text not null,
    outcome text,
    note text not null,
    created_at timestamptz not null,
    done_at timestamptz not null,
    due_at timestamptz,
    used_seconds double precision not null,
    overdue boolean not null
);
create index flow_step_instance on flow_step (instance_id, done_at, id);
create index flow_step_actor on flow_step (actor_id, done_at, id) where actor_id is not null;
