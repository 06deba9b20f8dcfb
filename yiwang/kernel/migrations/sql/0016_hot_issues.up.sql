-- Hot issues: what recent reports are about, the matters that many of them share, and how these rise and fade.

-- How far the journal has been read (tx, seq), how many texts were counted in hot_issue_term, and the salt that keeps
-- "the same person" from being traced back to a telephone.
create table hot_issue_reading (
    one boolean primary key default true check (one),
    tx bigint not null default 0,
    seq bigint not null default 0,
    texts bigint not null default 0,
    salt uuid not null default gen_random_uuid()
);
insert into hot_issue_reading default values;

-- In how many texts each word stands; words not met for long are dropped.
create table hot_issue_term (
    term text collate "C" primary key,
    texts int not null check (texts > 0),
    seen date not null
) with (fillfactor = 80);
create index hot_issue_term_seen on hot_issue_term (seen) where texts = 1;

-- A matter told by several reports. Its area is what the areas of its reports have in common.
create table hot_issue (
    id uuid primary key,
    title text not null,
    places text[] not null,
    words text[] not null,
    area text collate "C" not null,
    class_code text,
    lon double precision,
    lat double precision,
    began_at timestamptz not null,
    last_at timestamptz not null,
    letters int not null check (letters > 0),
    people int not null check (people > 0),
    support int not null default 0,
    against int not null default 0,
    heat double precision not null,
    closeness real not null,
    alarmed_at timestamptz
);
create index hot_issue_area on hot_issue (area, last_at desc);
create index hot_issue_last on hot_issue (last_at desc, id);
create index hot_issue_alarmed on hot_issue (alarmed_at desc, id) where alarmed_at is not null;

-- A recent report as it is compared: its words, and the matter it belongs to, if any. Old ones outside any matter are dropped.
create table hot_issue_text (
    case_id uuid primary key,
    issue_id uuid references hot_issue (id),
    at timestamptz not null,
    area text collate "C" not null,
    class_code text,
    title text not null,
    text text not null,
    words text[] not null,
    lon double precision,
    lat double precision,
    person bytea
);
create index hot_issue_text_words on hot_issue_text using gin (words);
create index hot_issue_text_issue on hot_issue_text (issue_id, at desc, case_id desc) where issue_id is not null;
create index hot_issue_text_old on hot_issue_text (at) where issue_id is null;

-- Reports of a matter by day of the city.
create table hot_issue_day (
    issue_id uuid not null references hot_issue (id),
    day date not null,
    letters int not null check (letters > 0),
    primary key (issue_id, day)
);

-- Names in texts are looked up as they stand.
create index place_name on place (name);
create index area_name on area (name_zh) where level <> 'unit_grid';
