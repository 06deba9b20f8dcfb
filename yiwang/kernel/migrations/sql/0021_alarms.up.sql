-- Versions of alarm rules: as packs declare them, and as the city words them itself. One published version for each code.
create table sensing_rule (
  id int generated always as identity primary key,
  code text not null,
  pack text not null default '',
  origin text not null check (origin in ('pack', 'city')),
  version int not null,
  state text not null check (state in ('draft', 'published', 'shadowed', 'superseded', 'retired')),
  declaration jsonb not null,
  digest text not null,
  note text not null default '',
  created_at timestamptz not null,
  created_by uuid,
  created_label text not null default '',
  published_at timestamptz,
  published_by uuid,
  published_label text not null default '',
  ended_at timestamptz,
  unique (code, version)
);
create unique index sensing_rule_published on sensing_rule (code) where state = 'published';
create unique index sensing_rule_draft on sensing_rule (code) where state = 'draft';

-- Version of all alarm rules: copies in processes are renewed when it moves.
create table sensing_rule_version (single boolean primary key default true check (single), version bigint not null default 1);
insert into sensing_rule_version default values;

-- What a rule remembers of a device while something is going on; nothing is kept of what is normal.
create table rule_state (
  rule text not null,
  device_id int not null,
  phase smallint not null,
  at bigint not null,
  since bigint not null,
  began bigint not null,
  severity smallint not null,
  value float8,
  peak float8,
  memory jsonb not null default '{}',
  primary key (rule, device_id)
) with (fillfactor = 70);
create index rule_state_device on rule_state (device_id);

-- Moves with every change of rule_state: a process that finds another value than it left reads the states anew.
create table rule_epoch (single boolean primary key default true check (single), epoch bigint not null default 0);
insert into rule_epoch default values;

-- What is usual for a device by hour and weekday: ten weeks of hourly means and spreads, packed.
create table rule_baseline (
  device_id int not null,
  metric_id smallint not null,
  hours bytea not null,
  learned_until timestamptz not null,
  primary key (device_id, metric_id)
);

-- Alarms. `source` is `device:<id>` or, of a folded storm, `fold:<by>:<value>`; one open alarm for each rule and source.
create table alarm (
  id uuid primary key,
  rule text not null,
  rule_version int not null,
  names jsonb not null,
  kind text not null,
  source text not null,
  device_id int,
  area text collate "C" not null default '',
  organisation_id int,
  lon float8,
  lat float8,
  severity smallint not null,
  state text not null check (state in ('raised', 'acknowledged', 'cleared', 'closed')),
  began_at timestamptz not null,
  raised_at timestamptz not null,
  updated_at timestamptz not null,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  acknowledged_label text not null default '',
  cleared_at timestamptz,
  closed_at timestamptz,
  closed_label text not null default '',
  over boolean not null default true,
  metric_id smallint,
  value float8,
  peak float8,
  limit_value float8,
  evidence jsonb not null default '{}',
  fold_key text,
  folded_into uuid references alarm,
  children int not null default 0,
  case_id uuid,
  case_number text,
  shelved_until timestamptz,
  revision int not null default 1
) with (fillfactor = 80);
create unique index alarm_open on alarm (rule, source) where state in ('raised', 'acknowledged');
create index alarm_living on alarm (severity desc, raised_at desc, id desc) where state in ('raised', 'acknowledged');
create index alarm_newest on alarm (raised_at desc, id desc);
create index alarm_device on alarm (device_id, raised_at desc, id desc);
create index alarm_area on alarm (area, raised_at desc, id desc);
create index alarm_case on alarm (case_id) where case_id is not null;
create index alarm_children on alarm (folded_into) where folded_into is not null;
create index alarm_fold on alarm (rule, fold_key, raised_at) where state in ('raised', 'acknowledged') and fold_key is not null;

-- Sources whose alarms are put aside until a time.
create table alarm_shelf (
  rule text not null,
  source text not null,
  until timestamptz not null,
  reason text not null,
  by_id uuid,
  by_label text not null default '',
  at timestamptz not null,
  primary key (rule, source)
);
create index alarm_shelf_until on alarm_shelf (until);

-- Alarms that are to open a case: taken once; `nth` counts the cases of an alarm that outlives them.
create table alarm_opening (
  alarm_id uuid not null references alarm on delete cascade,
  nth smallint not null default 1,
  due_at timestamptz not null,
  done_at timestamptz,
  case_id uuid,
  fault text,
  tries smallint not null default 0,
  primary key (alarm_id, nth)
);
create index alarm_opening_due on alarm_opening (due_at) where done_at is null;

-- What became of an alarm that its case has to be told: escalated, cleared, evidence complete.
create table alarm_news (
  id bigint generated always as identity primary key,
  alarm_id uuid not null references alarm on delete cascade,
  verb text not null,
  at timestamptz not null,
  due_at timestamptz not null,
  data jsonb not null default '{}'
);
create index alarm_news_due on alarm_news (due_at, id);
