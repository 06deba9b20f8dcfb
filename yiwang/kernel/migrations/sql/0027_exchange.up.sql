-- Catalogue of government information resources (政务信息资源目录): what which office has, and how it may be shared and opened.
create table resource (
  id uuid primary key,
  class_code text not null,
  code text not null unique,
  state text not null check (state in ('draft', 'to_audit', 'returned', 'refused', 'registered', 'published', 'withdrawn')),
  name_zh text not null,
  name_en text not null default '',
  abstract_zh text not null default '',
  abstract_en text not null default '',
  provider_id int not null references organisation,
  provider_name text not null,
  provider_code text not null default '',
  area text collate "C" not null default '',
  format int not null check (format between 1 and 7),
  format_detail text not null default '',
  type text,
  items jsonb not null default '[]',
  share_type int not null check (share_type between 1 and 3),
  share_condition text not null default '',
  share_method int not null default 3 check (share_method between 1 and 3),
  open boolean not null default false,
  open_condition text not null default '',
  cycle int not null check (cycle between 1 and 7),
  level text not null default 'general' check (level in ('general', 'important', 'core')),
  related text[] not null default '{}',
  keywords text[] not null default '{}',
  terms tsvector not null default '',
  origin text not null default '',
  digest text not null default '',
  revision int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  published_at timestamptz
);
create index resource_list on resource (state, id desc);
create index resource_provider on resource (provider_id, id desc);
create index resource_terms on resource using gin (terms);
create unique index resource_origin on resource (origin) where origin <> '';

-- The next serial of each class; numbers are never given twice.
create table resource_serial (
  class_code text primary key,
  last int not null
);

-- Who moved a resource on, from which state to which, and why.
create table resource_step (
  id bigint generated always as identity primary key,
  resource_id uuid not null references resource,
  verb text not null,
  before text not null,
  after text not null,
  by_label text not null,
  note text not null default '',
  at timestamptz not null
);
create index resource_step_list on resource_step (resource_id, id);

-- A request for sharing (共享申请); its case, where the provider must approve, lives on the flow engine.
create table share_request (
  id uuid primary key,
  resource_id uuid not null references resource,
  provider_id int not null,
  consumer_id int not null,
  consumer_name text not null,
  area text collate "C" not null default '',
  purpose text not null,
  items text[] not null,
  plain text[] not null default '{}',
  filters jsonb not null default '{}',
  within text not null default '',
  delivery text not null check (delivery in ('api', 'file', 'view')),
  quota int not null check (quota between 1 and 1000000),
  until timestamptz not null,
  state text not null check (state in ('asked', 'granted', 'refused', 'cancelled')),
  case_id uuid,
  case_number text not null default '',
  asked_by uuid,
  asked_label text not null,
  asked_at timestamptz not null,
  decided_at timestamptz,
  note text not null default ''
);
create index share_request_open on share_request (id) where state = 'asked';
create index share_request_provider on share_request (provider_id, id desc);
create index share_request_consumer on share_request (consumer_id, id desc);

-- What a consumer may take (共享授权), with its key; ended by time or revoked at once.
create table share_grant (
  id uuid primary key,
  request_id uuid not null unique references share_request,
  resource_id uuid not null references resource,
  type text not null,
  provider_id int not null,
  consumer_id int not null,
  consumer_name text not null,
  area text collate "C" not null default '',
  purpose text not null,
  items text[] not null,
  plain text[] not null default '{}',
  filters jsonb not null default '{}',
  within text not null default '',
  delivery text not null check (delivery in ('api', 'file', 'view')),
  quota int not null,
  since timestamptz not null,
  until timestamptz not null,
  key_id text unique,
  key_seal text not null default '',
  key_sealed text not null default '',
  public_key text not null default '',
  key_made_at timestamptz,
  view_name text not null default '',
  revoked_at timestamptz,
  revoked_label text not null default '',
  revoked_why text not null default ''
);
create index share_grant_provider on share_grant (provider_id, id desc);
create index share_grant_consumer on share_grant (consumer_id, id desc);
create index share_grant_view on share_grant (until) where view_name <> '';

-- Nonces that a key has used within the time in which its signatures count.
create table share_nonce (
  key_id text not null,
  nonce text not null,
  at timestamptz not null,
  primary key (key_id, nonce)
);
create index share_nonce_at on share_nonce (at);

-- Metering (计量): what was taken on a day of the city's zone.
create table share_use (
  grant_id uuid not null references share_grant,
  day date not null,
  requests int not null default 0,
  refused int not null default 0,
  rows bigint not null default 0,
  bytes bigint not null default 0,
  primary key (grant_id, day)
);
create index share_use_day on share_use (day);

-- Files put down for a consumer (文件交换), each with count and digests as its manifest says.
create table share_file (
  id uuid primary key,
  grant_id uuid not null references share_grant,
  name text not null,
  format text not null,
  rows bigint not null,
  bytes bigint not null,
  sha256 text not null,
  sm3 text not null,
  by_label text not null,
  at timestamptz not null
);
create index share_file_list on share_file (grant_id, id desc);
