-- Searches for records of the same thing (identity resolution), and what was found.
create table resolution_run (
  id uuid primary key,
  type text not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  things int not null,
  compared bigint not null,
  counts jsonb not null default '{}',
  by_label text not null
);
create index resolution_run_type on resolution_run (type, finished_at desc);

-- Two records that may be the same; reasons name attributes and points, never values.
create table resolution_pair (
  id uuid primary key,
  type text not null,
  low uuid not null references thing,
  high uuid not null references thing,
  score real not null,
  reasons jsonb not null,
  level text not null check (level in ('same', 'review')),
  state text not null default 'open' check (state in ('open', 'merged', 'different')),
  run_id uuid,
  found_at timestamptz not null,
  postponed_at timestamptz,
  decided_at timestamptz,
  decided_by uuid,
  decided_label text not null default '',
  note text not null default '',
  check (low < high),
  unique (low, high)
);
create index resolution_pair_queue on resolution_pair (type, coalesce(postponed_at, '-infinity'), score desc, id) where state = 'open';
create index resolution_pair_high on resolution_pair (high);

-- One record merged into another: what was closed, stated anew and moved, so that it can be taken back exactly.
create table thing_merge (
  id uuid primary key,
  type text not null,
  kept uuid not null references thing,
  merged uuid not null references thing,
  facts uuid[] not null,
  kept_before uuid[] not null default '{}',
  kept_after uuid[] not null default '{}',
  relations uuid[] not null,
  moved_from uuid[] not null,
  moved uuid[] not null,
  merged_at timestamptz not null,
  merged_by uuid,
  merged_label text not null,
  reason text not null default '',
  undone_at timestamptz,
  undone_by uuid,
  undone_label text not null default '',
  undone_reason text not null default ''
);
create unique index thing_merge_once on thing_merge (merged) where undone_at is null;
create index thing_merge_kept on thing_merge (kept);
create index thing_merged_into on thing (merged_into) where merged_into is not null;

-- Whose a natural key was before its record was merged.
alter table thing_key add column first_thing_id uuid references thing;

-- Who has been shown personal values of a record unmasked, in which office and posts, and for what (谁看过我的信息).
create table thing_read (
  thing_id uuid not null references thing,
  at timestamptz not null,
  account_id uuid,
  organisation_id int,
  post_ids int[] not null,
  purpose text not null,
  who text
);
comment on column thing_read.who is 'Blind of the name and telephone number shown: the person asks by these.';
create index thing_read_who on thing_read (who, at desc) where who is not null;
create index thing_read_thing on thing_read (thing_id, at desc);
