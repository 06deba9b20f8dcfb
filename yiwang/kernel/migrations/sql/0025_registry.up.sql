create extension if not exists btree_gist;

-- Kinds of things as packs declare them; versions are kept, one is published.
create table thing_type (
  id text not null,
  version int not null,
  pack text not null,
  state text not null check (state in ('draft', 'published', 'retired')),
  declaration jsonb not null,
  digest text not null,
  published_at timestamptz,
  primary key (id, version)
);
create unique index thing_type_published on thing_type (id) where state = 'published';
create unique index thing_type_draft on thing_type (id) where state = 'draft';

-- Where facts come from: a file, a form, a pull, a device (lineage).
create table thing_source (
  id bigint generated always as identity primary key,
  kind text not null,
  name text not null,
  digest text not null default '',
  organisation_id int,
  detail jsonb not null default '{}',
  at timestamptz not null
);

-- A thing itself: what stays the same while everything that is known of it changes.
create table thing (
  id uuid primary key,
  type text not null,
  created_at timestamptz not null,
  merged_into uuid references thing
);

-- What is known of a thing: true in the world during valid, believed by us during recorded. Nothing is overwritten.
create table thing_fact (
  id uuid primary key,
  thing_id uuid not null references thing,
  type text not null,
  type_version int not null,
  valid tstzrange not null check (not isempty(valid)),
  recorded tstzrange not null check (not isempty(recorded)),
  area text collate "C" not null default '',
  organisation_id int,
  title text not null,
  attributes jsonb not null,
  digest bytea not null,
  geometry geometry(Geometry, 4326),
  terms tsvector not null default '',
  source_id bigint references thing_source,
  source_row int,
  recorded_by uuid,
  recorded_label text not null default '',
  reason text not null default '',
  constraint thing_fact_once exclude using gist (thing_id with =, valid with &&, recorded with &&)
);
create index thing_fact_list on thing_fact (type, thing_id desc);
create index thing_fact_area on thing_fact (type, area, thing_id desc);
create index thing_fact_terms on thing_fact using gin (terms);
create index thing_fact_geometry on thing_fact using gist (geometry);
create index thing_fact_source on thing_fact (source_id, source_row) where source_id is not null;

-- A natural key names one thing for ever; a thing may have had several.
create table thing_key (
  type text not null,
  name text not null,
  key text collate "C" not null,
  thing_id uuid not null references thing,
  primary key (type, name, key)
);
create index thing_key_thing on thing_key (thing_id);

-- How things belong together, with the same two times.
create table thing_relation (
  id uuid primary key,
  kind text not null,
  from_id uuid not null references thing,
  to_id uuid not null references thing,
  valid tstzrange not null check (not isempty(valid)),
  recorded tstzrange not null check (not isempty(recorded)),
  attributes jsonb not null default '{}',
  source_id bigint references thing_source,
  recorded_by uuid,
  recorded_label text not null default '',
  constraint thing_relation_once exclude using gist (from_id with =, to_id with =, kind with =, valid with &&, recorded with &&)
);
create index thing_relation_from on thing_relation (from_id, kind);
create index thing_relation_to on thing_relation (to_id, kind);
