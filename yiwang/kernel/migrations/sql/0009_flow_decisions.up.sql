-- Decision tables of flow.

-- A decision table (决策表) as declared, one row per version; at most one draft and one published version of a key.
create table flow_decision (
    id uuid primary key,
    key text not null check (length(key) between 1 and 100),
    version int not null check (version > 0),
    state text not null check (state in ('draft', 'published', 'retired')),
    names jsonb not null,
    body jsonb not null check (octet_length(body::text) <= 16777216),
    digest text not null,
    created_at timestamptz not null,
    created_by uuid,
    published_at timestamptz,
    published_by uuid,
    unique (key, version),
    check (state = 'draft' or published_at is not null)
);
create unique index flow_decision_draft on flow_decision (key) where state = 'draft';
create unique index flow_decision_published on flow_decision (key) where state = 'published';

-- What a published version answered can always be worked out again: only its state may become retired.
create function flow_decision_is_kept() returns trigger language plpgsql as $$
begin
    if old.state = 'draft' then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    if tg_op = 'DELETE' or (new.id, new.key, new.version, new.names, new.body, new.digest, new.published_at)
        is distinct from (old.id, old.key, old.version, old.names, old.body, old.digest, old.published_at)
        or new.state = 'draft' then
        raise exception 'a published decision table cannot be changed' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger flow_decision_kept before update or delete on flow_decision
    for each row execute function flow_decision_is_kept();
