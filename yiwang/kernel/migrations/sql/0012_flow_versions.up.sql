-- Flow, versions: running instances that go over from one version of a definition to another.

-- A step that was finished before its instance went over is of the former version (definition_id). `became`: the step of the
-- instance's present version that takes its place, by which it is sent back, recalled and drawn; null: there is none.
alter table flow_step add column became text;

-- A migration (流程迁移) from one version to another; with dry_run only judged. `total`: instances that were open as it began.
create table flow_migration (
    id uuid primary key,
    key text not null,
    old_id uuid not null,
    new_id uuid not null,
    old_version int not null,
    new_version int not null,
    mapping jsonb not null,
    dry_run boolean not null,
    state text not null check (state in ('waiting', 'running', 'done')),
    total int not null default 0,
    created_at timestamptz not null,
    created_by uuid,
    created_name text not null,
    ended_at timestamptz
);
create index flow_migration_key on flow_migration (key, id);

-- What became of each instance. `over`: it had ended, or was on another version, when its turn came.
create table flow_migration_case (
    migration_id uuid not null references flow_migration on delete cascade,
    instance_id uuid not null,
    subject_kind text not null,
    subject_id uuid not null,
    verdict text not null check (verdict in ('moved', 'refused', 'over')),
    at_nodes text[] not null,
    obstacles jsonb not null,
    notes jsonb not null,
    judged_at timestamptz not null,
    primary key (migration_id, instance_id)
);
create index flow_migration_refused on flow_migration_case (migration_id, instance_id) where verdict = 'refused';
