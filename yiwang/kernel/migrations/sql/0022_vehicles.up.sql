-- Where vehicles were, by UTC day; once per device, time and content (digest: CRC-32 of the terminal's own report).
-- alarm and status are the 32 bits of JT/T 808; items are the additional items as they came.
create table position (
  device_id int not null,
  at timestamptz not null,
  digest int not null,
  lon float8 not null,
  lat float8 not null,
  altitude int not null,
  speed real not null,
  direction smallint not null,
  alarm bigint not null,
  status bigint not null,
  mileage float8,
  fuel real,
  serial int not null,
  replayed boolean not null,
  received_at timestamptz not null,
  items bytea not null default '',
  primary key (device_id, at, digest)
) partition by range (at);

-- The last position of each vehicle, for the map.
create table position_latest (
  device_id int primary key references device on delete cascade,
  at timestamptz not null,
  lon float8 not null,
  lat float8 not null,
  altitude int not null,
  speed real not null,
  direction smallint not null,
  alarm bigint not null,
  status bigint not null,
  mileage float8,
  fuel real
) with (fillfactor = 70);

-- Batches of stored positions that the follower has still to see.
create table position_arrival (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  count int not null,
  rows bytea not null
);

-- What is known of each vehicle's present: its trip, its stay, its driving time, the fences that hold it.
create table vehicle_state (
  device_id int primary key references device on delete cascade,
  at timestamptz not null,
  state jsonb not null
) with (fillfactor = 70);

-- From ignition or first movement to a long stop.
create table trip (
  device_id int not null references device on delete cascade,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  open boolean not null,
  from_lon float8 not null,
  from_lat float8 not null,
  to_lon float8 not null,
  to_lat float8 not null,
  kilometres float8 not null,
  driving_seconds int not null,
  standing_seconds int not null,
  greatest_speed real not null,
  positions int not null,
  driver text not null default '',
  primary key (device_id, started_at)
);
create index trip_ended on trip (device_id, ended_at desc);

-- Where vehicles may or may not be. number is the area id of the terminal messages 8600 to 8607.
create table fence (
  id uuid primary key,
  number int generated always as identity unique,
  code text not null,
  names jsonb not null,
  shape jsonb not null,
  keep text not null default '',
  speed_limit real,
  hours jsonb not null default '{}',
  area text collate "C" not null default '',
  organisation_id int,
  everyone boolean not null default false,
  revision int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  retired_at timestamptz
);
create unique index fence_code on fence (code) where retired_at is null;
create index fence_area on fence (area, id);
create table fence_member (
  fence_id uuid not null references fence on delete cascade,
  device_id int not null references device on delete cascade,
  primary key (fence_id, device_id)
);
create index fence_member_device on fence_member (device_id);
create table fence_version (single boolean primary key default true check (single), version bigint not null default 1);
insert into fence_version default values;

-- Every entering and leaving, for the story of a vehicle and of a fence.
create table fence_crossing (
  fence_id uuid not null references fence on delete cascade,
  device_id int not null references device on delete cascade,
  entered_at timestamptz not null,
  left_at timestamptz,
  primary key (fence_id, device_id, entered_at)
);
create index fence_crossing_device on fence_crossing (device_id, entered_at desc);

-- Who drove, by the card in the reader.
create table driver_shift (
  device_id int not null references device on delete cascade,
  began_at timestamptz not null,
  ended_at timestamptz,
  name text not null,
  licence text not null,
  agency text not null,
  valid_until date,
  card_result smallint not null,
  primary key (device_id, began_at)
);

-- Pictures and sounds that terminals sent; the content is a file.
create table vehicle_media (
  id uuid primary key,
  device_id int not null references device on delete cascade,
  number bigint not null,
  kind smallint not null,
  format smallint not null,
  event smallint not null,
  channel smallint not null,
  at timestamptz not null,
  received_at timestamptz not null,
  lon float8,
  lat float8,
  bytes int not null,
  digest text not null,
  path text not null,
  unique (device_id, digest)
);
create index vehicle_media_device on vehicle_media (device_id, at desc, id);

-- What vehicles say they carry (电子运单), once per content.
create table waybill (
  device_id int not null references device on delete cascade,
  digest text not null,
  received_at timestamptz not null,
  text text not null,
  primary key (device_id, digest)
);
create index waybill_device on waybill (device_id, received_at desc);
