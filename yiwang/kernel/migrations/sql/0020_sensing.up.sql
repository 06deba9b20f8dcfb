-- What is measured, in which unit; ids are small because every reading carries one.
create table metric (
  id smallint generated always as identity primary key,
  code text not null unique,
  declaration jsonb not null
);

-- A kind of device as its pack declares it: what it measures, how it speaks, how often; versioned by digest.
create table device_profile (
  id text primary key,
  pack text not null,
  protocol text not null,
  declaration jsonb not null,
  digest text not null,
  published_at timestamptz not null
);

-- A device of the city: where it stands, whose it is, how it is called on the wire.
create table device (
  id int generated always as identity primary key,
  uid uuid not null unique default gen_random_uuid(),
  code text not null unique,
  profile text not null references device_profile,
  protocol text not null,
  address text not null,
  names jsonb not null,
  area text collate "C" not null default '',
  organisation_id int,
  position geometry(Point, 4326),
  attributes jsonb not null default '{}',
  secret text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  revision int not null default 1,
  version bigint not null default 0,
  retired_at timestamptz
);
comment on column device.uid is 'The subject of its journal entries.';
comment on column device.version is 'device_version when it last changed: copies in processes read only what is newer.';
create unique index device_address on device (protocol, address) where retired_at is null;
create index device_version_changed on device (version);
create index device_area on device (area, id);
create index device_profile_devices on device (profile, id);
create index device_position on device using gist (position);

-- How a device stands now: written in batches by the gateways.
create table device_state (
  device_id int primary key references device on delete cascade,
  online boolean not null default false,
  changed_at timestamptz,
  last_seen timestamptz,
  remote text not null default '',
  gateway text not null default '',
  frames bigint not null default 0,
  bad_frames bigint not null default 0,
  last_fault text not null default ''
) with (fillfactor = 70);

-- Who is knocking: addresses that spoke and belong to no device, or spoke badly.
create table knock (
  protocol text not null,
  address text not null,
  reason text not null,
  remote text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  times bigint not null default 1,
  sample bytea not null default '',
  dismissed_at timestamptz,
  primary key (protocol, address, reason)
);
create index knock_last on knock (last_at desc);

-- What a device was told, by whom, and what it answered.
create table device_command (
  id uuid primary key,
  device_id int not null references device on delete cascade,
  verb text not null,
  parameters jsonb not null default '{}',
  state text not null default 'queued',
  given_by uuid,
  given_label text not null default '',
  given_at timestamptz not null,
  expires_at timestamptz not null,
  sent_at timestamptz,
  answered_at timestamptz,
  answer jsonb
);
create index device_command_waiting on device_command (device_id, given_at) where state in ('queued', 'sent');
create index device_command_device on device_command (device_id, given_at desc, id);

-- Calibrations, firmware, maintenance: what people wrote down about a device.
create table device_note (
  id uuid primary key,
  device_id int not null references device on delete cascade,
  kind text not null,
  text text not null,
  at timestamptz not null,
  by_id uuid,
  by_label text not null default ''
);
create index device_note_device on device_note (device_id, at desc, id);

-- What each gateway process last told of itself; figures: open connections, frames, bad frames, knocks since its start.
create table gateway_state (
  key text primary key,
  protocol text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  figures jsonb not null default '{}'
);

-- Version of all device data in this city: copies in processes are renewed when it moves.
create table device_version (single boolean primary key default true check (single), version bigint not null default 1);
insert into device_version default values;

-- Measured values by UTC day; once per device, metric, grain and time. Days are made by the program, ahead and on demand.
create table reading (
  device_id int not null,
  metric_id smallint not null,
  grain smallint not null,
  at timestamptz not null,
  value float8 not null,
  quality smallint not null default 0,
  primary key (device_id, metric_id, grain, at)
) partition by range (at);

-- The last value of each device and metric (grain 0).
create table latest (
  device_id int not null,
  metric_id smallint not null,
  at timestamptz not null,
  value float8 not null,
  quality smallint not null,
  primary key (device_id, metric_id)
) with (fillfactor = 70);

-- Batches of readings that roll-ups and rules have still to see: short-lived, so not worth compressing.
create table arrival (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  count int not null,
  rows bytea not null
);
alter table arrival alter column rows set storage external;
create table arrival_mark (follower text primary key, id bigint not null);

-- Minute (width 1) and hour (2) by month, day (3) of the city's zone by year: kept right when late values arrive. Sum
-- instead of mean, so that parts add up; low, high, sum and last are of valid values only. grain: of the values summed up.
create table rollup (
  device_id int not null,
  metric_id smallint not null,
  grain smallint not null,
  width smallint not null,
  at timestamptz not null,
  count int not null,
  valid int not null,
  low float8,
  high float8,
  sum float8 not null,
  last float8,
  last_at timestamptz,
  primary key (device_id, metric_id, grain, width, at)
) partition by list (width);
create table rollup_minute partition of rollup for values in (1) partition by range (at);
create table rollup_hour partition of rollup for values in (2) partition by range (at);
create table rollup_day partition of rollup for values in (3) partition by range (at);

-- Which days of readings lie in the lake; an empty path: that day was dropped, and nothing more of it is taken in.
create table reading_archive (
  day date primary key,
  path text not null,
  rows bigint not null,
  digest text not null,
  archived_at timestamptz not null
);
