-- Kernel: clock, journal and its seals, number counters, signals between processes.
create table clock (
    only_row boolean primary key default true check (only_row),
    simulated boolean not null default false,
    real_anchor timestamptz not null default '2000-01-01Z',
    city_anchor timestamptz not null default '2000-01-01Z',
    speed double precision not null default 1 check (speed >= 0 and speed <= 100000)
);
insert into clock default values;

create table journal (
    tx bigint not null,
    seq bigint generated always as identity,
    at timestamptz not null,
    verb text not null,
    subject_kind text not null,
    subject_id uuid,
    actor_kind text not null,
    actor_id uuid,
    actor_name text not null,
    area text collate "C" not null,
    data jsonb not null,
    primary key (tx, seq)
);
create index journal_subject on journal (subject_id, seq);
create index journal_at on journal using brin (at);
create index journal_actor on journal (actor_id, seq) where actor_id is not null;

create function journal_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only' using errcode = 'restrict_violation';
end $$;
create trigger journal_append_only before update or delete or truncate on journal
    for each statement execute function journal_is_append_only();

create table journal_era (
    base bigint primary key,
    since timestamptz not null default now()
);
insert into journal_era (base) values (0);

create table journal_seal (
    number bigint primary key,
    tx_from bigint not null,
    tx_to bigint not null,
    entries bigint not null,
    first_seq bigint not null,
    last_seq bigint not null,
    previous bytea not null,
    digest bytea not null,
    sealed_at timestamptz not null
);
create trigger journal_seal_append_only before update or delete or truncate on journal_seal
    for each statement execute function journal_is_append_only();
