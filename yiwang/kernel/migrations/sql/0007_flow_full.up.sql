-- Flow, the whole of BPMN: sub-processes, rounds, calls, events that wait and events that were thrown; tasks added to others.

-- scope_id: the sub-process, round or call; definition_id: the called definition of which node is (null: the instance's own).
-- A held task waits for the tasks that were added to it and is in nobody's queue.
alter table flow_task
    add column scope_id uuid,
    add column definition_id uuid,
    add column kind text not null default 'step' check (kind in ('step', 'before', 'after', 'delegated')),
    add column of_task uuid,
    add column held boolean not null default false,
    add column origin jsonb,
    drop constraint flow_task_check,
    add constraint flow_task_queue check (
        case when held then post_id is null and assignee_id is null else (post_id is null) <> (assignee_id is null) end);

alter table flow_step
    add column scope_id uuid,
    add column definition_id uuid,
    add column kind text not null default 'step' check (kind in ('step', 'before', 'after', 'delegated')),
    drop constraint flow_step_how_check,
    add constraint flow_step_how_check check (how in ('done', 'auto', 'skipped', 'sent_back', 'recalled', 'timer', 'event',
        'withdrawn', 'jumped', 'cancelled', 'moved'));

-- Something that waits without being a task. `done`: a finished activity that can still be compensated.
alter table flow_token
    add column kind text not null default 'join' check (kind in ('join', 'event', 'receive', 'gateway', 'work', 'done')),
    add column scope_id uuid,
    drop constraint flow_token_instance_id_sequence_flow_key;
create index flow_token_instance on flow_token (instance_id);

-- An open sub-process, round of several people, call or compensation within an instance.
create table flow_scope (
    id uuid primary key,
    instance_id uuid not null references flow_instance,
    parent_id uuid,
    node text not null,
    kind text not null check (kind in ('sub', 'event', 'multi', 'call', 'undo')),
    definition_id uuid,
    total int not null,
    done int not null check (done between 0 and total),
    tally jsonb not null,
    rest jsonb not null,
    variables jsonb not null,
    opened_at timestamptz not null
) with (fillfactor = 80);
create index flow_scope_instance on flow_scope (instance_id);
create index flow_scope_definition on flow_scope (definition_id) where definition_id is not null;

-- A timer belongs to a task, a token, a scope or the instance. `left_count`: how often it fires after the next time, -1 without end.
alter table flow_timer rename column task_id to holder_id;
alter table flow_timer add column left_count int not null default 0;
alter table flow_timer rename constraint flow_timer_task_id_node_key to flow_timer_holder_node;

-- What somebody waits for: a message or signal by name and key, a condition, a worker for a topic.
create table flow_wait (
    id uuid primary key,
    instance_id uuid not null references flow_instance,
    holder_id uuid not null,
    node text not null,
    kind text not null check (kind in ('message', 'signal', 'condition', 'work')),
    name text not null,
    key text not null,
    area text collate "C" not null,
    created_at timestamptz not null,
    worker text,
    locked_until timestamptz,
    failures smallint not null default 0,
    error text
) with (fillfactor = 80);
create index flow_wait_name on flow_wait (kind, name, key, id) where kind in ('message', 'signal');
create index flow_wait_work on flow_wait (name, id) where kind = 'work';
create index flow_wait_instance on flow_wait (instance_id);
create index flow_wait_holder on flow_wait (holder_id);

-- Messages and signals that a flow has thrown, until they are delivered. A signal is handed to those who waited when it was thrown.
create table flow_event (
    id uuid primary key,
    kind text not null check (kind in ('message', 'signal')),
    name text not null,
    key text not null,
    data jsonb not null,
    thrown_at timestamptz not null,
    thrown_by uuid,
    wake_at timestamptz not null,
    failures smallint not null default 0,
    error text
);
create index flow_event_wake on flow_event (wake_at, id);

-- The ways in which a published definition begins besides its plain start: by message, signal or timer.
create table flow_start (
    definition_id uuid not null references flow_definition,
    node text not null,
    kind text not null check (kind in ('message', 'signal', 'timer')),
    name text not null,
    wake_at timestamptz,
    clock jsonb not null,
    left_count int not null default 0,
    primary key (definition_id, node)
);
create index flow_start_name on flow_start (kind, name);
create index flow_start_wake on flow_start (wake_at) where wake_at is not null;

-- Copies for information (抄送): read-only, in nobody's queue.
create table flow_copy (
    id uuid primary key,
    instance_id uuid not null,
    subject_kind text not null,
    subject_id uuid not null,
    node text not null,
    account_id uuid not null,
    by_id uuid,
    by_name text not null,
    note text not null,
    created_at timestamptz not null,
    read_at timestamptz,
    unique (instance_id, account_id, node)
);
create index flow_copy_account on flow_copy (account_id, created_at desc, id desc);

-- Time asked for a step (延期申请) and the answer.
create table flow_extension (
    id uuid primary key,
    instance_id uuid not null,
    task_id uuid not null,
    node text not null,
    by_text text not null,
    reason text not null,
    asked_at timestamptz not null,
    asked_by uuid,
    asked_name text not null,
    state text not null check (state in ('asked', 'granted', 'refused', 'lapsed')),
    answered_at timestamptz,
    answered_by uuid,
    answer_note text not null default ''
);
create unique index flow_extension_asked on flow_extension (task_id) where state = 'asked';
create index flow_extension_instance on flow_extension (instance_id);

-- Lists of instances that are their own subject.
create index flow_instance_own on flow_instance (started_at desc, id desc) where subject_kind = 'flow';
