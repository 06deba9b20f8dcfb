-- What administrators set in the browser over the files of packs and city: the present state by kind and key, its history,
-- and one number by which other processes notice a change. A document of null: as the files have it.
create table administered (
    kind text not null check (kind ~ '^[a-z]{1,40}$'),
    key text not null check (length(key) between 1 and 200),
    version int not null check (version > 0),
    document jsonb,
    changed_at timestamptz not null,
    changed_by uuid,
    changed_name text not null,
    primary key (kind, key)
);

create table administered_change (
    id uuid primary key,
    kind text not null,
    key text not null,
    version int not null check (version > 0),
    before jsonb,
    document jsonb,
    why text not null check (length(why) between 1 and 500),
    at timestamptz not null,
    by_id uuid,
    by_name text not null,
    undoes uuid references administered_change,
    unique (kind, key, version)
);

create table administered_state (
    only_row boolean primary key default true check (only_row),
    version bigint not null default 0
);
insert into administered_state default values;

-- A patrol (巡查) as the worker's telephone sends it, only while the worker has it switched on; removed by age.
create table patrol (
    id uuid primary key,
    account_id uuid not null,
    area text collate "C" not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    received_at timestamptz not null,
    check (ended_at >= began_at)
);
create index patrol_of_account on patrol (account_id, began_at desc);
create index patrol_began on patrol (began_at);

create table patrol_point (
    patrol_id uuid not null references patrol on delete cascade,
    at timestamptz not null,
    lon double precision not null check (lon between -180 and 180),
    lat double precision not null check (lat between -90 and 90),
    primary key (patrol_id, at)
);
