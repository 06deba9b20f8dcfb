-- Absences (请假与代理) of identity: who is away from when until when, and who does their tasks. Written only by yiwang.identity.

-- kinds: definitions or case types to which it is limited, empty for all business. Ended rows stay.
create table identity_absence (
    id uuid primary key,
    account_id uuid not null references account,
    deputy_id uuid not null references account,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    kinds text[] not null default '{}',
    reason text not null default '',
    declared_at timestamptz not null,
    declared_by uuid references account,
    check (ends_at >= starts_at),
    check (deputy_id <> account_id)
);
create index identity_absence_ends on identity_absence (ends_at);
create index identity_absence_account on identity_absence (account_id, id);
create index identity_absence_deputy on identity_absence (deputy_id, id);
