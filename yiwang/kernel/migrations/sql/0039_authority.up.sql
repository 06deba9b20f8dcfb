-- Records of lists with a legal basis, an end date and a second approver (关爱名单等): what was asked for, who decided, until when.
create table thing_authority (
    id uuid primary key,
    thing_id uuid not null references thing (id),
    fact_id uuid not null,
    type text not null,
    state text not null check (state in ('waiting', 'in_force', 'refused', 'ended', 'replaced')),
    basis text not null,
    until timestamptz not null,
    asked_by uuid,
    asked_label text not null,
    asked_at timestamptz not null,
    decided_by uuid,
    decided_label text not null default '',
    decided_at timestamptz,
    note text not null default '',
    ended_at timestamptz,
    check (decided_by is null or decided_by is distinct from asked_by)
);
create unique index thing_authority_open on thing_authority (thing_id) where state in ('waiting', 'in_force');
create index thing_authority_until on thing_authority (until) where state in ('waiting', 'in_force');
create index thing_authority_thing on thing_authority (thing_id, asked_at desc);

-- Codes by which persons (or their families) see what is kept of them (本人查询); of a code only its digest is kept.
create table thing_code (
    digest bytea primary key,
    thing_id uuid not null references thing (id),
    holder text not null check (holder in ('self', 'family')),
    given_by uuid,
    given_label text not null,
    given_at timestamptz not null,
    ended_at timestamptz
);
create index thing_code_thing on thing_code (thing_id);
