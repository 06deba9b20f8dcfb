-- The packs (应用包) as this city has them: written when it is published; what it ran before is known by it.
create table installed_pack (
    id text collate "C" primary key,
    version text not null,
    digest text not null,
    standing text not null check (standing in ('here', 'retired', 'left')),
    declared jsonb not null,
    since timestamptz not null,
    changed_at timestamptz not null
);
