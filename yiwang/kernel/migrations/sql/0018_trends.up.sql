-- Reports a day by case type, class and street ('' where unknown), as the city's own days go. Voided ones are not counted.
create table trend_count (
    day date not null,
    type text not null,
    class_code text collate "C" not null,
    area text collate "C" not null,
    cases int not null check (cases > 0),
    primary key (day, type, class_code, area)
);

-- Days whose counts are behind the journal; each is counted anew from its cases.
create table trend_stale (
    day date primary key
);

-- How far the journal was read for trend_stale, and until when alarms were looked for.
create table trend_progress (
    one boolean primary key default true check (one),
    tx bigint not null,
    seq bigint not null,
    watched_to date
);

-- A day on which far more or fewer cases came than was to be expected; class or area '' stands for all.
create table trend_alarm (
    id uuid primary key,
    day date not null,
    class_code text collate "C" not null,
    area text collate "C" not null,
    kind text not null check (kind in ('more', 'fewer')),
    cases int not null,
    expected double precision not null,
    low double precision not null,
    high double precision not null,
    chance double precision not null,
    raised_at timestamptz not null
);
create unique index trend_alarm_once on trend_alarm (day, class_code, area, kind);
create index trend_alarm_newest on trend_alarm (day desc, id desc);
