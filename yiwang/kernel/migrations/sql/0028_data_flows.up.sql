-- Quality of data: runs over all records of a type, what each source scored, the records that are worst.
create table quality_run (
  id uuid primary key,
  type text not null,
  rules jsonb not null,
  state text not null check (state in ('waiting', 'running', 'finished', 'given_up')),
  night date,
  at timestamptz not null,
  asked_label text not null,
  after_thing uuid,
  judged bigint not null default 0,
  begun_at timestamptz not null,
  finished_at timestamptz
);
create unique index quality_run_night on quality_run (type, night) where night is not null;
create unique index quality_run_one on quality_run (type) where state in ('waiting', 'running');
create index quality_run_finished on quality_run (type, at desc, begun_at desc) where state = 'finished';

create table quality_score (
  run_id uuid not null references quality_run on delete cascade,
  organisation_id int not null,
  area text collate "C" not null,
  rule text not null,
  judged bigint not null,
  failed bigint not null,
  kept bigint not null default 0,
  primary key (run_id, organisation_id, area, rule)
);

create table quality_defect (
  run_id uuid not null references quality_run on delete cascade,
  thing_id uuid not null,
  organisation_id int not null,
  area text collate "C" not null,
  rules text[] not null,
  weight double precision not null,
  sample boolean not null,
  primary key (run_id, thing_id)
);
create index quality_defect_worst on quality_defect (run_id, organisation_id, weight desc, thing_id);

-- Values that several records have though a rule says that they are nobody else's; found when a run begins.
create table quality_twin (
  run_id uuid not null references quality_run on delete cascade,
  rule text not null,
  digest text not null,
  primary key (run_id, rule, digest)
);

-- Defects that were sent to their source as cases.
create table quality_dispatch (
  id uuid primary key,
  run_id uuid not null references quality_run on delete cascade,
  type text not null,
  organisation_id int not null,
  area text collate "C" not null,
  rule text not null,
  failed bigint not null,
  case_id uuid not null,
  case_number text not null,
  at timestamptz not null,
  by_label text not null
);
create unique index quality_dispatch_once on quality_dispatch (run_id, organisation_id, rule);
create index quality_dispatch_type on quality_dispatch (type, at desc);

-- Facts in the order of their commits: the transaction's number as the journal counts it (0: from before it was counted).
-- A default without a function of ours costs an import nothing; a restore, which begins a new era, renews it.
alter table thing_fact add column tx bigint not null default 0;
create index thing_fact_tx on thing_fact (type, tx);
create function thing_fact_counts_transactions() returns trigger language plpgsql as $$
begin
    execute format('alter table thing_fact alter column tx set default pg_current_xact_id()::text::bigint + %s',
        (select max(base) from journal_era));
    return null;
end $$;
create trigger thing_fact_counts_transactions after insert on journal_era
    for each statement execute function thing_fact_counts_transactions();
do $$
begin
    execute format('alter table thing_fact alter column tx set default pg_current_xact_id()::text::bigint + %s',
        (select max(base) from journal_era));
end $$;

-- Who gets the changes of a type, and how far they have come.
create table data_subscription (
  id uuid primary key,
  name text not null,
  type text not null,
  account_id uuid not null,
  account_label text not null,
  organisation_id int,
  fields text[] not null,
  filters jsonb not null,
  area text collate "C" not null,
  personal text not null check (personal in ('masked', 'left-out')),
  geometry boolean not null,
  url text not null,
  secret text not null,
  state text not null check (state in ('active', 'paused', 'isolated')),
  tx bigint not null,
  fact uuid not null,
  delivered bigint not null default 0,
  failures int not null default 0,
  last_error text not null default '',
  last_at timestamptz,
  next_at timestamptz not null,
  leased_until timestamptz,
  created_at timestamptz not null
);
create index data_subscription_account on data_subscription (account_id);
create index data_subscription_due on data_subscription (next_at) where state = 'active' and url <> '';

-- What is fetched from other systems, when, and how far it has come.
create table data_pull (
  id uuid primary key,
  name text not null unique,
  type text not null,
  kind text not null check (kind in ('postgresql', 'mysql', 'folder', 'sftp', 'http')),
  settings jsonb not null,
  secret text not null,
  mapping jsonb,
  account_id uuid not null,
  account_label text not null,
  organisation_id int,
  every_minutes int not null check (every_minutes >= 0),
  state text not null check (state in ('active', 'paused')),
  last_key text,
  failures int not null default 0,
  next_at timestamptz,
  leased_until timestamptz,
  created_at timestamptz not null
);
create index data_pull_due on data_pull (next_at) where state = 'active';

create table data_pull_run (
  id uuid primary key,
  pull_id uuid not null references data_pull on delete cascade,
  import_id uuid,
  file text not null,
  digest text not null,
  state text not null check (state in ('running', 'finished', 'failed', 'nothing')),
  rows bigint not null default 0,
  counts jsonb not null default '{}',
  error jsonb,
  began_at timestamptz not null,
  finished_at timestamptz
);
create index data_pull_run_pull on data_pull_run (pull_id, began_at desc);

-- Rows that were refused wait here, sealed, until somebody corrects or dismisses them.
create table data_quarantine (
  id uuid primary key,
  pull_id uuid not null references data_pull on delete cascade,
  run_id uuid not null references data_pull_run on delete cascade,
  row int not null,
  digest text not null,
  sealed text not null,
  problems jsonb not null,
  state text not null check (state in ('waiting', 'taken', 'dismissed')),
  at timestamptz not null,
  settled_at timestamptz,
  settled_label text not null default ''
);
create unique index data_quarantine_once on data_quarantine (pull_id, digest);
create index data_quarantine_waiting on data_quarantine (pull_id, id) where state = 'waiting';
