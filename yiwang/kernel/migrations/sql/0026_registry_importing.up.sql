-- Imports of tables into the registry: how far each has come, so that it goes on after the last committed batch.
create table thing_import (
  id uuid primary key,
  type text not null,
  file_name text not null,
  file_sha256 text not null,
  mapping jsonb not null,
  mapping_digest text not null,
  organisation_id int,
  account_id uuid,
  dry_run boolean not null,
  source_id bigint references thing_source,
  valid_from timestamptz not null,
  rows_total int not null,
  rows_done int not null default 0,
  counts jsonb not null default '{}',
  notes jsonb not null default '{}',
  shown jsonb not null default '{}',
  report_bytes bigint not null default 0,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  finished_at timestamptz,
  failed jsonb
);
create index thing_import_unfinished on thing_import (type, file_sha256, mapping_digest) where finished_at is null;

-- Which column was which attribute, by the set of headers, for the next file of the same office.
create table thing_mapping (
  type text not null,
  headers text not null,
  organisation_id int not null,
  mapping jsonb not null,
  at timestamptz not null,
  by_label text not null,
  primary key (type, headers, organisation_id)
);

-- How far pulls from other databases have come by their incremental key.
create table thing_pull (
  name text primary key,
  last_key text not null,
  at timestamptz not null
);
